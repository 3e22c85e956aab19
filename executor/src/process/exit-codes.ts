/**
 * How executor processes end. Source: Spark 4.0 `ExecutorExitCode` for 50 to 56; the others are ours.
 */
export const executorExitCodes = {
  /** Told to stop, or drained. */
  stopped: 0,
  /** An error that nothing caught. */
  uncaught: 50,
  outOfMemory: 52,
  /** No local directory can be used. */
  localDirectory: 53,
  /** The driver (or ApplicationMaster) does not answer any more. */
  driverGone: 56,
  /** The driver took this executor for lost, or belongs to another attempt. */
  fenced: 57,
  /** The program's files are not those of the driver. */
  codeMismatch: 58,
  badCredentials: 59,
} as const;

export type ExecutorExitCode = (typeof executorExitCodes)[keyof typeof executorExitCodes];

const V8_ABORTED = 134;
const KILLED = 137;
const TERMINATED = 143;

/** What an ended executor's exit code, or signal, means to people. */
export function describeExecutorExit(
  exitCode: number | null | undefined,
  signal?: NodeJS.Signals | null,
): string {
  if (signal !== undefined && signal !== null) return signalText(signal);
  switch (exitCode) {
    case null:
    case undefined:
      return 'it ended, nobody knows how';
    case executorExitCodes.stopped:
      return 'exit code 0, although nobody asked it to end: something in a task ended the process';
    case executorExitCodes.uncaught:
      return 'exit code 50: an error that nothing caught; look at the end of its log';
    case executorExitCodes.outOfMemory:
      return 'exit code 52: out of memory; raise heddle.executor.memory or use more partitions';
    case executorExitCodes.localDirectory:
      return 'exit code 53: none of its local directories can be used; look at heddle.local.dir and the disks';
    case executorExitCodes.driverGone:
      return 'exit code 56: it lost the driver';
    case executorExitCodes.fenced:
      return 'exit code 57: it had been taken for lost, or belonged to another attempt';
    case executorExitCodes.codeMismatch:
      return "exit code 58: the program's files are not those of the driver";
    case executorExitCodes.badCredentials:
      return 'exit code 59: the driver refused its credentials, or could not prove its own';
    case V8_ABORTED:
      return signalText('SIGABRT');
    case KILLED:
      return signalText('SIGKILL');
    case TERMINATED:
      return signalText('SIGTERM');
    default:
      return `exit code ${exitCode}`;
  }
}

function signalText(signal: NodeJS.Signals): string {
  switch (signal) {
    case 'SIGABRT':
      return 'it aborted (SIGABRT): V8 found no memory for a heap, or native code gave up; look at the end of its log';
    case 'SIGKILL':
      return 'it was killed (SIGKILL): by someone, or by the system for want of memory';
    case 'SIGSEGV':
    case 'SIGBUS':
    case 'SIGILL':
      return `native code crashed (${signal})`;
    default:
      return `it was ended by ${signal}`;
  }
}
