import { expect } from 'chai';
import type { HeddleContext } from '../../src/context/heddle-context.js';
import { StorageLevel } from '../../src/storage/storage-level.js';
import type { RDD } from '../../src/rdd/rdd.js';
import { FakeApplication } from '../support/fake-application.js';

/** The text with call sites cut to their operator. */
async function debugLines(rdd: RDD<unknown>): Promise<string[]> {
  const text = await rdd.toDebugString();
  return text.split('\n').map((line) => line.replace(/( at \w+) at [^ ]+/, '$1'));
}

describe('toDebugString (A-106, A-107)', () => {
  let sc: HeddleContext;

  beforeEach(async () => {
    sc = await new FakeApplication().start();
  });

  afterEach(() => sc.stop());

  it('shows counts, kinds and call sites, and indents at a shuffle', async () => {
    const counts = sc
      .range(0, 9, 1, 3)
      .setName('numbers')
      .keyBy(Math.sqrt)
      .reduceByKey(Math.max, 2);
    expect(await debugLines(counts.mapValues(String))).to.deep.equal([
      '(2) MapPartitionsRDD[3] at mapValues []',
      ' |  ShuffledRDD[2] at reduceByKey []',
      ' +-(3) MapPartitionsRDD[1] at keyBy []',
      '    |  numbers RangeRDD[0] at range []',
    ]);
  });

  it('shows the branches of a join and of a union', async () => {
    const left = sc.range(0, 9, 1, 3).keyBy(Math.sqrt);
    const right = sc.range(0, 9, 1, 12).keyBy(Math.sqrt).partitionBy(2);
    expect(await debugLines(left.join(right, 2).union(sc.emptyRDD()))).to.deep.equal([
      '(2) UnionRDD[7] at union []',
      ' |  JoinedRDD[5] at join []',
      ' +-(3) MapPartitionsRDD[1] at keyBy []',
      ' |  |  RangeRDD[0] at range []',
      ' |  ShuffledRDD[4] at partitionBy []',
      ' +-(12) MapPartitionsRDD[3] at keyBy []',
      '    |   RangeRDD[2] at range []',
      ' |  EmptyRDD[6] at emptyRDD []',
    ]);
  });

  it('shows how an RDD is persisted', async () => {
    const rdd = sc.range(0, 9, 1, 3).persist(StorageLevel.MEMORY_AND_DISK_SER_2).map(String);
    expect((await debugLines(rdd))[1]).to.equal(
      ' |  RangeRDD[0] at range [Disk Memory Serialized 2x Replicated]',
    );
  });

  it('stays short for a lattice of unions', async () => {
    let rdd = sc.range(0, 9, 1, 1).keyBy(Math.sqrt).partitionBy(1);
    for (let i = 0; i < 40; i += 1) rdd = rdd.union(rdd);
    expect((await debugLines(rdd)).length).to.be.lessThan(3_000);
  });
});
