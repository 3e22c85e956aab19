import { ArgumentError } from '@heddle/common';
import { checkBoolean } from './arguments.js';
import { rddOf } from './facade.js';
import { groupByNode } from './operators/by-key.js';
import { distinctNode } from './operators/distinct.js';
import {
  asyncStep,
  functionStep,
  partitionStep,
  plainStep,
  sampleStep,
} from './operators/narrow.js';
import { pipeNode, type PipeOptions } from './operators/pipe.js';
import { randomSplitNodes } from './operators/random-split.js';
import { intersectionNode, subtractNode } from './operators/set-operations.js';
import { cartesianNode, zipNode, zipPartitionsNode, zipWithUniqueIdNode } from './operators/zip.js';
import { coalesceNode, repartitionNode, unionNode } from './operators/partitions.js';
import type { PartitionsArgument } from './operators/partitioner-choice.js';
import { sortByNode } from './operators/sort.js';
import { zipWithIndexNode } from './operators/zip-with-index.js';
import { RddMetadata, nodeOf } from './rdd-metadata.js';
import type { RDD } from './rdd.js';
import type { It, MapOptions, TupleHint } from './types.js';

/** Transformations of any RDD: each returns a new RDD at once and starts no job. */
export abstract class RddTransformations<T> extends RddMetadata<T> {
  /**
   * One record out for each record in: `RDD<T> → RDD<U>`. Narrow; keeps the order. Drops the
   * partitioner unless told that `f` leaves keys in place.
   *
   * @throws ClosureError when `f` captures what cannot travel
   *
   * @example
   * await sc.parallelize([1, 2, 3]).map((x) => [x, x * x]).collect(); // [[1, 1], [2, 4], [3, 9]]
   */
  map<U>(f: (x: T) => U | TupleHint, options: MapOptions = {}): RDD<U> {
    return rddOf(functionStep(nodeOf(this), 'map', f, options.preservesPartitioning ?? false));
  }

  /**
   * The records for which `f` is truthy. Narrow; keeps order and partitioner. Type guards narrow.
   *
   * @throws ArgumentError when `f` is no function; ClosureError when it captures what cannot travel
   *
   * @example
   * await sc.range(6).filter((x) => x % 2 === 0).collect(); // [0, 2, 4]
   */
  filter<S extends T>(f: (x: T) => x is S): RDD<S>;
  filter(f: (x: T) => unknown): RDD<T>;
  filter(f: (x: T) => unknown): RDD<T> {
    return rddOf(functionStep(nodeOf(this), 'filter', f, true));
  }

  /**
   * All that `f` gives for each record, one after the other: arrays, generators, any iterable; a
   * string gives its characters. Narrow; keeps the order.
   *
   * @throws ArgumentError when `f` is no function; ClosureError when it captures what cannot travel
   * @throws JobFailedError, from the action, caused by RecordTypeError when `f` gives no iterable
   *
   * @example
   * await sc.parallelize(['a b', 'c']).flatMap((line) => line.split(' ')).collect(); // ['a', 'b', 'c']
   */
  flatMap<U extends [unknown, ...unknown[]]>(f: (x: T) => Iterable<U>): RDD<U>;
  flatMap<U>(f: (x: T) => Iterable<U | TupleHint>): RDD<U>;
  flatMap<U>(f: (x: T) => Iterable<U | TupleHint>): RDD<U> {
    return rddOf(functionStep(nodeOf(this), 'flatMap', f, false));
  }

