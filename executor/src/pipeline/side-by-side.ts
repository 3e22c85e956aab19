import { LazySource } from '../shuffle/lazy-source.js';
import type { BatchSource } from '../task-environment.js';
import { RecordIterator } from './record-iterator.js';

/** Several inputs of a function that reads them side by side; what `close` frees stands in one place. */
export class SideBySide implements BatchSource {
  readonly iterators: readonly RecordIterator<unknown>[];

  /** An input is opened when it is first read. */
  constructor(open: readonly (() => BatchSource)[]) {
    this.iterators = open.map((one) => new RecordIterator(new LazySource(one)));
  }

  /** Read through `iterators` only. */
  next(): unknown[] | undefined {
    return undefined;
  }

  /** Closes all of them, also when closing one throws. */
  close(): void {
    let failure: { readonly error: unknown } | undefined;
    for (const iterator of this.iterators) {
      try {
        iterator.return();
      } catch (error) {
        failure ??= { error };
      }
    }
    if (failure !== undefined) throw failure.error;
  }
}
