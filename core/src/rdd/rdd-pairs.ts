import { ArgumentError } from '@heddle/common';
import { collectAsMap, countBy, reduceByKeyLocally } from './actions/counting.js';
import { checkPrecision } from './actions/approximate.js';
import { lookup } from './actions/lookup.js';
import type { ActionOptions } from './arguments.js';
import { rddOf } from './facade.js';
import {
  aggregateByKeyNode,
  combineByKeyNode,
  foldByKeyNode,
  groupByKeyNode,
  reduceByKeyNode,
} from './operators/by-key.js';
import { countApproxDistinctByKeyNode } from './operators/count-distinct-by-key.js';
import { filterByRangeNode } from './operators/filter-by-range.js';
import { flatMapGroupsNode } from './operators/flat-map-groups.js';
import { cogroupNode, joinNode } from './operators/join.js';
import { functionStep, plainStep } from './operators/narrow.js';
import {
  sampleByKeyExactNode,
  sampleByKeyNode,
  type Fractions,
} from './operators/sample-by-key.js';
import { filterByOtherNode } from './operators/set-operations.js';
import type { PartitionsArgument } from './operators/partitioner-choice.js';
import { partitionByNode, repartitionAndSortNode } from './operators/shuffle.js';
import { sortByKeyNode } from './operators/sort.js';
import { nodeOf } from './rdd-metadata.js';
import { RddTransformations } from './rdd-transformations.js';
import type { RDD } from './rdd.js';
import type { It, TupleHint } from './types.js';
import type { Partitioner } from '../partitioner/partitioner.js';

/**
 * Methods of `RDD<[K, V]>`; on other RDDs they do not compile. `n` is a number of partitions for hash
 * partitioning, or a partitioner; left out: an existing partitioner of a parent, else
 * `heddle.default.parallelism`, else as many as the largest parent has. What is partitioned like
 * that already is not shuffled.
 */
export abstract class RddPairs<T> extends RddTransformations<T> {
  /**
   * The keys, duplicates too. Narrow; drops the partitioner.
   *
   * @throws JobFailedError, from the action, caused by RecordTypeError for a record that is no pair
   *
   * @example
   * const pairs = sc.parallelize<[string, number]>([['a', 1], ['b', 2], ['a', 3]]);
   * await pairs.keys().collect(); // ['a', 'b', 'a']
   */
  keys<K, V>(this: RDD<[K, V]>): RDD<K> {
    return rddOf(plainStep(nodeOf(this), 'keys', { keepsPartitioner: false }));
  }

  /**
   * The values. Narrow; drops the partitioner.
   *
   * @throws JobFailedError, from the action, caused by RecordTypeError for a record that is no pair
   *
   * @example
   * const pairs = sc.parallelize<[string, number]>([['a', 1], ['b', 2], ['a', 3]]);
   * await pairs.values().collect(); // [1, 2, 3]
   */
  values<K, V>(this: RDD<[K, V]>): RDD<V> {
    return rddOf(plainStep(nodeOf(this), 'values', { keepsPartitioner: false }));
  }

  /**
   * `[key, f(value)]`. Narrow; keeps the partitioner.
   *
   * @throws ArgumentError when `f` is no function; ClosureError when it captures what cannot travel
   * @throws JobFailedError, from the action, caused by RecordTypeError for a record that is no pair
   *
   * @example
   * const pairs = sc.parallelize<[string, number]>([['a', 1], ['b', 2], ['a', 3]]);
   * await pairs.mapValues((n) => n * 10).collect(); // [['a', 10], ['b', 20], ['a', 30]]
   */
  mapValues<K, V, U>(this: RDD<[K, V]>, f: (value: V) => U | TupleHint): RDD<[K, U]> {
    return rddOf(functionStep(nodeOf(this), 'mapValues', f, true));
  }

