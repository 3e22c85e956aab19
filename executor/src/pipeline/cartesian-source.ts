import type { BatchSource, TaskEnvironment } from '../task-environment.js';
import { KeptRecords } from './kept-records.js';
import { batchSize } from './loop-shape.js';
import { RecordIterator } from './record-iterator.js';

/**
 * All pairs of two inputs, those of the first left record first. The left input is read as it is
 * needed; the right one is read once, with the first left record, and kept for the others.
 *
 * Source: Spark 4.0 `CartesianRDD.compute`, which computes the right partition again for each record.
 */
export class CartesianSource implements BatchSource {
  readonly #left: RecordIterator<unknown>;
  readonly #right: BatchSource;
  readonly #kept: KeptRecords;
  #leftRecord: IteratorResult<unknown, undefined> | undefined;
  /** Gives the right records for the present left one. */
  #pass: BatchSource;
  #rights: readonly unknown[] = [];
  #position = 0;
  #isFirstPass = true;
  #limit = 1;

  constructor(left: BatchSource, right: BatchSource, env: TaskEnvironment) {
    this.#left = new RecordIterator(left);
    this.#right = right;
    this.#kept = new KeptRecords(env, env.memoryBudgetBytes / 2);
    this.#pass = { next: () => this.#keepNext(), close: () => undefined };
  }

  next(): unknown[] | undefined {
    this.#leftRecord ??= this.#left.next();
    const pairs: unknown[] = [];
    // Small batches first: a reader that stops early has then caused little work.
    const limit = this.#limit;
    this.#limit = Math.min(batchSize, 2 * limit);
    while (this.#leftRecord.done !== true && pairs.length < limit) {
      if (this.#position < this.#rights.length) {
        pairs.push([this.#leftRecord.value, this.#rights[this.#position++]]);
      } else {
        this.#advance();
      }
    }
    return pairs.length === 0 ? undefined : pairs;
  }

  close(): void {
    this.#leftRecord = { done: true, value: undefined };
    this.#rights = [];
    try {
      this.#left.return();
    } finally {
      this.#pass.close();
      this.#right.close();
      this.#kept.close();
    }
  }

  /** Goes on to more right records, or to the next left one. */
  #advance(): void {
    this.#position = 0;
    const batch = this.#pass.next();
    this.#rights = batch ?? [];
    if (batch !== undefined) return;
    if (this.#isFirstPass) {
      this.#isFirstPass = false;
      this.#kept.complete();
    }
    this.#pass.close();
    // Without right records the left ones need not be read.
    this.#leftRecord = this.#kept.isEmpty ? { done: true, value: undefined } : this.#left.next();
    if (this.#leftRecord.done !== true) this.#pass = this.#kept.open();
  }

  #keepNext(): unknown[] | undefined {
    const batch = this.#right.next();
    if (batch !== undefined) this.#kept.add(batch);
    return batch;
  }
}
