import { HeddleError } from '@heddle/common';
import type { CommandConsole } from './command-console.js';
import { reportError } from './error-report.js';
import { exitCodes } from './exit-codes.js';

/** Words of the command line that cannot be understood; its message is complete. */
export class UsageError extends HeddleError {
  readonly code = 'USAGE';
}

/**
 * Tells why nothing was run, with the final report that every submission with `--json` ends with.
 *
 * @param startedMs when the command began, by `performance.now()`
 */
export function refuse(console: CommandConsole, error: Error, startedMs: number): void {
  const { code } = reportError(error);
  console.tell('error', `heddle: ${error.message}`);
  console.tellJson({
    kind: 'report',
    status: 'FAILED',
    exitCode: exitCodes.failure,
    durationMs: Math.round(performance.now() - startedMs),
    error: { code, message: error.message },
  });
  console.flushSync();
  process.exitCode = exitCodes.failure;
}
