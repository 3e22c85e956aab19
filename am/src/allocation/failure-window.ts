/** Counts failures of executors, old ones forgotten. Source: Spark 4.0 `ExecutorFailureTracker`. */
export class FailureWindow {
  readonly #windowMs: number | undefined;
  #timesMs: number[] = [];

  /** @param windowMs age at which a failure no longer counts; `undefined`: never */
  constructor(windowMs: number | undefined) {
    this.#windowMs = windowMs;
  }

  add(nowMs: number): void {
    this.#timesMs.push(nowMs);
  }

  count(nowMs: number): number {
    const windowMs = this.#windowMs;
    if (windowMs !== undefined) {
      this.#timesMs = this.#timesMs.filter((timeMs) => nowMs - timeMs <= windowMs);
    }
    return this.#timesMs.length;
  }
}
