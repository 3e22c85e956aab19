/** The executor that a retry should avoid, and until when. */
interface Retry {
  readonly index: number;
  readonly avoidUntilMs: number;
}

/** Whether a task may run where the slot is. */
type MayRun = (index: number) => boolean;

/**
 * Failed tasks that should rather run on another executor than the one they failed on. After
 * `waitMs`, or when there is no other executor, that one may have them again: a preference must not
 * become a hang.
 */
export class RetryQueue {
  readonly #waitMs: number;
  /** executor to avoid → its failed tasks, oldest first */
  readonly #byExecutor = new Map<string, Retry[]>();
  #size = 0;

  constructor(waitMs: number) {
    this.#waitMs = waitMs;
  }

  get size(): number {
    return this.#size;
  }

  /** All that wait. */
  *indices(): Generator<number> {
    for (const retries of this.#byExecutor.values()) {
      for (const { index } of retries) yield index;
    }
  }

  push(index: number, avoidExecutorId: string, nowMs: number): void {
    const retry = { index, avoidUntilMs: nowMs + this.#waitMs };
    const retries = this.#byExecutor.get(avoidExecutorId);
    if (retries === undefined) this.#byExecutor.set(avoidExecutorId, [retry]);
    else retries.push(retry);
    this.#size++;
  }

  /**
   * @param isOnlyExecutor no other executor is alive, so there is nothing to wait for
   * @param mayRun refuses tasks for which the executor is excluded
   */
  take(
    executorId: string,
    isOnlyExecutor: boolean,
    nowMs: number,
    mayRun: MayRun = () => true,
  ): number | undefined {
    if (this.#size === 0) return undefined;
    for (const [avoided, retries] of this.#byExecutor) {
      const isAvoided = avoided === executorId && !isOnlyExecutor;
      const position = retries.findIndex(
        ({ index, avoidUntilMs }) => (!isAvoided || nowMs >= avoidUntilMs) && mayRun(index),
      );
      const [retry] = position < 0 ? [] : retries.splice(position, 1);
      if (retry === undefined) continue;
      this.#size--;
      if (retries.length === 0) this.#byExecutor.delete(avoided);
      return retry.index;
    }
    return undefined;
  }

  /** When the next retry may run where it failed; undefined when that time has passed for all. */
  nextWakeMs(nowMs: number): number | undefined {
    let wakeMs: number | undefined;
    for (const retries of this.#byExecutor.values()) {
      const untilMs = retries.find(({ avoidUntilMs }) => avoidUntilMs > nowMs)?.avoidUntilMs;
      if (untilMs !== undefined && (wakeMs === undefined || untilMs < wakeMs)) wakeMs = untilMs;
    }
    return wakeMs;
  }
}
