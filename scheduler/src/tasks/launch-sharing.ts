/** When tasks that prove to be short are launched together, one after another in a slot. */
export interface SharingOptions {
  /** What the tasks of one launch may take together, by what others of their set took, in milliseconds. */
  readonly launchMs: number;
  /** Tasks of one launch, at most. */
  readonly mostTasks: number;
  /** Tasks of a set that must have ended before others share a launch. */
  readonly provenBy: number;
  /** A launch takes at most this part of a slot's share of what waits, so that slots end together. */
  readonly shares: number;
  /** How long a task may run before what waits behind it is given back, in milliseconds. */
  readonly patienceMs: number;
}

export const DEFAULT_SHARING: SharingOptions = {
  launchMs: 20,
  mostTasks: 64,
  provenBy: 4,
  shares: 4,
  patienceMs: 250,
};

/** A slow task is forgotten by this factor with each one that ends after it. */
const DECAY = 0.8;

/**
 * How many waiting tasks of one set are worth a launch of their own. An executor that gets its next
 * task only when the driver has heard of the end of the one before idles for a round trip each time,
 * which is longer than short tasks take. Pure state.
 */
export class LaunchSharing {
  readonly #options: SharingOptions;
  /** The slowest of the last tasks. */
  #slowestMs = 0;
  #ended = 0;

  constructor(options: SharingOptions) {
    this.#options = options;
  }

  /** A task ended well. @param durationMs what its thread spent on it */
  ended(durationMs: number): void {
    this.#slowestMs = Math.max(durationMs, this.#slowestMs * DECAY);
    this.#ended++;
  }

  /** A task failed, or runs long: those that wait prove anew that they are short. */
  doubted(): void {
    this.#slowestMs = Math.max(this.#slowestMs, this.#options.launchMs);
    this.#ended = 0;
  }

  /** How many tasks the next launch takes. @param slots of all executors */
  tasksAtOnce(waiting: number, slots: number): number {
    const { launchMs, mostTasks, provenBy, shares } = this.#options;
    if (this.#ended < provenBy) return 1;
    const byTime = Math.floor(launchMs / this.#slowestMs);
    const byNumber = Math.ceil(waiting / (shares * Math.max(1, slots)));
    return Math.max(1, Math.min(mostTasks, byTime, byNumber));
  }
}
