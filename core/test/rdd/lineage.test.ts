import { expect } from 'chai';
import type { HeddleContext } from '../../src/context/heddle-context.js';
import { HashPartitioner } from '../../src/partitioner/hash-partitioner.js';
import { Partitioner } from '../../src/partitioner/partitioner.js';
import { RangePartitioner } from '../../src/partitioner/range-partitioner.js';
import { nodeOf } from '../../src/rdd/rdd-metadata.js';
import type { RDD } from '../../src/rdd/rdd.js';
import { stageCompiler } from '../../src/rdd/stage-compiler.js';
import { FakeApplication } from '../support/fake-application.js';
import { splitText } from '../support/plan-text.js';

type Pairs = RDD<[number, number]>;

describe('lineage (B.6 rdd-queries)', () => {
  let fake: FakeApplication;
  let sc: HeddleContext;

  beforeEach(async () => {
    fake = new FakeApplication();
    fake.respond = ({ sink }) =>
      sink.kind === 'sampleKeys' ? { value: { count: 2, sample: [3, 6] } } : { value: 2 };
    sc = await fake.start();
  });

  afterEach(() => sc.stop());

  const pairs = (n = 3): Pairs => sc.range(0, 9, 1, n).keyBy(Math.sqrt);

  it('is not changed by transformations: each gives a new RDD (A-096)', async () => {
    const a = sc.range(0, 9, 1, 3);
    const text = await a.toDebugString();
    const b = a.map(String);
    expect(b).to.not.equal(a);
    expect(b.id).to.be.greaterThan(a.id);
    expect(await a.toDebugString()).to.equal(text);
    expect(a.context).to.equal(sc);
  });

  it('starts no job for any transformation, nor for queries without sampling (A-097, A-098)', async () => {
    const p = pairs();
    const made: RDD<unknown>[] = [
      p.sortBy(String),
      p.sortByKey(),
      p.zipWithIndex(),
      p.repartition(4),
      p.distinct(),
      p.groupByKey(),
      p.join(p),
      sc.textFile('/nowhere/at/all'),
      sc.textFile('/nowhere/at/all').map(String).sortBy(String),
    ];
    expect(made.map((rdd) => rdd.dependencies.length)).to.deep.equal([1, 1, 1, 1, 1, 1, 2, 0, 1]);
    await p.join(p).toDebugString();
    await p.distinct().getNumPartitions();
    expect(fake.jobs).to.have.length(0);
  });

  it('of a thousand transformations of a path costs milliseconds and reads nothing (A-095)', () => {
    let rdd: RDD<unknown> = sc.textFile('/nowhere/at/all');
    const before = performance.now();
    for (let i = 0; i < 1_000; i += 1) rdd = rdd.map(String);
    expect(performance.now() - before).to.be.lessThan(2_000);
    expect(fake.jobs).to.have.length(0);
  });

  it('of 10,000 steps is prepared, planned, split and printed without a deep stack', async () => {
    let rdd: RDD<unknown> = sc.range(0, 9, 1, 3);
    for (let i = 0; i < 10_000; i += 1) rdd = rdd.glom();
    expect(await rdd.getNumPartitions()).to.equal(3);
    const node = nodeOf(rdd);
    const sink = { build: () => ({ kind: 'count' }) as const };
    expect(stageCompiler.resultPlan(node, sink).nodes).to.have.length(10_001);
    expect(splitText(stageCompiler.split(node, 2))).to.equal('2<range>');
    expect((await rdd.toDebugString()).split('\n')).to.have.length(10_001);
    expect(await rdd.preferredLocations(1)).to.deep.equal([]);
  });

  it('of 1,000 shuffles in a row is prepared without a deep stack', async () => {
    let rdd: RDD<unknown> = sc.range(0, 9, 1, 3);
    for (let i = 0; i < 1_000; i += 1) rdd = rdd.repartition(2);
    expect(await rdd.getNumPartitions()).to.equal(2);
  });

  it('of a union of 1,000 RDDs is flat, and its splits name one input each (B.1)', async () => {
    const union = sc.union(Array.from({ length: 1_000 }, () => sc.range(0, 9, 1, 3)));
    expect(await union.getNumPartitions()).to.equal(3_000);
    expect(union.dependencies).to.have.length(1_000);
    expect(splitText(stageCompiler.split(nodeOf(union), 2_999))).to.equal('2999[999:2<range>]');
    expect(splitText(stageCompiler.split(nodeOf(union), 0))).to.equal('0[0:0<range>]');
  });

  it('of unions nested 1,000 deep works as well', async () => {
    let union: RDD<number> = sc.range(0, 9, 1, 1);
    for (let i = 0; i < 1_000; i += 1) union = union.union(sc.range(0, 1, 1, 1));
    expect(await union.getNumPartitions()).to.equal(1_001);
    let split = stageCompiler.split(nodeOf(union), 0);
    let depth = 0;
    for (; split.parents !== undefined; depth += 1) split = split.parents[0]!.split;
    expect(depth).to.equal(1_000);
  });

  it('shares what branches share: a lattice of unions stays small', async () => {
    let rdd = sc.range(0, 4, 1, 2).keyBy(Math.sqrt).partitionBy(2);
    for (let i = 0; i < 40; i += 1) rdd = rdd.union(rdd);
    expect(await rdd.getNumPartitions()).to.equal(2);
    const sink = { build: () => ({ kind: 'count' }) as const };
    expect(stageCompiler.resultPlan(nodeOf(rdd), sink).nodes).to.have.length(41);
    const split = stageCompiler.split(nodeOf(rdd), 1);
    expect(split.parents![0]!.split).to.equal(split.parents![1]!.split);
  });

  it('of unions with empty inputs finds the right one', async () => {
    const union = sc.union<number>([
      sc.emptyRDD(),
      sc.range(0, 1, 1, 1),
      sc.emptyRDD(),
      sc.range(0, 2, 1, 2),
    ]);
    await union.getNumPartitions();
    const texts = [0, 1, 2].map((i) => splitText(stageCompiler.split(nodeOf(union), i)));
    expect(texts).to.deep.equal(['0[1:0<range>]', '1[3:0<range>]', '2[3:1<range>]']);
  });

  it('of a coalesce reads neighbouring partitions', async () => {
    const rdd = sc.range(0, 70, 1, 7).map(String).coalesce(3).map(Number);
    await rdd.getNumPartitions();
    const texts = [0, 1, 2].map((i) => splitText(stageCompiler.split(nodeOf(rdd), i)));
    expect(texts).to.deep.equal([
      '0[0:0<range> 0:1<range>]',
      '1[0:2<range> 0:3<range>]',
      '2[0:4<range> 0:5<range> 0:6<range>]',
    ]);
  });

  it('of a union of co-partitioned RDDs reads partition i of each', async () => {
    const rdd = pairs().partitionBy(4).union(pairs().partitionBy(4));
    await rdd.getNumPartitions();
    expect(splitText(stageCompiler.split(nodeOf(rdd), 3))).to.equal('3[0:3 1:3]');
  });

  it('slices ranges and arrays as Spark does (B.1)', async () => {
    const counts = async (rdd: RDD<unknown>): Promise<unknown[]> => {
      const n = await rdd.getNumPartitions();
      return Array.from({ length: n }, (_, i) => {
        const { source } = stageCompiler.split(nodeOf(rdd), i);
        return source?.kind === 'range' || source?.kind === 'parallelize' ? source.count : source;
      });
    };
    expect(await counts(sc.parallelize([1, 2, 3, 4, 5], 3))).to.deep.equal([1, 2, 2]);
    expect(await counts(sc.parallelize([1, 2, 3, 4, 5, 6, 7], 4))).to.deep.equal([1, 2, 2, 2]);
    expect(await counts(sc.parallelize([1, 2, 3], 5))).to.deep.equal([0, 1, 0, 1, 1]);
    expect(await counts(sc.range(0, 6, 2, 5))).to.deep.equal([0, 1, 0, 1, 1]);
    expect(await counts(sc.range(5, 0, -1, 2))).to.deep.equal([2, 3]);
    expect(await counts(sc.range(0, 5, -1, 2))).to.deep.equal([0, 0]);
    expect(await counts(sc.range(1, Number.MAX_SAFE_INTEGER, 1, 3))).to.deep.equal([
      3002399751580330, 3002399751580330, 3002399751580330,
    ]);
    const { source } = stageCompiler.split(nodeOf(sc.range(2, 20, 3, 2)), 1);
    expect(source).to.deep.equal({ kind: 'range', start: 11, step: 3, count: 3 });
  });

  it('tells its edges, before and after it is prepared', () => {
    const p = pairs();
    expect(p.map(String).dependencies).to.deep.equal([
      { rdd: p.map(String).dependencies[0]!.rdd, kind: 'narrow' },
    ]);
    expect(p.groupByKey().dependencies[0]).to.deep.equal({ rdd: p, kind: 'shuffle' });
    expect(p.dependencies[0]!.rdd.dependencies).to.deep.equal([]);
    const lines = sc.textFile('/nowhere/at/all');
    expect(lines.repartition(3).dependencies[0]).to.deep.equal({ rdd: lines, kind: 'shuffle' });
  });

  describe('partitioners (A-103)', () => {
    const numberOf = async (rdd: RDD<unknown>): Promise<number | undefined> =>
      (await rdd.partitioner())?.numPartitions;

    it('survive steps that leave keys alone, and no others', async () => {
      const p = pairs().partitionBy(4);
      const kept: Record<string, RDD<unknown>> = {
        filter: p.filter(Boolean),
        mapValues: p.mapValues(String),
        flatMapValues: p.flatMapValues(Array.of),
        sample: p.sample(false, 0.5, 1),
        'map with preservesPartitioning': p.map(Array.from, { preservesPartitioning: true }),
        mapPartitions: p.mapPartitions(Array.from, { preservesPartitioning: true }),
        distinct: p.distinct(),
        cache: p.cache(),
      };
      for (const [name, rdd] of Object.entries(kept)) expect(await numberOf(rdd), name).to.equal(4);
      const dropped: Record<string, RDD<unknown>> = {
        map: p.map(Array.from),
        flatMap: p.flatMap(Array.of),
        mapPartitions: p.mapPartitions(Array.from),
        keys: p.keys(),
        values: p.values(),
        keyBy: p.keyBy(String),
        glom: p.glom(),
        zipWithIndex: p.zipWithIndex(),
        coalesce: p.coalesce(2),
        repartition: p.repartition(4),
        union: p.union(pairs()),
        sortBy: p.sortBy(String),
        groupBy: p.groupBy(String).keys(),
        flatMapGroups: p.flatMapGroups(Array.of),
      };
      for (const [name, rdd] of Object.entries(dropped)) {
        expect(await numberOf(rdd), name).to.equal(undefined);
      }
    });

    it('come out of shuffles by key', async () => {
      expect(await pairs().reduceByKey(Math.max, 5).partitioner()).to.deep.equal(
        new HashPartitioner(5),
      );
      expect(await pairs().join(pairs(), 5).partitioner()).to.deep.equal(new HashPartitioner(5));
      expect(await pairs().groupBy(String, 5).partitioner()).to.deep.equal(new HashPartitioner(5));
      const sorted = await pairs().sortByKey(true, 2).partitioner();
      expect(sorted).to.be.instanceOf(RangePartitioner).and.to.have.property('numPartitions', 2);
    });

    it('let partitionBy return the RDD itself when it is partitioned so (B.3)', () => {
      const p = pairs().partitionBy(4);
      expect(p.partitionBy(4)).to.equal(p);
      expect(p.partitionBy(new HashPartitioner(4))).to.equal(p);
      expect(p.partitionBy(5)).to.not.equal(p);
      const byFunction = pairs().partitionBy(4, Math.sqrt);
      expect(byFunction.partitionBy(4, Math.sqrt)).to.equal(byFunction);
      expect(byFunction.partitionBy(4, Math.cbrt)).to.not.equal(byFunction);
    });

    it('can be taken from one RDD and given to another', async () => {
      const sorted = pairs().sortByKey(true, 2);
      const partitioner = await sorted.partitioner();
      const moved = pairs().partitionBy(partitioner!);
      expect(await moved.getNumPartitions()).to.equal(2);
      expect(moved.join(sorted).dependencies.map(({ kind }) => kind)).to.deep.equal([
        'narrow',
        'narrow',
      ]);
      const byFunction = await pairs().partitionBy(4, Math.sqrt).partitioner();
      expect(await pairs().reduceByKey(Math.max, byFunction).partitioner()).to.equal(byFunction);
      expect(partitioner).to.be.instanceOf(Partitioner);
    });
  });

  describe('determinacy', () => {
    const levelOf = async (rdd: RDD<unknown>): Promise<string> => {
      await rdd.getNumPartitions();
      return nodeOf(rdd).determinacy;
    };

    it('is full over sources, also for steps that depend on order', async () => {
      const rdds = [pairs(), pairs().zipWithIndex(), pairs().glom(), pairs().sample(false, 0.5, 1)];
      for (const rdd of rdds) expect(await levelOf(rdd)).to.equal('determinate');
      expect(await levelOf(pairs().mapPartitions(Array.from))).to.equal('determinate');
    });

    it('loses the order in a shuffle', async () => {
      const reduced = pairs().reduceByKey(Math.max);
      expect(await levelOf(reduced)).to.equal('unordered');
      expect(await levelOf(reduced.mapValues(String).filter(Boolean))).to.equal('unordered');
      expect(await levelOf(pairs().repartition(3))).to.equal('unordered');
      expect(await levelOf(pairs().join(pairs()))).to.equal('unordered');
    });

    it('is lost where shuffled input meets a step that depends on order (finding 7)', async () => {
      const reduced = pairs().reduceByKey(Math.max);
      const lost: Record<string, RDD<unknown>> = {
        repartition: reduced.repartition(3),
        zipWithIndex: reduced.zipWithIndex(),
        sample: reduced.sample(false, 0.5, 1),
        glom: reduced.glom(),
        mapPartitions: reduced.mapPartitions(Array.from),
        'and below': reduced.repartition(3).map(String).union(pairs()).keyBy(String).groupByKey(),
        'a join with it': reduced.repartition(3).join(pairs()),
      };
      for (const [name, rdd] of Object.entries(lost)) {
        expect(await levelOf(rdd), name).to.equal('indeterminate');
      }
    });

    it('comes back with a sort of determinate input', async () => {
      const sorted = pairs().sortByKey(true, 2);
      expect(await levelOf(sorted)).to.equal('determinate');
      expect(await levelOf(sorted.zipWithIndex().repartition(3))).to.equal('unordered');
    });
  });
});
