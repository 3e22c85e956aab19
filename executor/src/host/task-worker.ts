import { Worker } from 'node:worker_threads';
import { describeThrown } from '@heddle/common';
import type { HostMessage, ThreadMessage } from '../thread/messages.js';
import { setThreadFlags } from './v8-flags.js';

/** How a thread ended, as far as Node tells. */
export interface WorkerEnd {
  readonly exitCode: number;
  /** What ended it, when it was an error. */
  readonly error: Error | undefined;
}

export interface TaskWorkerOptions {
  readonly entry: URL;
  readonly name: string;
  readonly heapMb: number;
  readonly youngMb: number;
  readonly stackMb: number;
  /** @default V8's own */
  readonly codeRangeMb?: number;
}

/** What a worker tells its owner, on the event loop. */
export interface TaskWorkerEvents {
  message(message: HostMessage): void;
  ended(end: WorkerEnd): void;
}

/** One worker thread of Node: nothing but its life and its messages. */
export class TaskWorker {
  readonly #worker: Worker;
  #events: TaskWorkerEvents | undefined;
  #end: WorkerEnd | undefined;

  /** Starts the thread; it loads its modules and waits for `init`. */
  constructor(options: TaskWorkerOptions) {
    setThreadFlags();
    this.#worker = new Worker(options.entry, {
      name: options.name,
      // Nothing of the process's own: a hook such as `--import heddle/register` would start anew in
      // every thread.
      execArgv: [],
      // Its console writes to a descriptor of its own; nothing shall pass through these.
      stdout: true,
      stderr: true,
      resourceLimits: {
        maxOldGenerationSizeMb: options.heapMb,
        maxYoungGenerationSizeMb: options.youngMb,
        stackSizeMb: options.stackMb,
        ...(options.codeRangeMb === undefined ? {} : { codeRangeSizeMb: options.codeRangeMb }),
      },
    });
    let error: Error | undefined;
    this.#worker.on('error', (thrown: unknown) => {
      error ??= thrown instanceof Error ? thrown : new Error(describeThrown(thrown));
    });
    this.#worker.on('message', (message: HostMessage) => this.#events?.message(message));
    this.#worker.once('exit', (exitCode) => {
      this.#end = { exitCode, error };
      this.#events?.ended(this.#end);
    });
  }

  /** Whether the thread has ended. */
  get hasEnded(): boolean {
    return this.#end !== undefined;
  }

  /** Gives the thread its owner, before the first message is posted. */
  attach(events: TaskWorkerEvents): void {
    this.#events = events;
  }

  post(message: ThreadMessage): void {
    this.#worker.postMessage(message);
  }

  /** Lets the process end although the thread lives. */
  unref(): void {
    this.#worker.unref();
  }

  ref(): void {
    this.#worker.ref();
  }

  /** Bytes of the thread's heap and of buffers outside of it; also while it is busy. */
  async usedBytes(): Promise<number> {
    const { used_heap_size, external_memory } = await this.#worker.getHeapStatistics();
    return used_heap_size + external_memory;
  }

  /** Ends the thread wherever it is. */
  async terminate(): Promise<void> {
    await this.#worker.terminate();
  }
}
