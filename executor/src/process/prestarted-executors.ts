import { isDeepStrictEqual } from 'node:util';
import {
  spawnExecutor,
  type ExecutorSpawnOptions,
  type SpawnedExecutor,
} from './executor-spawn.js';

/**
 * Executor processes that load the engine while the program is still being bundled. They hold no
 * secret and do nothing until an application takes them; those that nobody takes end with `close`, or
 * with this process.
 */
export class PrestartedExecutors {
  readonly #options: ExecutorSpawnOptions;
  readonly #spawned: SpawnedExecutor[] = [];

  constructor(options: ExecutorSpawnOptions, count: number) {
    this.#options = options;
    for (let i = 0; i < count; i++) {
      const spawned = spawnExecutor(options);
      // Whoever takes it hears of its end.
      spawned.process.on('error', () => undefined);
      this.#spawned.push(spawned);
    }
  }

  /** A process that was started with these options, if one is left. */
  take(wanted: ExecutorSpawnOptions): SpawnedExecutor | undefined {
    const { entry, environment, slots, memoryBytes } = wanted;
    const asked: ExecutorSpawnOptions = { entry, environment, slots, memoryBytes };
    if (!isDeepStrictEqual(asked, this.#options)) return undefined;
    for (let next = this.#spawned.shift(); next !== undefined; next = this.#spawned.shift()) {
      const { pid, exitCode, signalCode } = next.process;
      if (pid !== undefined && exitCode === null && signalCode === null) return next;
    }
    return undefined;
  }

  /** Ends the processes that nobody took; idempotent. */
  close(): void {
    for (const { input, process } of this.#spawned.splice(0)) {
      input.destroy();
      process.kill('SIGKILL');
    }
  }
}
