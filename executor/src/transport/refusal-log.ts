import type { Clock, Logger } from '@heddle/common';

const INTERVAL_MS = 10_000;

/** Logs refused requests at most once in ten seconds, with how many there were: a flood shall not fill disks. */
export class RefusalLog {
  readonly #logger: Logger;
  readonly #clock: Clock;
  #loggedAtMs = -INTERVAL_MS;
  #unlogged = 0;

  constructor(logger: Logger, clock: Clock) {
    this.#logger = logger;
    this.#clock = clock;
  }

  add(address: string, reason: string): void {
    this.#unlogged++;
    const nowMs = this.#clock.monotonicMs();
    if (nowMs - this.#loggedAtMs < INTERVAL_MS) return;
    this.#logger.warn('refused requests without valid credentials', {
      requests: this.#unlogged,
      lastAddress: address,
      lastReason: reason,
    });
    this.#loggedAtMs = nowMs;
    this.#unlogged = 0;
  }
}
