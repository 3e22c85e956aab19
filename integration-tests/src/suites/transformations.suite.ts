import { expect } from 'chai';
import { useContext } from './support/context.js';
import { taskError } from './support/expect-error.js';
import { collectSorted, partitionsOf, sorted } from './support/order.js';

describe('transformations of any RDD (A-111, B.2)', () => {
  const suite = useContext();

  it('map keeps the order, and undefined and null as records', async () => {
    const values = [undefined, null, 0, ''];
    const rdd = suite.sc.range(0, 4, 1, 2).map((i) => values[i]);
    expect(await rdd.collect()).to.deep.equal(values);
    expect(await rdd.count()).to.equal(4);
  });

  it('flatMap flattens one level of whatever is iterable', async () => {
    const { sc } = suite;
    const numbers = sc.parallelize([2, 0, 3], 2);
    expect(
      await numbers.flatMap((n) => Array.from({ length: n }, () => n)).collect(),
    ).to.deep.equal([2, 2, 3, 3, 3]);
    const generated = numbers.flatMap(function* (n) {
      for (let i = 0; i < n; i += 1) yield [i, n];
    });
    expect(await generated.collect()).to.deep.equal([
      [0, 2],
      [1, 2],
      [0, 3],
      [1, 3],
      [2, 3],
    ]);
    expect(
      await sc
        .parallelize(['ab', '', 'c'])
        .flatMap((s) => s)
        .collect(),
    ).to.deep.equal(['a', 'b', 'c']);
    expect(await numbers.flatMap((n) => new Set([n, n])).collect()).to.deep.equal([2, 0, 3]);
  });

  it('flatMap does not hold what a huge generator gives', async () => {
    const huge = suite.sc.range(0, 1, 1, 1).flatMap(function* () {
      for (let i = 0; ; i += 1) yield i;
    });
    expect(await huge.take(3)).to.deep.equal([0, 1, 2]);
    const million = suite.sc.range(0, 2, 1, 2).flatMap(function* () {
      for (let i = 0; i < 500_000; i += 1) yield i;
    });
    expect(await million.count()).to.equal(1_000_000);
  });

  it('flatMap refuses null', async () => {
    const error = await taskError(
      suite.sc
        .range(3)
        .flatMap(() => null as unknown as string[])
        .count(),
    );
    expect(error).to.be.instanceOf(Error);
    expect(error.message).to.match(/null/);
  });

  it('filter keeps what is truthy, and all partitions', async () => {
    const rdd = suite.sc.range(0, 10, 1, 5);
    expect(await rdd.filter((x) => x % 3).collect()).to.deep.equal([1, 2, 4, 5, 7, 8]);
    expect(await partitionsOf(rdd.filter(() => false))).to.deep.equal([[], [], [], [], []]);
  });

  it('mapPartitions sees whole partitions, and empty ones (A-112, B.0)', async () => {
    const { sc } = suite;
    const sums = sc
      .range(1, 11, 1, 2)
      .mapPartitions((records) => [records.reduce((a, b) => a + b, 0)]);
    expect(await sums.collect()).to.deep.equal([15, 40]);
    const counts = sc.parallelize([1], 4).mapPartitions((records) => [[...records].length]);
    expect(await counts.collect()).to.deep.equal([0, 0, 0, 1]);
  });

  it('mapPartitions is lazy: endless chains end with take', async () => {
    const endless = suite.sc.range(0, 2, 1, 2).mapPartitions(function* (records) {
      for (const record of records) {
        for (let i = 0; ; i += 1) yield record + i;
      }
    });
    expect(await endless.map((x) => x * 2).take(3)).to.deep.equal([0, 2, 4]);
  });

  it('mapPartitions may ignore its input, and must give an iterable', async () => {
    const { sc } = suite;
    expect(
      await sc
        .range(0, 10, 1, 2)
        .mapPartitions(() => ['x'])
        .collect(),
    ).to.deep.equal(['x', 'x']);
    const error = await taskError(
      sc
        .range(2)
        .mapPartitions(() => 5 as unknown as number[])
        .collect(),
    );
    expect(error.message).to.match(/iterable/);
  });

  it('mapPartitionsWithIndex has the index of the logical partition, also after union and coalesce', async () => {
    const { sc } = suite;
    const rdd = sc.range(0, 4, 1, 2).union(sc.range(4, 6, 1, 1));
    const tagged = rdd.mapPartitionsWithIndex((index, records) =>
      records.map((x) => `${index}:${x}`),
    );
    expect(await tagged.collect()).to.deep.equal(['0:0', '0:1', '1:2', '1:3', '2:4', '2:5']);
    const merged = rdd
      .coalesce(2)
      .mapPartitionsWithIndex((index, records) => records.map((x) => `${index}:${x}`));
    expect(await merged.collect()).to.deep.equal(['0:0', '0:1', '1:2', '1:3', '1:4', '1:5']);
  });

  it('glom gives each partition as an array', async () => {
    expect(await suite.sc.parallelize([1, 2, 3], 4).glom().collect()).to.deep.equal([
      [],
      [1],
      [2],
      [3],
    ]);
  });

  it('keyBy keeps null keys', async () => {
    const keyed = suite.sc.parallelize(['a', '']).keyBy((s) => (s === '' ? null : s));
    expect(await keyed.collect()).to.deep.equal([
      ['a', 'a'],
      [null, ''],
    ]);
  });

  describe('distinct (A-116)', () => {
    it('gives one of each value, by key equality', async () => {
      const values: unknown[] = [
        1,
        '1',
        1n,
        null,
        undefined,
        NaN,
        NaN,
        0,
        -0,
        [1, 'a'],
        [1, 'a'],
        { a: 1, b: 2 },
        { b: 2, a: 1 },
        1,
        true,
      ];
      const kept = await suite.sc.parallelize(values, 3).distinct(2).collect();
      expect(kept).to.have.length(10);
      for (const expected of [1, '1', 1n, null, undefined, true]) expect(kept).to.include(expected);
      expect(kept.filter((x) => Array.isArray(x))).to.deep.equal([[1, 'a']]);
      expect(kept.filter((x) => Number.isNaN(x))).to.have.length(1);
    });

    it('has as many partitions as it is asked for', async () => {
      const rdd = suite.sc
        .range(0, 100, 1, 4)
        .map((x) => x % 10)
        .distinct(3);
      expect(await rdd.getNumPartitions()).to.equal(3);
      expect(sorted(await rdd.collect())).to.deep.equal([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    });

    it('needs no shuffle over what is partitioned by key', async () => {
      const { sc } = suite;
      const parted = sc
        .parallelize(['a', 'b', 'a', 'c', 'a'], 3)
        .map((k) => [k, 1])
        .partitionBy(2);
      const rdd = parted.distinct();
      expect(await collectSorted(rdd)).to.deep.equal([
        ['a', 1],
        ['b', 1],
        ['c', 1],
      ]);
      expect((await rdd.toDebugString()).match(/\+-/g)).to.have.length(1);
    });
  });

  describe('sample', () => {
    it('is the same for the same seed, whatever runs when', async () => {
      const rdd = suite.sc.range(0, 10_000, 1, 4);
      const first = await rdd.sample(false, 0.1, 7).collect();
      expect(await rdd.sample(false, 0.1, 7).collect()).to.deep.equal(first);
      expect(await rdd.sample(false, 0.1, 8).collect()).to.not.deep.equal(first);
      expect(first.length).to.be.within(850, 1_150);
      expect(new Set(first).size).to.equal(first.length);
    });

    it('keeps none for 0 and all for 1', async () => {
      const rdd = suite.sc.range(0, 1_000, 1, 3);
      expect(await rdd.sample(false, 0, 1).count()).to.equal(0);
      expect(await rdd.sample(false, 1, 1).count()).to.equal(1_000);
      expect(await rdd.sample(true, 0, 1).count()).to.equal(0);
    });

    it('repeats records with replacement, also more often than once on average', async () => {
      const rdd = suite.sc.range(0, 10_000, 1, 4);
      const count = await rdd.sample(true, 2.5, 3).count();
      expect(count).to.be.within(24_000, 26_000);
    });

    it('has a fixed seed once it is made, so that two actions agree', async () => {
      const sample = suite.sc.range(0, 1_000, 1, 2).sample(false, 0.5);
      expect(await sample.collect()).to.deep.equal(await sample.collect());
    });

    it('draws differently in each partition', async () => {
      const parts = await partitionsOf(suite.sc.range(0, 2_000, 1, 2).sample(false, 0.5, 5));
      expect(parts[0]).to.not.deep.equal(parts[1]!.map((x) => x - 1_000));
    });
  });

  describe('union', () => {
    it('is left then right, duplicates and different types included', async () => {
      const { sc } = suite;
      const left = sc.range(0, 3, 1, 2);
      expect(await left.union(left).collect()).to.deep.equal([0, 1, 2, 0, 1, 2]);
      expect(await left.union(sc.parallelize(['x'])).collect()).to.deep.equal([0, 1, 2, 'x']);
    });

    it('of co-partitioned RDDs keeps partitions together, and the partitioner', async () => {
      const { sc } = suite;
      const a = sc
        .parallelize([1, 2, 3, 4].map((k): [number, string] => [k, 'a']))
        .partitionBy(2, (k) => k);
      const b = sc
        .parallelize([1, 2, 3, 4].map((k): [number, string] => [k, 'b']))
        .partitionBy(2, (k) => k);
      // Partitioned by different function objects: not the same partitioner.
      expect(await a.union(b).getNumPartitions()).to.equal(4);
      const c = b.mapValues((v) => v + v);
      const together = b.union(c);
      expect(await together.getNumPartitions()).to.equal(2);
      expect(await together.partitioner()).to.equal(await b.partitioner());
      const keys = await partitionsOf(together.keys());
      expect(keys.map((part) => new Set(part.map((k) => k % 2)).size)).to.deep.equal([1, 1]);
      expect(keys.flat()).to.have.length(8);
    });
  });

  it('groupBy puts all records of a key into one array', async () => {
    const groups = await suite.sc
      .range(0, 10, 1, 3)
      .groupBy((x) => x % 3)
      .collect();
    const map = new Map(groups.map(([k, xs]) => [k, [...xs].sort((a, b) => a - b)]));
    expect(map).to.deep.equal(
      new Map([
        [0, [0, 3, 6, 9]],
        [1, [1, 4, 7]],
        [2, [2, 5, 8]],
      ]),
    );
    expect(groups[0]![1]).to.be.an('array');
  });

  describe('sortBy', () => {
    const shuffled = [5, 3, 9, 1, 7, 2, 8, 0, 6, 4];

    it('orders globally, up and down, for any number of partitions', async () => {
      for (const n of [1, 2, 3, 20]) {
        const up = suite.sc.parallelize(shuffled, 4).sortBy((x) => x, true, n);
        expect(await up.collect(), `${n}`).to.deep.equal([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
        const down = suite.sc.parallelize(shuffled, 4).sortBy((x) => x, false, n);
        expect(await down.collect(), `${n}`).to.deep.equal([9, 8, 7, 6, 5, 4, 3, 2, 1, 0]);
      }
    });

    it('keeps the order of ties', async () => {
      const rdd = suite.sc.range(0, 100, 1, 5).sortBy((x) => x % 2, true, 1);
      const expected = [...Array(100).keys()].sort((a, b) => (a % 2) - (b % 2));
      expect(await rdd.collect()).to.deep.equal(expected);
    });

    it('B.0 key-order: follows the total order of keys: undefined, null, booleans, numbers with NaN last, strings', async () => {
      const values: unknown[] = [
        'b',
        'a',
        NaN,
        3,
        -1,
        10,
        9,
        true,
        false,
        null,
        undefined,
        2n,
        '\u{1F600}',
        '\uFFFD',
      ];
      const result = await suite.sc
        .parallelize(values, 3)
        .sortBy((x) => x, true, 3)
        .collect();
      expect(result).to.deep.equal([
        undefined,
        null,
        false,
        true,
        -1,
        2n,
        3,
        9,
        10,
        NaN,
        'a',
        'b',
        '\uFFFD',
        '\u{1F600}',
      ]);
    });

    it('sorts by arrays from left to right', async () => {
      const rdd = suite.sc.parallelize([[2, 1], [1, 2], [1, 1], [1]] as number[][], 2);
      expect(await rdd.sortBy((x) => x, true, 2).collect()).to.deep.equal([
        [1],
        [1, 1],
        [1, 2],
        [2, 1],
      ]);
    });

    it('works when all keys are equal, for nothing at all, and without partitions', async () => {
      const { sc } = suite;
      const equal = sc.range(0, 50, 1, 4).sortBy(() => 1, true, 4);
      expect(await equal.count()).to.equal(50);
      expect((await partitionsOf(equal)).filter((part) => part.length > 0)).to.have.length(1);
      expect(
        await sc
          .parallelize<number>([], 3)
          .sortBy((x) => x, true, 3)
          .collect(),
      ).to.deep.equal([]);
      expect(
        await sc
          .emptyRDD<number>()
          .sortBy((x) => x)
          .collect(),
      ).to.deep.equal([]);
    });

    it('balances random keys within a factor of two (A-118)', async () => {
      const rdd = suite.sc.range(0, 20_000, 1, 4).map((x) => (x * 2_654_435_761) % 4_294_967_291);
      const sizes = (await partitionsOf(rdd.sortBy((x) => x, true, 5))).map((part) => part.length);
      expect(sizes).to.have.length(5);
      for (const size of sizes) expect(size).to.be.within(2_000, 8_000);
    });
  });

  describe('coalesce and repartition (A-110)', () => {
    it('coalesce merges neighbours without a shuffle', async () => {
      const rdd = suite.sc.range(0, 8, 1, 8).coalesce(3);
      expect(await partitionsOf(rdd)).to.deep.equal([
        [0, 1],
        [2, 3, 4],
        [5, 6, 7],
      ]);
      expect(await rdd.toDebugString()).to.not.contain('+-');
      expect(await suite.sc.range(0, 4, 1, 2).coalesce(5).getNumPartitions()).to.equal(2);
    });

    it('repartition makes exactly n, of nearly the same size, and loses nothing', async () => {
      const rdd = suite.sc.range(0, 10_000, 1, 3).repartition(7);
      const parts = await partitionsOf(rdd);
      expect(parts).to.have.length(7);
      for (const part of parts) expect(part.length).to.be.within(1_400, 1_460);
      expect(parts.flat().sort((a, b) => a - b)).to.deep.equal([...Array(10_000).keys()]);
    });

    it('coalesce with a shuffle may make more', async () => {
      expect(await suite.sc.range(0, 10, 1, 2).coalesce(4, true).getNumPartitions()).to.equal(4);
      expect(await suite.sc.range(0, 10, 1, 2).coalesce(4, true).count()).to.equal(10);
    });

    it('repartition twice loses nothing either', async () => {
      const rdd = suite.sc
        .range(0, 1_000, 1, 4)
        .map((x) => x % 100)
        .distinct(3)
        .repartition(5);
      expect(await rdd.map((x) => x + 1).sum()).to.equal(5_050);
    });
  });

  describe('zipWithIndex', () => {
    it('numbers records in partition order, over empty partitions too', async () => {
      const { sc } = suite;
      const zipped = sc.parallelize(['a', 'b', 'c', 'd', 'e'], 7).zipWithIndex();
      expect(await zipped.collect()).to.deep.equal([
        ['a', 0],
        ['b', 1],
        ['c', 2],
        ['d', 3],
        ['e', 4],
      ]);
      const filtered = sc
        .range(0, 100, 1, 5)
        .filter((x) => x >= 50)
        .zipWithIndex();
      expect(
        await filtered
          .map(([x, i]) => x - i)
          .distinct()
          .collect(),
      ).to.deep.equal([50]);
    });

    it('can be computed upon and cached', async () => {
      const zipped = suite.sc.range(10, 20, 1, 3).zipWithIndex().cache();
      expect(await zipped.count()).to.equal(10);
      expect(await zipped.filter(([, i]) => i === 9).collect()).to.deep.equal([[19, 9]]);
    });
  });
});
