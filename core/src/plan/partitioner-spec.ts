import type { RootRef } from './function-ref.js';

/** How a map task chooses the reduce partition of a record, as data. */
export type PartitionerSpec =
  /** `hashKey(key)` modulo n, non-negative; null and undefined keys go to partition 0. */
  | { readonly kind: 'hash'; readonly numPartitions: number }
  /** Sorted upper bounds (value-encoded array, n - 1 of them at most) in the total order of keys. */
  | {
      readonly kind: 'range';
      readonly numPartitions: number;
      readonly bounds: Uint8Array;
      readonly ascending: boolean;
      /** Derives what is compared from the key. */
      readonly keyFunction?: RootRef;
    }
  /** Deals records out evenly, from a position that the map partition's index fixes (`repartition`). */
  | { readonly kind: 'roundRobin'; readonly numPartitions: number }
  /** The user's function of `partitionBy(n, f)`: `f(key)` modulo n, non-negative. */
  | { readonly kind: 'function'; readonly numPartitions: number; readonly function: RootRef }
  /** An instance of a user's `Partitioner`; an index outside 0 … n-1 is `PartitionOutOfRangeError`. */
  | { readonly kind: 'custom'; readonly numPartitions: number; readonly instance: RootRef };

/** How values of one key become one, on both sides of a shuffle. */
export type AggregatorSpec =
  | { readonly kind: 'reduce'; readonly merge: RootRef }
  | { readonly kind: 'fold'; readonly zero: RootRef; readonly merge: RootRef }
  | {
      readonly kind: 'aggregate';
      readonly zero: RootRef;
      readonly seqOp: RootRef;
      readonly combOp: RootRef;
    }
  | {
      readonly kind: 'combine';
      readonly createCombiner: RootRef;
      readonly mergeValue: RootRef;
      readonly mergeCombiners: RootRef;
    }
  /** `distinct`: the key alone counts, values are dropped. */
  | { readonly kind: 'distinct' }
  /** `groupByKey`: values in map order, as an array; no map-side combine. */
  | { readonly kind: 'group' };

/** What a shuffle map task writes. */
export interface ShuffleWriteSpec {
  readonly shuffleId: number;
  readonly partitioner: PartitionerSpec;
  /** With it and `mapSideCombine`, records are combined before they are written. */
  readonly aggregator?: AggregatorSpec;
  readonly mapSideCombine: boolean;
  /** Records are `[key, value]` pairs; else whole records travel (`repartition`), keyed by nothing. */
  readonly keyed: boolean;
}