  /**
   * `[key, x]` for all x of `f(value)`; a key without any is gone. Narrow; keeps the partitioner.
   *
   * @throws ArgumentError when `f` is no function; ClosureError when it captures what cannot travel
   * @throws JobFailedError, from the action, caused by RecordTypeError when `f` gives no iterable, or
   *   for a record that is no pair
   *
   * @example
   * const pairs = sc.parallelize<[string, number]>([['a', 1], ['b', 2], ['a', 3]]);
   * await pairs.flatMapValues((n) => (n < 3 ? [n, -n] : [])).values().collect(); // [1, -1, 2, -2]
   */
  flatMapValues<K, V, U extends [unknown, ...unknown[]]>(
    this: RDD<[K, V]>,
    f: (value: V) => Iterable<U>,
  ): RDD<[K, U]>;
  flatMapValues<K, V, U>(this: RDD<[K, V]>, f: (value: V) => Iterable<U | TupleHint>): RDD<[K, U]>;
  flatMapValues<K, V, U>(this: RDD<[K, V]>, f: (value: V) => Iterable<U | TupleHint>): RDD<[K, U]> {
    return rddOf(functionStep(nodeOf(this), 'flatMapValues', f, true));
  }

  /**
   * Moves each pair to the partition `f(key)` modulo n (never negative), or where the partitioner
   * wants it; by hash when there is no `f`. Shuffles, unless it is partitioned so already.
   *
   * @throws ArgumentError for a number of partitions that is no whole number from 1, or an `f` that is
   *   no function; ClosureError
   * @throws JobFailedError, from the action, caused by PartitionOutOfRangeError, KeyNotHashableError,
   *   RecordTypeError
   *
   * @example
   * const pairs = sc.parallelize<[string, number]>([['a', 1], ['b', 2], ['a', 3]]);
   * await pairs.partitionBy(2, (key) => key.charCodeAt(0)).values().glom().collect(); // [[2], [1, 3]]
   */
  partitionBy<K, V>(
    this: RDD<[K, V]>,
    n: number | Partitioner,
    f?: (key: K) => number,
  ): RDD<[K, V]> {
    return rddOf(partitionByNode(nodeOf(this), n, f));
  }

  /**
   * One `[key, merged value]` per key. Values are merged before and after the shuffle, so `f` must be
   * associative and commutative; it is not called for a single value. Keys come in no particular order.
   * Shuffles, unless the pairs are partitioned so already.
   *
   * @throws ArgumentError when `f` is no function; ClosureError when it captures what cannot travel
   * @throws JobFailedError, from the action, caused by RecordTypeError for a record that is no pair,
   *   KeyNotHashableError for a key that is none
   *
   * @example
   * const pairs = sc.parallelize<[string, number]>([['a', 1], ['b', 2], ['a', 3]]);
   * await pairs.reduceByKey((a, b) => a + b).sortByKey().collect(); // [['a', 4], ['b', 2]]
   */
  reduceByKey<K, V>(
    this: RDD<[K, V]>,
    f: NoInfer<(a: V, b: V) => V>,
    n?: PartitionsArgument,
  ): RDD<[K, V]> {
    return rddOf(reduceByKeyNode(nodeOf(this), f, n));
  }

  /**
   * As `reduceByKey`, beginning with a fresh copy of `zero` for each key of each map partition. Shuffles
   * as it does.
   *
   * @throws ArgumentError when `f` is no function; ClosureError when it captures what cannot travel, or
   *   `zero` cannot be encoded
   * @throws JobFailedError, from the action, caused by RecordTypeError for a record that is no pair,
   *   KeyNotHashableError for a key that is none
   *
   * @example
   * const pairs = sc.parallelize<[string, number]>([['a', 1], ['b', 2], ['a', 3]]);
   * await pairs.foldByKey(0, (a, b) => a + b).sortByKey().collect(); // [['a', 4], ['b', 2]]
   */
  foldByKey<K, V>(
    this: RDD<[K, V]>,
    zero: NoInfer<V>,
    f: NoInfer<(a: V, b: V) => V>,
    n?: PartitionsArgument,
  ): RDD<[K, V]> {
    return rddOf(foldByKeyNode(nodeOf(this), zero, f, n));
  }

