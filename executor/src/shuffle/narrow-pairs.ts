import { RecordTypeError } from 'heddle/internal';
import { showRecord } from '../pipeline/show-record.js';
import type { BatchSource } from '../task-environment.js';
import type { PairColumns, PairSource } from './pair-source.js';

/** The pairs of an input that is partitioned already, as columns. */
export class NarrowPairs implements PairSource {
  readonly #source: BatchSource;
  readonly #operator: string;

  /** `operator` is named when a record is no pair. */
  constructor(source: BatchSource, operator: string) {
    this.#source = source;
    this.#operator = operator;
  }

  next(): PairColumns | undefined {
    const batch = this.#source.next();
    if (batch === undefined) {
      return undefined;
    }
    const length = batch.length;
    const keys = new Array<unknown>(length);
    const values = new Array<unknown>(length);
    for (let i = 0; i < length; i++) {
      const record = batch[i];
      if (!Array.isArray(record) || record.length !== 2) {
        throw new RecordTypeError(
          `${this.#operator} needs pairs [key, value], arrays of length 2, and got ${showRecord(record)}`,
        );
      }
      keys[i] = record[0];
      values[i] = record[1];
    }
    return { keys, values, length };
  }

  close(): void {
    this.#source.close();
  }
}
