import type { ExecutorMemory } from '../host/executor-options.js';

const mib = 2 ** 20;
/** Share of cached blocks in an executor's memory; the rest is divided among its threads. */
const storageShare = 0.25;
/** Share of a thread's memory that one sort, combine or group may hold before it spills. */
const budgetShare = 0.4;
const leastOverheadBytes = 384 * mib;
const overheadFactor = 0.1;
/** V8 would reserve 512 MiB for each thread, which YARN counts where it looks at virtual memory. */
const threadCodeRangeMb = 16;

/**
 * Divides what task threads may use (`heddle.executor.memory` in local modes) among cached blocks,
 * threads, and what their tasks may hold.
 */
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

/** The memory of an executor process. */
export interface ExecutorProcessMemory extends ExecutorMemory {
  /** Old generation of the main thread's heap, in MiB: messages, registries, the shuffle server. */
  readonly mainHeapMb: number;
}

/** Divides the memory of an executor process, all that it shall use. */
export function planExecutorMemory(memoryBytes: number, slots: number): ExecutorProcessMemory {
  return {
    ...planMemory(memoryBytes, slots),
    mainHeapMb: mainHeapMb(memoryBytes),
    threadCodeRangeMb,
  };
}

/** Size of a container for an executor or driver: its memory and what nobody counts beside it. */
export function containerBytes(memoryBytes: number, overheadBytes: number | undefined): number {
  const overhead = overheadBytes ?? Math.max(leastOverheadBytes, overheadFactor * memoryBytes);
  return Math.ceil(memoryBytes + overhead);
}

function mainHeapMb(memoryBytes: number): number {
  return Math.max(64, Math.floor(memoryBytes / 4 / mib));
}
