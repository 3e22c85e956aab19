import { ConfigError, settings } from '@heddle/common';
import type { ExecutorMemory } from '../host/executor-options.js';

const mib = 2 ** 20;
/** Share of cached blocks in an executor's memory; the rest is divided among its threads. */
const storageShare = 0.25;
/** Share of a thread's memory that one sort, combine or group may hold before it spills. */
const budgetShare = 0.4;
/** Share of the main thread, within bounds. */
const mainShare = 0.125;
const leastMainBytes = 48 * mib;
const mostMainBytes = 256 * mib;
const fetchShare = 0.125;
const mostFetchBytes = 48 * mib;
const leastOverheadBytes = 384 * mib;
const overheadFactor = 0.1;
/** V8 would reserve 512 MiB for each thread, which YARN counts where it looks at virtual memory. */
const threadCodeRangeMb = 16;
/** A task thread with less has no room for the records of one batch beside its own code. */
const leastThreadBytes = 32 * mib;

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
  /** Old generation of the main thread's heap, in MiB: messages, registries, the servers. */
  readonly mainHeapMb: number;
  /** Map outputs that are fetched ahead, of all threads together, unless a setting says less. */
  readonly fetchBytes: number;
}

/**
 * Divides the memory of an executor process: its main thread and what is fetched ahead first, the
 * rest as `planMemory` does. The parts together are what it was given. `docs/memory.md` has the table.
 */
export function planExecutorMemory(memoryBytes: number, slots: number): ExecutorProcessMemory {
  const mainBytes = mainThreadBytes(memoryBytes);
  const fetchBytes = fetchAheadBytes(memoryBytes);
  return {
    ...planMemory(memoryBytes - mainBytes - fetchBytes, slots),
    threadCodeRangeMb,
    mostHeapMb: Math.floor(memoryBytes / mib),
    mainHeapMb: Math.floor(mainBytes / mib),
    fetchBytes,
  };
}

/**
 * Compares the memory of an executor process with its task threads.
 *
 * @throws ConfigError when it leaves them too little, with the least that would do
 */
export function checkExecutorMemory(memoryBytes: number, slots: number): void {
  const threadsBytes = (bytes: number): number =>
    (bytes - mainThreadBytes(bytes) - fetchAheadBytes(bytes)) * (1 - storageShare);
  if (threadsBytes(memoryBytes) >= slots * leastThreadBytes) return;
  let enoughMb = Math.ceil(memoryBytes / mib);
  while (threadsBytes(enoughMb * mib) < slots * leastThreadBytes) enoughMb += 1;
  const eachMb = Math.floor(threadsBytes(memoryBytes) / slots / mib);
  throw new ConfigError(
    settings.executorMemory.key,
    `an executor of ${Math.floor(memoryBytes / mib)} MiB leaves each of its ${slots} task threads ${eachMb} MiB, and the least is ${leastThreadBytes / mib}: ` +
      `give it ${enoughMb} MiB or more (heddle.executor.memory), or fewer threads (heddle.executor.cores)`,
  );
}

function mainThreadBytes(memoryBytes: number): number {
  return Math.min(mostMainBytes, Math.max(leastMainBytes, memoryBytes * mainShare));
}

/** What an executor process may fetch ahead of its map outputs. */
export function fetchAheadBytes(memoryBytes: number): number {
  return Math.floor(Math.min(mostFetchBytes, memoryBytes * fetchShare));
}

/** Size of a container for an executor or driver: its memory and what nobody counts beside it. */
export function containerBytes(memoryBytes: number, overheadBytes: number | undefined): number {
  const overhead = overheadBytes ?? Math.max(leastOverheadBytes, overheadFactor * memoryBytes);
  return Math.ceil(memoryBytes + overhead);
}
