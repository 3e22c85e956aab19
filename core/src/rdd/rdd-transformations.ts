import { checkBoolean } from './arguments.js';
import { rddOf } from './facade.js';
import { groupByNode } from './operators/by-key.js';
import { distinctNode } from './operators/distinct.js';
import { functionStep, partitionStep, plainStep, sampleStep } from './operators/narrow.js';
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
}
