import { aggregate, count, extreme, reduce, takeOrdered } from './actions/aggregating.js';
import {
  collect,
  first,
  isEmpty,
  take,
  toLocalIterator,
  type LocalIteratorOptions,
} from './actions/collecting.js';
import { countBy } from './actions/counting.js';
import {
  countApprox,
  countApproxDistinct,
  countByValueApprox,
  momentApprox,
  type BoundedValue,
  type PartialResult,
} from './actions/approximate.js';
import { foreach } from './actions/effects.js';
import { stats, sum } from './actions/numeric.js';
import { histogram } from './actions/histogram.js';
import {
  saveAsObjectFile,
  saveAsSequenceFile,
  saveAsTextFile,
  type SaveSequenceOptions,
  type SaveTextOptions,
} from './actions/save.js';
import { takeSample } from './actions/take-sample.js';
import { treeAggregate, treeReduce } from './actions/tree.js';
import { isActionOptions, type ActionOptions } from './arguments.js';
import { setRddClass } from './facade.js';
import { nodeOf } from './rdd-metadata.js';
import { RddPairs } from './rdd-pairs.js';
import type { It } from './types.js';
import type { StatCounter } from '../stats/stat-counter.js';

/**
 * A distributed collection of records of type `T`: partitions, where they come from and what is done
 * with them; no data. Immutable: transformations return new RDDs at once, and nothing runs until an
 * action.
 *
 * Actions are promises and take a last `{ signal }`. They reject with `JobFailedError`, whose `cause`
 * is the error of the task, with `JobCancelledError`, and with `ClosureError` when a function captures
 * what cannot travel. Source: Spark 4.0 `RDD`.
 */
export class RDD<T> extends RddPairs<T> {
  /**
   * All records, in partition order. Mind the driver's memory: `heddle.driver.maxResultSize` limits it.
   *
   * @throws JobFailedError; ResultTooLargeError above `heddle.driver.maxResultSize`; JobCancelledError
   *
   * @example
   * await sc.range(3).collect(); // [0, 1, 2]
   */
  collect(options?: ActionOptions): Promise<T[]> {
    return collect(nodeOf(this), options);
  }

  /**
   * How many records there are.
   *
   * @throws JobFailedError when a task fails for good; JobCancelledError when `signal` aborts
   *
   * @example
   * await sc.range(3).count(); // 3
   */
  count(options?: ActionOptions): Promise<number> {
    return count(nodeOf(this), options);
  }

  /**
   * The first record in partition order.
   *
   * @throws EmptyRddError
   *
   * @example
   * await sc.parallelize(['a', 'b']).first(); // 'a'
   * await sc.emptyRDD().first(); // throws EmptyRddError
   */
  first(options?: ActionOptions): Promise<T> {
    return first(nodeOf(this), options);
  }

  /**
   * The first `n` records in partition order, all when there are fewer, none when `n` ≤ 0. Looks at
   * one partition, then at more as needed; reads of each only what is missing.
   *
   * @throws ArgumentError when `n` is no whole number
   * @throws JobFailedError when a task fails for good; JobCancelledError when `signal` aborts
   *
   * @example
   * await sc.range(100).take(2); // [0, 1]
   */
  take(n: number, options?: ActionOptions): Promise<T[]> {
    return take(nodeOf(this), n, options);
  }

  /**
   * The `n` smallest records in the total order of keys, or of `key(x)`, in rising order.
   *
   * @throws ArgumentError when `n` is no whole number from 0
   *
   * @example
   * await sc.parallelize([3, 1, 2]).takeOrdered(2); // [1, 2]
   */
  takeOrdered(
    n: number,
    key?: ((x: T) => unknown) | ActionOptions,
    options?: ActionOptions,
  ): Promise<T[]> {
    return takeOrdered(nodeOf(this), n, ordered('takeOrdered', false, key, options));
  }

  /**
   * The `n` largest records in the total order of keys, or of `key(x)`, in falling order.
   *
   * @throws ArgumentError when `n` is no whole number from 0
   *
   * @example
   * await sc.parallelize(['pear', 'fig']).top(1, (word) => word.length); // ['pear']
   */
  top(n: number, key?: ((x: T) => unknown) | ActionOptions, options?: ActionOptions): Promise<T[]> {
    return takeOrdered(nodeOf(this), n, ordered('top', true, key, options));
  }

  /**
   * The smallest record in the total order of keys, or of `key(x)`.
   *
   * @throws EmptyRddError
   *
   * @example
   * await sc.parallelize([3, 1, 2]).min(); // 1
   */
  min(key?: ((x: T) => unknown) | ActionOptions, options?: ActionOptions): Promise<T> {
    return extreme(nodeOf(this), ordered('min', false, key, options));
  }

