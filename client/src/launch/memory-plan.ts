import { totalmem } from 'node:os';
import type { ExecutorMemory } from '@heddle/executor';

const mib = 2 ** 20;
/** Without a setting a task thread gets at least and at most so much. */
const leastThreadBytes = 512 * mib;
const mostThreadBytes = 2_048 * mib;
/** Share of cached blocks in an executor's memory; the rest is divided among its threads. */
const storageShare = 0.25;
/** Share of a thread's memory that one sort, combine or group may hold before it spills. */
const budgetShare = 0.4;

/** `heddle.executor.memory` when nothing says it: half of the machine, within bounds for each thread. */
export function defaultExecutorMemory(threads: number, machineBytes = totalmem()): number {
  const evenBytes = machineBytes / 2 / threads;
  return threads * Math.min(mostThreadBytes, Math.max(leastThreadBytes, evenBytes));
}

/** Divides an executor's memory among cached blocks, threads, and what their tasks may hold. */
export function planMemory(executorBytes: number, threads: number): ExecutorMemory {
  const storageBytes = Math.floor(executorBytes * storageShare);
  const threadBytes = (executorBytes - storageBytes) / threads;
  return {
    threadHeapMb: Math.max(64, Math.floor(threadBytes / mib)),
    taskBudgetBytes: Math.floor(threadBytes * budgetShare),
    // Blocks that a thread made count as its external memory until they are handed over.
    threadLimitBytes: Math.floor(threadBytes + storageBytes),
    storageBytes,
  };
}
