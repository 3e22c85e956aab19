import { expect } from 'chai';
import type { RDD } from 'heddle';
import { useContext } from './support/context.js';
import { rejection, taskError } from './support/expect-error.js';

describe('numeric RDDs (B.4)', () => {
  const suite = useContext();

  it('sum is 0 of nothing, exact for bigints, and compensated for numbers', async () => {
    const { sc } = suite;
    expect(await sc.parallelize<number>([], 2).sum()).to.equal(0);
    expect(await sc.parallelize([0.1, 0.2, 0.3], 3).sum()).to.equal(
      await sc.parallelize([0.3, 0.2, 0.1], 1).sum(),
    );
    expect(await sc.parallelize([1, 1e100, 1, -1e100], 1).sum()).to.equal(2);
    expect(await sc.parallelize([2n ** 64n, 1n, -1n], 2).sum()).to.equal(2n ** 64n);
    expect(await sc.parallelize([1, Infinity], 2).sum()).to.equal(Infinity);
    expect(await sc.parallelize([1, NaN], 2).sum()).to.be.NaN;
  });

  it('numbers and bigints cannot be mixed, and other records are refused', async () => {
    const mixed = suite.sc.parallelize<unknown>([1, 2n], 1) as RDD<number>;
    expect(await taskError(mixed.sum())).to.have.property('code', 'RECORD_TYPE');
    const apart = suite.sc.parallelize<unknown>([1, 2n], 2) as RDD<number>;
    expect(await rejection(apart.sum())).to.have.property('code', 'RECORD_TYPE');
    const texts = suite.sc.parallelize<unknown>(['1'], 1) as RDD<number>;
    expect(await taskError(texts.sum())).to.have.property('code', 'RECORD_TYPE');
    expect(await taskError(texts.stats())).to.have.property('code', 'RECORD_TYPE');
  });

  it('stats are one pass over all partitions', async () => {
    const stats = await suite.sc.parallelize([2, 4, 4, 4, 5, 5, 7, 9], 3).stats();
    expect(stats.toJSON()).to.deep.include({
      count: 8,
      sum: 40,
      mean: 5,
      min: 2,
      max: 9,
      variance: 4,
      stdev: 2,
    });
    expect(stats.sampleVariance).to.be.closeTo(32 / 7, 1e-12);
  });

  it('mean, variances and deviations are those of stats', async () => {
    const rdd = suite.sc.parallelize([1, 2, 3, 4], 2);
    expect(await rdd.mean()).to.equal(2.5);
    expect(await rdd.variance()).to.equal(1.25);
    expect(await rdd.popVariance()).to.equal(1.25);
    expect(await rdd.stdev()).to.equal(Math.sqrt(1.25));
    expect(await rdd.popStdev()).to.equal(Math.sqrt(1.25));
    expect(await rdd.sampleVariance()).to.be.closeTo(5 / 3, 1e-12);
    expect(await rdd.sampleStdev()).to.be.closeTo(Math.sqrt(5 / 3), 1e-12);
  });

  it('of nothing and of one number', async () => {
    const { sc } = suite;
    const none = await sc.parallelize<number>([], 3).stats();
    expect([none.count, none.mean, none.min, none.max]).to.deep.equal([0, 0, Infinity, -Infinity]);
    expect(none.variance).to.be.NaN;
    expect(await sc.parallelize([5]).sampleVariance()).to.be.NaN;
    expect(await sc.parallelize([5]).variance()).to.equal(0);
  });

  it('is stable for 10^9 plus small numbers over partitions of very different sizes', async () => {
    const rdd = suite.sc.parallelize(
      [4, 7, 13, 16].map((x) => 1e9 + x),
      4,
    );
    expect(await rdd.sampleVariance()).to.be.closeTo(30, 1e-6);
    const uneven = suite.sc.range(0, 10_000, 1, 3).union(suite.sc.parallelize([-7, 99_999], 1));
    const stats = await uneven.stats();
    expect([stats.count, stats.min, stats.max]).to.deep.equal([10_002, -7, 99_999]);
  });

  it('min and max order by key, NaN above all numbers, any type', async () => {
    const { sc } = suite;
    expect(await sc.parallelize([3, 1, 2], 2).min()).to.equal(1);
    expect(await sc.parallelize([3, 1, 2], 2).max()).to.equal(3);
    expect(await sc.parallelize([3, NaN, 2], 2).max()).to.be.NaN;
    expect(await sc.parallelize([3, NaN, 2], 2).min()).to.equal(2);
    expect(await sc.parallelize(['bb', 'a', 'ccc'], 2).max((s) => s.length)).to.equal('ccc');
    expect(await sc.parallelize(['bb', 'a', 'ccc'], 2).min((s) => -s.length)).to.equal('ccc');
    expect(await rejection(sc.parallelize<number>([], 2).max())).to.have.property(
      'code',
      'EMPTY_RDD',
    );
  });
});
