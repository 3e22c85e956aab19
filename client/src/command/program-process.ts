import { rmSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { HeddleError, describeThrown } from '@heddle/common';
import { openSavesSettled } from 'heddle/internal';
import { exitCodes, signalExitCode } from './exit-codes.js';

/** What a program leaves behind unless it is ended: its application. */
export interface RunningApplication {
  /** Fails what still runs, ends threads, removes directories; idempotent. */
  stop(end: ProgramEnd): Promise<void>;
  /** Directories to remove when the process ends. */
  readonly directories: readonly string[];
  /** Whether task threads may be busy: a process that ends waits for its threads. */
  readonly threadsMayRun: boolean;
}

/** How a program ended. */
export interface ProgramEnd {
  readonly exitCode: number;
  readonly signal: NodeJS.Signals | undefined;
  /** What it threw, if that ended it. */
  readonly error: { readonly thrown: unknown } | undefined;
}

/** The program waits at its top level for what can never come. */
export class UnsettledProgramError extends HeddleError {
  readonly code = 'UNSETTLED_PROGRAM';

  constructor() {
    super(
      "the program's top level waits for a promise that nothing can settle any more " +
        '(a forgotten resolve(), or an event that cannot come)',
    );
  }
}

/** An application that does not end is left alone after this long. */
const stopTimeoutMs = 10_000;
/** A terminal and a wrapper may both send a signal for one key press. */
const sameSignalMs = 1_000;
const signals = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'] as const;

/**
 * Runs a program's driver in this process and ends the process when the program ends, however that
 * happens: it returned, threw, left a promise rejected, called `process.exit`, was sent a signal, or
 * waits for nothing. The application is stopped in every case.
 */
export class ProgramProcess {
  readonly #application: RunningApplication;
  readonly #tell: (end: ProgramEnd) => void;
  readonly #wrapperPid: number | undefined;
  #returned = false;
  #ending: Promise<void> | undefined;
  #told = false;
  #signalledAtMs = -Infinity;

  /**
   * @param tell writes the end of the program to wherever people read it; called exactly once
   * @param wrapperPid process that only waits for this one, if there is one
   */
  constructor(
    application: RunningApplication,
    tell: (end: ProgramEnd) => void,
    wrapperPid: number | undefined,
  ) {
    this.#application = application;
    this.#tell = tell;
    this.#wrapperPid = wrapperPid;
  }

  /** Begins to wait for every way in which a program may end. */
  watch(): void {
    process.on('uncaughtException', (thrown) => {
      if (this.#ending !== undefined) return;
      if (process.listenerCount('uncaughtException') > 1) return;
      this.failed(thrown);
    });
    process.on('beforeExit', (code) => {
      const end = { exitCode: code, signal: undefined, error: undefined };
      void this.#end(this.#returned ? end : unsettledEnd());
    });
    process.on('exit', this.#onExit);
    for (const signal of signals) process.on(signal, () => this.#onSignal(signal));
    this.#watchWrapper();
  }

  /** The program's top level is done: the event loop decides when it has nothing left to do. */
  returned(): void {
    this.#returned = true;
  }

  /** The program, or its preparation, threw: the process ends. */
  failed(thrown: unknown): void {
    void this.#end({ exitCode: exitCodes.failure, signal: undefined, error: { thrown } });
  }

  readonly #onExit = (code: number): void => {
    this.#tellOnce({ exitCode: code, signal: undefined, error: undefined });
    const { directories, threadsMayRun } = this.#application;
    if (!threadsMayRun) {
      removeDirectories(directories);
      return;
    }
    // The program's own listeners come behind this one, and would not be called any more.
    const listeners = process.listeners('exit');
    for (const listener of listeners.slice(listeners.indexOf(this.#onExit) + 1)) {
      try {
        listener.call(process, code);
      } catch (error) {
        process.stderr.write(`heddle: a listener of 'exit' threw: ${describeThrown(error)}\n`);
      }
    }
    exitWithoutThreads(code, directories);
    removeDirectories(directories);
  };

  #onSignal(signal: NodeJS.Signals): void {
    if (process.listenerCount(signal) > 1) return;
    const nowMs = performance.now();
    const again = nowMs - this.#signalledAtMs < sameSignalMs;
    this.#signalledAtMs = nowMs;
    const end = { exitCode: signalExitCode(signal), signal, error: undefined };
    if (this.#ending === undefined) void this.#end(end);
    else if (!again) {
      this.#tellOnce(end);
      process.exit(end.exitCode);
    }
  }

  /** When the process that started this one is killed, nobody would end this one. */
  #watchWrapper(): void {
    const parent = process.ppid;
    if (this.#wrapperPid !== parent) return;
    setInterval(() => {
      if (process.ppid !== parent) this.#onSignal('SIGTERM');
    }, 1_000).unref();
  }

  #end(end: ProgramEnd): Promise<void> {
    this.#ending ??= this.#stopAndExit(end);
    return this.#ending;
  }

  async #stopAndExit(end: ProgramEnd): Promise<void> {
    try {
      await Promise.race([this.#stop(end), delay(stopTimeoutMs)]);
    } catch {
      // An application that cannot be stopped must not hide how the program ended.
    }
    this.#tellOnce(end);
    process.exit(end.exitCode);
  }

  /** Jobs end with the application; what they were writing is removed after that. */
  async #stop(end: ProgramEnd): Promise<void> {
    await this.#application.stop(end);
    await openSavesSettled();
  }

  #tellOnce(end: ProgramEnd): void {
    if (this.#told) return;
    this.#told = true;
    this.#tell(end);
  }
}

/** Nothing is left that could go on, and the program's top level has not come to its end. */
function unsettledEnd(): ProgramEnd {
  return {
    exitCode: exitCodes.unsettledTopLevelAwait,
    signal: undefined,
    error: { thrown: new UnsettledProgramError() },
  };
}

function removeDirectories(directories: readonly string[]): void {
  for (const directory of directories) {
    try {
      rmSync(directory, { recursive: true, force: true, maxRetries: 2 });
    } catch {
      // What is left is in a directory for temporary files; the exit code must not depend on it.
    }
  }
}

/**
 * Ends the process although its threads run. Node waits for threads, and V8 cannot interrupt each
 * endless loop (one that calls nothing but built-in functions is never looked at); so the process is
 * replaced by one that removes the directories, which nobody writes to any more, and ends.
 * Returns where that is not possible.
 */
function exitWithoutThreads(code: number, directories: readonly string[]): void {
  if (process.execve === undefined) return;
  try {
    const script = `rm -rf -- "$@"; exit ${code}`;
    process.execve('/bin/sh', ['sh', '-c', script, 'sh', ...directories], {});
  } catch {
    // No shell here: Node's own way, which may have to wait.
  }
}