  /**
   * One `[key, result]` per key: `seqFunc` adds values to a fresh copy of `zero` for each key of each
   * map partition, `combFunc` merges those. Both may change and return their first argument. Shuffles
   * what was merged, as `reduceByKey` does.
   *
   * @throws ArgumentError when one of the functions is none; ClosureError when it captures what cannot
   *   travel
   * @throws JobFailedError, from the action, caused by RecordTypeError for a record that is no pair,
   *   KeyNotHashableError for a key that is none
   *
   * @example
   * const pairs = sc.parallelize<[string, number]>([['a', 1], ['b', 2], ['a', 3]]);
   * const sumAndCount = pairs.aggregateByKey([0, 0], ([s, n], x) => [s + x, n + 1], ([s, n], [t, m]) => [s + t, n + m]);
   * await sumAndCount.sortByKey().collect(); // [['a', [4, 2]], ['b', [2, 1]]]
   */
  aggregateByKey<K, V, U extends [unknown, ...unknown[]]>(
    this: RDD<[K, V]>,
    zero: U,
    seqFunc: (accumulated: U, value: V) => U,
    combFunc: (a: U, b: U) => U,
    n?: PartitionsArgument,
  ): RDD<[K, U]>;
  aggregateByKey<K, V, U>(
    this: RDD<[K, V]>,
    zero: U,
    seqFunc: (accumulated: U, value: V) => U,
    combFunc: (a: U, b: U) => U,
    n?: PartitionsArgument,
  ): RDD<[K, U]>;
  aggregateByKey<K, V, U>(
    this: RDD<[K, V]>,
    zero: U,
    seqFunc: (accumulated: U, value: V) => U,
    combFunc: (a: U, b: U) => U,
    n?: PartitionsArgument,
  ): RDD<[K, U]> {
    return rddOf(aggregateByKeyNode(nodeOf(this), zero, seqFunc, combFunc, n));
  }

  /**
   * The base of the others: `createCombiner` makes a combiner of a key's first value in a map
   * partition, `mergeValue` adds the next, `mergeCombiners` puts those of several partitions together.
   * `[key, combiner]` records. Shuffles combiners, as `reduceByKey` does.
   *
   * @throws ArgumentError when one of the functions is none; ClosureError when it captures what cannot
   *   travel
   * @throws JobFailedError, from the action, caused by RecordTypeError for a record that is no pair,
   *   KeyNotHashableError for a key that is none
   *
   * @example
   * const pairs = sc.parallelize<[string, number]>([['a', 1], ['b', 2], ['a', 3]]);
   * const lists = pairs.combineByKey((x) => [x], (list, x) => [...list, x], (a, b) => [...a, ...b]);
   * await lists.sortByKey().collect(); // [['a', [1, 3]], ['b', [2]]]
   */
  combineByKey<K, V, C>(
    this: RDD<[K, V]>,
    createCombiner: (value: V) => C,
    mergeValue: NoInfer<(combiner: C, value: V) => C>,
    mergeCombiners: NoInfer<(a: C, b: C) => C>,
    n?: PartitionsArgument,
  ): RDD<[K, C]> {
    return rddOf(combineByKeyNode(nodeOf(this), [createCombiner, mergeValue, mergeCombiners], n));
  }

  /**
   * One `[key, values]` per key, values in an array. All values travel: prefer `reduceByKey` or
   * `aggregateByKey`, and `flatMapGroups` for groups that do not fit in memory. Values of a key keep the
   * order of the partitions that they come from. Shuffles, unless partitioned so already.
   *
   * @throws JobFailedError, from the action, caused by GroupTooLargeError, RecordTypeError,
   *   KeyNotHashableError
   *
   * @example
   * const pairs = sc.parallelize<[string, number]>([['a', 1], ['b', 2], ['a', 3]]);
   * await pairs.groupByKey().sortByKey().collect(); // [['a', [1, 3]], ['b', [2]]]
   */
  groupByKey<K, V>(this: RDD<[K, V]>, n?: PartitionsArgument): RDD<[K, V[]]> {
    return rddOf(groupByKeyNode(nodeOf(this), n));
  }

