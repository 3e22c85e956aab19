import type { TaskFailure, TaskMetrics } from 'heddle/internal';
import type { LocalityName } from '../tasks/locality.js';

/** Who runs. */
export interface ApplicationInfo {
  readonly applicationId: string;
  readonly attemptId?: string;
  readonly appName: string;
  readonly user: string;
  readonly master: string;
  /** Version of the engine. */
  readonly version: string;
  readonly startTimeMs: number;
}

/** A stage, as the events about it tell. */
export interface StageDescription {
  readonly stageId: number;
  readonly kind: 'shuffleMap' | 'result';
  /** `map at app.ts:12`. */
  readonly name: string;
  readonly numTasks: number;
  readonly rddId: number;
  readonly parentShuffleIds: readonly number[];
  /** The shuffle that it writes. */
  readonly shuffleId?: number;
}

/** A task attempt, as the events about it tell. */
export interface TaskDescriptionInfo {
  readonly taskAttemptId: number;
  readonly stageId: number;
  readonly stageAttempt: number;
  readonly partition: number;
  /** From 0 in its stage attempt. */
  readonly attemptNumber: number;
  readonly executorId: string;
  readonly host: string;
  readonly locality: LocalityName;
  /** A second copy of a slow task. */
  readonly isSpeculative?: boolean;
  readonly launchTimeMs: number;
}

/** Why a task attempt failed, without the bytes of its error. */
export interface TaskFailureInfo {
  readonly kind: TaskFailure['kind'];
  /** First 64 KiB of the text. */
  readonly summary: string;
}

/**
 * What listeners hear, in the order in which it happened. Times are milliseconds since the epoch.
 * Names follow Spark 4.0's `SparkListenerEvent`s.
 */
export type ListenerEvent =
  | { readonly kind: 'applicationStart'; readonly application: ApplicationInfo }
  | { readonly kind: 'applicationEnd'; readonly timeMs: number }
  /** Settings; those that look like secrets are replaced before they reach the bus. */
  | { readonly kind: 'environmentUpdate'; readonly settings: Readonly<Record<string, string>> }
  | {
      readonly kind: 'executorAdded';
      readonly timeMs: number;
      readonly executorId: string;
      readonly host: string;
      readonly slots: number;
    }
  | {
      readonly kind: 'executorRemoved';
      readonly timeMs: number;
      readonly executorId: string;
      readonly reason: string;
    }
  | {
      readonly kind: 'jobStart';
      readonly timeMs: number;
      readonly jobId: number;
      /** `collect at app.ts:20`. */
      readonly name: string;
      readonly description?: string;
      readonly jobGroup?: string;
      readonly tags: readonly string[];
      /** Parents first. Those that are never submitted are the skipped ones. */
      readonly stages: readonly StageDescription[];
      readonly properties: Readonly<Record<string, string>>;
    }
  | {
      readonly kind: 'jobEnd';
      readonly timeMs: number;
      readonly jobId: number;
      readonly outcome: 'succeeded' | 'failed' | 'cancelled';
      readonly reason?: string;
    }
  | {
      readonly kind: 'stageSubmitted';
      readonly timeMs: number;
      readonly stage: StageDescription;
      readonly stageAttempt: number;
      readonly jobIds: readonly number[];
      /** Tasks of this attempt: partitions that are missing. */
      readonly numTasks: number;
    }
  | {
      readonly kind: 'stageCompleted';
      readonly timeMs: number;
      readonly stageId: number;
      readonly stageAttempt: number;
      /** Why the attempt did not finish. */
      readonly failure?: string;
    }
  /** One partition of a stage reads far more than the others. */
  | {
      readonly kind: 'skewFound';
      readonly timeMs: number;
      readonly stageId: number;
      readonly partition: number;
      readonly sizeBytes: number;
      /** What half of the partitions read at most. */
      readonly medianBytes: number;
    }
  /** An executor gets no more tasks for a while, because tasks failed there. */
  | {
      readonly kind: 'executorExcluded';
      readonly timeMs: number;
      readonly executorId: string;
      readonly failedTasks: number;
    }
  | { readonly kind: 'executorAllowed'; readonly timeMs: number; readonly executorId: string }
  | { readonly kind: 'hostExcluded'; readonly timeMs: number; readonly host: string }
  | { readonly kind: 'hostAllowed'; readonly timeMs: number; readonly host: string }
  | { readonly kind: 'taskStart'; readonly task: TaskDescriptionInfo }
  | {
      readonly kind: 'taskEnd';
      readonly timeMs: number;
      readonly task: TaskDescriptionInfo;
      readonly failure?: TaskFailureInfo;
      /** Missing when the executor was lost. */
      readonly metrics?: TaskMetrics;
    }
  | {
      readonly kind: 'blockUpdated';
      readonly timeMs: number;
      readonly executorId: string;
      readonly rddId: number;
      readonly partition: number;
      readonly memoryBytes: number;
      readonly diskBytes: number;
      readonly isGone?: boolean;
    }
  | { readonly kind: 'unpersistRdd'; readonly timeMs: number; readonly rddId: number };

/** Hears events; called synchronously on the event loop, so it must be quick. */
export interface Listener {
  onEvent(event: ListenerEvent): void;
}
