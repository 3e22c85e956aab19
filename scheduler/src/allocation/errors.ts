import { HeddleError } from '@heddle/common';

/** Tasks waited for an executor for too long, and there was none. */
export class NoExecutorsError extends HeddleError {
  readonly code = 'NO_EXECUTORS';
  readonly waitedMs: number;
  readonly waitingTasks: number;

  /** @param wanted executors that were asked for, where the scheduler asks */
  constructor(waitedMs: number, waitingTasks: number, wanted: number | undefined) {
    const asked = wanted === undefined ? '' : ` (${wanted} were asked for)`;
    super(
      `${waitingTasks} tasks have waited ${Math.round(waitedMs / 1_000)} s for an executor, and none is there${asked}. ` +
        "Look at the log for executors that failed, and at the cluster's free memory and cores and the limits of the queue; " +
        'heddle.scheduler.executorWaitTimeout says how long to wait',
    );
    this.waitedMs = waitedMs;
    this.waitingTasks = waitingTasks;
  }
}
