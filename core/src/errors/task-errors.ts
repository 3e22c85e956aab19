import { HeddleError } from '@heddle/common';

/** A task's thread died under it; found as the `cause` of a `JobFailedError`. */
export class TaskThreadLostError extends HeddleError {
  readonly code = 'TASK_THREAD_LOST';

  constructor(
    message: string,
    readonly reason: 'heapLimit' | 'exit' | 'crash',
  ) {
    super(message);
  }
}

/** The executor of a task is gone; found as the `cause` of a `JobFailedError`. */
export class ExecutorLostError extends HeddleError {
  readonly code = 'EXECUTOR_LOST';

  constructor(
    message: string,
    readonly executorId: string | undefined,
  ) {
    super(message);
  }
}

/** A map output could not be read, again and again; found as the `cause` of a `JobFailedError`. */
export class FetchFailedError extends HeddleError {
  readonly code = 'FETCH_FAILED';

  constructor(
    message: string,
    readonly shuffleId: number,
    readonly mapPartition: number,
  ) {
    super(message);
  }
}

/** A task attempt was killed, or denied its commit; found as the `cause` of a `JobFailedError`. */
export class TaskAbortedError extends HeddleError {
  readonly code = 'TASK_ABORTED';
}
