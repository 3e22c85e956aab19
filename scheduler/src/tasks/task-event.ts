import type { TaskFailure, TaskMetrics, TaskUpdate } from 'heddle/internal';
import type { ExecutorInfo, ExecutorLoss } from '../backend/scheduler-backend.js';
import type { DagEvent } from '../dag/dag-event.js';
import type { HealthChange } from '../exclusion/health-tracker.js';
import type { LocalityName } from './locality.js';
import type { TaskSet } from './task-set.js';

/** Something that happened, as the task scheduler is told. */
export type TaskEvent =
  /** Map outputs of an executor, or of the service of its host, could not be read. */
  | {
      readonly kind: 'outputsUnreadable';
      readonly executorId: string;
      readonly host: string;
      readonly ofHost: boolean;
    }
  | { readonly kind: 'taskSetSubmitted'; readonly taskSet: TaskSet }
  /** No more launches of this stage attempt; what runs may end. */
  | { readonly kind: 'taskSetSuspended'; readonly stageId: number; readonly stageAttempt: number }
  /** All attempts of the stage are to end. */
  | { readonly kind: 'stageCancelled'; readonly stageId: number; readonly reason: string }
  /** A partition is done; other attempts at it are of no use. */
  | { readonly kind: 'partitionDone'; readonly stageId: number; readonly partition: number }
  /** Partitions of a running stage attempt that were done are to run again. */
  | {
      readonly kind: 'partitionsLost';
      readonly stageId: number;
      readonly stageAttempt: number;
      readonly partitions: readonly number[];
    }
  | { readonly kind: 'executorAdded'; readonly executor: ExecutorInfo }
  | { readonly kind: 'executorRemoved'; readonly loss: ExecutorLoss }
  /** The executor ends what it runs and gets no more. */
  | { readonly kind: 'executorDraining'; readonly executorId: string }
  /**
   * Executors are about to come on these hosts, which count as if they were there: tasks whose data
   * they hold wait for them as for a busy executor. Replaces what was said before.
   */
  | { readonly kind: 'hostsAwaited'; readonly hosts: readonly string[] }
  | { readonly kind: 'taskUpdate'; readonly update: TaskUpdate }
  /** The attempt never reached its executor. */
  | { readonly kind: 'launchFailed'; readonly taskAttemptId: number }
  /** The time of the last `wakeAt` has come. */
  | { readonly kind: 'wokeUp' };

/** One task attempt, for launching, events and logs. */
export interface TaskAttemptInfo {
  readonly taskAttemptId: number;
  readonly stageId: number;
  readonly stageAttempt: number;
  readonly generation: number;
  readonly partition: number;
  /** From 0 in this stage attempt. */
  readonly attemptNumber: number;
  readonly executorId: string;
  readonly host: string;
  readonly locality: LocalityName;
  /** When its turn came, on the monotonic clock. */
  readonly launchedMs: number;
  /** A second copy of a slow task. */
  readonly isSpeculative: boolean;
}

/** What is to be done, in order. */
export type TaskInstruction =
  | {
      readonly kind: 'launch';
      readonly task: TaskAttemptInfo;
      /** Tasks that run after it in the same slot. */
      readonly followers: readonly TaskAttemptInfo[];
    }
  /** It is the turn of a task that was launched as a follower. */
  | { readonly kind: 'taskBegan'; readonly task: TaskAttemptInfo }
  | {
      readonly kind: 'kill';
      readonly executorId: string;
      readonly taskAttemptId: number;
      readonly reason: string;
    }
  /** What waits behind a running task is to come back, up to and including this attempt. */
  | { readonly kind: 'recall'; readonly executorId: string; readonly taskAttemptId: number }
  /** An attempt is over; `failure` is undefined when it succeeded. */
  | {
      readonly kind: 'taskEnded';
      readonly task: TaskAttemptInfo;
      /** False for a follower whose turn never came. */
      readonly hasBegun: boolean;
      readonly failure: TaskFailure | undefined;
      readonly metrics: TaskMetrics | undefined;
    }
  | { readonly kind: 'tellDag'; readonly event: DagEvent }
  /** Nothing of this stage attempt runs or will run. */
  | { readonly kind: 'taskSetEnded'; readonly stageId: number; readonly stageAttempt: number }
  /** Executors or hosts get no more tasks for a while, or get some again. */
  | { readonly kind: 'healthChanged'; readonly changes: readonly HealthChange[] }
  /** A task may run on none of the executors that are there: idle excluded ones could be replaced. */
  | {
      readonly kind: 'unschedulable';
      readonly stageId: number;
      readonly partition: number;
      readonly idleExecutorIds: readonly string[];
    }
  /** Send `wokeUp` at this time; replaces the wish before. `undefined`: no need to. */
  | { readonly kind: 'wakeAt'; readonly timeMs: number | undefined };