  /**
   * `f` sees a whole partition through an iterator, empty ones too, and gives an iterable; both are
   * read lazily. Narrow. Over input without a fixed order the result counts as indeterminate.
   *
   * @throws ArgumentError when `f` is no function; ClosureError when it captures what cannot travel
   * @throws JobFailedError, from the action, caused by RecordTypeError when `f` gives no iterable
   *
   * @example
   * const sums = sc.range(0, 6, 1, 2).mapPartitions((records) => [records.reduce((a, b) => a + b, 0)]);
   * await sums.collect(); // [3, 12]
   */
  mapPartitions<U extends [unknown, ...unknown[]]>(
    f: (records: It<T>) => Iterable<U>,
    options?: MapOptions,
  ): RDD<U>;
  mapPartitions<U>(f: (records: It<T>) => Iterable<U | TupleHint>, options?: MapOptions): RDD<U>;
  mapPartitions<U>(
    f: (records: It<T>) => Iterable<U | TupleHint>,
    options: MapOptions = {},
  ): RDD<U> {
    const keeps = options.preservesPartitioning ?? false;
    return rddOf(partitionStep(nodeOf(this), 'mapPartitions', f, keeps));
  }

  /**
   * As `mapPartitions`, narrow too; `f` also gets the index of the partition.
   *
   * @throws ArgumentError when `f` is no function; ClosureError when it captures what cannot travel
   * @throws JobFailedError, from the action, caused by RecordTypeError when `f` gives no iterable
   *
   * @example
   * const placed = sc.range(0, 4, 1, 2).mapPartitionsWithIndex((i, records) => records.map((x) => `${i}:${x}`));
   * await placed.collect(); // ['0:0', '0:1', '1:2', '1:3']
   */
  mapPartitionsWithIndex<U extends [unknown, ...unknown[]]>(
    f: (index: number, records: It<T>) => Iterable<U>,
    options?: MapOptions,
  ): RDD<U>;
  mapPartitionsWithIndex<U>(
    f: (index: number, records: It<T>) => Iterable<U | TupleHint>,
    options?: MapOptions,
  ): RDD<U>;
  mapPartitionsWithIndex<U>(
    f: (index: number, records: It<T>) => Iterable<U | TupleHint>,
    options: MapOptions = {},
  ): RDD<U> {
    const keeps = options.preservesPartitioning ?? false;
    return rddOf(partitionStep(nodeOf(this), 'mapPartitionsWithIndex', f, keeps));
  }

  /**
   * What the promises of `f` give, one for each record, in the order of the records. Up to
   * `concurrency` calls are under way at once in a task; `f` sees only records whose turn is near, so
   * an action that ends early causes few calls. Narrow. The first rejection, in the order of the
   * records, fails the task.
   *
   * @throws ArgumentError for a concurrency below 1, or when `f` is no function; ClosureError when it
   *   captures what cannot travel
   * @throws JobFailedError, from the action, caused by what a promise of `f` rejects with
   *
   * @example
   * const later = sc.parallelize([3, 1, 2], 1).mapAsync((x) => Promise.resolve(x * 10), { concurrency: 2 });
   * await later.collect(); // [30, 10, 20]
   */
  mapAsync<U>(
    f: (x: T) => Promise<U | TupleHint>,
    options: { readonly concurrency?: number } = {},
  ): RDD<U> {
    return rddOf(asyncStep(nodeOf(this), f, options.concurrency ?? 16));
  }

  /**
   * Each partition as one array; an empty one as `[]`. Narrow; memory of a partition.
   *
   * @example
   * await sc.range(0, 5, 1, 2).glom().collect(); // [[0, 1], [2, 3, 4]]
   */
  glom(): RDD<T[]> {
    return rddOf(
      plainStep(nodeOf(this), 'glom', { keepsPartitioner: false, orderSensitive: true }),
    );
  }

  /**
   * `[f(x), x]` for each record. Narrow.
   *
   * @throws ArgumentError when `f` is no function; ClosureError when it captures what cannot travel
   *
   * @example
   * await sc.parallelize(['a', 'bb']).keyBy((word) => word.length).collect(); // [[1, 'a'], [2, 'bb']]
   */
  keyBy<K>(f: (x: T) => K | TupleHint): RDD<[K, T]> {
    return rddOf(functionStep(nodeOf(this), 'keyBy', f, false));
  }

