import type { BatchSource } from '../task-environment.js';

/**
 * The iterator that partition functions get: an `Iterator` with the helpers of the language (`map`,
 * `filter`, `take` …) over the batches of a pipeline. Reads one batch ahead of what is asked, and
 * the first batches hold 1, 2, 4 … records, so a function that stops early has caused little work.
 */
export class RecordIterator<T> extends Iterator<T, undefined> {
  readonly #source: BatchSource;
  #batch: readonly unknown[] = [];
  #position = 0;
  #ended = false;

  constructor(source: BatchSource) {
    super();
    this.#source = source;
  }

  override next(): IteratorResult<T, undefined> {
    if (this.#position === this.#batch.length && !this.#fill()) {
      return { done: true, value: undefined };
    }
    return { done: false, value: this.#batch[this.#position++] as T };
  }

  override return(): IteratorResult<T, undefined> {
    if (!this.#ended) {
      this.#ended = true;
      this.#batch = [];
      this.#position = 0;
      this.#source.close();
    }
    return { done: true, value: undefined };
  }

  #fill(): boolean {
    if (this.#ended) return false;
    const batch = this.#source.next();
    this.#position = 0;
    if (batch !== undefined) {
      this.#batch = batch;
      return true;
    }
    this.return();
    return false;
  }
}
