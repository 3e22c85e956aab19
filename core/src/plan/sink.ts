import type { RootRef } from './function-ref.js';
import type { ShuffleWriteSpec } from './partitioner-spec.js';
import type { SequenceFileLayout } from './sequence-file.js';

/**
 * What a task does with the records of its partition. The shape of the task's result is given after
 * each arrow; results travel in the value encoding unless said otherwise.
 */
export type Sink =
  /** → `MapOutputStatus`, published to the map output tracker. */
  | { readonly kind: 'shuffleWrite'; readonly write: ShuffleWriteSpec }
  /** → encoded record batches. */
  | { readonly kind: 'collect' }
  /** → number. */
  | { readonly kind: 'count' }
  /** → encoded record batches of the first `limit` records; stops reading after them. */
  | { readonly kind: 'take'; readonly limit: number }
  /** → `[]` for an empty partition, else `[value]`. */
  | { readonly kind: 'reduce'; readonly function: RootRef }
  /** → value. `fold` is an aggregate whose seqOp is its merge. */
  | { readonly kind: 'aggregate'; readonly zero: RootRef; readonly seqOp: RootRef }
  /** → the best `limit` records in order, as an array; `descending` for `top`. */
  | {
      readonly kind: 'takeOrdered';
      readonly limit: number;
      readonly descending: boolean;
      readonly keyFunction?: RootRef;
    }
  /** → array of `[key, count]`: of pair keys when `byKey`, else of whole records. */
  | { readonly kind: 'countBy'; readonly byKey: boolean }
  /** → array of `[key, value]`, one per key of the partition, last one wins or merged. */
  | { readonly kind: 'reduceLocally'; readonly merge?: RootRef }
  /** → encoded record batches: the values of the pairs whose key equals this one. */
  | { readonly kind: 'lookup'; readonly key: RootRef }
  /** → `[count, mean, m2, min, max, sum, sumCompensation]` of a numeric partition. */
  | { readonly kind: 'stats' }
  /** → `[sum]` of numbers or bigints, compensated for numbers; `[]` when empty. */
  | { readonly kind: 'sum' }
  /** → undefined. */
  | { readonly kind: 'foreach'; readonly function: RootRef }
  /** → undefined. The function gets the partition's iterator. */
  | { readonly kind: 'foreachPartition'; readonly function: RootRef }
  /** → whatever the function returns for (records, TaskContext). */
  | { readonly kind: 'run'; readonly function: RootRef }
  /** → `{ count, sample }`: a reservoir sample of pair keys, for the bounds of a range partitioner. */
  | {
      readonly kind: 'sampleKeys';
      readonly size: number;
      readonly seed: number;
      readonly keyFunction?: RootRef;
    }
  /** → `CommittedFile`, after the driver's commit coordinator let this attempt commit. */
  | { readonly kind: 'saveAsTextFile'; readonly output: TextOutputSpec }
  /** → `CommittedFile`, likewise: `[key, value]` records in Hadoop's format. */
  | {
      readonly kind: 'saveAsSequenceFile';
      readonly output: TextOutputSpec;
      readonly layout: SequenceFileLayout;
    }
  /** → `CommittedFile`, likewise: the encoded records, for a later read by this application. */
  | { readonly kind: 'checkpoint'; readonly output: TextOutputSpec };

/** Where and how a save writes its part files. */
export interface TextOutputSpec {
  /** Temporary sibling folder of the job (`._heddle_<application>_<n>`), made before any task runs. */
  readonly temporaryDirectory: string;
  readonly codec?: 'gzip' | 'zstd' | 'deflate' | 'brotli';
  /** Names the job in the commit coordinator. */
  readonly saveId: number;
}

/** What a task of a save wrote; the manifest is made of these. */
export interface CommittedFile {
  readonly partition: number;
  /** Final name in the output folder, such as `part-00000`. */
  readonly name: string;
  /** Name of the file that this attempt wrote, in the temporary folder. */
  readonly temporaryName: string;
  readonly sizeBytes: number;
  readonly records: number;
}
