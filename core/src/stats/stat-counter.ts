import { inspect } from 'node:util';
import { registerValueType } from '../codec/value/engine-types.js';

/**
 * Count, mean, variance, minimum and maximum of numbers, kept in one pass and mergeable.
 *
 * All figures are IEEE doubles; the sum is compensated. Of no numbers: `count` 0, `sum` 0, `mean` 0,
 * `min` Infinity, `max` -Infinity, variances and deviations NaN (as Spark's).
 * Source: Spark 4.0 `StatCounter` (Chan's merge of moments).
 */
export class StatCounter {
  #count = 0;
  #mean = 0;
  /** Sum of squared distances from the mean. */
  #m2 = 0;
  #min = Infinity;
  #max = -Infinity;
  #sum = 0;
  /** What the rounding of `#sum` lost (Neumaier). */
  #compensation = 0;

  constructor(values: Iterable<number> = []) {
    for (const value of values) this.merge(value);
  }

  /** The counter that a task of the `stats` sink reports: count, mean, m2, min, max, sum, compensation. @internal */
  static fromParts(parts: readonly number[]): StatCounter {
    const counter = new StatCounter();
    StatCounter.setParts(counter, parts);
    return counter;
  }

  /** @internal */
  static setParts(counter: StatCounter, parts: readonly number[]): void {
    [
      counter.#count,
      counter.#mean,
      counter.#m2,
      counter.#min,
      counter.#max,
      counter.#sum,
      counter.#compensation,
    ] = parts as [number, number, number, number, number, number, number];
  }

  /** What `fromParts` takes. @internal */
  static toParts(counter: StatCounter): number[] {
    return [
      counter.#count,
      counter.#mean,
      counter.#m2,
      counter.#min,
      counter.#max,
      counter.#sum,
      counter.#compensation,
    ];
  }

  /**
   * Adds a number, or everything that another counter has seen; returns this counter.
   *
   * @example
   * new StatCounter([1, 2]).merge(new StatCounter([3])).mean; // 2
   */
  merge(other: number | StatCounter): this {
    if (typeof other === 'number') {
      this.#count += 1;
      const delta = other - this.#mean;
      this.#mean += delta / this.#count;
      this.#m2 += delta * (other - this.#mean);
      this.#min = Math.min(this.#min, other);
      this.#max = Math.max(this.#max, other);
      this.#addToSum(other);
      return this;
    }
    // Read first: a counter may be merged with itself.
    const count = other.#count;
    const mean = other.#mean;
    const m2 = other.#m2;
    const sum = other.#sum;
    const compensation = other.#compensation;
    if (count === 0) return this;
    this.#min = Math.min(this.#min, other.#min);
    this.#max = Math.max(this.#max, other.#max);
    this.#addToSum(sum);
    this.#compensation += compensation;
    if (this.#count === 0) {
      this.#mean = mean;
      this.#m2 = m2;
      this.#count = count;
      return this;
    }
    const delta = mean - this.#mean;
    const total = this.#count + count;
    // The smaller weight moves the larger mean: the other way round cancels digits.
    if (count * 10 < this.#count) this.#mean += (delta * count) / total;
    else if (this.#count * 10 < count) this.#mean = mean - (delta * this.#count) / total;
    else this.#mean = (this.#mean * this.#count + mean * count) / total;
    this.#m2 += m2 + (delta * delta * this.#count * count) / total;
    this.#count = total;
    return this;
  }

  #addToSum(value: number): void {
    const sum = this.#sum + value;
    // An infinite sum has lost nothing, and the difference below would be NaN.
    if (Number.isFinite(sum)) {
      this.#compensation +=
        Math.abs(this.#sum) >= Math.abs(value) ? this.#sum - sum + value : value - sum + this.#sum;
    }
    this.#sum = sum;
  }

  get count(): number {
    return this.#count;
  }

  get mean(): number {
    return this.#mean;
  }

  get sum(): number {
    return Number.isFinite(this.#sum) ? this.#sum + this.#compensation : this.#sum;
  }

  get min(): number {
    return this.#min;
  }

  get max(): number {
    return this.#max;
  }

  /** Population variance: divided by `count`. */
  get variance(): number {
    return this.#count === 0 ? NaN : this.#m2 / this.#count;
  }

  get popVariance(): number {
    return this.variance;
  }

  /** Divided by `count - 1`; NaN of fewer than two numbers. */
  get sampleVariance(): number {
    return this.#count <= 1 ? NaN : this.#m2 / (this.#count - 1);
  }

  get stdev(): number {
    return Math.sqrt(this.variance);
  }

  get popStdev(): number {
    return Math.sqrt(this.variance);
  }

  get sampleStdev(): number {
    return Math.sqrt(this.sampleVariance);
  }

  /**
   * All moments as one line.
   *
   * @example
   * new StatCounter([1, 3]).toString().includes('mean: 2'); // true
   */
  toString(): string {
    return `(count: ${this.count}, mean: ${this.mean}, stdev: ${this.stdev}, max: ${this.max}, min: ${this.min})`;
  }

  /** What `console.log` shows. */
  [inspect.custom](): string {
    return `StatCounter ${this.toString()}`;
  }

  /**
   * All moments as a plain object.
   *
   * @example
   * JSON.parse(JSON.stringify(new StatCounter([1, 3]))).mean; // 2
   */
  toJSON(): Record<string, number> {
    const { count, mean, sum, min, max, variance, stdev, sampleVariance, sampleStdev } = this;
    return { count, mean, sum, min, max, variance, stdev, sampleVariance, sampleStdev };
  }
}

// Programs aggregate into counters of their own: they travel between tasks and driver.
registerValueType({
  name: 'StatCounter',
  class: StatCounter,
  create: () => new StatCounter(),
  save: (counter) => StatCounter.toParts(counter),
  restore: (counter, parts) => StatCounter.setParts(counter, parts as number[]),
});
