import type { MapOutputStatus } from './map-output.js';

/** What a task attempt reports to the driver. Plain data, structured-clonable. */
export type TaskUpdate =
  | { readonly kind: 'running'; readonly taskAttemptId: number; readonly executorId: string }
  | {
      readonly kind: 'succeeded';
      readonly taskAttemptId: number;
      readonly executorId: string;
      readonly result: TaskResult;
      readonly metrics: TaskMetrics;
      readonly accumulators: readonly AccumulatorUpdate[];
      readonly blocks: readonly BlockStatus[];
    }
  | {
      readonly kind: 'failed';
      readonly taskAttemptId: number;
      readonly executorId: string;
      readonly failure: TaskFailure;
      readonly metrics: TaskMetrics;
    };

export type TaskResult =
  | { readonly kind: 'mapOutput'; readonly status: MapOutputStatus }
  /** Bytes whose meaning the sink's kind fixes. */
  | { readonly kind: 'value'; readonly bytes: Uint8Array }
  /**
   * The same bytes, too many for a message (`heddle.task.maxDirectResultSize`): the executor keeps
   * them until the driver has fetched them.
   */
  | StoredResult;

/** A result that waits on its executor. Source: Spark 4.0 `IndirectTaskResult`. */
export interface StoredResult {
  readonly kind: 'stored';
  /** Names it on its executor; unique there. */
  readonly resultId: string;
  readonly sizeBytes: number;
}

/** Why an attempt failed, with everything that the retry verdict needs. */
export type TaskFailure =
  /** User code or the engine threw; `error` is the value encoding of the Error (class, fields, stack, cause). */
  | {
      readonly kind: 'exception';
      readonly error: Uint8Array;
      readonly summary: string;
      readonly retryable: boolean;
    }
  /** A map output could not be read: its stage runs again; does not count as a failure of the task. */
  | {
      readonly kind: 'fetchFailed';
      readonly shuffleId: number;
      readonly mapPartition: number;
      readonly mapId: string;
      readonly generation: number;
      readonly summary: string;
      /** How much is gone with it: this output alone (default), or all of its executor or host. */
      readonly scope?: 'output' | 'executor' | 'host';
    }
  /** The task's thread died (heap limit, `process.exit`, native crash). */
  | {
      readonly kind: 'threadLost';
      readonly reason: 'heapLimit' | 'exit' | 'crash';
      readonly summary: string;
    }
  /** Killed on the driver's wish; never counts. */
  | {
      readonly kind: 'killed';
      readonly reason: string;
      /** It waited for its turn in a slot, which certainly never came. */
      readonly notBegun?: true;
    }
  /** Another attempt was given the right to commit; never counts. */
  | { readonly kind: 'commitDenied'; readonly summary: string }
  /** The attempt succeeded, and its result could not be fetched from its executor. */
  | { readonly kind: 'resultLost'; readonly summary: string }
  /** The executor is gone; counts unless it was taken away from us. */
  | { readonly kind: 'executorLost'; readonly reason: string; readonly countsAsFailure: boolean };

export interface AccumulatorUpdate {
  readonly accumulatorId: number;
  /** Value encoding of the attempt's partial value. */
  readonly value: Uint8Array;
}

/** A cached block that an executor stored, moved or lost. */
export interface BlockStatus {
  readonly rddId: number;
  readonly partition: number;
  /** 0 in both places is an empty partition, which is a block like any other. */
  readonly memoryBytes: number;
  readonly diskBytes: number;
  /** The executor has it no more. */
  readonly isGone?: boolean;
}

/** Times in milliseconds; sizes in bytes. */
export interface TaskMetrics {
  readonly deserializeMs: number;
  readonly runMs: number;
  readonly cpuMs: number;
  readonly resultSizeBytes: number;
  readonly inputBytes: number;
  readonly inputRecords: number;
  readonly outputBytes: number;
  readonly outputRecords: number;
  readonly shuffleReadLocalBytes: number;
  readonly shuffleReadRemoteBytes: number;
  readonly shuffleReadRecords: number;
  readonly shuffleWriteBytes: number;
  readonly shuffleWriteRecords: number;
  readonly spilledBytes: number;
  readonly spills: number;
  readonly peakHeapBytes: number;
}