  /**
   * The largest record in the total order of keys, or of `key(x)`.
   *
   * @throws EmptyRddError
   *
   * @example
   * await sc.parallelize(['fig', 'pear']).max((word) => word.length); // 'pear'
   */
  max(key?: ((x: T) => unknown) | ActionOptions, options?: ActionOptions): Promise<T> {
    return extreme(nodeOf(this), ordered('max', true, key, options));
  }

  /**
   * Whether there is no record; looks at as few partitions as it can.
   *
   * @throws JobFailedError when a task fails for good; JobCancelledError when `signal` aborts
   *
   * @example
   * await sc.range(10).filter((x) => x > 10).isEmpty(); // true
   */
  isEmpty(options?: ActionOptions): Promise<boolean> {
    return isEmpty(nodeOf(this), options);
  }

  /**
   * All records merged by `f`: in each partition from left to right, then the partitions in their
   * order, on the driver. `f` is not called for a single record. @throws EmptyRddError
   *
   * @example
   * await sc.range(5).reduce((a, b) => a + b); // 10
   */
  reduce(f: (a: T, b: T) => T, options?: ActionOptions): Promise<T> {
    return reduce(nodeOf(this), f, options);
  }

  /**
   * As `reduce`, beginning with a fresh copy of `zero` in each partition and once more at the end.
   *
   * @throws ClosureError when `f` captures what cannot travel; ArgumentError when it is no function
   *
   * @example
   * await sc.range(5).fold(0, (a, b) => a + b); // 10
   */
  fold(zero: T, f: (accumulated: T, x: T) => T, options?: ActionOptions): Promise<T> {
    return aggregate(nodeOf(this), zero, { seqOp: f, combOp: f }, 'fold', options);
  }

  /**
   * `seqOp` adds the records of each partition to a fresh copy of `zero`; `combOp` merges those, in
   * partition order, into one more copy. Both may change and return their first argument.
   *
   * @throws ClosureError when a function captures what cannot travel; ArgumentError when it is none
   *
   * @example
   * const sumAndCount = sc.range(5).aggregate([0, 0], ([s, n], x) => [s + x, n + 1], ([s, n], [t, m]) => [s + t, n + m]);
   * await sumAndCount; // [10, 5]
   */
  aggregate<U extends [unknown, ...unknown[]]>(
    zero: U,
    seqOp: (accumulated: U, x: T) => U,
    combOp: (a: U, b: U) => U,
    options?: ActionOptions,
  ): Promise<U>;
  aggregate<U>(
    zero: U,
    seqOp: (accumulated: U, x: T) => U,
    combOp: (a: U, b: U) => U,
    options?: ActionOptions,
  ): Promise<U>;
  aggregate<U>(
    zero: U,
    seqOp: (accumulated: U, x: T) => U,
    combOp: (a: U, b: U) => U,
    options?: ActionOptions,
  ): Promise<U> {
    return aggregate(nodeOf(this), zero, { seqOp, combOp }, 'aggregate', options);
  }

  /**
   * As `reduce`, merging in tasks, level by level, until few partial results are left for the driver:
   * about the `depth`-th root of the partitions. @throws EmptyRddError
   *
   * @example
   * await sc.range(0, 10, 1, 10).treeReduce((a, b) => a + b, 3); // 45
   */
  treeReduce(
    f: (a: T, b: T) => T,
    depth?: number | ActionOptions,
    options?: ActionOptions,
  ): Promise<T> {
    const [levels, given] = optional(depth, 2, options);
    return treeReduce(nodeOf(this), f, levels, given);
  }

  /**
   * As `aggregate`, merging in tasks as `treeReduce` does; `zero` of no records.
   *
   * @throws ArgumentError for a depth below 1; ClosureError when a function captures what cannot travel
   *
   * @example
   * await sc.range(0, 10, 1, 10).treeAggregate(0, (n) => n + 1, (a, b) => a + b); // 10
   */
  treeAggregate<U>(
    zero: U,
    seqOp: (accumulated: U, x: T) => U,
    combOp: (a: U, b: U) => U,
    depth?: number | ActionOptions,
    options?: ActionOptions,
  ): Promise<U> {
    const [levels, given] = optional(depth, 2, options);
    return treeAggregate(nodeOf(this), { zero, seqOp, combOp, depth: levels }, given);
  }

