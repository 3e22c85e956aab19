/** Reasons that the final error shows. */
const SHOWN_REASONS = 5;

/**
 * Counts failures of executors, of the whole application or of a sliding window. Pure.
 * Source: Spark 4.0 `ExecutorFailureTracker`.
 */
export class FailureCount {
  readonly allowed: number;
  readonly #windowMs: number | undefined;
  #failures: { readonly atMs: number; readonly reason: string }[] = [];

  /** @param windowMs older failures do not count; undefined: all count */
  constructor(allowed: number, windowMs: number | undefined) {
    this.allowed = allowed;
    this.#windowMs = windowMs;
  }

  /** @returns whether there are more than allowed now */
  add(reason: string, nowMs: number): boolean {
    this.#failures.push({ atMs: nowMs, reason });
    const windowMs = this.#windowMs;
    if (windowMs !== undefined) {
      this.#failures = this.#failures.filter(({ atMs }) => nowMs - atMs <= windowMs);
    }
    return this.#failures.length > this.allowed;
  }

  get count(): number {
    return this.#failures.length;
  }

  /** Why the last ones failed, oldest first. */
  get reasons(): string[] {
    return this.#failures.slice(-SHOWN_REASONS).map(({ reason }) => reason);
  }
}
