import { FetchJob, type FetchJobServices } from './fetch-job.js';
import type { OpenFetchMessage } from './fetch-messages.js';

/** Fetches for one task thread, on the host's event loop. Make one for each thread. */
export class FetchFeeder {
  readonly #services: FetchJobServices;
  readonly #open = new Set<FetchJob>();

  constructor(services: FetchJobServices) {
    this.#services = services;
  }

  /** Takes what the thread posted. */
  handle(message: OpenFetchMessage): void {
    const job = new FetchJob(message, this.#services);
    this.#open.add(job);
    void job.run().then(() => this.#open.delete(job));
  }

  /** Fetches that are not ended. */
  get openCount(): number {
    return this.#open.size;
  }

  /** Call it when the thread has ended, however it ended. */
  close(): void {
    for (const job of this.#open) job.close();
  }
}