  /**
   * Exactly `n` records in random order, or all when there are fewer and none is taken twice. Counts
   * first. The same seed gives the same records.
   *
   * @throws ArgumentError when `n` is no whole number from 0
   *
   * @example
   * (await sc.range(100).takeSample(false, 5, 1)).length; // 5
   */
  takeSample(
    withReplacement: boolean,
    n: number,
    seed?: number | ActionOptions,
    options?: ActionOptions,
  ): Promise<T[]> {
    const [given, last] = isActionOptions(seed) ? [undefined, seed] : [seed, options];
    return takeSample(nodeOf(this), withReplacement, n, given, last);
  }

  /**
   * How often each record is there; looked up by key equality. Counted in the tasks.
   *
   * @throws JobFailedError caused by KeyNotHashableError for a record that is no key
   *
   * @example
   * (await sc.parallelize(['a', 'b', 'a']).countByValue()).get('a'); // 2
   */
  countByValue(options?: ActionOptions): Promise<Map<T, number>> {
    return countBy(nodeOf(this), 'countByValue', options);
  }

  /**
   * Calls `f` for each record, in the tasks, for its effects there; retried tasks repeat them.
   *
   * @throws ClosureError when `f` captures what cannot travel
   * @throws JobFailedError when a task fails for good; JobCancelledError when `signal` aborts
   *
   * @example
   * const total = sc.longAccumulator();
   * await sc.range(5).foreach((x) => total.add(x));
   * total.value; // 10
   */
  foreach(f: (x: T) => unknown, options?: ActionOptions): Promise<void> {
    return foreach(nodeOf(this), 'foreach', f, options);
  }

  /**
   * Calls `f` once for each partition, empty ones too.
   *
   * @throws ClosureError when `f` captures what cannot travel
   * @throws JobFailedError when a task fails for good; JobCancelledError when `signal` aborts
   *
   * @example
   * const counted = sc.longAccumulator();
   * await sc.range(5).foreachPartition((records) => counted.add(records.toArray().length));
   * counted.value; // 5
   */
  foreachPartition(f: (records: It<T>) => unknown, options?: ActionOptions): Promise<void> {
    return foreach(nodeOf(this), 'foreachPartition', f, options);
  }

  /**
   * The records one by one, in partition order: a job for each partition when it is reached, memory
   * of one partition. Leaving the loop early runs no further job.
   *
   * @throws ArgumentError for options that are not known
   * @throws JobFailedError, from the loop, where the partition that failed is reached
   *
   * @example
   * const read: number[] = [];
   * for await (const x of sc.range(5).toLocalIterator()) read.push(x);
   * read; // [0, 1, 2, 3, 4]
   */
  toLocalIterator(options?: LocalIteratorOptions): AsyncIterableIterator<T> {
    return toLocalIterator(nodeOf(this), options);
  }

  /**
   * Writes one `part-00000` file for each partition, one line for each record: strings as they are,
   * bytes raw, numbers, bigints, booleans, null and undefined by `String(x)`, everything else as JSON.
   * All files appear at once, exactly once, with `_SUCCESS`.
   *
   * @throws OutputExistsError before any task runs, unless `overwrite`
   *
   * @example
   * await sc.parallelize(['text', [1, 2]], 1).saveAsTextFile(`${dir}/out`);
   * await sc.textFile(`${dir}/out`).collect(); // ['text', '[1,2]']
   */
  saveAsTextFile(path: string, options?: SaveTextOptions): Promise<void> {
    return saveAsTextFile(nodeOf(this), path, options);
  }

  /**
   * Writes pairs as Hadoop's SequenceFiles, one `part-00000` for each partition, committed as
   * `saveAsTextFile` is: what MapReduce, Hive and Spark read. Without `key` and `value` the classes suit
   * the first pair of each partition: `Text` for strings, `DoubleWritable` for numbers, `LongWritable` for
   * bigints, `BooleanWritable`, `BytesWritable`, `NullWritable` for null and undefined.
   *
   * @throws OutputExistsError before any task runs, unless `overwrite`
   * @throws JobFailedError caused by RecordTypeError for what is no pair, or not held by the class
   *
   * @example
   * const pairs = sc.parallelize<[string, number]>([['a', 1], ['b', 2], ['a', 3]]);
   * await pairs.saveAsSequenceFile(`${dir}/out`, { value: 'int', codec: 'gzip' });
   * await sc.sequenceFile(`${dir}/out`).collect(); // [['a', 1], ['b', 2], ['a', 3]]
   */
  saveAsSequenceFile<K, V>(
    this: RDD<[K, V]>,
    path: string,
    options?: SaveSequenceOptions,
  ): Promise<void> {
    return saveAsSequenceFile(nodeOf(this), path, options);
  }