  /**
   * All that `f(key, values)` gives for each key; groups of any size, streamed through an iterator, which
   * is over when what `f` gives has been read: to keep the values themselves, give `[...values]`.
   * Shuffles all pairs, sorted by key on the way, unless partitioned so already.
   *
   * @throws ArgumentError when `f` is no function; ClosureError when it captures what cannot travel
   * @throws JobFailedError, from the action, caused by RecordTypeError when `f` gives no iterable,
   *   GroupPassedError when values are read after their group
   *
   * @example
   * const pairs = sc.parallelize<[string, number]>([['a', 1], ['b', 2], ['a', 3]]);
   * const sums = pairs.flatMapGroups((key, values) => [`${key}: ${values.reduce((a, b) => a + b)}`]);
   * (await sums.collect()).sort(); // ['a: 4', 'b: 2']
   */
  flatMapGroups<K, V, U extends [unknown, ...unknown[]]>(
    this: RDD<[K, V]>,
    f: (key: K, values: It<V>) => Iterable<U>,
    n?: PartitionsArgument,
  ): RDD<U>;
  flatMapGroups<K, V, U>(
    this: RDD<[K, V]>,
    f: (key: K, values: It<V>) => Iterable<U | TupleHint>,
    n?: PartitionsArgument,
  ): RDD<U>;
  flatMapGroups<K, V, U>(
    this: RDD<[K, V]>,
    f: (key: K, values: It<V>) => Iterable<U | TupleHint>,
    n?: PartitionsArgument,
  ): RDD<U> {
    return rddOf(flatMapGroupsNode(nodeOf(this), f, n));
  }

  /**
   * `[key, [left, right]]` for all combinations of values of keys that both sides have. Keys come in no
   * particular order. Shuffles each side that is not partitioned so already.
   *
   * @throws ArgumentError when the other is no RDD, or one of another context
   * @throws JobFailedError, from the action, caused by RecordTypeError for a record that is no pair,
   *   KeyNotHashableError for a key that is none
   *
   * @example
   * const pairs = sc.parallelize<[string, number]>([['a', 1], ['b', 2], ['a', 3]]);
   * const other = sc.parallelize<[string, string]>([['a', 'x'], ['c', 'y']]);
   * await pairs.join(other).collect(); // [['a', [1, 'x']], ['a', [3, 'x']]]
   */
  join<K, V, W>(this: RDD<[K, V]>, other: RDD<[K, W]>, n?: PartitionsArgument): RDD<[K, [V, W]]> {
    return rddOf(joinNode(nodeOf(this), nodeOf(other, 'join: other'), n, 'join'));
  }

  /**
   * As `join`, shuffles included; keys of the left side only have `undefined` on the right.
   *
   * @throws ArgumentError when the other is no RDD, or one of another context
   * @throws JobFailedError, from the action, caused by RecordTypeError for a record that is no pair,
   *   KeyNotHashableError for a key that is none
   *
   * @example
   * const pairs = sc.parallelize<[string, number]>([['a', 1], ['b', 2], ['a', 3]]);
   * const other = sc.parallelize<[string, string]>([['a', 'x'], ['c', 'y']]);
   * await pairs.leftOuterJoin(other).sortByKey().values().collect(); // [[1, 'x'], [3, 'x'], [2, undefined]]
   */
  leftOuterJoin<K, V, W>(
    this: RDD<[K, V]>,
    other: RDD<[K, W]>,
    n?: PartitionsArgument,
  ): RDD<[K, [V, W | undefined]]> {
    const right = nodeOf(other, 'leftOuterJoin: other');
    return rddOf(joinNode(nodeOf(this), right, n, 'leftOuterJoin'));
  }

  /**
   * As `join`, shuffles included; keys of the right side only have `undefined` on the left.
   *
   * @throws ArgumentError when the other is no RDD, or one of another context
   * @throws JobFailedError, from the action, caused by RecordTypeError for a record that is no pair,
   *   KeyNotHashableError for a key that is none
   *
   * @example
   * const pairs = sc.parallelize<[string, number]>([['a', 1], ['b', 2], ['a', 3]]);
   * const other = sc.parallelize<[string, string]>([['a', 'x'], ['c', 'y']]);
   * await pairs.rightOuterJoin(other).sortByKey().values().collect(); // [[1, 'x'], [3, 'x'], [undefined, 'y']]
   */
  rightOuterJoin<K, V, W>(
    this: RDD<[K, V]>,
    other: RDD<[K, W]>,
    n?: PartitionsArgument,
  ): RDD<[K, [V | undefined, W]]> {
    const right = nodeOf(other, 'rightOuterJoin: other');
    return rddOf(joinNode(nodeOf(this), right, n, 'rightOuterJoin'));
  }

