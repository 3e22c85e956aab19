/** The executor that a retry should avoid, and until when. */
interface Retry {
  readonly index: number;
  readonly avoidUntilMs: number;
}

/**
 * Failed tasks that should rather run on another executor than the one they failed on. After
 * `waitMs`, or when there is no other executor, that one may have them again: a preference must not
 * become a hang.
 */
export class RetryQueue {
  readonly #waitMs: number;
  /** executor to avoid → its failed tasks, oldest first from `head` */
  readonly #byExecutor = new Map<string, { head: number; readonly retries: Retry[] }>();
  #size = 0;

  constructor(waitMs: number) {
    this.#waitMs = waitMs;
  }

  get size(): number {
    return this.#size;
  }

  push(index: number, avoidExecutorId: string, nowMs: number): void {
    const retry = { index, avoidUntilMs: nowMs + this.#waitMs };
    const queue = this.#byExecutor.get(avoidExecutorId);
    if (queue === undefined) this.#byExecutor.set(avoidExecutorId, { head: 0, retries: [retry] });
    else queue.retries.push(retry);
    this.#size++;
  }

  /** @param isOnlyExecutor no other executor is alive, so there is nothing to wait for */
  take(executorId: string, isOnlyExecutor: boolean, nowMs: number): number | undefined {
    if (this.#size === 0) return undefined;
    for (const [avoided, queue] of this.#byExecutor) {
      const retry = queue.retries[queue.head];
      if (retry === undefined) continue;
      if (avoided === executorId && !isOnlyExecutor && nowMs < retry.avoidUntilMs) continue;
      queue.head++;
      this.#size--;
      if (queue.head === queue.retries.length) this.#byExecutor.delete(avoided);
      return retry.index;
    }
    return undefined;
  }

  /** When the next retry may run where it failed. */
  nextWakeMs(): number | undefined {
    let wakeMs: number | undefined;
    for (const { head, retries } of this.#byExecutor.values()) {
      const untilMs = retries[head]?.avoidUntilMs;
      if (untilMs !== undefined && (wakeMs === undefined || untilMs < wakeMs)) wakeMs = untilMs;
    }
    return wakeMs;
  }
}