  /**
   * One of each value, by key equality, in no particular order. Shuffles, unless the RDD has a
   * partitioner and as many partitions as are asked for.
   *
   * @param n partitions, or a partitioner of whole records
   * @throws ArgumentError for a number of partitions that is no whole number from 1
   * @throws JobFailedError, from the action, caused by KeyNotHashableError for a record that is no key
   *
   * @example
   * (await sc.parallelize([1, 2, 1]).distinct().collect()).sort(); // [1, 2]
   */
  distinct(n?: PartitionsArgument): RDD<T> {
    return rddOf(distinctNode(nodeOf(this), n));
  }

  /**
   * A random part of the records: each with probability `fraction`, or `fraction` times on average
   * when with replacement. Narrow; keeps the order. The size is only approximate. The same seed gives the
   * same sample.
   *
   * @throws ArgumentError for a negative fraction, and one above 1 without replacement
   *
   * @example
   * (await sc.range(1000).sample(false, 0.5, 42).count()) < 1000; // true
   */
  sample(withReplacement: boolean, fraction: number, seed?: number): RDD<T> {
    return rddOf(sampleStep(nodeOf(this), withReplacement, fraction, seed));
  }

  /**
   * The records of this one, then those of the other; duplicates stay. Narrow: the partitions of both
   * one after the other, or, when they have the same partitioner, pairwise together.
   *
   * @throws ArgumentError when the other is no RDD, or one of another context
   *
   * @example
   * await sc.parallelize([1, 2]).union(sc.parallelize([2, 3])).collect(); // [1, 2, 2, 3]
   */
  union<U = T>(other: RDD<U>): RDD<T | U> {
    const node = nodeOf(this);
    return rddOf(unionNode(node.core, [node, nodeOf(other, 'union: other')]));
  }

  /**
   * Records by `f`: one `[key, records]` for each key, records in an array. Shuffles all records.
   *
   * @throws ArgumentError when `f` is no function; ClosureError when it captures what cannot travel, or
   *   for a number of partitions below 1
   * @throws JobFailedError, from the action, caused by KeyNotHashableError for a key that is none,
   *   GroupTooLargeError
   *
   * @example
   * const groups = sc.range(5).groupBy((x) => x % 2);
   * await groups.sortByKey().collect(); // [[0, [0, 2, 4]], [1, [1, 3]]]
   */
  groupBy<K>(f: (x: T) => K | TupleHint, n?: PartitionsArgument): RDD<[K, T[]]> {
    return rddOf(groupByNode(nodeOf(this), f, n));
  }

  /**
   * All records in the order of `key(x)` (total order of keys; ties keep their order), also across
   * partitions. Shuffles; the first action that needs it samples the keys, for several partitions.
   *
   * @param n partitions, fewer when there are fewer keys; left out: `heddle.default.parallelism`,
   *   else as many as this RDD has
   * @throws ArgumentError when `key` is no function, or for a number of partitions below 1; ClosureError
   * @throws JobFailedError, from the action, caused by KeyNotHashableError for a key that is none
   *
   * @example
   * await sc.parallelize([3, 1, 2]).sortBy((x) => x, false).collect(); // [3, 2, 1]
   */
  sortBy(key: (x: T) => unknown, ascending = true, n?: number): RDD<T> {
    return rddOf(sortByNode(nodeOf(this), key, ascending, n));
  }

  /**
   * Fewer partitions, made of neighbouring ones, without a shuffle; never more than there are. With
   * `shuffle` it is `repartition`, which may also make more.
   *
   * @throws ArgumentError for a number of partitions that is no whole number from 1
   *
   * @example
   * await sc.range(0, 10, 1, 5).coalesce(2).getNumPartitions(); // 2
   */
  coalesce(n: number, shuffle = false): RDD<T> {
    checkBoolean(shuffle, 'coalesce', 'shuffle');
    return rddOf(
      shuffle ? repartitionNode(nodeOf(this), n, 'coalesce') : coalesceNode(nodeOf(this), n),
    );
  }

