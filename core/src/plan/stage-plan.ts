import type { ClosureData, RootRef } from './function-ref.js';
import type { OperatorNode } from './operator.js';
import type { MapOutputLocation } from './map-output.js';
import type { Sink } from './sink.js';
import type { Split } from './split.js';

/** The code of a stage, as data: sent once to each executor, shared by all tasks of the stage. */
export interface StagePlan {
  /** In topological order; the last one is the stage's final RDD. */
  readonly nodes: readonly OperatorNode[];
  readonly closures: readonly ClosureData[];
  readonly sink: Sink;
  /** How the tasks' halves of the accumulators add that `closures` reach (`TaskAccumulator`). */
  readonly accumulators?: readonly AccumulatorSpec[];
  /** Files that tasks may ask `HeddleFiles` for; executors that lack one fetch it before a task. */
  readonly files?: readonly ApplicationFile[];
}

/** A file, directory or archive that the application was given with `addFile` or `--files`. */
export interface ApplicationFile {
  /** What `HeddleFiles.get` finds it by. */
  readonly name: string;
  /** An archive is unpacked into a directory of its name. */
  readonly kind: 'file' | 'directory' | 'archive';
  /** Where executors read it, through their file systems. */
  readonly uri: string;
  /** Its only file, with an empty path; of a directory all files below it. */
  readonly entries: readonly FileEntry[];
}

export interface FileEntry {
  /** Relative to the directory; empty for the file itself. */
  readonly path: string;
  readonly sizeBytes: number;
  /** Of the contents, in hex. */
  readonly sha256: string;
}

/** How a task's half of an accumulator adds. */
export type AccumulatorSpec =
  | { readonly id: number; readonly name?: string; readonly kind: 'sum' }
  | { readonly id: number; readonly name?: string; readonly kind: 'collection' }
  | {
      readonly id: number;
      readonly name?: string;
      readonly kind: 'custom';
      /** The captured `{ zero, add, merge }`. */
      readonly param: RootRef;
    };

/** A stage attempt as an executor knows it. Plain data, structured-clonable. */
export interface StageBinary {
  readonly stageId: number;
  readonly stageAttempt: number;
  readonly jobId: number;
  readonly plan: StagePlan;
  /** For each shuffle that the stage reads: where its map outputs are, in map partition order. */
  readonly shuffleInputs: readonly ShuffleInput[];
  /** Flow-local properties of the job (job group, pool, the user's own). */
  readonly properties: Readonly<Record<string, string>>;
}

export interface ShuffleInput {
  readonly shuffleId: number;
  /** Stage generation whose outputs these are; readers refuse a mix. */
  readonly generation: number;
  readonly numReducePartitions: number;
  readonly outputs: readonly MapOutputLocation[];
  /**
   * Set when `outputs` has gaps, because cached partitions were to stand in for the shuffle: a task
   * that reads it all the same reports `fetchFailed` for this map partition, with an empty `mapId`.
   */
  readonly firstMissingMapPartition?: number;
}

/** One attempt at one partition of a stage attempt. Plain data, structured-clonable. */
export interface TaskDescription {
  readonly taskAttemptId: number;
  readonly stageId: number;
  readonly stageAttempt: number;
  readonly generation: number;
  readonly partition: number;
  /** 0 for the first attempt of this partition in this stage attempt. */
  readonly attemptNumber: number;
  readonly split: Split;
  /** Where persisted blocks that the task may read are; left out when the driver knows of none. */
  readonly blockLocations?: readonly BlockLocations[];
  /**
   * Tasks that run after this one in the same slot, one after another, as if each had been launched
   * when the one before it ended: each has its own updates, can be killed by itself, and fails by
   * itself. They have no followers of their own.
   */
  readonly followers?: readonly TaskDescription[];
}

/** The executors that hold copies of a cached partition, by the driver's knowledge. */
export interface BlockLocations {
  readonly rddId: number;
  readonly partition: number;
  readonly executorIds: readonly string[];
}
