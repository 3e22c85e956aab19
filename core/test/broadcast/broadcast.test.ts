import { expect } from 'chai';
import type { HeddleContext } from '../../src/context/heddle-context.js';
import { referenceSymbol } from '../../src/context/reference.js';
import { rejection, thrown } from '../support/expect-error.js';
import { FakeApplication } from '../support/fake-application.js';

describe('a broadcast variable on the driver (A-176)', () => {
  let fake: FakeApplication;
  let sc: HeddleContext;

  beforeEach(async () => {
    fake = new FakeApplication();
    sc = await fake.start();
  });

  afterEach(() => sc.stop());

  it('is encoded at the call and keeps its value', () => {
    const value = new Set(['a']);
    const broadcast = sc.broadcast(value);
    expect(broadcast.value).to.equal(value);
    expect(fake.calls).to.deep.equal([`addBroadcast ${broadcast.id} true`]);
    expect(sc.broadcast(null).value).to.equal(null);
    expect(thrown(() => sc.broadcast(new WeakSet()))).to.have.property('code', 'UNSUPPORTED_VALUE');
  });

  it('is dropped by unpersist and sent again', async () => {
    const broadcast = sc.broadcast('x');
    await broadcast.unpersist(true);
    expect(fake.calls.slice(1)).to.deep.equal([
      `removeBroadcast ${broadcast.id} true`,
      `addBroadcast ${broadcast.id} true`,
    ]);
    expect(broadcast.value).to.equal('x');
  });

  it('is gone after destroy, once, also for closures', async () => {
    const broadcast = sc.broadcast('x');
    await broadcast.destroy();
    await broadcast.destroy();
    expect(fake.calls.slice(1)).to.deep.equal([`removeBroadcast ${broadcast.id} false`]);
    expect(thrown(() => broadcast.value)).to.have.property('code', 'BROADCAST_DESTROYED');
    expect(await rejection(broadcast.unpersist())).to.have.property('code', 'BROADCAST_DESTROYED');
    const reference = () =>
      (broadcast as unknown as { [referenceSymbol]: unknown })[referenceSymbol];
    expect(thrown(reference)).to.have.property('code', 'BROADCAST_DESTROYED');
  });

  it('does not mind the end of the context', async () => {
    const broadcast = sc.broadcast('x');
    await sc.stop();
    await broadcast.unpersist();
    await broadcast.destroy();
    expect(fake.calls.filter((call) => call.startsWith('remove'))).to.deep.equal([]);
  });

  it('belongs to its application: after its end no closure takes it along', async () => {
    const broadcast = sc.broadcast('x');
    await sc.stop();
    const reference = () =>
      (broadcast as unknown as { [referenceSymbol]: unknown })[referenceSymbol];
    expect(thrown(reference)).to.have.property('code', 'CONTEXT_STOPPED');
    expect(broadcast.value).to.equal('x');
  });
});
