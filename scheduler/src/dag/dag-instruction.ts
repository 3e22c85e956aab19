import type { AccumulatorUpdate, TaskFailure } from 'heddle/internal';
import type { TaskSet } from '../tasks/task-set.js';
import type { ActiveJob } from './active-job.js';
import type { Stage } from './stage.js';

/** Why a job cannot end well. */
export type JobFailure =
  /** A partition of a stage failed too often. */
  | {
      readonly kind: 'task';
      readonly stageId: number;
      readonly stageName: string;
      readonly partition: number;
      readonly failures: number;
      readonly failure: TaskFailure;
    }
  /** Attempts of a stage in a row could not read their inputs. */
  | {
      readonly kind: 'stageAttempts';
      readonly stageId: number;
      readonly stageName: string;
      readonly partition: number;
      readonly attempts: number;
      readonly shuffleId: number;
      readonly mapPartition: number;
      readonly summary: string;
    }
  /** A partition may run on none of the executors that are there. */
  | {
      readonly kind: 'unschedulable';
      readonly stageId: number;
      readonly stageName: string;
      readonly partition: number;
    }
  | { readonly kind: 'resultTooLarge'; readonly sizeBytes: number; readonly limitBytes: number }
  /** Outputs of an indeterminate stage were lost after results had been given to the program. */
  | { readonly kind: 'resultsGiven'; readonly stageId: number; readonly stageName: string }
  /** The plan, a split or the lineage could not be made. */
  | {
      readonly kind: 'broken';
      readonly stageId: number | undefined;
      readonly stageName: string | undefined;
      readonly error: unknown;
    }
  /** The owner of the job threw on a result. */
  | { readonly kind: 'resultRefused'; readonly error: unknown };

export type JobOutcome =
  | { readonly kind: 'succeeded' }
  | { readonly kind: 'failed'; readonly failure: JobFailure }
  | { readonly kind: 'cancelled'; readonly reason: string };

/** What is to be done, in order. */
export type DagInstruction =
  | { readonly kind: 'jobStarted'; readonly job: ActiveJob; readonly stages: readonly Stage[] }
  | { readonly kind: 'submitTaskSet'; readonly stage: Stage; readonly taskSet: TaskSet }
  | { readonly kind: 'suspendTaskSet'; readonly stageId: number; readonly stageAttempt: number }
  | { readonly kind: 'cancelStage'; readonly stageId: number; readonly reason: string }
  | { readonly kind: 'partitionDone'; readonly stageId: number; readonly partition: number }
  | {
      readonly kind: 'partitionsLost';
      readonly stageId: number;
      readonly stageAttempt: number;
      readonly partitions: readonly number[];
    }
  /** One reduce partition is far larger than the others: its task will take longest. */
  | {
      readonly kind: 'skewFound';
      readonly stage: Stage;
      readonly partition: number;
      readonly sizeBytes: number;
      readonly medianBytes: number;
    }
  /** A stage attempt is over; `failure` says why it did not finish. */
  | {
      readonly kind: 'stageAttemptEnded';
      readonly stage: Stage;
      readonly stageAttempt: number;
      readonly failure: string | undefined;
    }
  | {
      readonly kind: 'deliverResult';
      readonly jobId: number;
      /** Places of the partition in the job's request. */
      readonly positions: readonly number[];
      readonly bytes: Uint8Array;
    }
  | { readonly kind: 'mergeAccumulators'; readonly updates: readonly AccumulatorUpdate[] }
  /** Map outputs of an executor, or of the service of its host, could not be read. */
  | {
      readonly kind: 'outputsUnreadable';
      readonly executorId: string;
      readonly host: string;
      readonly ofHost: boolean;
    }
  /** Cached blocks were computed from outputs that were rolled back. */
  | { readonly kind: 'dropCachedRdd'; readonly rddId: number }
  /** Send `resubmitDue` after a short pause. */
  | { readonly kind: 'scheduleResubmit' }
  | { readonly kind: 'endJob'; readonly job: ActiveJob; readonly outcome: JobOutcome };
