import { expect } from 'chai';
import { TaskAccumulator } from '../../src/accumulator/task-accumulator.js';
import { driverCodeTable } from '../../src/closures/index.js';
import { encodeValue } from '../../src/codec/index.js';
import type { HeddleContext } from '../../src/context/heddle-context.js';
import { referenceSymbol } from '../../src/context/reference.js';
import { thrown } from '../support/expect-error.js';
import { FakeApplication } from '../support/fake-application.js';

describe('accumulators on the driver (A-177)', () => {
  let fake: FakeApplication;
  let sc: HeddleContext;

  beforeEach(async () => {
    fake = new FakeApplication();
    sc = await fake.start();
  });

  afterEach(() => sc.stop());

  const merge = (id: number, value: unknown): void =>
    fake.services!.accumulators.merge(id, encodeValue(value, driverCodeTable()));

  it('add what tasks report to where they began', () => {
    const sum = sc.accumulator(10, 'rows');
    merge(sum.id, 5);
    merge(sum.id, 2.5);
    sum.add(1);
    expect(sum.value).to.equal(18.5);
    expect(sum.name).to.equal('rows');
    sum.reset();
    expect(sum.value).to.equal(10);
  });

  it('gather lists, each with its own', () => {
    const list = sc.collectionAccumulator<string>();
    const other = sc.collectionAccumulator<string>();
    merge(list.id, ['a', 'b']);
    list.add('c');
    expect(list.value).to.deep.equal(['a', 'b', 'c']);
    expect(other.value).to.deep.equal([]);
    list.reset();
    expect(list.value).to.deep.equal([]);
  });

  it('merge by functions of the program, from a copy of its zero', () => {
    const zero = {};
    const made = sc.accumulator({ zero, add: Object.assign, merge: Object.assign });
    merge(made.id, { a: 1 });
    merge(made.id, { b: 2 });
    expect(made.value).to.deep.equal({ a: 1, b: 2 });
    expect(zero).to.deep.equal({});
  });

  it('do not fail when a merge does, as in Spark', () => {
    const merging = sc.accumulator({
      zero: 1,
      add: Math.max,
      merge: Reflect.getPrototypeOf as never,
    });
    merge(merging.id, 2);
    expect(merging.value).to.equal(1);
  });

  it('travel by id', () => {
    const a = sc.longAccumulator();
    const b = sc.doubleAccumulator('b');
    const reference = (x: object) => (x as { [referenceSymbol]: unknown })[referenceSymbol];
    expect(reference(a)).to.deep.equal({ kind: 'accumulator', id: a.id });
    expect(b.id).to.not.equal(a.id);
  });

  it('belong to their application: after its end no closure takes them along', async () => {
    const a = sc.longAccumulator();
    await sc.stop();
    const reference = () => (a as unknown as { [referenceSymbol]: unknown })[referenceSymbol];
    expect(thrown(reference)).to.have.property('code', 'CONTEXT_STOPPED');
    expect(a.value).to.equal(0);
  });

  it('take only numbers where they sum', () => {
    const sum = sc.accumulator(0);
    expect(thrown(() => sum.add('1' as unknown as number))).to.have.property('code', 'ARGUMENT');
  });
});

describe("an accumulator's half in a task", () => {
  it('starts from zero in each attempt and reports what was added', () => {
    const half = new TaskAccumulator({ id: 1, kind: 'sum' });
    half.begin();
    expect(half.wasUsed).to.equal(false);
    half.add(2);
    half.add(3);
    expect([half.wasUsed, half.partial]).to.deep.equal([true, 5]);
    half.begin();
    expect([half.wasUsed, half.partial]).to.deep.equal([false, 0]);
  });

  it('gathers into a fresh list for each attempt', () => {
    const half = new TaskAccumulator({ id: 1, kind: 'collection' });
    half.begin();
    half.add('a');
    const first = half.partial;
    half.begin();
    half.add('b');
    expect([first, half.partial]).to.deep.equal([['a'], ['b']]);
  });

  it('adds by the captured param', () => {
    const half = new TaskAccumulator({ id: 1, kind: 'custom', param: { closure: 0, root: 0 } });
    half.begin({ zero: 1, add: (a, b) => (a as number) * (b as number), merge: (a) => a });
    half.add(3);
    half.add(4);
    expect(half.partial).to.equal(12);
  });

  it('cannot be read or reset', () => {
    const half = new TaskAccumulator({ id: 1, name: 'rows', kind: 'sum' });
    half.begin();
    const read = thrown(() => half.value);
    expect(read).to.have.property('code', 'WRONG_SIDE');
    expect(read.message).to.contain('rows');
    expect(thrown(() => half.reset())).to.have.property('code', 'WRONG_SIDE');
    expect(thrown(() => half.add('x'))).to.have.property('code', 'ARGUMENT');
  });
});
