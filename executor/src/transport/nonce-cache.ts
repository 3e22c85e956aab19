/**
 * Remembers which nonces were used, for at least `keepMs`, in two generations that take turns: no
 * timers, and never more than `2 × capacity` entries.
 */
export class NonceCache {
  readonly #keepMs: number;
  readonly #capacity: number;
  #current = new Set<string>();
  #previous = new Set<string>();
  #turnedAtMs: number | undefined;

  constructor(keepMs: number, capacity: number) {
    this.#keepMs = keepMs;
    this.#capacity = capacity;
  }

  /** `seen`: used before; `full`: more nonces than can be remembered, so nothing may be accepted. */
  use(nonce: string, monotonicMs: number): 'fresh' | 'seen' | 'full' {
    this.#turnedAtMs ??= monotonicMs;
    const age = monotonicMs - this.#turnedAtMs;
    if (age > this.#keepMs) {
      this.#previous = age > 2 * this.#keepMs ? new Set() : this.#current;
      this.#current = new Set();
      this.#turnedAtMs = monotonicMs;
    }
    if (this.#current.has(nonce) || this.#previous.has(nonce)) return 'seen';
    if (this.#current.size >= this.#capacity) return 'full';
    this.#current.add(nonce);
    return 'fresh';
  }
}
