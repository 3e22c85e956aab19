import { expect } from 'chai';
import type { HeddleContext } from '../../src/context/heddle-context.js';
import { shuffleWriterOf } from '../../src/plan/shuffle-writer-choice.js';
import type { RDD } from '../../src/rdd/rdd.js';
import { FakeApplication } from '../support/fake-application.js';
import { planText } from '../support/plan-text.js';

/** Without the indentation of the test. */
function golden(text: string): string {
  const lines = text.split('\n').slice(1, -1);
  const indent = /^ */.exec(lines[0]!)![0].length;
  return lines.map((line) => line.slice(indent)).join('\n');
}

describe('stage plans', () => {
  let fake: FakeApplication;
  let sc: HeddleContext;

  beforeEach(async () => {
    fake = new FakeApplication();
    fake.respond = ({ sink }) =>
      sink.kind === 'sampleKeys'
        ? { value: { count: 4, sample: [1, 2, 3, 4] } }
        : { value: sink.kind === 'count' ? 5 : undefined };
    sc = await fake.start();
  });

  afterEach(() => sc.stop());

  const pairs = (): RDD<[number, number]> => sc.range(0, 10, 1, 3).keyBy(Math.sqrt);

  const expectPlan = async (rdd: RDD<unknown>, text: string): Promise<void> => {
    expect(await planText(rdd)).to.equal(golden(text));
  };

  it('make one stage of narrow steps (A-100)', () =>
    expectPlan(
      sc.range(0, 10, 1, 3).map(Math.sqrt).filter(Boolean).map(String).flatMap(Array.from).glom(),
      `
      stage (3)
        0 range
        1 map ← 0
        2 filter ← 1
        3 map ← 2
        4 flatMap ← 3
        5 glom ← 4
        → collect
      `,
    ));

  it('cut at a shuffle, combining on its map side (A-101, A-113)', () =>
    expectPlan(
      pairs().reduceByKey(Math.max, 2).mapValues(String),
      `
      stage (3)
        0 range
        1 keyBy ← 0
        → s0 hash(2) reduce combine
      stage (2)
        0 shuffleCombine s0 reduce combined
        1 mapValues ← 0
        → collect
      `,
    ));

  it('do not combine groups on the map side', () =>
    expectPlan(
      pairs().groupByKey(2),
      `
      stage (3)
        0 range
        1 keyBy ← 0
        → s0 hash(2) group
      stage (2)
        0 shuffleCombine s0 group
        → collect
      `,
    ));

  it('reduce in place what is partitioned already', () =>
    expectPlan(
      pairs().partitionBy(4).reduceByKey(Math.max).groupByKey(),
      `
      stage (3)
        0 range
        1 keyBy ← 0
        → s0 hash(4)
      stage (4)
        0 shuffleRead s0
        1 combineInPlace reduce ← 0
        2 combineInPlace group ← 1
        → collect
      `,
    ));

  it('shuffle both sides of a join (A-101)', () =>
    expectPlan(
      pairs().join(pairs()),
      `
      stage (3)
        0 range
        1 keyBy ← 0
        → s0 hash(3)
      stage (3)
        0 range
        1 keyBy ← 0
        → s1 hash(3)
      stage (3)
        0 join inner s0 s1
        → collect
      `,
    ));

  it('join co-partitioned sides in one stage (A-102)', () =>
    expectPlan(
      pairs().partitionBy(4).cache().leftOuterJoin(pairs().partitionBy(4).mapValues(String)),
      `
      stage (3)
        0 range
        1 keyBy ← 0
        → s0 hash(4)
      stage (3)
        0 range
        1 keyBy ← 0
        → s1 hash(4)
      stage (4)
        0 shuffleRead s1 (persisted)
        1 shuffleRead s0
        2 mapValues ← 1
        3 join left input0 input1 ← 0 2
        → collect
      `,
    ));

  it('shuffle only the side that is not partitioned', () =>
    expectPlan(
      pairs().fullOuterJoin(pairs().partitionBy(4)),
      `
      stage (3)
        0 range
        1 keyBy ← 0
        → s0 hash(4)
      stage (3)
        0 range
        1 keyBy ← 0
        → s1 hash(4)
      stage (4)
        0 shuffleRead s1
        1 join full s0 input0 ← 0
        → collect
      `,
    ));

  it('cogroup several parents', () =>
    expectPlan(
      pairs().cogroup(pairs(), pairs().partitionBy(5), 5),
      `
      stage (3)
        0 range
        1 keyBy ← 0
        → s0 hash(5)
      stage (3)
        0 range
        1 keyBy ← 0
        → s1 hash(5)
      stage (3)
        0 range
        1 keyBy ← 0
        → s2 hash(5)
      stage (5)
        0 shuffleRead s2
        1 cogroup s0 s1 input0 ← 0
        → collect
      `,
    ));

  it('sort by sampled ranges, and drop the keys of sortBy (A-118)', () =>
    expectPlan(
      sc.range(0, 10, 1, 3).sortBy(Math.sqrt, false, 3),
      `
      stage (3)
        0 range
        1 keyBy ← 0
        → s0 range(3)
      stage (3)
        0 shuffleSort s0 descending
        1 values ← 0
        → collect
      `,
    ));

  it('take whole records as keys in distinct', () =>
    expectPlan(
      sc.range(0, 10, 1, 3).distinct(),
      `
      stage (3)
        0 range
        1 pairWithNull ← 0
        → s0 hash(3) distinct combine
      stage (3)
        0 shuffleCombine s0 distinct combined
        → collect
      `,
    ));

  it('need no shuffle for distinct over what is partitioned (B.2)', () =>
    expectPlan(
      pairs().partitionBy(4).distinct(),
      `
      stage (3)
        0 range
        1 keyBy ← 0
        → s0 hash(4)
      stage (4)
        0 shuffleRead s0
        1 pairWithNull ← 0
        2 combineInPlace distinct ← 1
        → collect
      `,
    ));

  it('deal whole records out for repartition (A-110)', () =>
    expectPlan(
      sc.range(0, 10, 1, 3).repartition(5),
      `
      stage (3)
        0 range
        → s0 roundRobin(5) records
      stage (5)
        0 shuffleRead s0
        → collect
      `,
    ));

  it('stream groups of any size for flatMapGroups', () =>
    expectPlan(
      pairs().flatMapGroups(Array.of, 2),
      `
      stage (3)
        0 range
        1 keyBy ← 0
        → s0 hash(2)
      stage (2)
        0 flatMapGroups s0
        → collect
      `,
    ));

  it('make the shuffle of a diamond once (A-125)', async () => {
    const reduced = pairs().reduceByKey(Math.max, 2);
    await expectPlan(
      reduced.mapValues(String).union(reduced.mapValues(Boolean)),
      `
      stage (3)
        0 range
        1 keyBy ← 0
        → s0 hash(2) reduce combine
      stage (2)
        0 shuffleCombine s0 reduce combined
        1 mapValues ← 0
        2 mapValues ← 0
        3 coalesce ← 1 2
        → collect
      `,
    );
  });

  it('count for zipWithIndex, and put what was counted into the step', async () => {
    const zipped = sc.range(0, 10, 1, 3).zipWithIndex();
    await expectPlan(
      zipped,
      `
      stage (3)
        0 range
        1 zipWithIndex ← 0
        → collect
      `,
    );
    expect(fake.jobs.map(({ sink, request }) => [sink.kind, request.partitions])).to.deep.equal([
      ['count', [0, 1]],
    ]);
    await zipped.collect();
    const { operator } = fake.jobs.at(-1)!.plan.nodes.at(-1)!;
    expect(operator).to.deep.equal({ kind: 'zipWithIndex', offsets: [0, 5, 10] });
  });

  it('hold each captured closure once, and name accumulators and labels', async () => {
    const source = sc.range(0, 10, 1, 3);
    fake.respond = () => ({ records: [] });
    await source.map(String).map(Number).collect();
    const { plan } = fake.jobs.at(-1)!;
    expect(plan.closures).to.have.length(2);
    expect(plan.nodes.map(({ label }) => label.split(' at ')[0])).to.deep.equal([
      'range',
      'map',
      'map',
    ]);
    expect(plan.accumulators).to.equal(undefined);
  });

  it('keep the key function of sortByKey once for the range and the sort', async () => {
    fake.respond = ({ sink }) =>
      sink.kind === 'sampleKeys' ? { value: { count: 2, sample: ['a', 'b'] } } : { records: [] };
    const sorted = pairs().sortByKey(true, 2, String);
    await sorted.collect();
    const [sampling, collecting] = fake.jobs;
    expect(sampling!.sink).to.include({ kind: 'sampleKeys' }).and.to.have.property('keyFunction');
    expect(collecting!.plan.nodes.at(-1)!.operator).to.deep.include({
      kind: 'shuffleSort',
      ascending: true,
      keyFunction: { closure: 0, root: 0 },
    });
  });

  it('say which writer a shuffle uses, and why (A-153)', () => {
    const reduce = { kind: 'reduce', merge: { closure: 0, root: 0 } } as const;
    const choose = (spec: Parameters<typeof shuffleWriterOf>[0]): unknown => shuffleWriterOf(spec);
    const base = { keyed: true, mapSideCombine: true } as const;
    expect(choose({ ...base, aggregator: reduce })).to.deep.equal({
      writer: 'combine',
      reason: 'reduce merges the values of a key before they leave',
    });
    expect(choose({ ...base, aggregator: { kind: 'group' } })).to.include({ writer: 'plain' });
    expect(choose({ ...base, mapSideCombine: false, aggregator: reduce })).to.deep.equal({
      writer: 'plain',
      reason: 'map-side combining is off',
    });
    expect(choose({ ...base, keyed: false })).to.include({ writer: 'plain' });
    expect(choose(base)).to.include({ reason: 'nothing is aggregated' });
  });
});
