import type { ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { formatLogText, type LogEntry, type LogLevel } from '@heddle/common';
import type { AttemptKey } from '../transport/index.js';
import { spawnExecutor } from './executor-spawn.js';
import { writeLaunchInput } from './launch-input.js';
import type { ExecutorLaunchSpec } from './launch-spec.js';
import type { PrestartedExecutors } from './prestarted-executors.js';

/** How a process ended. */
export interface ChildEnd {
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface ExecutorChildOptions {
  readonly spec: ExecutorLaunchSpec;
  readonly key: AttemptKey;
  /** What the process starts with; reads its specification from descriptor 3. */
  readonly entry: string;
  /** All of its environment. */
  readonly environment: Readonly<Record<string, string>>;
  /** Processes that were started before; one with the same options is used. */
  readonly prestarted?: PrestartedExecutors;
  /** An entry of the executor's own log. */
  logged(entry: LogEntry): void;
  /** A line that a task wrote. */
  wrote(line: string): void;
  ended(end: ChildEnd): void;
}

/** Lines of output that are kept for errors. */
const KEPT_LINES = 40;
const MAX_KEPT_LINE = 1_000;
const LAST_LINES_MS = 100;

/** An executor process of this host, as the process that started it sees it. */
export class ExecutorChild {
  readonly executorId: string;
  readonly #process: ChildProcess;
  readonly #tail: string[] = [];
  #hasEnded = false;
  #hasExited = false;

  /** Starts it. The key goes through a pipe that is closed at once, nowhere else. */
  constructor(options: ExecutorChildOptions) {
    const { spec, key, entry, environment } = options;
    this.executorId = spec.executorId;
    const { slots, memoryBytes } = spec;
    const wanted = { entry, environment, slots, memoryBytes };
    const spawned = options.prestarted?.take(wanted) ?? spawnExecutor(wanted);
    const { stdout, stderr, input } = spawned;
    this.#process = spawned.process;
    writeLaunchInput(input, { spec, key });
    this.#lines(stdout, (line) => {
      const entry = parseLogLine(line);
      this.#keep(formatLogText(entry));
      options.logged(entry);
    });
    this.#lines(stderr, (line) => {
      this.#keep(line);
      options.wrote(line);
    });
    const ended = (end: ChildEnd): void => {
      if (this.#hasEnded) return;
      this.#hasEnded = true;
      options.ended(end);
    };
    this.#process.once('error', (error) => {
      this.#keep(error.message);
      ended({ exitCode: null, signal: null });
    });
    this.#process.once('exit', (exitCode, signal) => {
      this.#hasExited = true;
      // Its last lines are still on their way, and processes that it left may keep the pipes open.
      const timer = setTimeout(() => ended({ exitCode, signal }), LAST_LINES_MS);
      this.#process.once('close', () => {
        clearTimeout(timer);
        ended({ exitCode, signal });
      });
    });
  }

  get pid(): number | undefined {
    return this.#process.pid;
  }

  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /** The last lines that it wrote. */
  get logTail(): string {
    return this.#tail.join('\n');
  }

  signal(signal: NodeJS.Signals): void {
    if (!this.#hasExited) this.#process.kill(signal);
  }

  #lines(stream: Readable, take: (line: string) => void): void {
    // A killed process breaks its pipes, and the reader of lines passes that on.
    createInterface({ input: stream, crlfDelay: Infinity })
      .on('error', () => undefined)
      .on('line', take);
  }

  #keep(line: string): void {
    this.#tail.push(line.slice(0, MAX_KEPT_LINE));
    if (this.#tail.length > KEPT_LINES) this.#tail.shift();
  }
}

const levels: readonly string[] = ['error', 'warn', 'info', 'debug'];

/** A line that `runExecutorProcess` logged, or whatever else stands there. */
function parseLogLine(line: string): LogEntry {
  try {
    const { kind, time, level, message, ...fields } = JSON.parse(line) as Record<string, unknown>;
    if (kind === 'log' && levels.includes(level as string) && typeof message === 'string') {
      return {
        timeMs: Date.parse(String(time)),
        level: level as LogLevel,
        message,
        fields: fields as LogEntry['fields'],
      };
    }
  } catch {
    // Not one of its log lines.
  }
  return { timeMs: Date.now(), level: 'warn', message: line, fields: {} };
}
