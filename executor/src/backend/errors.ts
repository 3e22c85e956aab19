import { HeddleError } from '@heddle/common';

/** Executors end faster than they may be replaced: something is wrong with all of them. */
export class TooManyExecutorFailuresError extends HeddleError {
  readonly code = 'TOO_MANY_EXECUTOR_FAILURES';

  constructor(
    readonly failures: number,
    readonly allowed: number,
    /** Why the last ones ended, oldest first. */
    readonly reasons: readonly string[],
    /** End of the last one's log. */
    readonly logTail: string,
    /** None that is started again can do better: the application ends whatever may fail. */
    readonly isHopeless = false,
  ) {
    super(
      (isHopeless
        ? `an executor ended for a reason that all others would have, too (${failures} failed so far). `
        : `${failures} executors failed, and ${allowed} may (heddle.executor.maxNumFailures). `) +
        'The last ones: ' +
        `${reasons.join('; ')}.` +
        (logTail === '' ? '' : `\nEnd of the last one's log:\n${logTail}`),
    );
  }
}

/** No executor came within the time that starting one may take. */
export class ExecutorStartTimeoutError extends HeddleError {
  readonly code = 'EXECUTOR_START_TIMEOUT';

  constructor(
    readonly afterMs: number,
    readonly logTail: string,
  ) {
    super(
      `no executor has registered within ${Math.round(afterMs / 1000)} s: the machine is overloaded, or processes cannot be started` +
        (logTail === '' ? '' : `. End of an executor's log:\n${logTail}`),
    );
  }
}
