import type { ExecutorMemory } from './executor-options.js';
import { TaskWorker, type TaskWorkerOptions } from './task-worker.js';
import { workerOptions } from './worker-options.js';

/** What is known of an executor before its program is. */
export interface PrestartOptions {
  readonly count: number;
  readonly memory: ExecutorMemory;
  /** @default the engine's own `thread-main.js` */
  readonly threadEntry?: URL;
}

/**
 * Task threads that load the engine's code while the program is still being bundled and loaded. They
 * do not keep the process alive until an executor takes them.
 */
export class PrestartedThreads {
  readonly #options: TaskWorkerOptions;
  readonly #workers: TaskWorker[] = [];

  constructor(options: PrestartOptions) {
    this.#options = workerOptions(options);
    for (let i = 0; i < options.count; i++) {
      const worker = new TaskWorker(this.#options);
      worker.unref();
      this.#workers.push(worker);
    }
  }

  /** A thread that was started with these options, if one is left. */
  take(wanted: TaskWorkerOptions): TaskWorker | undefined {
    const { entry, heapMb, youngMb, stackMb } = this.#options;
    const fits =
      entry.href === wanted.entry.href &&
      heapMb === wanted.heapMb &&
      youngMb === wanted.youngMb &&
      stackMb === wanted.stackMb;
    if (!fits) return undefined;
    for (let worker = this.#workers.shift(); worker !== undefined; worker = this.#workers.shift()) {
      if (worker.hasEnded) continue;
      worker.ref();
      return worker;
    }
    return undefined;
  }

  /** Ends the threads that nobody took; idempotent. */
  async close(): Promise<void> {
    await Promise.all(this.#workers.splice(0).map((worker) => worker.terminate()));
  }
}
