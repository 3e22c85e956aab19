import type { LinkWish } from '@heddle/executor';

/** Executors are asked for after this long even if no input is known yet: their hosts would be better to know. */
const startDelayMs = 1_000;
/** The scheduler tells the hosts of a job's input this soon after the job began. */
const hostsAfterJobMs = 80;

/** Holds the first wish for executors until it can name the hosts of the first input, not for long. */
export class FirstWish {
  readonly #tell: (wish: LinkWish) => void;
  #held: LinkWish | undefined;
  #isOpen = false;
  #timer: NodeJS.Timeout | undefined;

  /** @param tell is given each wish when it may be told */
  constructor(tell: (wish: LinkWish) => void) {
    this.#tell = tell;
  }

  /** The context has started. */
  started(): void {
    this.#openWithin(startDelayMs);
  }

  /** A job began: if it reads files, their hosts are told at once; otherwise any host will do. */
  jobStarted(): void {
    if (!this.#isOpen) this.#openWithin(hostsAfterJobMs);
  }

  wish(wish: LinkWish): void {
    if (wish.hosts.length > 0) this.#isOpen = true;
    this.#held = wish;
    this.#tellHeld();
  }

  /** For the program's next context. */
  reset(): void {
    this.#isOpen = false;
    this.#held = undefined;
  }

  close(): void {
    clearTimeout(this.#timer);
  }

  #openWithin(delayMs: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#isOpen = true;
      this.#tellHeld();
    }, delayMs);
    this.#timer.unref();
  }

  #tellHeld(): void {
    if (!this.#isOpen || this.#held === undefined) return;
    const wish = this.#held;
    this.#held = undefined;
    this.#tell(wish);
  }
}