  /**
   * As `join`, shuffles included; a side that does not have the key is `undefined`.
   *
   * @throws ArgumentError when the other is no RDD, or one of another context
   * @throws JobFailedError, from the action, caused by RecordTypeError for a record that is no pair,
   *   KeyNotHashableError for a key that is none
   *
   * @example
   * const pairs = sc.parallelize<[string, number]>([['a', 1], ['b', 2], ['a', 3]]);
   * const other = sc.parallelize<[string, string]>([['a', 'x'], ['c', 'y']]);
   * const all = pairs.fullOuterJoin(other).sortByKey();
   * await all.values().collect(); // [[1, 'x'], [3, 'x'], [2, undefined], [undefined, 'y']]
   */
  fullOuterJoin<K, V, W>(
    this: RDD<[K, V]>,
    other: RDD<[K, W]>,
    n?: PartitionsArgument,
  ): RDD<[K, [V | undefined, W | undefined]]> {
    const right = nodeOf(other, 'fullOuterJoin: other');
    return rddOf(joinNode(nodeOf(this), right, n, 'fullOuterJoin'));
  }

  /**
   * `[key, [values here, values of the first other, …]]` for each key that any of them has. Shuffles each
   * side that is not partitioned so already.
   *
   * @throws ArgumentError when no other is given, or one is no RDD
   * @throws JobFailedError, from the action, caused by GroupTooLargeError, RecordTypeError,
   *   KeyNotHashableError
   *
   * @example
   * const pairs = sc.parallelize<[string, number]>([['a', 1], ['b', 2], ['a', 3]]);
   * const other = sc.parallelize<[string, string]>([['a', 'x'], ['c', 'y']]);
   * const groups = pairs.cogroup(other).sortByKey();
   * await groups.values().collect(); // [[[1, 3], ['x']], [[2], []], [[], ['y']]]
   */
  cogroup<K, V, A>(
    this: RDD<[K, V]>,
    other: RDD<[K, A]>,
    n?: PartitionsArgument,
  ): RDD<[K, [V[], A[]]]>;
  cogroup<K, V, A, B>(
    this: RDD<[K, V]>,
    other1: RDD<[K, A]>,
    other2: RDD<[K, B]>,
    n?: PartitionsArgument,
  ): RDD<[K, [V[], A[], B[]]]>;
  cogroup<K, V, A, B, C>(
    this: RDD<[K, V]>,
    other1: RDD<[K, A]>,
    other2: RDD<[K, B]>,
    other3: RDD<[K, C]>,
    n?: PartitionsArgument,
  ): RDD<[K, [V[], A[], B[], C[]]]>;
  cogroup<K, V>(
    this: RDD<[K, V]>,
    ...rest: (RDD<[K, unknown]> | PartitionsArgument)[]
  ): RDD<[K, unknown[][]]> {
    const others = rest.filter((argument) => argument instanceof RddPairs);
    const n = rest[others.length];
    if (others.length === 0 || rest.length > others.length + 1 || n instanceof RddPairs) {
      throw new ArgumentError('cogroup: give one to three RDDs, and then a number of partitions');
    }
    const parents = [nodeOf(this), ...others.map((other) => nodeOf(other))];
    return rddOf(cogroupNode(parents, n, 'cogroup'));
  }

