import type { TaskEnvironment } from '../task-environment.js';

interface TaskMemory {
  usedBytes: number;
  shares: number;
}

const memories = new WeakMap<TaskEnvironment, TaskMemory>();

/**
 * One consumer's part of a task's memory budget. A stage may hold several tables at once (the build
 * sides of joins, the writer behind them): each may use what the others leave, and spills only when
 * together they exceed the budget. Nobody is forced below half of an equal part, so that a table that
 * cannot spill any more does not make those behind it spill record by record; the total stays below
 * one and a half budgets.
 *
 * Follows the purpose of Spark's `TaskMemoryManager` (3.5). Depends on sizes alone, so that another
 * attempt spills alike.
 */
export class MemoryShare {
  readonly #memory: TaskMemory;
  readonly #budgetBytes: number;
  #bytes = 0;
  #open = true;

  constructor(env: TaskEnvironment) {
    let memory = memories.get(env);
    if (memory === undefined) {
      memory = { usedBytes: 0, shares: 0 };
      memories.set(env, memory);
    }
    this.#memory = memory;
    this.#budgetBytes = env.memoryBudgetBytes;
    memory.shares++;
  }

  /** Bytes that the consumer may still take before it has to spill; 0 or less: spill now. */
  get roomBytes(): number {
    const { usedBytes, shares } = this.#memory;
    return Math.max(
      this.#budgetBytes - usedBytes,
      this.#budgetBytes / (2 * Math.max(1, shares)) - this.#bytes,
    );
  }

  /** Tells what the consumer holds now; true when it has to spill. */
  update(bytes: number): boolean {
    if (!this.#open) {
      return false;
    }
    this.#memory.usedBytes += bytes - this.#bytes;
    this.#bytes = bytes;
    return this.roomBytes < 0;
  }

  /** Gives everything back; idempotent. */
  close(): void {
    if (this.#open) {
      this.update(0);
      this.#open = false;
      this.#memory.shares--;
    }
  }
}
