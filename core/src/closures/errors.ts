import { describeThrown, HeddleError } from '@heddle/common';

import { registerErrorClasses } from '../codec/value/engine-types.js';

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

/** A package threw while a task thread evaluated it; the error that it threw is the `cause`. */
export class PackageLoadError extends HeddleError {
  readonly code = 'PACKAGE_LOAD';

  constructor(
    readonly specifier: string,
    options?: ErrorOptions,
  ) {
    super(
      `the package ${specifier} cannot be loaded in a task thread: ${describeThrown(options?.cause, 500)}`,
      options,
    );
  }
}

/** A task thread was given another copy of the program than the driver runs. */
export class ProgramMismatchError extends HeddleError {
  readonly code = 'PROGRAM_MISMATCH';
}

registerErrorClasses(ClosureError, PackageLoadError, ProgramMismatchError);
