import type { BatchSource } from '../task-environment.js';
import type { BlockWriter } from '../storage/block-writer.js';
import type { StoreBlockMessage } from '../storage/block-messages.js';

/**
 * Computes a persisted partition and keeps it on the way: each batch is encoded before anyone sees
 * it, so that what later steps do to the records cannot leak into the cache. A reader that ends
 * early (`take`) leaves the rest to be read here, since the user asked for the partition to be kept.
 */
export class CachingSource implements BatchSource {
  readonly #source: BatchSource;
  readonly #writer: BlockWriter;
  readonly #store: (block: StoreBlockMessage) => void;
  readonly #failing: () => boolean;
  #ended = false;

  /** @param failing whether the attempt is ending because of an error */
  constructor(
    source: BatchSource,
    writer: BlockWriter,
    store: (block: StoreBlockMessage) => void,
    failing: () => boolean,
  ) {
    this.#source = source;
    this.#writer = writer;
    this.#store = store;
    this.#failing = failing;
  }

  next(): unknown[] | undefined {
    if (this.#ended) return undefined;
    const batch = this.#source.next();
    if (batch === undefined) {
      this.#ended = true;
      const block = this.#writer.finish();
      if (block !== undefined) this.#store(block);
      return undefined;
    }
    this.#writer.add(batch);
    return batch;
  }

  close(): void {
    try {
      while (!this.#ended && this.#writer.isActive && !this.#failing()) this.next();
    } finally {
      if (!this.#ended) this.#writer.abort();
      this.#ended = true;
      this.#source.close();
    }
  }
}
