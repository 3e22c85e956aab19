import { spawn, type ChildProcess } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';
import type { Writable } from 'node:stream';
import type { AttemptKey, NetworkAddress } from '@heddle/executor';

/** What the driver's process is told; the key goes beside it. */
export interface DriverInput {
  readonly master: NetworkAddress;
  readonly applicationId: string;
  readonly attemptId: string;
}

/** How it ended. */
export interface DriverEnd {
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface DriverChildOptions {
  readonly input: DriverInput;
  readonly key: AttemptKey;
  /** File to start. */
  readonly entry: string;
  readonly heapMb: number;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** How long it has to end by itself. */
const endTimeoutMs = 10_000;

/** In cluster mode: the process that runs the program, in the ApplicationMaster's container. */
export class DriverChild {
  readonly #process: ChildProcess;
  readonly ended: Promise<DriverEnd>;
  #hasEnded = false;

  /** Starts it; it writes where this process writes. The key goes through a pipe. */
  constructor(options: DriverChildOptions) {
    const flags = ['--disable-sigusr1', `--max-old-space-size=${options.heapMb}`];
    this.#process = spawn(process.execPath, [...flags, options.entry], {
      stdio: ['ignore', 'inherit', 'inherit', 'pipe'],
      env: options.environment,
    });
    const input = this.#process.stdio[3] as Writable;
    input.on('error', () => undefined);
    const key = options.key.bytes().toString('hex');
    input.end(`${JSON.stringify(options.input)}\n${key}\n`);
    this.ended = new Promise((resolve, reject) => {
      this.#process.once('error', reject);
      this.#process.once('exit', (exitCode, signal) => {
        this.#hasEnded = true;
        resolve({ exitCode, signal });
      });
    });
  }

  /** Waits until it has ended, and ends it when it does not. */
  async end(): Promise<void> {
    if (this.#hasEnded) return;
    const ended = this.ended.catch(() => undefined);
    if ((await Promise.race([ended, late()])) !== 'late') return;
    this.#process.kill('SIGTERM');
    if ((await Promise.race([ended, late()])) !== 'late') return;
    this.#process.kill('SIGKILL');
  }
}

function late(): Promise<'late'> {
  return delay(endTimeoutMs, 'late' as const, { ref: false });
}
