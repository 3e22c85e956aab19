import { describeThrown, type Logger } from '@heddle/common';
import type { JobRunner } from './job-runner.js';

type Remove = (runner: JobRunner, id: number) => Promise<void>;

const removeShuffle: Remove = (runner, id) => runner.removeShuffle(id, false);
const removeBlocks: Remove = (runner, id) => runner.unpersist(id, false);

/**
 * Deletes what nothing can reach any more: map outputs of shuffles, and cached blocks of RDDs, whose
 * metadata the program has dropped. So iterative programs do not fill the disks. Broadcasts are
 * left alone, since captured functions name them by id.
 *
 * Source: Spark 4.0 `ContextCleaner`.
 */
export class ContextCleaner {
  readonly #runner: JobRunner;
  readonly #logger: Logger;
  readonly #shuffles = new FinalizationRegistry<number>((id) => this.#clean(removeShuffle, id));
  readonly #persisted = new FinalizationRegistry<number>((id) => this.#clean(removeBlocks, id));
  #isStopped = false;

  constructor(runner: JobRunner, logger: Logger) {
    this.#runner = runner;
    this.#logger = logger;
  }

  /** Deletes the map outputs when `shuffle` is gone. */
  watchShuffle(shuffle: { readonly shuffleId: number }): void {
    this.#shuffles.register(shuffle, shuffle.shuffleId);
  }

  /** Drops the blocks when `node` is gone. */
  watchPersisted(node: { readonly rddId: number }): void {
    this.#persisted.register(node, node.rddId, node);
  }

  /** The program dropped the blocks itself. */
  forgetPersisted(node: object): void {
    this.#persisted.unregister(node);
  }

  /** Nothing needs cleaning any more: the application takes all with it. */
  stop(): void {
    this.#isStopped = true;
  }

  #clean(remove: Remove, id: number): void {
    if (this.#isStopped) return;
    remove(this.#runner, id).catch((error: unknown) => {
      this.#logger.warn('what the program dropped could not be cleaned up', {
        id,
        error: describeThrown(error),
      });
    });
  }
}
