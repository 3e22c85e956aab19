import { writeSync } from 'node:fs';
import {
  describeThrown,
  formatLogJson,
  formatLogText,
  LeveledLogger,
  readSetting,
  settings,
  type LogEntry,
  type LogThreshold,
} from '@heddle/common';
import type { FileSystemRegistry } from '@heddle/webhdfs';
import type { PrestartedThreads } from '../host/prestarted-threads.js';
import type { AttemptKey } from '../transport/index.js';
import { ExecutorProcess } from './executor-process.js';
import { executorExitCodes } from './exit-codes.js';
import type { ExecutorLaunchSpec } from './launch-spec.js';

/** What `runExecutorProcess` is given. */
export interface RunExecutorOptions {
  readonly spec: ExecutorLaunchSpec;
  readonly key: AttemptKey;
  /**
   * `stdout`: one JSON object a line, for a launcher that reads them. `stderr`: lines for people, as
   * in a container's log.
   */
  readonly logTo: 'stdout' | 'stderr';
  readonly threadEntry?: URL;
  /** Task threads that were started before. */
  readonly prestarted?: PrestartedThreads;
  /** @default this node's files, and clusters that the environment leads to */
  readonly fileSystems?: FileSystemRegistry;
  /** Where Hadoop's site files are, and who asks. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
}

/** Makes this process an executor: it ends when the driver says so or is gone. */
export async function runExecutorProcess(options: RunExecutorOptions): Promise<void> {
  const { spec, key, logTo, threadEntry, prestarted, fileSystems, environment } = options;
  const source = new Map(Object.entries(spec.settings));
  const threshold: LogThreshold = { level: readSetting(source, settings.logLevel) };
  const write = logTo === 'stdout' ? writeJson : writeText;
  const logger = new LeveledLogger({ write }, threshold, { executor: spec.executorId });
  let executor: ExecutorProcess | undefined;
  const crashed = (error: unknown): void => {
    if (executor !== undefined) executor.crashed(error);
    else {
      logger.error('the executor cannot start', { error: describeThrown(error) });
      process.exit(executorExitCodes.uncaught);
    }
  };
  process.on('uncaughtException', crashed);
  process.on('unhandledRejection', crashed);
  // A terminal sends Ctrl-C and its end to all processes: the driver decides what they mean.
  process.on('SIGINT', () => undefined);
  process.on('SIGHUP', () => undefined);
  process.on('SIGTERM', () => executor?.drain('SIGTERM'));
  try {
    executor = new ExecutorProcess({
      spec,
      key,
      logger,
      setLogLevel: (level) => (threshold.level = settings.logLevel.parse(level)),
      ...(threadEntry === undefined ? {} : { threadEntry }),
      ...(prestarted === undefined ? {} : { prestarted }),
      ...(fileSystems === undefined ? {} : { fileSystems }),
      ...(environment === undefined ? {} : { environment }),
      exit: exitProcess,
    });
  } catch (error) {
    logger.error('the executor cannot start', { error: describeThrown(error) });
    process.exit(executorExitCodes.localDirectory);
  }
  await executor.run();
}

/**
 * Ends the process, also when one of its threads cannot be interrupted: Node waits for threads, and
 * V8 never looks at an endless loop that calls nothing but built-in functions. The process is
 * replaced by one that removes what is left and ends with the code.
 */
function exitProcess(exitCode: number, leftToRemove: readonly string[]): void {
  if (leftToRemove.length === 0) process.exit(exitCode);
  try {
    const script = `rm -rf -- "$@"; exit ${exitCode}`;
    process.execve?.('/bin/sh', ['sh', '-c', script, 'sh', ...leftToRemove], {});
  } catch {
    // No shell here: Node's own way, which may have to wait.
  }
  process.exit(exitCode);
}

function writeJson(entry: LogEntry): void {
  writeLine(1, formatLogJson(entry));
}

function writeText(entry: LogEntry): void {
  writeLine(2, formatLogText(entry));
}

function writeLine(descriptor: number, line: string): void {
  try {
    writeSync(descriptor, `${line}\n`);
  } catch {
    // Whoever read it is gone, or does not keep up: a log line is not worth an executor.
  }
}
