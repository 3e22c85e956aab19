import { expect } from 'chai';
import fc from 'fast-check';
import { compareKeys, keysEqual, RecordTypeError, ResultTooLargeError } from 'heddle/internal';
import { BoundedHeap } from '../../src/sinks/ordered-sink.js';
import { PlanBuilder, parallelizeSplit, rangeSplit, runSink } from '../pipeline/stage-fixture.js';

type SinkArgument = Parameters<typeof runSink>[1];

function run(
  records: readonly unknown[],
  sink: SinkArgument,
  builder = new PlanBuilder(),
): unknown {
  builder.add({ kind: 'parallelize' });
  return runSink(builder, sink, { split: parallelizeSplit(records) });
}

/** A sink with one function, over records. */
function runWith(
  records: readonly unknown[],
  make: (builder: PlanBuilder) => SinkArgument,
): unknown {
  const builder = new PlanBuilder();
  return run(records, make(builder), builder);
}

describe('sinks', () => {
  it('count is exact beyond what one batch holds', () => {
    expect(run(new Array(5000).fill('x'), { kind: 'count' })).to.equal(5000);
    expect(run([], { kind: 'count' })).to.equal(0);
  });

  it('reduce gives [value], [] for an empty partition, and does not call the function for one record', () => {
    let calls = 0;
    const add = (a: number, b: number): number => (calls++, a + b);
    const reduce = (records: number[]): unknown =>
      runWith(records, (builder) => ({ kind: 'reduce', function: builder.ref(add) }));
    expect(reduce([1, 2, 3])).to.deep.equal([6]);
    expect(calls).to.equal(2);
    expect(reduce([])).to.deep.equal([]);
    expect(reduce([7])).to.deep.equal([7]);
    expect(calls).to.equal(2);
  });

  it('reduce keeps undefined as a value', () => {
    const last = (_: unknown, b: unknown): unknown => b;
    const result = runWith([1, undefined], (builder) => ({
      kind: 'reduce',
      function: builder.ref(last),
    }));
    expect(result).to.deep.equal([undefined]);
  });

  it('aggregate starts from a zero of its own', () => {
    const zero: number[] = [];
    const push = (all: number[], x: number): number[] => (all.push(x), all);
    const aggregate = (records: number[]): unknown =>
      runWith(records, (builder) => ({
        kind: 'aggregate',
        zero: builder.ref(zero),
        seqOp: builder.ref(push),
      }));
    expect(aggregate([1, 2])).to.deep.equal([1, 2]);
    expect(aggregate([3])).to.deep.equal([3]);
    expect(zero).to.deep.equal([]);
  });

  it('sum of numbers is compensated (decisions: IEEE doubles, compensated)', () => {
    expect(run([1, 1e100, 1, -1e100], { kind: 'sum' })).to.deep.equal([2]);
    expect(run(new Array(10).fill(0.1), { kind: 'sum' })).to.deep.equal([1]);
    expect(run([], { kind: 'sum' })).to.deep.equal([]);
    expect(run([0], { kind: 'sum' })).to.deep.equal([0]);
    expect(run([Infinity, 1, 5], { kind: 'sum' })).to.deep.equal([Infinity]);
    expect(run([Infinity, -Infinity], { kind: 'sum' })).to.deep.equal([NaN]);
    expect(run([1, NaN], { kind: 'sum' })).to.deep.equal([NaN]);
  });

  it('sum of bigints is exact, and mixing both is refused', () => {
    expect(run([2n ** 70n, 1n, -3n], { kind: 'sum' })).to.deep.equal([2n ** 70n - 2n]);
    for (const records of [
      [1, 2n],
      [1n, 2],
      [1, 2, 3n],
      [0n, 1n, 5, 6],
    ]) {
      expect(() => run(records, { kind: 'sum' })).to.throw(RecordTypeError, 'bigints');
    }
  });

  it('sum and stats refuse what is no number, and show it', () => {
    for (const kind of ['sum', 'stats'] as const) {
      expect(() => run([1, 'seven'], { kind })).to.throw(RecordTypeError, "'seven'");
      expect(() => run([null], { kind })).to.throw(RecordTypeError, 'null');
    }
    expect(() => run([1n], { kind: 'stats' })).to.throw(RecordTypeError);
  });

  it('stats are those of the definition, also far from zero (property)', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: -1000, max: 1000 }), { minLength: 1, maxLength: 200 }),
        fc.constantFrom(0, 1e9),
        (numbers, offset) => {
          const shifted = numbers.map((x) => x + offset);
          const [count, mean, m2, min, max, sum, lost] = run(shifted, {
            kind: 'stats',
          }) as number[];
          const exactMean = numbers.reduce((a, b) => a + b, 0) / numbers.length;
          const exactM2 = numbers.reduce((a, x) => a + (x - exactMean) ** 2, 0);
          expect(count).to.equal(numbers.length);
          expect(mean! - offset).to.be.closeTo(exactMean, 1e-5);
          expect(m2).to.be.closeTo(exactM2, 1e-6 * Math.max(1, exactM2));
          expect(min).to.equal(Math.min(...shifted));
          expect(max).to.equal(Math.max(...shifted));
          expect(sum! + lost!).to.equal(shifted.reduce((a, b) => a + b, 0));
        },
      ),
    );
    expect(run([], { kind: 'stats' })).to.deep.equal([0, 0, 0, Infinity, -Infinity, 0, 0]);
  });

  it('takeOrdered and top give what a stable sort and a cut give (property)', () => {
    const records = fc.array(
      fc.oneof(fc.integer({ min: 0, max: 5 }), fc.constantFrom(null, 'a', 'b', NaN, undefined)),
      { maxLength: 40 },
    );
    fc.assert(
      fc.property(
        records,
        fc.integer({ min: 0, max: 12 }),
        fc.boolean(),
        (values, limit, descending) => {
          const heap = new BoundedHeap(limit, descending, (record) => (record as [unknown])[0]);
          const tagged = values.map((value, arrival): [unknown, number] => [value, arrival]);
          for (const record of tagged) heap.add(record);
          const sign = descending ? -1 : 1;
          const sorted = [...tagged].sort((a, b) => sign * compareKeys(a[0], b[0]));
          expect(heap.sorted()).to.deep.equal(sorted.slice(0, limit));
        },
      ),
    );
  });

  it('takeOrdered uses the key function, top the other order (B.5)', () => {
    const top = runWith([10, 4, 2, 12, 3], (builder) => ({
      kind: 'takeOrdered',
      limit: 3,
      descending: true,
      keyFunction: builder.ref(String),
    }));
    expect(top).to.deep.equal([4, 3, 2]);
    expect(run([3, 1, 2], { kind: 'takeOrdered', limit: 2, descending: false })).to.deep.equal([
      1, 2,
    ]);
  });

  it('countBy counts keys or records by value', () => {
    const pairs = [
      [[1, 'a'], 1],
      ['x', 2],
      [[1, 'a'], 3],
    ];
    expect(run(pairs, { kind: 'countBy', byKey: true })).to.deep.equal([
      [[1, 'a'], 2],
      ['x', 1],
    ]);
    expect(run([NaN, 0, NaN, -0, '0'], { kind: 'countBy', byKey: false })).to.deep.equal([
      [NaN, 2],
      [0, 2],
      ['0', 1],
    ]);
    expect(() => run(['no pair'], { kind: 'countBy', byKey: true })).to.throw(RecordTypeError);
  });

  it('reduceLocally merges, or keeps the last value of a key', () => {
    const pairs = [
      ['a', 1],
      ['b', 2],
      ['a', 3],
    ];
    expect(run(pairs, { kind: 'reduceLocally' })).to.deep.equal([
      ['a', 3],
      ['b', 2],
    ]);
    const merged = runWith(pairs, (builder) => ({
      kind: 'reduceLocally',
      merge: builder.ref((a: number, b: number) => a + b),
    }));
    expect(merged).to.deep.equal([
      ['a', 4],
      ['b', 2],
    ]);
  });

  it('lookup gives the values of keys that are equal by value', () => {
    const bytes = runWith(
      [
        [{ id: 1 }, 'one'],
        [{ id: 2 }, 'two'],
        [{ id: 1 }, 'uno'],
      ],
      (builder) => ({ kind: 'lookup', key: builder.ref({ id: 1 }) }),
    );
    expect(bytes).to.deep.equal(['one', 'uno']);
  });

  it('foreach calls the function for each record, and its result is dropped', () => {
    const seen: number[] = [];
    const result = runWith([1, 2, 3], (builder) => ({
      kind: 'foreach',
      function: builder.ref((x: number) => seen.push(x)),
    }));
    expect(seen).to.deep.equal([1, 2, 3]);
    expect(result).to.equal(undefined);
  });

  it('foreachPartition and run get an iterator with helpers; run also the context', () => {
    const seen: unknown[] = [];
    runWith([1, 2, 3], (builder) => ({
      kind: 'foreachPartition',
      function: builder.ref((records: IteratorObject<number>) => {
        expect(records).to.be.instanceOf(Iterator);
        seen.push(...records.filter((x) => x > 1));
      }),
    }));
    expect(seen).to.deep.equal([2, 3]);
    const result = runWith([1, 2, 3], (builder) => ({
      kind: 'run',
      function: builder.ref((records: IteratorObject<number>, context: unknown) => [
        records.take(2).toArray(),
        context,
      ]),
    }));
    expect(result).to.deep.equal([[1, 2], 'the context']);
  });

  it('take gives the first records and no more', () => {
    expect(run([1, 2, 3], { kind: 'take', limit: 2 })).to.deep.equal([1, 2]);
    expect(run([1, 2, 3], { kind: 'take', limit: 10 })).to.deep.equal([1, 2, 3]);
  });

  it('results over the limit end the task while they grow', () => {
    let read = 0;
    const builder = new PlanBuilder()
      .add({ kind: 'range' })
      .map((x: number) => (read++, `text ${x}`));
    const options = { split: rangeSplit(0, 1_000_000), maxResultBytes: 100_000 };
    expect(() => runSink(builder, { kind: 'collect' }, options)).to.throw(ResultTooLargeError);
    expect(read).to.be.lessThan(50_000);
  });

  describe('sampleKeys', () => {
    const sample = (count: number, size: number, seed: number, index = 0) => {
      const builder = new PlanBuilder().add({ kind: 'range' }).map((x: number) => [x, null]);
      const split = rangeSplit(0, count, 1, index);
      return runSink(builder, { kind: 'sampleKeys', size, seed }, { split }) as {
        count: number;
        sample: number[];
      };
    };

    it('holds all keys of a small partition, and counts those of a large one', () => {
      expect(sample(5, 10, 1)).to.deep.equal({ count: 5, sample: [0, 1, 2, 3, 4] });
      const large = sample(10_000, 50, 1);
      expect(large.count).to.equal(10_000);
      expect(new Set(large.sample).size).to.equal(50);
    });

    it('is the same for the same seed and partition, and another one otherwise', () => {
      expect(sample(10_000, 50, 7)).to.deep.equal(sample(10_000, 50, 7));
      expect(sample(10_000, 50, 7)).to.not.deep.equal(sample(10_000, 50, 8));
      expect(sample(10_000, 50, 7)).to.not.deep.equal(sample(10_000, 50, 7, 1));
    });

    it('takes early and late keys alike', () => {
      let early = 0;
      for (let seed = 0; seed < 100; seed++) {
        early += sample(2000, 20, seed).sample.filter((key) => key < 1000).length;
      }
      // 2,000 draws with probability 1/2: six standard deviations are 134.
      expect(early).to.be.within(866, 1134);
    });

    it('applies the key function to what it keeps', () => {
      const builder = new PlanBuilder().add({ kind: 'range' }).map((x: number) => [x, null]);
      const keyFunction = builder.ref((key: number) => `key ${key}`);
      const result = runSink(
        builder,
        { kind: 'sampleKeys', size: 2, seed: 1, keyFunction },
        { split: rangeSplit(0, 2) },
      );
      expect(result).to.deep.equal({ count: 2, sample: ['key 0', 'key 1'] });
    });
  });

  it('equal keys of sinks are those of the engine', () => {
    expect(keysEqual({ a: 1, b: 2 }, { b: 2, a: 1 })).to.equal(true);
    expect(
      run(
        [
          [{ a: 1, b: 2 }, 1],
          [{ b: 2, a: 1 }, 1],
        ],
        { kind: 'countBy', byKey: true },
      ),
    ).to.deep.equal([[{ a: 1, b: 2 }, 2]]);
  });
});

