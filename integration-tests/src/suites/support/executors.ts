import { readFileSync } from 'node:fs';
import type { HeddleContext } from 'heddle';
import { TaskContext } from 'heddle';
import { suitesMaster } from './master.js';

/** A process that runs tasks, as its tasks see it. */
export interface SeenExecutor {
  readonly executorId: string;
  readonly pid: number;
}

/** A suite about executors that can be killed: it is left out where they are no processes. */
export function describeProcesses(title: string, body: (this: Mocha.Suite) => void): void {
  const master = suitesMaster();
  if (master.startsWith('local-cluster') || master === 'yarn') describe(title, body);
}

/** The executor that ran each partition of a job over `partitions` short tasks. */
export async function executorsOf(sc: HeddleContext, partitions: number): Promise<SeenExecutor[]> {
  return await sc
    .range(0, partitions, 1, partitions)
    .map(() => ({ executorId: TaskContext.get()!.executorId, pid: process.pid }))
    .collect();
}

/** Waits, within a bound, until something is true. */
export async function eventually(
  what: string,
  isTrue: () => boolean | Promise<boolean>,
  timeoutMs = 150_000,
): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  while (!(await isTrue())) {
    if (performance.now() > deadline) throw new Error(`after ${timeoutMs} ms still not: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** Ends an executor at once, and resolves when the driver has noticed. */
export async function killExecutor(sc: HeddleContext, victim: SeenExecutor): Promise<void> {
  // A number that was seen in a container with numbers of its own would be somebody else's here.
  const command = readFileSync(`/proc/${victim.pid}/cmdline`, 'latin1');
  if (!command.includes('executor-main'))
    throw new Error(`${victim.pid} is no executor: ${command}`);
  process.kill(victim.pid, 'SIGKILL');
  await eventually(
    `executor ${victim.executorId} is gone`,
    () => !sc.statusTracker.getExecutorInfos().some((e) => e.executorId === victim.executorId),
  );
}

/** Resolves when so many executors are there; those that were killed are replaced. */
export async function executorsAre(sc: HeddleContext, count: number): Promise<void> {
  await eventually(
    `${count} executors`,
    () => sc.statusTracker.getExecutorInfos().length === count,
  );
}
