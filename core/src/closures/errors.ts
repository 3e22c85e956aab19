import { HeddleError } from '@heddle/common';

/** A function captures what cannot travel to a task; thrown by the transformation or action itself. */
export class ClosureError extends HeddleError {
  readonly code = 'CLOSURE';

  constructor(
    message: string,
    /** The captured variable, with the way into its value: `config.socket`. */
    readonly variable: string,
    /** Why it cannot travel, and what to do instead. */
    readonly reason: string,
    /** Source file and line of the call. */
    readonly file: string,
    readonly line: number,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** A task thread was given another copy of the program than the driver runs. */
export class ProgramMismatchError extends HeddleError {
  readonly code = 'PROGRAM_MISMATCH';
}