  /**
   * All pairs in the order of their keys, or of `key(k)`, also across partitions. Shuffles; the first
   * action that needs it samples the keys, for several partitions.
   *
   * @param n as in `sortBy`
   * @throws ArgumentError for a number of partitions below 1, or a `key` that is no function;
   *   ClosureError
   * @throws JobFailedError, from the action, caused by RecordTypeError for a record that is no pair,
   *   KeyNotHashableError for a key that is none
   *
   * @example
   * const pairs = sc.parallelize<[string, number]>([['a', 1], ['b', 2], ['a', 3]]);
   * await pairs.sortByKey(false).collect(); // [['b', 2], ['a', 1], ['a', 3]]
   */
  sortByKey<K, V>(
    this: RDD<[K, V]>,
    ascending = true,
    n?: number,
    key?: (k: K) => unknown,
  ): RDD<[K, V]> {
    return rddOf(sortByKeyNode(nodeOf(this), ascending, n, key));
  }

  /**
   * Another name of `cogroup`, without a number of partitions; shuffles as it does.
   *
   * @throws ArgumentError when no other is given, or one is no RDD
   * @throws JobFailedError, from the action, caused by GroupTooLargeError, RecordTypeError,
   *   KeyNotHashableError
   *
   * @example
   * const pairs = sc.parallelize<[string, number]>([['a', 1], ['b', 2], ['a', 3]]);
   * const other = sc.parallelize<[string, string]>([['a', 'x'], ['c', 'y']]);
   * await pairs.groupWith(other).sortByKey().first(); // ['a', [[1, 3], ['x']]]
   */
  groupWith<K, V, A>(this: RDD<[K, V]>, other: RDD<[K, A]>): RDD<[K, [V[], A[]]]>;
  groupWith<K, V, A, B>(
    this: RDD<[K, V]>,
    other1: RDD<[K, A]>,
    other2: RDD<[K, B]>,
  ): RDD<[K, [V[], A[], B[]]]>;
  groupWith<K, V, A, B, C>(
    this: RDD<[K, V]>,
    other1: RDD<[K, A]>,
    other2: RDD<[K, B]>,
    other3: RDD<[K, C]>,
  ): RDD<[K, [V[], A[], B[], C[]]]>;
  groupWith<K, V>(this: RDD<[K, V]>, ...others: RDD<[K, unknown]>[]): RDD<[K, unknown[][]]> {
    const parents = [nodeOf(this), ...others.map((other) => nodeOf(other, 'groupWith: other'))];
    if (parents.length < 2) throw new ArgumentError('groupWith: give one to three RDDs');
    return rddOf(cogroupNode(parents, undefined, 'groupWith'));
  }

  /**
   * How often each key is there; looked up by key equality. Counted in the tasks.
   *
   * @throws JobFailedError when a task fails for good; JobCancelledError when `signal` aborts
   * @throws JobFailedError caused by RecordTypeError for a record that is no pair, KeyNotHashableError
   *   for a key that is none
   *
   * @example
   * const pairs = sc.parallelize<[string, number]>([['a', 1], ['b', 2], ['a', 3]]);
   * (await pairs.countByKey()).get('a'); // 2
   */
  countByKey<K, V>(this: RDD<[K, V]>, options?: ActionOptions): Promise<Map<K, number>> {
    return countBy(nodeOf(this), 'countByKey', options);
  }

  /**
   * All pairs as a map, looked up by key equality; of several values of a key the last one.
   *
   * @throws JobFailedError when a task fails for good; JobCancelledError when `signal` aborts
   * @throws JobFailedError caused by RecordTypeError for a record that is no pair, KeyNotHashableError
   *   for a key that is none
   *
   * @example
   * const pairs = sc.parallelize<[string, number]>([['a', 1], ['b', 2], ['a', 3]]);
   * (await pairs.collectAsMap()).get('a'); // 3
   */
  collectAsMap<K, V>(this: RDD<[K, V]>, options?: ActionOptions): Promise<Map<K, V>> {
    return collectAsMap(nodeOf(this), options);
  }

