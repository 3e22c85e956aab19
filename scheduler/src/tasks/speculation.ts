/** When a second copy of a slow task is started. Source: Spark 4.0 `spark.speculation.*`. */
export interface SpeculationOptions {
  /** Part of the tasks that must have ended before any copy is started. */
  readonly quantile: number;
  /** How many times slower than the median of the ended ones a task must be. */
  readonly multiplier: number;
  /** Least time between two looks for slow tasks, in milliseconds. */
  readonly intervalMs: number;
  /** A task that has run shorter is never copied, in milliseconds. */
  readonly minTaskRuntimeMs: number;
}

interface RunningAttempt {
  readonly taskAttemptId: number;
  readonly executorId: string;
  readonly host: string;
  /** Infinity while it waits for the tasks that run before it in its slot. */
  startedMs: number;
}

/**
 * Which tasks of a set are so slow that a second copy is worth a free slot. Pure state.
 *
 * A copy never runs where its original does: not on its executor, and not on its host when the
 * cluster has another one. A task has at most one copy at a time.
 *
 * Source: Spark 4.0 `TaskSetManager.checkSpeculatableTasks`.
 */
export class Speculation {
  readonly #options: SpeculationOptions;
  readonly #taskCount: number;
  /** index → attempts that run */
  readonly #running = new Map<number, RunningAttempt[]>();
  /** Tasks that wait for a slot for their copy, oldest first. */
  readonly #candidates = new Set<number>();
  readonly #durationsMs: number[] = [];
  #isSorted = true;
  #checkedMs = -Infinity;

  constructor(options: SpeculationOptions, taskCount: number) {
    this.#options = options;
    this.#taskCount = taskCount;
  }

  get hasCandidates(): boolean {
    return this.#candidates.size > 0;
  }

  started(
    index: number,
    taskAttemptId: number,
    executorId: string,
    host: string,
    startedMs: number,
  ): void {
    const attempt = { taskAttemptId, executorId, host, startedMs };
    const attempts = this.#running.get(index);
    if (attempts === undefined) this.#running.set(index, [attempt]);
    else attempts.push(attempt);
  }

  /** The tasks before it in its slot have ended. */
  began(index: number, taskAttemptId: number, nowMs: number): void {
    const attempt = this.#attempt(index, taskAttemptId);
    if (attempt !== undefined) attempt.startedMs = nowMs;
  }

  ended(index: number, taskAttemptId: number, succeeded: boolean, nowMs: number): void {
    const attempts = this.#running.get(index);
    const attempt = this.#attempt(index, taskAttemptId);
    if (attempts === undefined || attempt === undefined) return;
    if (succeeded && attempt.startedMs <= nowMs) {
      this.#durationsMs.push(nowMs - attempt.startedMs);
      this.#isSorted = false;
    }
    attempts.splice(attempts.indexOf(attempt), 1);
    // When one has won, the others are of no interest any more.
    if (attempts.length === 0 || succeeded) this.#running.delete(index);
    this.#candidates.delete(index);
  }

  /** Looks for slow tasks, if it is time to. */
  check(nowMs: number): void {
    if (nowMs < this.#checkedMs + this.#options.intervalMs) return;
    const thresholdMs = this.#thresholdMs();
    if (thresholdMs === undefined) return;
    this.#checkedMs = nowMs;
    for (const [index, [attempt, copy]] of this.#running) {
      if (attempt === undefined || copy !== undefined) continue;
      if (nowMs - attempt.startedMs > thresholdMs) this.#candidates.add(index);
    }
  }

  /** Takes a task whose copy may run there. @param hasOtherHosts the cluster has more than one host */
  take(executorId: string, host: string, hasOtherHosts: boolean): number | undefined {
    for (const index of this.#candidates) {
      const attempts = this.#running.get(index) ?? [];
      const isThere = attempts.some(
        (each) => each.executorId === executorId || (hasOtherHosts && each.host === host),
      );
      if (isThere) continue;
      this.#candidates.delete(index);
      return index;
    }
    return undefined;
  }

  /** When the next task becomes slow, at the earliest; undefined when none can. */
  nextWakeMs(nowMs: number): number | undefined {
    const thresholdMs = this.#thresholdMs();
    if (thresholdMs === undefined) return undefined;
    let earliestMs = Infinity;
    for (const [index, [attempt, copy]] of this.#running) {
      if (attempt === undefined || copy !== undefined || this.#candidates.has(index)) continue;
      earliestMs = Math.min(earliestMs, attempt.startedMs + thresholdMs + 1);
    }
    if (earliestMs === Infinity) return undefined;
    return Math.max(earliestMs, nowMs + this.#options.intervalMs);
  }

  /** How long a task must have run; undefined as long as too few have ended. */
  #thresholdMs(): number | undefined {
    const { quantile, multiplier, minTaskRuntimeMs } = this.#options;
    const ended = this.#durationsMs.length;
    if (this.#taskCount < 2 || ended < Math.max(1, Math.floor(quantile * this.#taskCount))) {
      return undefined;
    }
    if (!this.#isSorted) {
      this.#durationsMs.sort((left, right) => left - right);
      this.#isSorted = true;
    }
    const upper = this.#durationsMs[ended >> 1] ?? 0;
    const median =
      ended % 2 === 1 ? upper : (upper + (this.#durationsMs[(ended >> 1) - 1] ?? 0)) / 2;
    return Math.max(multiplier * median, minTaskRuntimeMs);
  }

  #attempt(index: number, taskAttemptId: number): RunningAttempt | undefined {
    return this.#running.get(index)?.find((each) => each.taskAttemptId === taskAttemptId);
  }
}
