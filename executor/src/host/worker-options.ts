import type { ExecutorOptions } from './executor-options.js';
import type { TaskWorkerOptions } from './task-worker.js';

/**
 * V8's limit of a thread's heap, in limits of its tasks. A growing array takes two and a half times
 * its size while it is copied.
 */
const hardLimitFactor = 4;

/** How a task thread of an executor is started. */
export function workerOptions(
  options: Pick<ExecutorOptions, 'threadEntry' | 'memory'>,
): TaskWorkerOptions {
  const { memory } = options;
  return {
    entry: options.threadEntry ?? new URL('../thread/thread-main.js', import.meta.url),
    name: 'heddle task thread',
    heapMb: Math.min(hardLimitFactor * memory.threadHeapMb, memory.mostHeapMb ?? Infinity),
    youngMb: memory.threadYoungMb ?? 32,
    stackMb: memory.threadStackMb ?? 4,
    ...(memory.threadCodeRangeMb === undefined ? {} : { codeRangeMb: memory.threadCodeRangeMb }),
  };
}
