import type { ExecutorState } from './cluster.js';
import type { Locality } from './locality.js';
import { ANY, NO_PREF } from './locality.js';
import type { TaskSetManager } from './task-set-manager.js';

/** Stands before all levels: tasks that failed and look for another executor. */
const RETRIES = -1;

/** A task and the executor it fits on. */
export interface Match {
  readonly index: number;
  readonly executor: ExecutorState;
  readonly level: Locality;
  /** It failed before; where it runs says nothing about how far the task set may go. */
  readonly isRetry: boolean;
}

/**
 * One task set's way through a set of free executors: near levels first, one task per executor in
 * turn, so that tasks spread. An executor that a level has nothing for is not asked again at it, so
 * the whole way costs executors × levels + matches.
 */
export class Offering {
  readonly #manager: TaskSetManager;
  readonly #executors: readonly ExecutorState[];
  readonly #isOnlyExecutor: boolean;
  readonly #nowMs: number;
  readonly #idleSinceMs: number;
  readonly #allowedAtStart: Locality;
  #level: Locality | typeof RETRIES = RETRIES;
  #turn: ExecutorState[];
  #head = 0;

  constructor(
    manager: TaskSetManager,
    executors: readonly ExecutorState[],
    isOnlyExecutor: boolean,
    nowMs: number,
    idleSinceMs: number,
  ) {
    this.#manager = manager;
    this.#executors = executors;
    this.#isOnlyExecutor = isOnlyExecutor;
    this.#nowMs = nowMs;
    this.#idleSinceMs = idleSinceMs;
    this.#allowedAtStart = this.#allowed();
    this.#turn = manager.hasRetries ? executors.slice() : [];
  }

  /** The next task to launch; undefined when the task set has no use for what is free. */
  next(): Match | undefined {
    for (;;) {
      const executor = this.#turn[this.#head];
      if (executor === undefined) {
        if (!this.#advance()) return undefined;
        continue;
      }
      this.#head++;
      if (executor.freeSlots === 0) continue;
      const match = this.#tryOn(executor);
      if (match === undefined) continue;
      this.#turn.push(executor);
      return match;
    }
  }

  /** Whether a level opened on the way, so that executors that were refused earlier may fit now. */
  get hasClimbed(): boolean {
    return this.#allowed() > this.#allowedAtStart;
  }

  #tryOn(executor: ExecutorState): Match | undefined {
    const { executorId, host } = executor;
    if (this.#level === RETRIES) {
      const index = this.#manager.takeRetry(executorId, this.#isOnlyExecutor, this.#nowMs);
      if (index === undefined) return undefined;
      const level = this.#manager.localityOn(index, executorId, host);
      return { index, executor, level, isRetry: true };
    }
    const level = this.#level;
    const index = this.#manager.take(level, executorId, host);
    return index === undefined ? undefined : { index, executor, level, isRetry: false };
  }

  #advance(): boolean {
    while (this.#level < ANY) {
      const level = (this.#level + 1) as Locality;
      // Tasks without preference are never delayed, but come after those that are at home here.
      if (level !== NO_PREF && level > this.#allowed()) {
        if (level > NO_PREF) return false;
        this.#level = level;
        continue;
      }
      this.#level = level;
      if (!this.#manager.pending.hasTasksAt(level)) continue;
      this.#turn = this.#executors.slice();
      this.#head = 0;
      return true;
    }
    return false;
  }

  #allowed(): Locality {
    return this.#manager.delay.allowed(this.#nowMs, this.#idleSinceMs);
  }
}
