import type { AllocationOptions } from './allocation-options.js';

/** An executor, as far as its staying depends on it. */
export interface ExecutorUse {
  readonly executorId: string;
  readonly isBusy: boolean;
  readonly hasBlocks: boolean;
  readonly hasOutputs: boolean;
}

/** The work and the executors at one moment. */
export interface AllocationSnapshot {
  readonly pendingTasks: number;
  readonly runningTasks: number;
  /** Without those that are leaving. */
  readonly executors: readonly ExecutorUse[];
}

export interface AllocationDecision {
  /** Executors wanted in all. */
  readonly target: number;
  /** Executors that have been idle long enough to go. */
  readonly remove: readonly string[];
  /** When to decide again, if nothing happens before. */
  readonly wakeAtMs: number | undefined;
}

/**
 * How many executors are wanted. Tasks that wait for long ask for 1 more executor, then 2, 4, 8 …, up to what
 * would run all tasks at once; executors without work go after a while. A pure state machine.
 *
 * Source: Spark 4.0 `ExecutorAllocationManager`, `ExecutorMonitor`.
 */
export class ExecutorAllocation {
  readonly #options: AllocationOptions;
  #target: number;
  #toAdd = 1;
  /** When more executors are asked for; undefined while no task waits. */
  #addAtMs: number | undefined;
  /** The initial number stays until there was work, or until an executor has been idle too long. */
  #isInitial = true;
  readonly #idleSinceMs = new Map<string, number>();

  constructor(options: AllocationOptions) {
    this.#options = options;
    this.#target = this.#clamp(options.initialExecutors);
  }

  decide(snapshot: AllocationSnapshot, nowMs: number): AllocationDecision {
    const { pendingTasks, runningTasks } = snapshot;
    if (pendingTasks + runningTasks > 0) this.#isInitial = false;
    if (pendingTasks === 0) {
      this.#addAtMs = undefined;
      this.#toAdd = 1;
    } else {
      this.#addAtMs ??= nowMs + this.#options.backlogTimeoutMs;
    }
    this.#updateTarget(snapshot, nowMs);
    const idle = this.#idle(snapshot, nowMs);
    if (idle.remove.length > 0) this.#isInitial = false;
    const wakeAtMs = Math.min(this.#addAtMs ?? Infinity, idle.nextMs);
    return {
      target: this.#target,
      remove: idle.remove,
      wakeAtMs: wakeAtMs === Infinity ? undefined : wakeAtMs,
    };
  }

  #updateTarget(snapshot: AllocationSnapshot, nowMs: number): void {
    if (this.#isInitial) return;
    const needed = this.#needed(snapshot);
    if (needed < this.#target) {
      this.#target = this.#clamp(needed);
      this.#toAdd = 1;
      return;
    }
    if (this.#addAtMs === undefined || nowMs < this.#addAtMs) return;
    this.#addAtMs = nowMs + this.#options.sustainedBacklogTimeoutMs;
    const before = this.#target;
    const from = Math.max(before, snapshot.executors.length);
    this.#target = this.#clamp(Math.min(from + this.#toAdd, needed));
    const added = this.#target - before;
    this.#toAdd = added > 0 && added >= this.#toAdd ? this.#toAdd * 2 : 1;
  }

  #needed({ pendingTasks, runningTasks }: AllocationSnapshot): number {
    const { ratio, slotsPerExecutor } = this.#options;
    return Math.ceil(((pendingTasks + runningTasks) * ratio) / slotsPerExecutor);
  }

  #idle(
    { executors }: AllocationSnapshot,
    nowMs: number,
  ): { readonly remove: string[]; readonly nextMs: number } {
    const present = new Set(executors.map(({ executorId }) => executorId));
    for (const executorId of this.#idleSinceMs.keys()) {
      if (!present.has(executorId)) this.#idleSinceMs.delete(executorId);
    }
    const remove: string[] = [];
    let nextMs = Infinity;
    let left = executors.length;
    const least = Math.max(this.#options.minExecutors, this.#isInitial ? 0 : this.#target);
    for (const executor of executors) {
      if (executor.isBusy) {
        this.#idleSinceMs.delete(executor.executorId);
        continue;
      }
      const sinceMs = this.#idleSinceMs.get(executor.executorId) ?? nowMs;
      this.#idleSinceMs.set(executor.executorId, sinceMs);
      const dueMs = sinceMs + this.#timeoutMs(executor);
      if (dueMs > nowMs) nextMs = Math.min(nextMs, dueMs);
      else if (left > least) {
        remove.push(executor.executorId);
        left--;
      }
    }
    return { remove, nextMs };
  }

  #timeoutMs({ hasBlocks, hasOutputs }: ExecutorUse): number {
    const { idleTimeoutMs, cachedIdleTimeoutMs, shuffleIdleTimeoutMs } = this.#options;
    return Math.max(
      idleTimeoutMs,
      hasBlocks ? cachedIdleTimeoutMs : 0,
      hasOutputs && !this.#options.outputsAreServed ? shuffleIdleTimeoutMs : 0,
    );
  }

  #clamp(count: number): number {
    const { minExecutors, maxExecutors } = this.#options;
    return Math.min(Math.max(count, minExecutors), maxExecutors);
  }
}
