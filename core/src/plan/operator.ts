import type { StorageLevelSpec } from './storage-level-spec.js';
import type { RootRef } from './function-ref.js';
import type { AggregatorSpec } from './partitioner-spec.js';
import type { LongsAs } from './sequence-file.js';

/** Leaves: where records come from. The partition's own share stands in `Split.source`. */
export type SourceOperator =
  | { readonly kind: 'parallelize' }
  | { readonly kind: 'range' }
  | { readonly kind: 'textFile' }
  | { readonly kind: 'wholeTextFiles' }
  | { readonly kind: 'binaryFiles' }
  /** Pieces begin and end at whole records. */
  | { readonly kind: 'binaryRecords'; readonly recordLength: number }
  /** Hadoop's files of pairs; a piece has the records from its first sync marker on. */
  | { readonly kind: 'sequenceFile'; readonly longs: LongsAs }
  /** An RDD whose lineage was cut: its partitions stand in files. */
  | { readonly kind: 'checkpoint' }
  /** The same with cached blocks alone: computing a partition is an error. */
  | { readonly kind: 'localCheckpoint' }
  | { readonly kind: 'empty' };

/** Sources whose splits are pieces of files. */
export type FileOperator = Extract<
  SourceOperator,
  { kind: 'textFile' | 'wholeTextFiles' | 'binaryFiles' | 'binaryRecords' | 'sequenceFile' }
>;

/** Narrow steps that the generated loop fuses: one record in, any number out, nothing kept. */
export type StepOperator =
  | { readonly kind: 'map'; readonly function: RootRef }
  | { readonly kind: 'filter'; readonly function: RootRef }
  | { readonly kind: 'flatMap'; readonly function: RootRef }
  | { readonly kind: 'keyBy'; readonly function: RootRef }
  | { readonly kind: 'mapValues'; readonly function: RootRef }
  | { readonly kind: 'flatMapValues'; readonly function: RootRef }
  | { readonly kind: 'keys' }
  | { readonly kind: 'values' }
  /** `distinct` on its way into a shuffle: `x → [x, null]`. */
  | { readonly kind: 'pairWithNull' }
  /** Bernoulli or Poisson sampling; the generator's seed is `seed` mixed with the partition index. */
  | {
      readonly kind: 'sample';
      readonly withReplacement: boolean;
      readonly fraction: number;
      readonly seed: number;
    }
  /** `[x, offset(partition) + position]`; offsets were counted by a job before. */
  | { readonly kind: 'zipWithIndex'; readonly offsets: readonly number[] }
  | { readonly kind: 'glom' };

/** Steps that see a whole partition through an iterator; a border between generated loops. */
export type PartitionOperator = {
  readonly kind: 'mapPartitions';
  readonly function: RootRef;
  readonly withIndex: boolean;
};

/** Steps that read one partition of each of several inputs side by side; each input is read as it is asked for. */
export type SideBySideOperator =
  /** A function that gets an iterator for each input, and with `withIndex` the index of the partition first. */
  | { readonly kind: 'zipPartitions'; readonly function: RootRef; readonly withIndex: boolean }
  /** All pairs of two inputs; the second one is read once and kept. */
  | { readonly kind: 'cartesian' };

/** A function that gives promises: called for several records at once, results in the records' order. */
export type AsyncOperator = {
  readonly kind: 'mapAsync';
  readonly function: RootRef;
  /** Calls that may be under way at the same time. */
  readonly concurrency: number;
};

/** Steps with several inputs, or whose partitions are put together from several of the parent's. */
export type CombineOperator = { readonly kind: 'union' } | { readonly kind: 'coalesce' };

export type JoinType = 'inner' | 'left' | 'right' | 'full';

/** One side of a cogroup: the reduce side of a shuffle, or a co-partitioned input of this stage. */
export type CogroupSide =
  | { readonly kind: 'shuffle'; readonly shuffleId: number }
  /** Index into `OperatorNode.inputs`. */
  | { readonly kind: 'narrow'; readonly input: number };

/** Reduce sides. Buckets are consumed in map order, so that the input never depends on arrival. */
export type ShuffleOperator =
  /** Records as they are, in map order (`partitionBy`, `repartition`). */
  | { readonly kind: 'shuffleRead'; readonly shuffleId: number; readonly keyed: boolean }
  /** One `[key, combined]` per key. `distinct` yields the keys alone. */
  | {
      readonly kind: 'shuffleCombine';
      readonly shuffleId: number;
      readonly aggregator: AggregatorSpec;
      /** The map side already combined: merge combiners instead of values. */
      readonly mapSideCombined: boolean;
    }
  /** `[key, value]` sorted by key (total order, stable in map order). */
  | {
      readonly kind: 'shuffleSort';
      readonly shuffleId: number;
      readonly ascending: boolean;
      readonly keyFunction?: RootRef;
    }
  /** Calls the user's function with each key and a streamed iterator over its values. */
  | { readonly kind: 'flatMapGroups'; readonly shuffleId: number; readonly function: RootRef }
  /** The same combining over a parent that is partitioned already: no shuffle. */
  | { readonly kind: 'combineInPlace'; readonly aggregator: AggregatorSpec }
  | { readonly kind: 'flatMapGroupsInPlace'; readonly function: RootRef }
  /** `[key, [values of side 0, values of side 1, …]]`. */
  | { readonly kind: 'cogroup'; readonly sides: readonly CogroupSide[] }
  /** `[key, [left, right]]`, a missing side `undefined`. */
  | {
      readonly kind: 'join';
      readonly joinType: JoinType;
      readonly sides: readonly [CogroupSide, CogroupSide];
    };

export type Operator =
  | SourceOperator
  | StepOperator
  | PartitionOperator
  | SideBySideOperator
  | AsyncOperator
  | CombineOperator
  | ShuffleOperator;

/** One RDD of a stage. */
export interface OperatorNode {
  readonly rddId: number;
  readonly operator: Operator;
  /** Indices of narrow parents in `StagePlan.nodes`; always smaller than this node's own. */
  readonly inputs: readonly number[];
  /** Set when the RDD is persisted: read the block if it is there, else compute and keep it. */
  readonly storageLevel?: StorageLevelSpec;
  /** `map at app.ts:12`, for error messages. */
  readonly label: string;
}
