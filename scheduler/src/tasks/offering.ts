import type { ExecutorState } from './cluster.js';
import type { Locality } from './locality.js';
import { ANY, NO_PREF } from './locality.js';
import type { TaskSetManager } from './task-set-manager.js';

/** Stands before all levels: tasks that failed and look for another executor. */
const RETRIES = -1;
/** Stands behind all levels: second copies of slow tasks. */
const COPIES = 5;

/** What runs on an executor next, and how near it is there. */
export interface Match {
  /** One after another in the same slot. */
  readonly indices: readonly number[];
  readonly executor: ExecutorState;
  readonly level: Locality;
  /** Where it runs says nothing about how far the task set may go: a retry, or a copy. */
  readonly isSpecial: boolean;
  readonly isSpeculative: boolean;
}

/** What an offering knows of the cluster. */
export interface OfferingScope {
  readonly executors: readonly ExecutorState[];
  readonly isOnlyExecutor: boolean;
  readonly hasSeveralHosts: boolean;
  readonly nowMs: number;
  readonly idleSinceMs: number;
}

/**
 * One task set's way through a set of free executors: near levels first, one task per executor in
 * turn, so that tasks spread. An executor that a level has nothing for is not asked again at it, so
 * the whole way costs executors × levels + matches.
 */
export class Offering {
  readonly #manager: TaskSetManager;
  readonly #scope: OfferingScope;
  readonly #allowedAtStart: Locality;
  #level: Locality | typeof RETRIES | typeof COPIES = RETRIES;
  #turn: ExecutorState[];
  #head = 0;

  constructor(manager: TaskSetManager, scope: OfferingScope) {
    this.#manager = manager;
    this.#scope = scope;
    this.#allowedAtStart = this.#allowed();
    this.#turn = manager.hasRetries ? this.#usable() : [];
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
    const level = this.#level;
    if (level === RETRIES || level === COPIES) {
      const { isOnlyExecutor, hasSeveralHosts, nowMs } = this.#scope;
      const isSpeculative = level === COPIES;
      const index = isSpeculative
        ? this.#manager.takeSlow(executorId, host, hasSeveralHosts)
        : this.#manager.takeRetry(executorId, host, isOnlyExecutor, nowMs);
      if (index === undefined) return undefined;
      const near = this.#manager.locations.localityOn(index, executorId, host);
      return { indices: [index], executor, level: near, isSpecial: true, isSpeculative };
    }
    const indices = this.#manager.take(level, executorId, host);
    if (indices === undefined) return undefined;
    return { indices, executor, level, isSpecial: false, isSpeculative: false };
  }

  #advance(): boolean {
    while (this.#level < ANY) {
      const level = (this.#level + 1) as Locality;
      // Tasks without preference are never delayed, but come after those that are at home here.
      if (level !== NO_PREF && level > this.#allowed()) {
        if (level > NO_PREF) break;
        this.#level = level;
        continue;
      }
      this.#level = level;
      if (!this.#manager.pending.hasTasksAt(level)) continue;
      this.#turn = this.#usable();
      this.#head = 0;
      return true;
    }
    if (this.#level === COPIES || this.#manager.speculation?.hasCandidates !== true) return false;
    this.#level = COPIES;
    this.#turn = this.#usable();
    this.#head = 0;
    return true;
  }

  /** The executors that the task set does not avoid. */
  #usable(): ExecutorState[] {
    const { exclusion } = this.#manager;
    const { executors } = this.#scope;
    if (exclusion === undefined) return executors.slice();
    return executors.filter(({ executorId, host }) => !exclusion.isExcluded(executorId, host));
  }

  #allowed(): Locality {
    return this.#manager.delay.allowed(this.#scope.nowMs, this.#scope.idleSinceMs);
  }
}
