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
  /** All records, in partition order. Mind the driver's memory: `heddle.driver.maxResultSize` limits it. */
  collect(options?: ActionOptions): Promise<T[]> {
    return collect(nodeOf(this), options);
  }

  /** How many records there are. */
  count(options?: ActionOptions): Promise<number> {
    return count(nodeOf(this), options);
  }

  /** The first record in partition order. @throws EmptyRddError */
  first(options?: ActionOptions): Promise<T> {
    return first(nodeOf(this), options);
  }

  /**
   * The first `n` records in partition order, all when there are fewer, none when `n` ≤ 0. Looks at
   * one partition, then at more as needed; reads of each only what is missing.
   */
  take(n: number, options?: ActionOptions): Promise<T[]> {
    return take(nodeOf(this), n, options);
  }

  /** The `n` smallest records in the total order of keys, or of `key(x)`, in rising order. */
  takeOrdered(
    n: number,
    key?: ((x: T) => unknown) | ActionOptions,
    options?: ActionOptions,
  ): Promise<T[]> {
    return takeOrdered(nodeOf(this), n, ordered('takeOrdered', false, key, options));
  }

  /** The `n` largest records in the total order of keys, or of `key(x)`, in falling order. */
  top(n: number, key?: ((x: T) => unknown) | ActionOptions, options?: ActionOptions): Promise<T[]> {
    return takeOrdered(nodeOf(this), n, ordered('top', true, key, options));
  }

  /** The smallest record in the total order of keys, or of `key(x)`. @throws EmptyRddError */
  min(key?: ((x: T) => unknown) | ActionOptions, options?: ActionOptions): Promise<T> {
    return extreme(nodeOf(this), ordered('min', false, key, options));
  }

  /** The largest record in the total order of keys, or of `key(x)`. @throws EmptyRddError */
  max(key?: ((x: T) => unknown) | ActionOptions, options?: ActionOptions): Promise<T> {
    return extreme(nodeOf(this), ordered('max', true, key, options));
  }

  /** Whether there is no record; looks at as few partitions as it can. */
  isEmpty(options?: ActionOptions): Promise<boolean> {
    return isEmpty(nodeOf(this), options);
  }

  /**
   * All records merged by `f`: in each partition from left to right, then the partitions in their
   * order, on the driver. `f` is not called for a single record. @throws EmptyRddError
   */
  reduce(f: (a: T, b: T) => T, options?: ActionOptions): Promise<T> {
    return reduce(nodeOf(this), f, options);
  }

  /** As `reduce`, beginning with a fresh copy of `zero` in each partition and once more at the end. */
  fold(zero: T, f: (accumulated: T, x: T) => T, options?: ActionOptions): Promise<T> {
    return aggregate(nodeOf(this), zero, { seqOp: f, combOp: f }, 'fold', options);
  }

  /**
   * `seqOp` adds the records of each partition to a fresh copy of `zero`; `combOp` merges those, in
   * partition order, into one more copy. Both may change and return their first argument.
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
   */
  treeReduce(
    f: (a: T, b: T) => T,
    depth?: number | ActionOptions,
    options?: ActionOptions,
  ): Promise<T> {
    const [levels, given] = optional(depth, 2, options);
    return treeReduce(nodeOf(this), f, levels, given);
  }

  /** As `aggregate`, merging in tasks as `treeReduce` does; `zero` of no records. */
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

  /** How often each record is there; looked up by key equality. Counted in the tasks. */
  countByValue(options?: ActionOptions): Promise<Map<T, number>> {
    return countBy(nodeOf(this), 'countByValue', options);
  }

  /** Calls `f` for each record, in the tasks, for its effects there; retried tasks repeat them. */
  foreach(f: (x: T) => unknown, options?: ActionOptions): Promise<void> {
    return foreach(nodeOf(this), 'foreach', f, options);
  }

  /** Calls `f` once for each partition, empty ones too. */
  foreachPartition(f: (records: It<T>) => unknown, options?: ActionOptions): Promise<void> {
    return foreach(nodeOf(this), 'foreachPartition', f, options);
  }

  /**
   * The records one by one, in partition order: a job for each partition when it is reached, memory
   * of one partition. Leaving the loop early runs no further job.
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
   */
  saveAsObjectFile(path: string, options?: Omit<SaveTextOptions, 'codec'>): Promise<void> {
    return saveAsObjectFile(nodeOf(this), path, options);
  }

  /** A count of the partitions that ended within `timeoutMs`, with bounds for all of them. */
  countApprox(
    timeoutMs: number,
    confidence?: number | ActionOptions,
    options?: ActionOptions,
  ): Promise<PartialResult<BoundedValue>> {
    const [level, given] = optional(confidence, 0.95, options);
    return countApprox(nodeOf(this), timeoutMs, level, given);
  }

  /** As `countByValue`, of the partitions that ended within `timeoutMs`, with bounds for all of them. */
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
   */
  histogram(
    this: RDD<number>,
    buckets: number | readonly number[],
    options?: ActionOptions,
  ): Promise<[number[], number[]]> {
    return histogram(nodeOf(this), buckets, options);
  }

  /** A sum of the partitions that ended within `timeoutMs`, with bounds for all of them. */
  sumApprox(
    this: RDD<number>,
    timeoutMs: number,
    confidence?: number | ActionOptions,
    options?: ActionOptions,
  ): Promise<PartialResult<BoundedValue>> {
    const [level, given] = optional(confidence, 0.95, options);
    return momentApprox(nodeOf(this), 'sumApprox', timeoutMs, level, given);
  }

  /** A mean of the partitions that ended within `timeoutMs`, with bounds for all of them. */
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
   */
  sum(this: RDD<number>, options?: ActionOptions): Promise<number>;
  sum(this: RDD<bigint>, options?: ActionOptions): Promise<bigint>;
  sum(this: RDD<number> | RDD<bigint>, options?: ActionOptions): Promise<number | bigint> {
    return sum(nodeOf(this), options);
  }

  /** Count, mean, variance, minimum and maximum, in one pass. */
  stats(this: RDD<number>, options?: ActionOptions): Promise<StatCounter> {
    return stats(nodeOf(this), 'stats', options);
  }

  /** 0 of no numbers. */
  async mean(this: RDD<number>, options?: ActionOptions): Promise<number> {
    return (await stats(nodeOf(this), 'mean', options)).mean;
  }

  /** Population variance; NaN of no numbers. */
  async variance(this: RDD<number>, options?: ActionOptions): Promise<number> {
    return (await stats(nodeOf(this), 'variance', options)).variance;
  }

  /** Population standard deviation; NaN of no numbers. */
  async stdev(this: RDD<number>, options?: ActionOptions): Promise<number> {
    return (await stats(nodeOf(this), 'stdev', options)).stdev;
  }

  /** The same as `variance`. */
  async popVariance(this: RDD<number>, options?: ActionOptions): Promise<number> {
    return (await stats(nodeOf(this), 'popVariance', options)).popVariance;
  }

  /** The same as `stdev`. */
  async popStdev(this: RDD<number>, options?: ActionOptions): Promise<number> {
    return (await stats(nodeOf(this), 'popStdev', options)).popStdev;
  }

  /** Divided by n - 1; NaN of fewer than two numbers. */
  async sampleVariance(this: RDD<number>, options?: ActionOptions): Promise<number> {
    return (await stats(nodeOf(this), 'sampleVariance', options)).sampleVariance;
  }

  /** Divided by n - 1; NaN of fewer than two numbers. */
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
