import { constants } from 'node:os';

/** Exit codes of the `heddle` command itself; a program's own `process.exit(n)` passes through. */
export const exitCodes = {
  success: 0,
  /** Bad arguments, a program that could not be started, or one that ended with an error. */
  failure: 1,
  /** The program waits at its top level for something that can never happen; Node's own number. */
  unsettledTopLevelAwait: 13,
} as const;

/** 130 for SIGINT, 143 for SIGTERM: the shells' way to say that a signal ended a process. */
export function signalExitCode(signal: NodeJS.Signals): number {
  return 128 + constants.signals[signal];
}
