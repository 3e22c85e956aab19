import { expect } from 'chai';
import type { HeddleContext } from '../../src/context/heddle-context.js';
import { HashPartitioner } from '../../src/partitioner/hash-partitioner.js';
import type { RDD } from '../../src/rdd/rdd.js';
import { FakeApplication } from '../support/fake-application.js';

type Pairs = RDD<[number, number]>;

/** Every shuffle that takes `n?`. */
const shuffles: Record<string, (rdd: Pairs, other: Pairs, n?: number) => RDD<unknown>> = {
  reduceByKey: (rdd, _, n) => rdd.reduceByKey(Math.max, n),
  foldByKey: (rdd, _, n) => rdd.foldByKey(0, Math.max, n),
  aggregateByKey: (rdd, _, n) => rdd.aggregateByKey(0, Math.max, Math.max, n),
  combineByKey: (rdd, _, n) => rdd.combineByKey(Math.sqrt, Math.max, Math.max, n),
  groupByKey: (rdd, _, n) => rdd.groupByKey(n),
  flatMapGroups: (rdd, _, n) => rdd.flatMapGroups(Array.of, n),
  join: (rdd, other, n) => rdd.join(other, n),
  leftOuterJoin: (rdd, other, n) => rdd.leftOuterJoin(other, n),
  rightOuterJoin: (rdd, other, n) => rdd.rightOuterJoin(other, n),
  fullOuterJoin: (rdd, other, n) => rdd.fullOuterJoin(other, n),
  cogroup: (rdd, other, n) => rdd.cogroup(other, n),
};
const twoSided = new Set(['join', 'leftOuterJoin', 'rightOuterJoin', 'fullOuterJoin', 'cogroup']);
/** Those that make their keys themselves: an existing partitioner says nothing of them. */
const reKeyed: Record<string, (rdd: Pairs, n?: number) => RDD<unknown>> = {
  groupBy: (rdd, n) => rdd.groupBy(String, n),
  sortBy: (rdd, n) => rdd.sortBy(String, true, n),
  sortByKey: (rdd, n) => rdd.sortByKey(true, n),
};