  /**
   * As `reduceByKey`, with the result as a map on the driver and no shuffle: merged in the tasks, then
   * in partition order on the driver.
   *
   * @throws ClosureError when `f` captures what cannot travel; ArgumentError when it is no function
   * @throws JobFailedError caused by RecordTypeError for a record that is no pair, KeyNotHashableError
   *   for a key that is none
   *
   * @example
   * const pairs = sc.parallelize<[string, number]>([['a', 1], ['b', 2], ['a', 3]]);
   * (await pairs.reduceByKeyLocally((a, b) => a + b)).get('a'); // 4
   */
  reduceByKeyLocally<K, V>(
    this: RDD<[K, V]>,
    f: NoInfer<(a: V, b: V) => V>,
    options?: ActionOptions,
  ): Promise<Map<K, V>> {
    return reduceByKeyLocally(nodeOf(this), f, options);
  }

  /**
   * All values of a key, in partition order; looks at one partition only when a partitioner tells which.
   *
   * @throws KeyNotHashableError for a key that is none
   * @throws JobFailedError caused by RecordTypeError for a record that is no pair
   *
   * @example
   * const pairs = sc.parallelize<[string, number]>([['a', 1], ['b', 2], ['a', 3]]);
   * await pairs.lookup('a'); // [1, 3]
   */
  lookup<K, V>(this: RDD<[K, V]>, key: K, options?: ActionOptions): Promise<V[]> {
    return lookup(nodeOf(this), key, options);
  }

  /**
   * The pairs whose key the other RDD has not; duplicates stay. Shuffles both, unless partitioned alike.
   *
   * @param n partitions or a partitioner; left out: this RDD's partitioner, else as many partitions
   * @throws ArgumentError when the other is no RDD, or one of another context
   * @throws JobFailedError, from the action, caused by RecordTypeError for a record that is no pair,
   *   KeyNotHashableError for a key that is none
   *
   * @example
   * const pairs = sc.parallelize<[string, number]>([['a', 1], ['b', 2], ['a', 3]]);
   * const other = sc.parallelize<[string, string]>([['a', 'x'], ['c', 'y']]);
   * await pairs.subtractByKey(other).collect(); // [['b', 2]]
   */
  subtractByKey<K, V, W>(
    this: RDD<[K, V]>,
    other: RDD<[K, W]>,
    n?: PartitionsArgument,
  ): RDD<[K, V]> {
    const right = nodeOf(other, 'subtractByKey: other');
    return rddOf(filterByOtherNode(nodeOf(this), right, n, 'subtractByKey'));
  }

  /**
   * The pairs whose key the other RDD has; duplicates stay, those of the other do not multiply.
   * Shuffles both, unless partitioned alike.
   *
   * @param n partitions or a partitioner; left out: this RDD's partitioner, else as many partitions
   * @throws ArgumentError when the other is no RDD, or one of another context
   * @throws JobFailedError, from the action, caused by RecordTypeError for a record that is no pair,
   *   KeyNotHashableError for a key that is none
   *
   * @example
   * const pairs = sc.parallelize<[string, number]>([['a', 1], ['b', 2], ['a', 3]]);
   * const other = sc.parallelize<[string, string]>([['a', 'x'], ['c', 'y']]);
   * await pairs.intersectByKey(other).collect(); // [['a', 1], ['a', 3]]
   */
  intersectByKey<K, V, W>(
    this: RDD<[K, V]>,
    other: RDD<[K, W]>,
    n?: PartitionsArgument,
  ): RDD<[K, V]> {
    const right = nodeOf(other, 'intersectByKey: other');
    return rddOf(filterByOtherNode(nodeOf(this), right, n, 'intersectByKey'));
  }

  /**
   * A random part of the pairs, by a rate for each key: a Map, or an object when keys are strings. A
   * key without a rate fails the job. Narrow; keeps order and partitioner. Sizes are approximate.
   *
   * @throws ArgumentError for a negative rate, and one above 1 without replacement
   * @throws JobFailedError, from the action, caused by ArgumentError for a key that has no rate
   *
   * @example
   * const pairs = sc.parallelize<[string, number]>([['a', 1], ['b', 2], ['a', 3]]);
   * await pairs.sampleByKey(false, { a: 1, b: 0 }, 1).collect(); // [['a', 1], ['a', 3]]
   */
  sampleByKey<K, V>(
    this: RDD<[K, V]>,
    withReplacement: boolean,
    fractions: Fractions<K>,
    seed?: number,
  ): RDD<[K, V]> {
    return rddOf(sampleByKeyNode(nodeOf(this), withReplacement, fractions, seed));
  }

