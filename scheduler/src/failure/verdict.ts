import { assertNever } from '@heddle/common';
import type { TaskFailure } from 'heddle/internal';

/** How much map output a fetch failure takes with it. */
export interface LostMapOutput {
  readonly shuffleId: number;
  readonly mapPartition: number;
  /** Empty when no output was known at all. */
  readonly mapId: string;
  readonly generation: number;
  readonly scope: 'output' | 'executor' | 'host';
}

/** What follows from one failed task attempt. */
export interface Verdict {
  /** Adds to the failures of the partition, of which `heddle.task.maxFailures` are allowed. */
  readonly counts: boolean;
  /** The task set runs the partition again. A fetch failure is answered by a new stage attempt instead. */
  readonly retry: 'inTaskSet' | 'newStageAttempt' | 'never';
  /** Whether the retry should rather run on another executor, because this one may be the reason. */
  readonly avoidExecutor: boolean;
  /** Map output that the stage before must make again. */
  readonly lostOutput: LostMapOutput | undefined;
}

/**
 * The retry policy of the engine, all of it. Counting follows Spark 4.0's `TaskEndReason`
 * (`countTowardsTaskFailures`): kills, denied commits, fetch failures and executors that were taken
 * from us are not the task's fault.
 */
export function verdictOf(failure: TaskFailure): Verdict {
  switch (failure.kind) {
    case 'exception':
      return failure.retryable
        ? { counts: true, retry: 'inTaskSet', avoidExecutor: true, lostOutput: undefined }
        : { counts: true, retry: 'never', avoidExecutor: false, lostOutput: undefined };
    case 'fetchFailed':
      return {
        counts: false,
        retry: 'newStageAttempt',
        avoidExecutor: false,
        lostOutput: {
          shuffleId: failure.shuffleId,
          mapPartition: failure.mapPartition,
          mapId: failure.mapId,
          generation: failure.generation,
          scope: failure.scope ?? 'output',
        },
      };
    // The executor replaces the thread. Another executor may have a larger heap or a healthier host.
    case 'threadLost':
      return { counts: true, retry: 'inTaskSet', avoidExecutor: true, lostOutput: undefined };
    case 'killed':
      return { counts: false, retry: 'inTaskSet', avoidExecutor: false, lostOutput: undefined };
    // Another attempt holds the right to commit; when it fails, this partition needs a next one.
    case 'commitDenied':
      return { counts: false, retry: 'inTaskSet', avoidExecutor: false, lostOutput: undefined };
    // As Spark's TaskResultLost: the bound on attempts keeps a result that never arrives from looping.
    case 'resultLost':
      return { counts: true, retry: 'inTaskSet', avoidExecutor: true, lostOutput: undefined };
    // The executor id is never reused, so there is nothing left to avoid.
    case 'executorLost':
      return {
        counts: failure.countsAsFailure,
        retry: 'inTaskSet',
        avoidExecutor: false,
        lostOutput: undefined,
      };
    default:
      return assertNever(failure, 'task failure');
  }
}

/** One line about a failure, for logs and messages. */
export function failureSummary(failure: TaskFailure): string {
  switch (failure.kind) {
    case 'exception':
    case 'threadLost':
    case 'commitDenied':
    case 'resultLost':
      return failure.summary;
    case 'fetchFailed':
      return `map output ${failure.mapPartition} of shuffle ${failure.shuffleId} could not be read: ${failure.summary}`;
    case 'killed':
      return `killed: ${failure.reason}`;
    case 'executorLost':
      return `executor lost: ${failure.reason}`;
    default:
      return assertNever(failure, 'task failure');
  }
}