describe('partition counts (A-109, B.0)', () => {
  let fake: FakeApplication;
  let sc: HeddleContext;

  const start = async (conf: Record<string, string> = {}): Promise<void> => {
    fake = new FakeApplication();
    fake.respond = ({ sink }) =>
      sink.kind === 'sampleKeys'
        ? { value: { count: 50, sample: Array.from({ length: 50 }, (_, i) => i) } }
        : { value: 0 };
    sc = await fake.start(conf);
  };

  afterEach(() => sc.stop());

  const pairs = (n: number): Pairs => sc.range(0, 100, 1, n).keyBy(Math.sqrt);

  describe('of narrow steps are those of the parent', () => {
    const steps: Record<string, (rdd: Pairs) => RDD<unknown>> = {
      map: (rdd) => rdd.map(String),
      filter: (rdd) => rdd.filter(Boolean),
      flatMap: (rdd) => rdd.flatMap(Array.from),
      mapPartitions: (rdd) => rdd.mapPartitions(Array.from),
      mapPartitionsWithIndex: (rdd) => rdd.mapPartitionsWithIndex(Array.of),
      mapValues: (rdd) => rdd.mapValues(String),
      flatMapValues: (rdd) => rdd.flatMapValues(Array.of),
      keyBy: (rdd) => rdd.keyBy(String),
      keys: (rdd) => rdd.keys(),
      values: (rdd) => rdd.values(),
      glom: (rdd) => rdd.glom(),
      sample: (rdd) => rdd.sample(false, 0.5, 1),
      zipWithIndex: (rdd) => rdd.zipWithIndex(),
    };
    for (const [name, step] of Object.entries(steps)) {
      it(name, async () => {
        await start({ 'heddle.default.parallelism': '7' });
        expect(await step(pairs(3)).getNumPartitions()).to.equal(3);
      });
    }
  });

  it('of a union are the sum, or n when both have the same partitioner', async () => {
    await start();
    expect(await pairs(3).union(pairs(4)).getNumPartitions()).to.equal(7);
    expect(
      await pairs(3).partitionBy(5).union(pairs(4).partitionBy(5)).getNumPartitions(),
    ).to.equal(5);
    expect(
      await pairs(3).partitionBy(5).union(pairs(4).partitionBy(6)).getNumPartitions(),
    ).to.equal(11);
    expect(await sc.union([pairs(1), pairs(2), pairs(3)]).getNumPartitions()).to.equal(6);
    expect(await sc.union([]).getNumPartitions()).to.equal(0);
    expect(await pairs(2).union(sc.emptyRDD()).getNumPartitions()).to.equal(2);
  });

  it('of coalesce are at most those of the parent, unless it shuffles (A-110)', async () => {
    await start();
    expect(await pairs(8).coalesce(2).getNumPartitions()).to.equal(2);
    expect(await pairs(2).coalesce(8).getNumPartitions()).to.equal(2);
    expect(await pairs(2).coalesce(8, true).getNumPartitions()).to.equal(8);
    expect(await pairs(2).repartition(8).getNumPartitions()).to.equal(8);
    expect(await sc.emptyRDD<number>().coalesce(3).getNumPartitions()).to.equal(0);
    expect(await sc.emptyRDD<number>().repartition(3).getNumPartitions()).to.equal(3);
  });

  it('of sources are those asked for, else the default parallelism', async () => {
    await start();
    expect(await sc.parallelize([1, 2, 3]).getNumPartitions()).to.equal(2);
    expect(await sc.parallelize([], 5).getNumPartitions()).to.equal(5);
    expect(await sc.range(10).getNumPartitions()).to.equal(2);
    expect(await sc.emptyRDD().getNumPartitions()).to.equal(0);
  });

  for (const [name, shuffle] of Object.entries({ ...shuffles, ...reKeyed })) {
    const apply = shuffle as (
      rdd: Pairs,
      other: Pairs | number | undefined,
      n?: number,
    ) => RDD<unknown>;
    const isReKeyed = name in reKeyed;
    const run = (rdd: Pairs, other: Pairs, n?: number): RDD<unknown> =>
      isReKeyed ? apply(rdd, n) : apply(rdd, other, n);

    describe(`of ${name}`, () => {
      it('are the number that is given', async () => {
        await start({ 'heddle.default.parallelism': '7' });
        expect(await run(pairs(3), pairs(4), 6).getNumPartitions()).to.equal(6);
      });

      it('are else heddle.default.parallelism, when it is set', async () => {
        await start({ 'heddle.default.parallelism': '7' });
        expect(await run(pairs(3), pairs(4)).getNumPartitions()).to.equal(7);
      });

      it('are else those of the largest parent', async () => {
        await start();
        const expected = twoSided.has(name) ? 4 : 3;
        expect(await run(pairs(3), pairs(4)).getNumPartitions()).to.equal(expected);
      });

      if (!isReKeyed) {
        it('are those of an existing partitioner before all defaults', async () => {
          await start({ 'heddle.default.parallelism': '7' });
          expect(await run(pairs(3).partitionBy(5), pairs(4)).getNumPartitions()).to.equal(5);
        });

        it('are not those of one that is ten times too small', async () => {
          await start({ 'heddle.default.parallelism': '60' });
          const small = pairs(3).partitionBy(2);
          const expected = twoSided.has(name) ? 60 : 2;
          expect(await run(small, pairs(50)).getNumPartitions()).to.equal(expected);
        });
      }
    });
  }

  it('of a shuffle with a Partitioner are its own', async () => {
    await start();
    const partitioner = new HashPartitioner(9);
    expect(await pairs(3).reduceByKey(Math.max, partitioner).getNumPartitions()).to.equal(9);
    expect(await pairs(3).partitionBy(partitioner).getNumPartitions()).to.equal(9);
  });

  it('of shuffles of an RDD without partitions are none, or what is asked for', async () => {
    await start();
    const empty = sc.emptyRDD<[number, number]>();
    expect(await empty.reduceByKey(Math.max).getNumPartitions()).to.equal(0);
    expect(await empty.reduceByKey(Math.max, 3).getNumPartitions()).to.equal(3);
    expect(await empty.join(pairs(2)).getNumPartitions()).to.equal(2);
    expect(fake.jobs).to.have.length(0);
  });
});
