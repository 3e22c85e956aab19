import type { CallSite } from '@heddle/common';
import type {
  AccumulatorUpdate,
  BlockStatus,
  LineageNode,
  TaskFailure,
  TaskResult,
} from 'heddle/internal';
import type { ExecutorLoss } from '../backend/scheduler-backend.js';
import type { LostMapOutput } from '../failure/verdict.js';

/** What the DAG scheduler needs to know of a job; a `JobRequest` has all of it. */
export interface JobSpec {
  readonly finalNode: LineageNode;
  /** In the order of the results; may repeat an index. */
  readonly partitions: readonly number[];
  readonly callSite: CallSite;
  readonly description: string | undefined;
  readonly jobGroup: string | undefined;
  readonly tags: readonly string[];
  readonly properties: Readonly<Record<string, string>>;
  readonly streamResults?: boolean;
}

/** Something that happened, as the DAG scheduler is told. Handled one at a time, in order. */
export type DagEvent =
  | { readonly kind: 'jobSubmitted'; readonly jobId: number; readonly job: JobSpec }
  | TaskSucceeded
  | FetchFailed
  /** A partition failed too often, or in a way that no retry can cure. */
  | {
      readonly kind: 'taskSetFailed';
      readonly stageId: number;
      readonly stageAttempt: number;
      readonly partition: number;
      readonly failures: number;
      readonly failure: TaskFailure;
    }
  /** An executor died under a task, perhaps because of it. */
  | {
      readonly kind: 'executorDiedUnder';
      readonly stageId: number;
      readonly stageAttempt: number;
      readonly partition: number;
      readonly failure: TaskFailure;
    }
  /** A partition may run on none of the executors, because of failures there, and none has come. */
  | {
      readonly kind: 'taskSetUnschedulable';
      readonly stageId: number;
      readonly stageAttempt: number;
      readonly partition: number;
    }
  /** A task of a result stage has ended; its result is about to be fetched. */
  | {
      readonly kind: 'resultAnnounced';
      readonly stageId: number;
      readonly generation: number;
      readonly partition: number;
      readonly sizeBytes: number;
    }
  /** The stage could not be made ready to run (its plan or a split could not be made). */
  | { readonly kind: 'stageBroken'; readonly stageId: number; readonly error: unknown }
  /** What the job's owner does with results threw. */
  | { readonly kind: 'resultRefused'; readonly jobId: number; readonly error: unknown }
  | { readonly kind: 'executorLost'; readonly loss: ExecutorLoss; readonly host: string }
  /** Cached blocks came or went outside of a task. */
  | {
      readonly kind: 'blocksChanged';
      readonly executorId: string;
      readonly host: string;
      readonly statuses: readonly BlockStatus[];
    }
  /** The pause that `scheduleResubmit` asked for is over. */
  | { readonly kind: 'resubmitDue' }
  | { readonly kind: 'jobsCancelled'; readonly which: JobSelection; readonly reason: string }
  | { readonly kind: 'rddUnpersisted'; readonly rddId: number }
  | { readonly kind: 'shuffleRemoved'; readonly shuffleId: number };

export interface TaskSucceeded {
  readonly kind: 'taskSucceeded';
  readonly stageId: number;
  readonly stageAttempt: number;
  readonly generation: number;
  readonly partition: number;
  readonly executorId: string;
  readonly host: string;
  readonly result: TaskResult;
  readonly accumulators: readonly AccumulatorUpdate[];
  readonly blocks: readonly BlockStatus[];
}

export interface FetchFailed {
  readonly kind: 'fetchFailed';
  readonly stageId: number;
  readonly stageAttempt: number;
  readonly generation: number;
  readonly partition: number;
  readonly lost: LostMapOutput;
  readonly summary: string;
}

/** Jobs, as one wants to cancel them. */
export type JobSelection =
  | { readonly by: 'id'; readonly jobId: number }
  | { readonly by: 'group'; readonly group: string }
  | { readonly by: 'tag'; readonly tag: string }
  | { readonly by: 'all' };