  /**
   * Writes the records in the engine's own encoding, which keeps their types, for `sc.objectFile` of any
   * program; committed as `saveAsTextFile` is. Instances of the program's own classes are refused.
   *
   * @throws OutputExistsError before any task runs, unless `overwrite`
   *
   * @example
   * await sc.parallelize([{ at: new Date(0) }]).saveAsObjectFile(`${dir}/out`);
   * await sc.objectFile(`${dir}/out`).collect(); // [{ at: new Date(0) }]
   */
  saveAsObjectFile(path: string, options?: Omit<SaveTextOptions, 'codec'>): Promise<void> {
    return saveAsObjectFile(nodeOf(this), path, options);
  }

  /**
   * A count of the partitions that ended within `timeoutMs`, with bounds for all of them.
   *
   * @throws ArgumentError for a time or a confidence that is none
   *
   * @example
   * const counted = await sc.range(10).countApprox(60_000);
   * (await counted.final).mean; // 10
   */
  countApprox(
    timeoutMs: number,
    confidence?: number | ActionOptions,
    options?: ActionOptions,
  ): Promise<PartialResult<BoundedValue>> {
    const [level, given] = optional(confidence, 0.95, options);
    return countApprox(nodeOf(this), timeoutMs, level, given);
  }

  /**
   * As `countByValue`, of the partitions that ended within `timeoutMs`, with bounds for all of them.
   *
   * @throws ArgumentError for a time or a confidence that is none
   *
   * @example
   * const counted = await sc.parallelize(['a', 'a']).countByValueApprox(60_000);
   * (await counted.final).get('a')?.mean; // 2
   */
  countByValueApprox(
    timeoutMs: number,
    confidence?: number | ActionOptions,
    options?: ActionOptions,
  ): Promise<PartialResult<Map<T, BoundedValue>>> {
    const [level, given] = optional(confidence, 0.95, options);
    return countByValueApprox<T>(nodeOf(this), timeoutMs, level, given);
  }

  /**
   * About how many distinct records there are, by key equality.
   *
   * @param relativeSD standard deviation of the result, relative; at least 0.000017, default 0.05.
   *   Hashes of 32 bits add half a percent at 40 million.
   * @throws ArgumentError for a `relativeSD` below 0.000017
   *
   * @example
   * await sc.parallelize([1, 2, 1]).countApproxDistinct(); // 2
   */
  countApproxDistinct(
    relativeSD?: number | ActionOptions,
    options?: ActionOptions,
  ): Promise<number> {
    const [deviation, given] = optional(relativeSD, 0.05, options);
    return countApproxDistinct(nodeOf(this), deviation, given);
  }

  /**
   * Borders and how many numbers lie between: `[from, to)`, the last one with its end. A number of
   * buckets spreads them evenly from the least to the greatest number, in one more job. NaN is left out.
   *
   * @throws ArgumentError for borders that do not rise; EmptyRddError for a number of buckets of nothing
   *
   * @example
   * await sc.range(51).histogram([0, 5, 25, 50]); // [[0, 5, 25, 50], [5, 20, 26]]
   */
  histogram(
    this: RDD<number>,
    buckets: number | readonly number[],
    options?: ActionOptions,
  ): Promise<[number[], number[]]> {
    return histogram(nodeOf(this), buckets, options);
  }

  /**
   * A sum of the partitions that ended within `timeoutMs`, with bounds for all of them.
   *
   * @throws ArgumentError for a time or a confidence that is none
   *
   * @example
   * const summed = await sc.range(5).sumApprox(60_000);
   * (await summed.final).mean; // 10
   */
  sumApprox(
    this: RDD<number>,
    timeoutMs: number,
    confidence?: number | ActionOptions,
    options?: ActionOptions,
  ): Promise<PartialResult<BoundedValue>> {
    const [level, given] = optional(confidence, 0.95, options);
    return momentApprox(nodeOf(this), 'sumApprox', timeoutMs, level, given);
  }

  /**
   * A mean of the partitions that ended within `timeoutMs`, with bounds for all of them.
   *
   * @throws ArgumentError for a time or a confidence that is none
   *
   * @example
   * const averaged = await sc.range(5).meanApprox(60_000);
   * (await averaged.final).mean; // 2
   */
  meanApprox(
    this: RDD<number>,
    timeoutMs: number,
    confidence?: number | ActionOptions,
    options?: ActionOptions,
  ): Promise<PartialResult<BoundedValue>> {
    const [level, given] = optional(confidence, 0.95, options);
    return momentApprox(nodeOf(this), 'meanApprox', timeoutMs, level, given);
  }

