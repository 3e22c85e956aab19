import { expect } from 'chai';
import type { RDD } from 'heddle';
import { useContext } from './support/context.js';
import { rejection, taskError, thrown } from './support/expect-error.js';
import { jobsOf } from './support/jobs.js';

describe('sampling (B.2, B.3, B.5)', () => {
  const suite = useContext();
  const numbers = (n = 4): RDD<number> => suite.sc.range(0, 1000, 1, n);
  const rising = (values: number[]): number[] => [...values].sort((a, b) => a - b);

  describe('randomSplit (B.2 randomSplit)', () => {
    it('gives disjoint parts that are the whole together, each computed by itself', async () => {
      const parts = numbers().randomSplit([2, 1, 1], 7);
      const records = await Promise.all(parts.map((part) => part.collect()));
      expect(rising(records.flat())).to.deep.equal(await numbers().collect());
      const [half, quarter, other] = records.map(({ length }) => length);
      expect(half).to.be.within(420, 580);
      expect(quarter).to.be.within(180, 320);
      expect(other).to.be.within(180, 320);
    });

    it('is the same for the same seed, and takes weights of 0', async () => {
      const [a] = numbers().randomSplit([1, 1], 5);
      const [b] = numbers().randomSplit([10, 10], 5);
      expect(await a!.collect()).to.deep.equal(await b!.collect());
      const [all, none] = numbers().randomSplit([1, 0]);
      expect([await all!.count(), await none!.count()]).to.deep.equal([1000, 0]);
    });

    it('keeps partitions and partitioner, and refuses weights that are none', async () => {
      const pairs = numbers()
        .map((x): [number, number] => [x % 10, x])
        .partitionBy(3);
      const [part] = pairs.randomSplit([1, 1], 1);
      expect(await part!.getNumPartitions()).to.equal(3);
      expect(await part!.partitioner()).not.to.equal(undefined);
      for (const weights of [[], [0, 0], [1, -1], [NaN]]) {
        expect(thrown(() => numbers().randomSplit(weights)).code).to.equal('ARGUMENT');
      }
    });
  });

  describe('takeSample (B.5 takeSample)', () => {
    it('gives exactly n records, all different without replacement', async () => {
      for (const n of [1, 5, 100, 999]) {
        const sample = await numbers().takeSample(false, n, n);
        expect(sample).to.have.length(n);
        expect(new Set(sample).size).to.equal(n);
      }
      expect(rising(await numbers().takeSample(false, 5000))).to.have.length(1000);
      expect(await numbers().takeSample(true, 3000, 1)).to.have.length(3000);
    });

    it('is in random order, and the same for the same seed', async () => {
      const sample = await numbers().takeSample(false, 50, 3);
      expect(await numbers().takeSample(false, 50, 3)).to.deep.equal(sample);
      expect(sample).not.to.deep.equal(rising(sample));
    });

    it('of nothing is nothing, and n must be a number of records', async () => {
      expect(await suite.sc.emptyRDD<number>().takeSample(true, 5)).to.deep.equal([]);
      const none = await jobsOf(suite.sc, () => numbers().takeSample(false, 0));
      expect(none.jobs).to.equal(0);
      expect((await rejection(numbers().takeSample(false, -1))).code).to.equal('ARGUMENT');
      const cancelled = numbers().takeSample(false, 1, { signal: AbortSignal.abort() });
      expect((await rejection(cancelled)).code).to.equal('JOB_CANCELLED');
    });
  });

  describe('sampleByKey (B.3 sampleByKey, B.3 sampleByKeyExact)', () => {
    const pairs = (): RDD<[string, number]> =>
      numbers().map((x): [string, number] => [x % 2 === 0 ? 'even' : 'odd', x]);
    const countsOf = async (rdd: RDD<[string, number]>): Promise<Record<string, number>> =>
      Object.fromEntries(await rdd.countByKey());

    it('takes each key at its rate, with the same seed the same pairs', async () => {
      const fractions = new Map([
        ['even', 0.2],
        ['odd', 0.6],
      ]);
      const sample = pairs().sampleByKey(false, fractions, 4);
      const { even, odd } = await countsOf(sample);
      expect(even).to.be.within(60, 145);
      expect(odd).to.be.within(240, 360);
      expect(await pairs().sampleByKey(false, { even: 0.2, odd: 0.6 }, 4).collect()).to.deep.equal(
        await sample.collect(),
      );
      const often = await countsOf(pairs().sampleByKey(true, { even: 3, odd: 0 }, 1));
      expect(often['even']).to.be.within(1300, 1700);
      expect(often['odd']).to.equal(undefined);
    });

    it('refuses bad rates at the call, a key without one in the task', async () => {
      expect(thrown(() => pairs().sampleByKey(false, { even: 2 })).code).to.equal('ARGUMENT');
      expect(thrown(() => pairs().sampleByKey(true, { even: -1 })).code).to.equal('ARGUMENT');
      const error = await taskError(pairs().sampleByKey(false, { even: 1 }).collect());
      expect(error.message).to.match(/no rate for the key odd/);
    });

    it('exactly: ceil(n · rate) of each key, found by a job that begins with the first action', async () => {
      const { sc } = suite;
      let exact: RDD<[string, number]> | undefined;
      const none = await jobsOf(sc, async () => {
        exact = pairs().sampleByKeyExact(false, { even: 0.1, odd: 0.333 }, 9);
        await Promise.resolve();
      });
      expect(none.jobs).to.equal(0);
      expect(await countsOf(exact!)).to.deep.equal({ even: 50, odd: 167 });
      const records = await exact!.values().collect();
      expect(new Set(records).size).to.equal(217);
      const twice = pairs().sampleByKeyExact(true, { even: 1.5, odd: 0 }, 9);
      expect(await countsOf(twice)).to.deep.equal({ even: 750 });
      const all = pairs().sampleByKeyExact(false, { even: 1, odd: 0 });
      expect(await countsOf(all)).to.deep.equal({ even: 500 });
    });
  });
});
