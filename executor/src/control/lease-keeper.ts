/** Whether an executor may act. */
export type LeaseState =
  | { readonly kind: 'valid' }
  /** Nothing visible may happen before the hub has answered another beat. */
  | {
      readonly kind: 'suspended';
      /** Since the last beat that was answered was sent. */
      readonly silentMs: number;
      /** How much of it this process did not run (stopped, or its machine suspended). */
      readonly sleptMs: number;
    }
  /**
   * The hub was silent, while this process ran, for so long that nobody waits for it any more; or its
   * process, which was waited for beyond that, is gone.
   */
  | { readonly kind: 'abandoned'; readonly silentMs: number };

export interface LeaseTimes {
  /** How long the lease lasts after the sending of a beat that was answered. */
  readonly leaseMs: number;
  /** Silence after which the hub is gone; time in which this process did not run does not count. */
  readonly abandonMs: number;
}

/** Looks that are farther apart than this were not late timers: the process did not run. */
const SLEEP_MS = 3_000;

/**
 * Keeps an executor's lease: it runs out some time after the *sending* of the last beat that the hub
 * has answered, so always before the hub gives the executor up, who counts from its arrival. An
 * answer that waited in a socket while the process was stopped so cannot prolong it.
 */
export class LeaseKeeper {
  readonly #times: LeaseTimes;
  readonly #now: () => number;
  readonly #hubLives: () => boolean;
  /** When each beat without an answer was sent, by number. */
  readonly #sentAtMs = new Map<number, number>();
  #beat = 0;
  /** When the last answered beat was sent; undefined before the first answer. */
  #answeredMs: number | undefined;
  #lookedAtMs: number;
  #sleptMs = 0;

  /**
   * @param now milliseconds of a monotonic clock
   * @param hubLives whether the hub's process certainly lives, so that its silence says that it is
   *   busy and not that it is gone; asked only when the hub was silent for too long
   */
  constructor(
    times: LeaseTimes,
    now: () => number = () => performance.now(),
    hubLives: () => boolean = () => false,
  ) {
    this.#times = times;
    this.#now = now;
    this.#hubLives = hubLives;
    this.#lookedAtMs = now();
  }

  /** Begins a beat: its number, from 1 on. */
  begin(): number {
    this.#sentAtMs.set(++this.#beat, this.#now());
    return this.#beat;
  }

  /** The hub has received this beat, and so all before it. */
  echoed(beat: number): void {
    const sentAtMs = this.#sentAtMs.get(beat);
    if (sentAtMs === undefined) return;
    for (const earlier of this.#sentAtMs.keys()) {
      if (earlier > beat) break;
      this.#sentAtMs.delete(earlier);
    }
    this.#answeredMs = sentAtMs;
    this.#sleptMs = 0;
  }

  /** The state now. Called at least once a second while the process runs. */
  look(): LeaseState {
    const nowMs = this.#now();
    const gapMs = nowMs - this.#lookedAtMs;
    this.#lookedAtMs = nowMs;
    if (gapMs > SLEEP_MS) this.#sleptMs += gapMs;
    if (this.#answeredMs === undefined) return { kind: 'valid' };
    const { leaseMs, abandonMs } = this.#times;
    const silentMs = nowMs - this.#answeredMs;
    if (silentMs <= leaseMs) return { kind: 'valid' };
    if (silentMs - this.#sleptMs > abandonMs && !this.#hubLives()) {
      return { kind: 'abandoned', silentMs };
    }
    return { kind: 'suspended', silentMs, sleptMs: this.#sleptMs };
  }

  /** How long it takes without another answer until the hub is gone. */
  remainingMs(): number {
    const { abandonMs } = this.#times;
    if (this.#answeredMs === undefined) return abandonMs;
    return Math.max(0, this.#answeredMs + this.#sleptMs + abandonMs - this.#now());
  }
}
