import { setImmediate as immediate } from 'node:timers/promises';
import { expect } from 'chai';
import { mapConcurrently } from '../src/index.js';

describe('mapConcurrently', () => {
  it('keeps the order of items and the limit of calls', async () => {
    let running = 0;
    let most = 0;
    const doubled = await mapConcurrently([5, 4, 3, 2, 1, 0], 3, async (item, index) => {
      running += 1;
      most = Math.max(most, running);
      for (let i = 0; i < item; i += 1) await immediate();
      running -= 1;
      return item * 10 + index;
    });
    expect(doubled).to.deep.equal([50, 41, 32, 23, 14, 5]);
    expect(most).to.equal(3);
    expect(await mapConcurrently([], 3, () => Promise.resolve(1))).to.deep.equal([]);
  });

  it('rejects after the first failure, when what was under way has ended, and begins nothing more', async () => {
    const begun: number[] = [];
    const ended: number[] = [];
    const failure = await mapConcurrently([0, 1, 2, 3, 4, 5], 2, async (item) => {
      begun.push(item);
      if (item === 0) throw new Error('first');
      await immediate();
      ended.push(item);
    }).catch((error: unknown) => error);
    expect(failure).to.be.instanceOf(Error).with.property('message', 'first');
    expect(begun).to.deep.equal([0, 1]);
    expect(ended).to.deep.equal([1]);
  });
});
