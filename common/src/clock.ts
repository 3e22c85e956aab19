/** Time as the engine's deciding parts see it; tests pass a `ManualClock`. */
export interface Clock {
  /** Milliseconds since the epoch, for people and event logs. */
  nowMs(): number;
  /** Milliseconds of a clock that never goes back, for leases and time-outs. */
  monotonicMs(): number;
}

export const systemClock: Clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
};

/** A clock that stands still until a test moves it. */
export class ManualClock implements Clock {
  #timeMs: number;

  constructor(startMs = 0) {
    this.#timeMs = startMs;
  }

  nowMs(): number {
    return this.#timeMs;
  }

  monotonicMs(): number {
    return this.#timeMs;
  }

  advance(durationMs: number): void {
    this.#timeMs += durationMs;
  }
}
