import { decodeBatches } from 'heddle/internal';
import type { CodeTable } from 'heddle/internal';
import type { BatchSource } from '../task-environment.js';

/** Nothing: the partition of `emptyRDD`, or a source whose split is empty. */
export const emptySource: BatchSource = { next: () => undefined, close: () => undefined };

/** Batches that exist already. */
export class ArrayBatches implements BatchSource {
  readonly #batches: Iterator<unknown[]>;

  constructor(batches: Iterable<unknown[]>) {
    this.#batches = batches[Symbol.iterator]();
  }

  next(): unknown[] | undefined {
    for (;;) {
      const result = this.#batches.next();
      if (result.done === true) return undefined;
      if (result.value.length > 0) return result.value;
    }
  }

  close(): void {
    this.#batches.return?.();
  }
}

/** Records that travelled as encoded batches; each reader gets objects of its own. */
export function encodedSource(bytes: Uint8Array, code: CodeTable): BatchSource {
  return bytes.length === 0 ? emptySource : new ArrayBatches(decodeBatches(bytes, code));
}

/** One source after another; each is opened when the one before it has ended. */
export class ConcatenatedSource implements BatchSource {
  readonly #open: readonly (() => BatchSource)[];
  #current: BatchSource | undefined;
  #position = 0;

  constructor(open: readonly (() => BatchSource)[]) {
    this.#open = open;
  }

  next(): unknown[] | undefined {
    for (;;) {
      if (this.#current === undefined) {
        const open = this.#open[this.#position];
        if (open === undefined) return undefined;
        this.#position++;
        this.#current = open();
      }
      const batch = this.#current.next();
      if (batch !== undefined) return batch;
      this.#closeCurrent();
    }
  }

  close(): void {
    this.#position = this.#open.length;
    this.#closeCurrent();
  }

  #closeCurrent(): void {
    const source = this.#current;
    this.#current = undefined;
    source?.close();
  }
}

/** A loop of the `pull` form as a source: the generator gives batches and closes what it opened. */
export class PulledLoop implements BatchSource {
  readonly #batches: Generator<unknown[], void>;
  readonly #close: () => void;

  constructor(batches: Generator<unknown[], void>, close: () => void) {
    this.#batches = batches;
    this.#close = close;
  }

  next(): unknown[] | undefined {
    const result = this.#batches.next();
    return result.done === true ? undefined : result.value;
  }

  close(): void {
    try {
      this.#batches.return();
    } finally {
      this.#close();
    }
  }
}