  /**
   * As `sampleByKey`, with exactly `ceil(n · rate)` of the n pairs of each key: the first action that
   * needs it counts the keys by a job. Narrow; keeps order and partitioner.
   *
   * @throws ArgumentError for a negative rate, one above 1 without replacement, and, from the action,
   *   for a key that has no rate
   *
   * @example
   * const pairs = sc.parallelize<[string, number]>([['a', 1], ['b', 2], ['a', 3]]);
   * (await pairs.sampleByKeyExact(false, { a: 0.5, b: 1 }, 1).keys().collect()).sort(); // ['a', 'b']
   */
  sampleByKeyExact<K, V>(
    this: RDD<[K, V]>,
    withReplacement: boolean,
    fractions: Fractions<K>,
    seed?: number,
  ): RDD<[K, V]> {
    return rddOf(sampleByKeyExactNode(nodeOf(this), withReplacement, fractions, seed));
  }

  /**
   * The pairs whose key lies from `lower` to `upper`, both included, in the total order of keys.
   * Narrow; keeps the order. After `sortByKey` only the partitions that may hold such keys are read;
   * their number is then the result's, and the partitioner is dropped.
   *
   * @throws KeyNotHashableError for a border that is no key
   * @throws JobFailedError, from the action, caused by RecordTypeError for a record that is no pair
   *
   * @example
   * const pairs = sc.parallelize<[string, number]>([['a', 1], ['b', 2], ['a', 3]]);
   * await pairs.sortByKey().filterByRange('b', 'z').collect(); // [['b', 2]]
   */
  filterByRange<K, V>(this: RDD<[K, V]>, lower: K, upper: K): RDD<[K, V]> {
    return rddOf(filterByRangeNode(nodeOf(this), lower, upper));
  }

  /**
   * Pairs moved to the partition of their key and sorted by key there, in one shuffle: cheaper than
   * `partitionBy` and a sort after it. Keeps the new partitioner.
   *
   * @param n partitions or a partitioner; left out: the default of shuffles
   * @param f where a key goes, modulo `n`; left out: by hash
   * @param key what is compared, from the key
   * @throws ArgumentError for a number of partitions below 1, or functions that are none; ClosureError
   * @throws JobFailedError, from the action, caused by PartitionOutOfRangeError, KeyNotHashableError,
   *   RecordTypeError
   *
   * @example
   * const numbered = sc.parallelize<[number, string]>([[3, 'c'], [2, 'b'], [1, 'a']]);
   * await numbered.repartitionAndSortWithinPartitions(2, (key) => key).keys().glom().collect(); // [[2], [1, 3]]
   */
  repartitionAndSortWithinPartitions<K, V>(
    this: RDD<[K, V]>,
    n?: PartitionsArgument,
    f?: (key: K) => number,
    ascending = true,
    key?: (key: K) => unknown,
  ): RDD<[K, V]> {
    return rddOf(repartitionAndSortNode(nodeOf(this), { n, f, ascending, key }));
  }

  /**
   * About how many distinct values each key has, by sketches that are merged in a shuffle.
   *
   * @param relativeSD standard deviation of the result, relative; at least 0.000017
   * @throws ArgumentError for a `relativeSD` below 0.000017
   * @throws JobFailedError, from the action, caused by RecordTypeError for a record that is no pair,
   *   KeyNotHashableError for a key that is none
   *
   * @example
   * const pairs = sc.parallelize<[string, number]>([['a', 1], ['b', 2], ['a', 3]]);
   * await pairs.countApproxDistinctByKey().sortByKey().collect(); // [['a', 2], ['b', 1]]
   */
  countApproxDistinctByKey<K, V>(
    this: RDD<[K, V]>,
    relativeSD = 0.05,
    n?: PartitionsArgument,
  ): RDD<[K, number]> {
    const precision = checkPrecision(relativeSD, 'countApproxDistinctByKey');
    return rddOf(countApproxDistinctByKeyNode(nodeOf(this), precision, n));
  }
}
