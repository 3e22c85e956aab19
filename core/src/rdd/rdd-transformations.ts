import { ArgumentError } from '@heddle/common';
import { checkBoolean } from './arguments.js';
import { rddOf } from './facade.js';
import { groupByNode } from './operators/by-key.js';
import { distinctNode } from './operators/distinct.js';
import { functionStep, partitionStep, plainStep, sampleStep } from './operators/narrow.js';
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
   */
  map<U>(f: (x: T) => U | TupleHint, options: MapOptions = {}): RDD<U> {
    return rddOf(functionStep(nodeOf(this), 'map', f, options.preservesPartitioning ?? false));
  }

  /** The records for which `f` is truthy. Narrow; keeps order and partitioner. Type guards narrow. */
  filter<S extends T>(f: (x: T) => x is S): RDD<S>;
  filter(f: (x: T) => unknown): RDD<T>;
  filter(f: (x: T) => unknown): RDD<T> {
    return rddOf(functionStep(nodeOf(this), 'filter', f, true));
  }

  /**
   * All that `f` gives for each record, one after the other: arrays, generators, any iterable; a
   * string gives its characters. Narrow; keeps the order.
   */
  flatMap<U>(f: (x: T) => Iterable<U | TupleHint>): RDD<U> {
    return rddOf(functionStep(nodeOf(this), 'flatMap', f, false));
  }

  /**
   * `f` sees a whole partition through an iterator, empty ones too, and gives an iterable; both are
   * read lazily. Narrow. Over input without a fixed order the result counts as indeterminate.
   */
  mapPartitions<U>(
    f: (records: It<T>) => Iterable<U | TupleHint>,
    options: MapOptions = {},
  ): RDD<U> {
    const keeps = options.preservesPartitioning ?? false;
    return rddOf(partitionStep(nodeOf(this), 'mapPartitions', f, keeps));
  }

  /** As `mapPartitions`; `f` also gets the index of the partition. */
  mapPartitionsWithIndex<U>(
    f: (index: number, records: It<T>) => Iterable<U | TupleHint>,
    options: MapOptions = {},
  ): RDD<U> {
    const keeps = options.preservesPartitioning ?? false;
    return rddOf(partitionStep(nodeOf(this), 'mapPartitionsWithIndex', f, keeps));
  }

  /** Each partition as one array; an empty one as `[]`. Narrow; memory of a partition. */
  glom(): RDD<T[]> {
    return rddOf(
      plainStep(nodeOf(this), 'glom', { keepsPartitioner: false, orderSensitive: true }),
    );
  }

  /** `[f(x), x]` for each record. Narrow. */
  keyBy<K>(f: (x: T) => K | TupleHint): RDD<[K, T]> {
    return rddOf(functionStep(nodeOf(this), 'keyBy', f, false));
  }

  /**
   * One of each value, by key equality, in no particular order. Shuffles, unless the RDD has a
   * partitioner and as many partitions as are asked for.
   *
   * @param n partitions, or a partitioner of whole records
   */
  distinct(n?: PartitionsArgument): RDD<T> {
    return rddOf(distinctNode(nodeOf(this), n));
  }

  /**
   * A random part of the records: each with probability `fraction`, or `fraction` times on average
   * when with replacement. The size is only approximate. The same seed gives the same sample.
   */
  sample(withReplacement: boolean, fraction: number, seed?: number): RDD<T> {
    return rddOf(sampleStep(nodeOf(this), withReplacement, fraction, seed));
  }

  /**
   * The records of this one, then those of the other; duplicates stay. Narrow: the partitions of both
   * one after the other, or, when they have the same partitioner, pairwise together.
   */
  union<U = T>(other: RDD<U>): RDD<T | U> {
    const node = nodeOf(this);
    return rddOf(unionNode(node.core, [node, nodeOf(other, 'union: other')]));
  }

  /** Records by `f`: one `[key, records]` for each key, records in an array. Shuffles all records. */
  groupBy<K>(f: (x: T) => K | TupleHint, n?: PartitionsArgument): RDD<[K, T[]]> {
    return rddOf(groupByNode(nodeOf(this), f, n));
  }

  /**
   * All records in the order of `key(x)` (total order of keys; ties keep their order), also across
   * partitions. Shuffles; the first action that needs it samples the keys, for several partitions.
   *
   * @param n partitions, fewer when there are fewer keys; left out: `heddle.default.parallelism`,
   *   else as many as this RDD has
   */
  sortBy(key: (x: T) => unknown, ascending = true, n?: number): RDD<T> {
    return rddOf(sortByNode(nodeOf(this), key, ascending, n));
  }

  /**
   * Fewer partitions, made of neighbouring ones, without a shuffle; never more than there are. With
   * `shuffle` it is `repartition`, which may also make more.
   */
  coalesce(n: number, shuffle = false): RDD<T> {
    checkBoolean(shuffle, 'coalesce', 'shuffle');
    return rddOf(
      shuffle ? repartitionNode(nodeOf(this), n, 'coalesce') : coalesceNode(nodeOf(this), n),
    );
  }

  /** Exactly `n` partitions of about the same size, through a shuffle of all records. */
  repartition(n: number): RDD<T> {
    return rddOf(repartitionNode(nodeOf(this), n, 'repartition'));
  }

  /**
   * `[x, position]`, positions from 0 in partition order. Narrow; the first action that needs it
   * counts the partitions, when there are several.
   */
  zipWithIndex(): RDD<[T, number]> {
    return rddOf(zipWithIndexNode(nodeOf(this)));
  }

  /**
   * `[x, id]` with ids k, n + k, 2n + k, … in partition k of n: unique, with gaps, and no job.
   * Narrow.
   */
  zipWithUniqueId(): RDD<[T, number]> {
    return rddOf(zipWithUniqueIdNode(nodeOf(this)));
  }

  /**
   * The records in disjoint random parts whose sizes are about in proportion to the weights; together
   * they are the whole RDD. Narrow; keeps order and partitioner. The same seed gives the same parts.
   *
   * @throws ArgumentError for negative weights and a sum of 0
   */
  randomSplit(weights: readonly number[], seed?: number): RDD<T>[] {
    return randomSplitNodes(nodeOf(this), weights, seed).map((node) => rddOf<T>(node));
  }

  /**
   * One of each record that both RDDs have, by key equality, in no particular order. Shuffles both.
   *
   * @param n partitions, or a partitioner of whole records; left out: as many as this RDD has
   */
  intersection(other: RDD<T>, n?: PartitionsArgument): RDD<T> {
    return rddOf(intersectionNode(nodeOf(this), nodeOf(other, 'intersection: other'), n));
  }

  /**
   * The records that the other RDD has not, duplicates included, in no particular order. Shuffles both.
   *
   * @param n partitions, or a partitioner of whole records; left out: as many as this RDD has
   */
  subtract(other: RDD<T>, n?: PartitionsArgument): RDD<T> {
    return rddOf(subtractNode(nodeOf(this), nodeOf(other, 'subtract: other'), n));
  }

  /**
   * All pairs of a record here and one there. Narrow: n · m partitions, partition `i * m + j` of
   * partitions i and j; each reads the right one once, and keeps it.
   */
  cartesian<U>(other: RDD<U>): RDD<[T, U]> {
    return rddOf(cartesianNode(nodeOf(this), nodeOf(other, 'cartesian: other')));
  }

  /**
   * Pairs by position. Narrow; keeps the order. Both RDDs must have as many partitions, and as many
   * records in each; a task keeps the left side of its partition.
   *
   * @throws ArgumentError for different numbers of partitions, here or at the first action
   */
  zip<U>(other: RDD<U>): RDD<[T, U]> {
    return rddOf(zipNode(nodeOf(this), nodeOf(other, 'zip: other')));
  }

  /**
   * `f` sees the partitions of the same index of two to four RDDs through an iterator each, and gives
   * an iterable. Narrow. All must have as many partitions; lengths may differ. A task keeps its
   * partitions of all RDDs but the last one.
   */
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
   * is, and when nobody wants more of its lines.
   *
   * A text is split at white space, a list is taken as it is; no shell looks at it. Files that were given
   * with `sc.addFile` are in the directory that `HEDDLE_FILES_ROOT` names.
   *
   * @throws JobFailedError caused by PipeError: not found, or another exit code than 0
   */
  pipe(command: string | readonly string[], options: PipeOptions = {}): RDD<string> {
    return rddOf(pipeNode(nodeOf(this), command, options));
  }
}
