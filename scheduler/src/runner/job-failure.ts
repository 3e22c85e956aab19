import type { Logger } from '@heddle/common';
import { assertNever, callSiteShort, describeThrown, toError } from '@heddle/common';
import type { CodeTable, TaskFailure } from 'heddle/internal';
import {
  ExecutorLostError,
  FetchFailedError,
  JobFailedError,
  ResultTooLargeError,
  TaskAbortedError,
  TaskThreadLostError,
  decodeError,
  translateErrorStacks,
} from 'heddle/internal';
import type { ActiveJob } from '../dag/active-job.js';
import type { JobFailure } from '../dag/dag-instruction.js';
import { failureSummary } from '../failure/verdict.js';

/** Characters of a task's error that the message of the job's error repeats. */
const MAX_SUMMARY = 2_000;

/** The typed error that a failed job's promise rejects with. */
export function jobError(
  job: ActiveJob,
  failure: JobFailure,
  codeTable: CodeTable,
  logger: Logger,
): Error {
  const name = `job ${job.id} (${callSiteShort(job.spec.callSite)})`;
  switch (failure.kind) {
    case 'task': {
      const { stageId, stageName, partition, failures } = failure;
      const cause = taskError(failure.failure, codeTable, logger);
      const times = failures > 1 ? `${failures} times, the last time with` : 'with';
      return new JobFailedError(
        `${name} failed: the task of partition ${partition} in stage ${stageId} (${stageName}) failed ${times} ${cut(describeThrown(cause, MAX_SUMMARY))}`,
        job.id,
        stageId,
        partition,
        Math.max(failures, 1),
        { cause },
      );
    }
    case 'stageAttempts': {
      const { stageId, stageName, partition, attempts, summary } = failure;
      return new JobFailedError(
        `${name} failed: ${attempts} attempts in a row of stage ${stageId} (${stageName}) could not read their input, ` +
          `the last time in the task of partition ${partition}: ${cut(summary)}. ` +
          'Look at the disks and the log of the executor that held it; heddle.stage.maxConsecutiveAttempts allows more attempts',
        job.id,
        stageId,
        partition,
        attempts,
        { cause: new FetchFailedError(summary, failure.shuffleId, failure.mapPartition) },
      );
    }
    case 'unschedulable': {
      const { stageId, stageName, partition } = failure;
      return new JobFailedError(
        `${name} failed: partition ${partition} of stage ${stageId} (${stageName}) may run on none of the executors, since tasks failed on all of them, and no other one came in time. ` +
          "Look at the earlier failures of the stage's tasks; heddle.excludeOnFailure.* decides when an executor is avoided",
        job.id,
        stageId,
        partition,
        0,
      );
    }
    case 'resultTooLarge':
      return new ResultTooLargeError(failure.sizeBytes, failure.limitBytes);
    case 'resultsGiven':
      return new JobFailedError(
        `${name} failed: outputs of stage ${failure.stageId} (${failure.stageName}) were lost, and running it again may give other ` +
          'records than those that results were made from, which the program has already. ' +
          'Run the action again, or make that stage repeatable: sort, cache or checkpoint its input',
        job.id,
        failure.stageId,
        undefined,
        0,
      );
    case 'broken': {
      const { stageId, stageName, error } = failure;
      const where = stageId === undefined ? '' : ` stage ${stageId} (${stageName ?? ''})`;
      return new JobFailedError(
        `${name} failed:${where} could not be made ready to run: ${describeThrown(error)}`,
        job.id,
        stageId,
        undefined,
        0,
        { cause: error },
      );
    }
    case 'resultRefused':
      return toError(failure.error);
    default:
      return assertNever(failure, 'job failure');
  }
}

/** The error of a failed task attempt, as near to the original as it came. */
export function taskError(failure: TaskFailure, codeTable: CodeTable, logger: Logger): Error {
  switch (failure.kind) {
    case 'exception':
      try {
        return translateErrorStacks(decodeError(failure.error, codeTable));
      } catch (error) {
        // The text is all that is left of it, and better than nothing.
        logger.warn('the error of a task could not be decoded', { error: describeThrown(error) });
        return new Error(failure.summary);
      }
    case 'threadLost':
      return new TaskThreadLostError(failure.summary, failure.reason);
    case 'executorLost':
      return new ExecutorLostError(failureSummary(failure), undefined);
    case 'fetchFailed':
      return new FetchFailedError(failureSummary(failure), failure.shuffleId, failure.mapPartition);
    case 'killed':
    case 'resultLost':
    case 'commitDenied':
      return new TaskAbortedError(failureSummary(failure));
    default:
      return assertNever(failure, 'task failure');
  }
}

function cut(text: string): string {
  return text.length <= MAX_SUMMARY ? text : `${text.slice(0, MAX_SUMMARY)}…`;
}
