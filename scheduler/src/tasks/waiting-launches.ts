import type { Launch, RunningTask } from './running-tasks.js';

/**
 * The launches in which tasks wait behind one that runs; finds those that wait too long, so that
 * they are given back and run elsewhere. Pure state.
 */
export class WaitingLaunches {
  readonly #patienceMs: number;
  readonly #launches = new Set<Launch>();
  /** When to look next; Infinity when nothing waits. */
  #lookAtMs = Infinity;

  constructor(patienceMs: number) {
    this.#patienceMs = patienceMs;
  }

  launched(launch: Launch, nowMs: number): void {
    if (waitingIn(launch) === undefined) return;
    this.#launches.add(launch);
    if (this.#lookAtMs === Infinity) this.#lookAtMs = nowMs + this.#patienceMs;
  }

  /** A task of the launch has ended. */
  advanced(launch: Launch): void {
    if (waitingIn(launch) === undefined) this.#launches.delete(launch);
  }

  /** When `overdue` should be asked again, if anything waits. */
  get wakeMs(): number | undefined {
    return this.#lookAtMs === Infinity ? undefined : this.#lookAtMs;
  }

  /** Launches whose present task has run for long; each is told once. */
  overdue(nowMs: number): Launch[] {
    if (nowMs < this.#lookAtMs) return [];
    const overdue: Launch[] = [];
    for (const launch of this.#launches) {
      const current = launch.tasks[launch.position];
      if (current === undefined || nowMs - current.info.launchedMs < this.#patienceMs) continue;
      overdue.push(launch);
    }
    for (const launch of overdue) this.#launches.delete(launch);
    // At most one look in this time, however launches come and go.
    this.#lookAtMs = this.#launches.size === 0 ? Infinity : nowMs + this.#patienceMs;
    return overdue;
  }

  /** Takes the launches of an executor out: they are given back now. */
  takeThoseOf(executorId: string): Launch[] {
    const taken = [...this.#launches].filter(
      ({ tasks: [first] }) => first?.executor.executorId === executorId,
    );
    for (const launch of taken) this.#launches.delete(launch);
    return taken;
  }
}

/** The last task of a launch that waits for its turn. */
export function waitingIn({ tasks, position }: Launch): RunningTask | undefined {
  for (let index = tasks.length - 1; index > position; index--) {
    const task = tasks[index];
    if (task !== undefined && !task.hasEnded && !task.isKilled) return task;
  }
  return undefined;
}