describe('sampling', () => {
  const sampled = (
    withReplacement: boolean,
    fraction: number,
    seed: number,
    index = 0,
  ): number[] => {
    const builder = new PlanBuilder()
      .add({ kind: 'range' })
      .add({ kind: 'sample', withReplacement, fraction, seed });
    return runSink(
      builder,
      { kind: 'collect' },
      { split: rangeSplit(0, 20_000, 1, index) },
    ) as number[];
  };

  it('with fraction 0 takes nothing and with 1 everything (B.2)', () => {
    expect(sampled(false, 0, 1)).to.deep.equal([]);
    expect(sampled(false, 1, 1)).to.have.lengthOf(20_000);
    expect(sampled(true, 0, 1)).to.deep.equal([]);
  });

  it('takes about the fraction, in order, with and without replacement', () => {
    const without = sampled(false, 0.1, 42);
    // Six standard deviations of a binomial with n = 20,000 and p = 0.1.
    expect(without.length).to.be.within(1745, 2255);
    expect(without).to.deep.equal([...new Set(without)].sort((a, b) => a - b));
    const withCopies = sampled(true, 2.5, 42);
    expect(withCopies.length).to.be.within(50_000 - 6 * 224, 50_000 + 6 * 224);
    expect(new Set(withCopies).size).to.be.lessThan(20_000);
    const many = sampled(true, 100, 42);
    expect(many.length / 20_000).to.be.closeTo(100, 0.5);
  });

  it('the same seed gives the same sample; seeds and partitions differ (B.2)', () => {
    for (const withReplacement of [false, true]) {
      expect(sampled(withReplacement, 0.3, 7)).to.deep.equal(sampled(withReplacement, 0.3, 7));
      expect(sampled(withReplacement, 0.3, 7)).to.not.deep.equal(sampled(withReplacement, 0.3, 8));
      expect(sampled(withReplacement, 0.3, 7)).to.not.deep.equal(
        sampled(withReplacement, 0.3, 7, 1),
      );
      expect(sampled(withReplacement, 0.3, 2 ** 40)).to.not.deep.equal(
        sampled(withReplacement, 0.3, 2 ** 41),
      );
    }
  });
});
