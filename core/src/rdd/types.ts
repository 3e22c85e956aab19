import type { RDD } from './rdd.js';

/** An iterator object with iterator helpers: what partition functions get. Synchronous, read once. */
export type It<T> = IteratorObject<T, undefined>;

/**
 * Never a value: it only lets `x => [x, 1]` infer the pair `[string, number]` instead of an array,
 * since an array literal becomes a tuple where its contextual type holds one.
 */
export type TupleHint = [never, never];

/** What partition-keeping is promised of a function. */
export interface MapOptions {
  /** The function leaves keys where the partitioner wants them. @default false */
  readonly preservesPartitioning?: boolean;
}

/** An edge of the lineage, as far as it is known: exact once the RDD's inputs are listed. */
export interface Dependency {
  readonly rdd: RDD<unknown>;
  readonly kind: 'narrow' | 'shuffle';
}

/** One partition of an RDD. */
export interface Partition {
  readonly index: number;
}
