import { expect } from 'chai';
import fc from 'fast-check';
import { driverCodeTable } from '../../src/closures/index.js';
import { decodeValue, encodeValue } from '../../src/codec/index.js';
import { StatCounter } from '../../src/stats/stat-counter.js';

describe('StatCounter (B.4)', () => {
  it('counts, averages and measures the spread', () => {
    const stats = new StatCounter([2, 4, 4, 4, 5, 5, 7, 9]);
    expect(stats.count).to.equal(8);
    expect(stats.sum).to.equal(40);
    expect(stats.mean).to.equal(5);
    expect(stats.variance).to.equal(4);
    expect(stats.stdev).to.equal(2);
    expect(stats.popStdev).to.equal(2);
    expect(stats.sampleVariance).to.be.closeTo(32 / 7, 1e-12);
    expect(stats.sampleStdev).to.be.closeTo(Math.sqrt(32 / 7), 1e-12);
    expect([stats.min, stats.max]).to.deep.equal([2, 9]);
  });

  it('of no numbers has mean 0 and variance NaN, as Spark', () => {
    const stats = new StatCounter();
    expect(stats.count).to.equal(0);
    expect(stats.mean).to.equal(0);
    expect(stats.sum).to.equal(0);
    expect(stats.variance).to.be.NaN;
    expect(stats.sampleVariance).to.be.NaN;
    expect([stats.min, stats.max]).to.deep.equal([Infinity, -Infinity]);
  });

  it('of one number has no sample variance', () => {
    expect(new StatCounter([3]).variance).to.equal(0);
    expect(new StatCounter([3]).sampleVariance).to.be.NaN;
  });

  it('is stable for a large offset with small differences', () => {
    const stats = new StatCounter([1e9 + 4, 1e9 + 7, 1e9 + 13, 1e9 + 16]);
    expect(stats.sampleVariance).to.equal(30);
  });

  it('keeps minimum and maximum when counters of very different sizes merge', () => {
    const large = new StatCounter(Array.from({ length: 1_000 }, (_, i) => 500 + (i % 7)));
    const small = new StatCounter([-5, 9_999]);
    for (const merged of [
      new StatCounter().merge(large).merge(small),
      new StatCounter().merge(small).merge(large),
    ]) {
      expect([merged.min, merged.max]).to.deep.equal([-5, 9_999]);
      expect(merged.count).to.equal(1_002);
    }
  });

  it('can be merged with itself', () => {
    const stats = new StatCounter([1, 2, 3]);
    stats.merge(stats);
    expect([stats.count, stats.mean, stats.sum]).to.deep.equal([6, 2, 12]);
    expect(stats.variance).to.be.closeTo(2 / 3, 1e-12);
  });

  it('sums without losing small numbers beside large ones', () => {
    const numbers = [1, 1e100, 1, -1e100];
    expect(new StatCounter(numbers).sum).to.equal(2);
    expect(new StatCounter([Infinity, 1]).sum).to.equal(Infinity);
    expect(new StatCounter([Infinity, -Infinity]).sum).to.be.NaN;
  });

  it('merges to the same as counting all at once (property)', () => {
    const numbers = fc.array(fc.double({ min: -1e6, max: 1e6, noNaN: true }), { maxLength: 30 });
    fc.assert(
      fc.property(fc.array(numbers, { maxLength: 6 }), (parts) => {
        const all = new StatCounter(parts.flat());
        const merged = parts.reduce((m, part) => m.merge(new StatCounter(part)), new StatCounter());
        expect(merged.count).to.equal(all.count);
        expect(merged.min).to.equal(all.min);
        expect(merged.max).to.equal(all.max);
        expect(merged.mean).to.be.closeTo(all.mean, 1e-6);
        if (all.count > 0) expect(merged.variance).to.be.closeTo(all.variance, 1e-3);
        expect(merged.sum).to.be.closeTo(all.sum, 1e-8);
      }),
    );
  });

  it('travels as a value, also inside others', () => {
    const code = driverCodeTable();
    const [back] = decodeValue(
      encodeValue([new StatCounter([1, 2, 6])], code),
      code,
    ) as StatCounter[];
    expect(back).to.be.instanceOf(StatCounter);
    expect(back!.merge(3)).to.include({ count: 4, mean: 3, sum: 12, min: 1, max: 6 });
  });

  it('comes back from the parts that a task reports', () => {
    const stats = StatCounter.fromParts([4, 2.5, 5, 1, 4, 10, 0]);
    expect([stats.count, stats.mean, stats.variance, stats.sum]).to.deep.equal([4, 2.5, 1.25, 10]);
    expect(stats.toString()).to.equal(
      `(count: 4, mean: 2.5, stdev: ${Math.sqrt(1.25)}, max: 4, min: 1)`,
    );
  });
});
