import { totalmem } from 'node:os';

const mib = 2 ** 20;
/** Without a setting a task thread gets at least and at most so much. */
const leastThreadBytes = 512 * mib;
const mostThreadBytes = 2_048 * mib;

/** `heddle.executor.memory` when nothing says it: half of the machine, within bounds for each thread. */
export function defaultExecutorMemory(threads: number, machineBytes = totalmem()): number {
  const evenBytes = machineBytes / 2 / threads;
  return threads * Math.min(mostThreadBytes, Math.max(leastThreadBytes, evenBytes));
}

export { planMemory } from '@heddle/executor';
