import type { BatchSource } from '../task-environment.js';

/** A source that is opened by its first `next`. */
export class LazySource implements BatchSource {
  #open: (() => BatchSource) | undefined;
  #source: BatchSource | undefined;

  constructor(open: () => BatchSource) {
    this.#open = open;
  }

  next(): unknown[] | undefined {
    if (this.#open !== undefined) {
      const open = this.#open;
      this.#open = undefined;
      this.#source = open();
    }
    return this.#source?.next();
  }

  close(): void {
    this.#open = undefined;
    const source = this.#source;
    this.#source = undefined;
    source?.close();
  }
}