  /**
   * Exactly `n` partitions of about the same size, through a shuffle of all records.
   *
   * @throws ArgumentError for a number of partitions that is no whole number from 1
   *
   * @example
   * await sc.range(0, 10, 1, 2).repartition(4).getNumPartitions(); // 4
   */
  repartition(n: number): RDD<T> {
    return rddOf(repartitionNode(nodeOf(this), n, 'repartition'));
  }

  /**
   * `[x, position]`, positions from 0 in partition order. Narrow; the first action that needs it
   * counts the partitions, when there are several.
   *
   * @example
   * await sc.parallelize(['a', 'b', 'c'], 2).zipWithIndex().collect(); // [['a', 0], ['b', 1], ['c', 2]]
   */
  zipWithIndex(): RDD<[T, number]> {
    return rddOf(zipWithIndexNode(nodeOf(this)));
  }

  /**
   * `[x, id]` with ids k, n + k, 2n + k, … in partition k of n: unique, with gaps, and no job.
   * Narrow.
   *
   * @example
   * await sc.parallelize(['a', 'b', 'c'], 2).zipWithUniqueId().collect(); // [['a', 0], ['b', 1], ['c', 3]]
   */
  zipWithUniqueId(): RDD<[T, number]> {
    return rddOf(zipWithUniqueIdNode(nodeOf(this)));
  }

  /**
   * The records in disjoint random parts whose sizes are about in proportion to the weights; together
   * they are the whole RDD. Narrow; keeps order and partitioner. The same seed gives the same parts.
   *
   * @throws ArgumentError for negative weights and a sum of 0
   *
   * @example
   * const [large, small] = sc.range(100).randomSplit([0.8, 0.2], 7);
   * (await large!.count()) + (await small!.count()); // 100
   */
  randomSplit(weights: readonly number[], seed?: number): RDD<T>[] {
    return randomSplitNodes(nodeOf(this), weights, seed).map((node) => rddOf<T>(node));
  }

  /**
   * One of each record that both RDDs have, by key equality, in no particular order. Shuffles both.
   *
   * @param n partitions, or a partitioner of whole records; left out: as many as this RDD has
   * @throws ArgumentError when the other is no RDD, or one of another context
   * @throws JobFailedError, from the action, caused by KeyNotHashableError for a record that is no key
   *
   * @example
   * const both = sc.parallelize([1, 2, 2]).intersection(sc.parallelize([2, 3]));
   * await both.collect(); // [2]
   */
  intersection(other: RDD<T>, n?: PartitionsArgument): RDD<T> {
    return rddOf(intersectionNode(nodeOf(this), nodeOf(other, 'intersection: other'), n));
  }

  /**
   * The records that the other RDD has not, duplicates included, in no particular order. Shuffles both.
   *
   * @param n partitions, or a partitioner of whole records; left out: as many as this RDD has
   * @throws ArgumentError when the other is no RDD, or one of another context
   * @throws JobFailedError, from the action, caused by KeyNotHashableError for a record that is no key
   *
   * @example
   * const left = sc.parallelize([1, 2, 1]).subtract(sc.parallelize([2, 3]));
   * await left.collect(); // [1, 1]
   */
  subtract(other: RDD<T>, n?: PartitionsArgument): RDD<T> {
    return rddOf(subtractNode(nodeOf(this), nodeOf(other, 'subtract: other'), n));
  }

  /**
   * All pairs of a record here and one there. Narrow: n · m partitions, partition `i * m + j` of
   * partitions i and j; each reads the right one once, and keeps it.
   *
   * @throws ArgumentError when the other is no RDD, or one of another context
   *
   * @example
   * const all = sc.parallelize([1, 2], 1).cartesian(sc.parallelize(['a', 'b'], 1));
   * await all.collect(); // [[1, 'a'], [1, 'b'], [2, 'a'], [2, 'b']]
   */
  cartesian<U>(other: RDD<U>): RDD<[T, U]> {
    return rddOf(cartesianNode(nodeOf(this), nodeOf(other, 'cartesian: other')));
  }

