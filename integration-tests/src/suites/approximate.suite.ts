import { expect } from 'chai';
import type { RDD } from 'heddle';
import { useContext } from './support/context.js';
import { rejection } from './support/expect-error.js';
import { jobsOf } from './support/jobs.js';

describe('histogram, trees and approximate actions (B.4, B.5)', () => {
  const suite = useContext();

  describe('histogram (B.4 histogram)', () => {
    const upTo = (n: number): RDD<number> => suite.sc.range(0, n, 1, 3);

    it('counts between borders, half open, the last one closed', async () => {
      expect(await upTo(51).histogram(2)).to.deep.equal([
        [0, 25, 50],
        [25, 26],
      ]);
      expect(await upTo(51).histogram([0, 5, 25, 50])).to.deep.equal([
        [0, 5, 25, 50],
        [5, 20, 26],
      ]);
      expect(await upTo(51).histogram([0, 15, 30, 45, 60])).to.deep.equal([
        [0, 15, 30, 45, 60],
        [15, 15, 15, 6],
      ]);
      expect(await upTo(51).histogram([10, 20])).to.deep.equal([[10, 20], [11]]);
    });

    it('puts equal numbers into one bucket and leaves NaN out', async () => {
      const { sc } = suite;
      expect(await sc.parallelize([3, 3, 3], 2).histogram(5)).to.deep.equal([[3, 3], [3]]);
      expect(await sc.parallelize([1, NaN, 2], 2).histogram(1)).to.deep.equal([[1, 2], [2]]);
    });

    it('refuses borders that do not rise, too few, infinite numbers, and nothing at all', async () => {
      const { sc } = suite;
      for (const borders of [[1], [2, 1], [1, 1], [0, NaN]]) {
        expect((await rejection(upTo(5).histogram(borders))).code).to.equal('ARGUMENT');
      }
      expect((await rejection(upTo(5).histogram(0))).code).to.equal('ARGUMENT');
      expect((await rejection(sc.parallelize([1, Infinity]).histogram(2))).code).to.equal(
        'ARGUMENT',
      );
      expect((await rejection(sc.emptyRDD<number>().histogram(2))).code).to.equal('EMPTY_RDD');
      expect(await sc.emptyRDD<number>().histogram([0, 1])).to.deep.equal([[0, 1], [0]]);
    });
  });

  describe('treeReduce and treeAggregate (B.5 treeReduce, B.5 treeAggregate)', () => {
    it('give the same for every depth, in the order of the partitions', async () => {
      const { sc } = suite;
      const numbers = sc.parallelize([-5, -4, -3, -2, -1, 1, 2, 3, 4], 10);
      for (const depth of [1, 2, 5, 10]) {
        expect(await numbers.treeReduce((a, b) => a + b, depth)).to.equal(-5);
        const sum = await numbers.treeAggregate(
          0,
          (a, x) => a + x,
          (a, b) => a + b,
          depth,
        );
        expect(sum).to.equal(-5);
      }
      const texts = sc.range(0, 60, 1, 30).map((x) => `${x},`);
      const whole = await texts.reduce((a, b) => a + b);
      for (const depth of [2, 3, 4]) {
        expect(await texts.treeReduce((a, b) => a + b, depth)).to.equal(whole);
        const list = await texts.treeAggregate<string[]>(
          [],
          (all, x) => (all.push(x), all),
          (a, b) => a.concat(b),
          depth,
        );
        expect(list.join('')).to.equal(whole);
      }
    });

    it('merge in tasks where there are many partitions, and not where there are few', async () => {
      const { sc } = suite;
      const many = await jobsOf(sc, () => sc.range(0, 100, 1, 36).treeReduce((a, b) => a + b));
      expect(many.tasksOfStages).to.deep.equal([36, 6]);
      const few = await jobsOf(sc, () => sc.range(0, 100, 1, 4).treeReduce((a, b) => a + b));
      expect(few.tasksOfStages).to.deep.equal([4]);
    });

    it('of nothing are the zero element, and an error', async () => {
      const { sc } = suite;
      const add = (a: number, b: number): number => a + b;
      expect(await sc.emptyRDD<number>().treeAggregate(7, add, add)).to.equal(7);
      expect((await rejection(sc.emptyRDD<number>().treeReduce(add))).code).to.equal('EMPTY_RDD');
      expect((await rejection(sc.parallelize<number>([], 20).treeReduce(add))).code).to.equal(
        'EMPTY_RDD',
      );
      expect((await rejection(sc.range(3).treeReduce(add, 0))).code).to.equal('ARGUMENT');
    });
  });

  describe('countApproxDistinct (B.4 countApproxDistinct)', () => {
    it('is near the number of distinct records', async () => {
      const { sc } = suite;
      const thousand = await sc.range(0, 1000, 1, 4).countApproxDistinct(0.05);
      expect(thousand).to.be.within(900, 1100);
      const twenty = await sc
        .range(0, 1000, 1, 4)
        .map((x) => `${x % 20}`)
        .countApproxDistinct();
      expect(twenty).to.be.within(16, 24);
      expect(await sc.emptyRDD().countApproxDistinct()).to.equal(0);
      const many = await sc.range(0, 200_000, 1, 4).countApproxDistinct(0.01);
      expect(many).to.be.within(194_000, 206_000);
      expect((await rejection(sc.range(3).countApproxDistinct(0.00001))).code).to.equal('ARGUMENT');
    });

    it('by key, in a shuffle', async () => {
      const { sc } = suite;
      const pairs = sc
        .range(0, 3000, 1, 4)
        .map((x): [string, number] => (x % 3 === 0 ? ['few', x % 10] : ['many', x]));
      const counts = new Map(await pairs.countApproxDistinctByKey(0.03, 2).collect());
      expect(counts.get('few')).to.be.within(9, 11);
      expect(counts.get('many')).to.be.within(1800, 2200);
    });
  });

  describe('countApprox and its like (B.4 countApprox, B.4 sumApprox meanApprox)', () => {
    it('are exact when all partitions end in time', async () => {
      const { sc } = suite;
      const numbers = sc.range(0, 100, 1, 4);
      const count = await numbers.countApprox(60_000);
      expect(count.isFinal).to.equal(true);
      expect(count.value).to.deep.equal({ low: 100, mean: 100, high: 100, confidence: 1 });
      expect((await numbers.sumApprox(60_000)).value.mean).to.equal(4950);
      expect((await numbers.meanApprox(60_000, 0.9)).value.mean).to.equal(49.5);
      const values = await numbers.map((x) => x % 2).countByValueApprox(60_000);
      expect(values.value.get(1)).to.include({ low: 50, high: 50, confidence: 1 });
    });

    it('answer when the time is over, and the rest comes later', async () => {
      const { sc } = suite;
      // Partitions end one after another: the answer is there before the last ones.
      const slow = sc.range(0, 4000, 1, 40).map((x) => {
        const until = x % 100 === 0 ? performance.now() + 150 : 0;
        while (performance.now() < until);
        return x;
      });
      const count = await slow.countApprox(1);
      expect(count.isFinal).to.equal(false);
      expect(count.value.low).to.be.at.most(count.value.mean);
      expect(count.value.mean).to.be.at.most(count.value.high);
      expect((await count.final).mean).to.equal(4000);
    });

    it('refuse times and confidences that are none, and fail with their job', async () => {
      const { sc } = suite;
      expect((await rejection(sc.range(3).countApprox(-1))).code).to.equal('ARGUMENT');
      expect((await rejection(sc.range(3).countApprox(1, 1))).code).to.equal('ARGUMENT');
      const failing = sc.range(3).map(() => {
        throw new Error('mine');
      });
      expect((await rejection(failing.countApprox(60_000))).code).to.equal('JOB_FAILED');
    });
  });
});