  /**
   * The sum of all numbers (compensated doubles) or bigints (exact); 0 of none.
   *
   * @throws JobFailedError caused by RecordTypeError for other records
   *
   * @example
   * await sc.parallelize([0.5, 1]).sum(); // 1.5
   * await sc.parallelize([2n ** 64n, 1n]).sum(); // 2n ** 64n + 1n
   */
  sum(this: RDD<number>, options?: ActionOptions): Promise<number>;
  sum(this: RDD<bigint>, options?: ActionOptions): Promise<bigint>;
  sum(this: RDD<number> | RDD<bigint>, options?: ActionOptions): Promise<number | bigint> {
    return sum(nodeOf(this), options);
  }

  /**
   * Count, mean, variance, minimum and maximum, in one pass.
   *
   * @throws JobFailedError caused by RecordTypeError for a record that is no number
   *
   * @example
   * const { count, mean, max } = await sc.parallelize([1, 2, 6]).stats();
   * [count, mean, max]; // [3, 3, 6]
   */
  stats(this: RDD<number>, options?: ActionOptions): Promise<StatCounter> {
    return stats(nodeOf(this), 'stats', options);
  }

  /**
   * 0 of no numbers.
   *
   * @throws JobFailedError caused by RecordTypeError for a record that is no number
   *
   * @example
   * await sc.parallelize([1, 3]).mean(); // 2
   */
  async mean(this: RDD<number>, options?: ActionOptions): Promise<number> {
    return (await stats(nodeOf(this), 'mean', options)).mean;
  }

  /**
   * Population variance; NaN of no numbers.
   *
   * @throws JobFailedError caused by RecordTypeError for a record that is no number
   *
   * @example
   * await sc.parallelize([1, 3]).variance(); // 1
   */
  async variance(this: RDD<number>, options?: ActionOptions): Promise<number> {
    return (await stats(nodeOf(this), 'variance', options)).variance;
  }

  /**
   * Population standard deviation; NaN of no numbers.
   *
   * @throws JobFailedError caused by RecordTypeError for a record that is no number
   *
   * @example
   * await sc.parallelize([1, 5]).stdev(); // 2
   */
  async stdev(this: RDD<number>, options?: ActionOptions): Promise<number> {
    return (await stats(nodeOf(this), 'stdev', options)).stdev;
  }

  /**
   * The same as `variance`.
   *
   * @throws JobFailedError caused by RecordTypeError for a record that is no number
   *
   * @example
   * await sc.parallelize([1, 3]).popVariance(); // 1
   */
  async popVariance(this: RDD<number>, options?: ActionOptions): Promise<number> {
    return (await stats(nodeOf(this), 'popVariance', options)).popVariance;
  }

  /**
   * The same as `stdev`.
   *
   * @throws JobFailedError caused by RecordTypeError for a record that is no number
   *
   * @example
   * await sc.parallelize([1, 5]).popStdev(); // 2
   */
  async popStdev(this: RDD<number>, options?: ActionOptions): Promise<number> {
    return (await stats(nodeOf(this), 'popStdev', options)).popStdev;
  }

  /**
   * Divided by n - 1; NaN of fewer than two numbers.
   *
   * @throws JobFailedError caused by RecordTypeError for a record that is no number
   *
   * @example
   * await sc.parallelize([1, 3]).sampleVariance(); // 2
   */
  async sampleVariance(this: RDD<number>, options?: ActionOptions): Promise<number> {
    return (await stats(nodeOf(this), 'sampleVariance', options)).sampleVariance;
  }

  /**
   * Divided by n - 1; NaN of fewer than two numbers.
   *
   * @throws JobFailedError caused by RecordTypeError for a record that is no number
   *
   * @example
   * await sc.parallelize([1, 3]).sampleStdev(); // Math.SQRT2
   */
  async sampleStdev(this: RDD<number>, options?: ActionOptions): Promise<number> {
    return (await stats(nodeOf(this), 'sampleStdev', options)).sampleStdev;
  }
}

/** An optional number, in whose place an action's options may stand. */
function optional(
  value: number | ActionOptions | undefined,
  defaultValue: number,
  options: ActionOptions | undefined,
): [number, ActionOptions | undefined] {
  if (isActionOptions(value)) return [defaultValue, value];
  return [value ?? defaultValue, options];
}

function ordered<T>(
  operator: 'takeOrdered' | 'top' | 'min' | 'max',
  descending: boolean,
  key: ((x: T) => unknown) | ActionOptions | undefined,
  options: ActionOptions | undefined,
): Parameters<typeof takeOrdered<T>>[2] {
  if (isActionOptions(key)) return { operator, descending, options: key };
  return { operator, descending, key, options };
}

setRddClass(RDD);