  /**
   * Pairs by position. Narrow; keeps the order. Both RDDs must have as many partitions, and as many
   * records in each.
   *
   * @throws ArgumentError for different numbers of partitions, here or at the first action
   * @throws JobFailedError, from the action, caused by ZipLengthError for partitions of different
   *   lengths
   *
   * @example
   * await sc.parallelize([1, 2]).zip(sc.parallelize(['a', 'b'])).collect(); // [[1, 'a'], [2, 'b']]
   */
  zip<U>(other: RDD<U>): RDD<[T, U]> {
    return rddOf(zipNode(nodeOf(this), nodeOf(other, 'zip: other')));
  }

  /**
   * `f` sees the partitions of the same index of two to four RDDs through an iterator each, and gives
   * an iterable. Narrow. All must have as many partitions; lengths may differ.
   *
   * @throws ArgumentError for different numbers of partitions, here or at the first action; ClosureError
   * @throws JobFailedError, from the action, caused by RecordTypeError when `f` gives no iterable
   *
   * @example
   * const [some, more] = [sc.range(0, 4, 1, 2), sc.range(10, 12, 1, 2)];
   * await some.zipPartitions(more, (a, b) => [a.toArray().length + b.toArray().length]).collect(); // [3, 3]
   */
  zipPartitions<A, U extends [unknown, ...unknown[]]>(
    a: RDD<A>,
    f: (records: It<T>, a: It<A>) => Iterable<U>,
  ): RDD<U>;
  zipPartitions<A, U>(a: RDD<A>, f: (records: It<T>, a: It<A>) => Iterable<U | TupleHint>): RDD<U>;
  zipPartitions<A, B, U>(
    a: RDD<A>,
    b: RDD<B>,
    f: (records: It<T>, a: It<A>, b: It<B>) => Iterable<U | TupleHint>,
  ): RDD<U>;
  zipPartitions<A, B, C, U>(
    a: RDD<A>,
    b: RDD<B>,
    c: RDD<C>,
    f: (records: It<T>, a: It<A>, b: It<B>, c: It<C>) => Iterable<U | TupleHint>,
  ): RDD<U>;
  zipPartitions<U>(...given: readonly unknown[]): RDD<U> {
    const others = given
      .slice(0, -1)
      .map((other) => nodeOf(other as RDD<unknown>, 'zipPartitions: other'));
    if (others.length < 1 || others.length > 3) {
      throw new ArgumentError('zipPartitions: give one to three RDDs, and then a function');
    }
    return rddOf(zipPartitionsNode([nodeOf(this), ...others], given.at(-1)));
  }

  /**
   * The lines that a command writes for each partition, which gets the records on its stdin, one per
   * line: strings as they are, bytes raw, objects as JSON. The command runs once for each partition,
   * empty ones too, beside the task: both go on as they come, through pipes. It is killed when the task
   * is, and when nobody wants more of its lines. Narrow; lines come in the order that the command gives.
   *
   * A text is split at white space, a list is taken as it is; no shell looks at it. Files that were given
   * with `sc.addFile` are in the directory that `HEDDLE_FILES_ROOT` names.
   *
   * @throws ArgumentError for no command
   * @throws JobFailedError, from the action, caused by PipeError: not found, or another exit code than 0
   *
   * @example
   * await sc.parallelize(['b', 'a'], 1).pipe('sort').collect(); // ['a', 'b']
   */
  pipe(command: string | readonly string[], options: PipeOptions = {}): RDD<string> {
    return rddOf(pipeNode(nodeOf(this), command, options));
  }
}
