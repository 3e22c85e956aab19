import {
  readPairColumns,
  writePairColumns,
  type ByteReader,
  type ByteWriter,
  type CodeTable,
} from 'heddle/internal';
import type { PairColumns } from './pair-source.js';

/** Records of one encoded batch, at most: what a task hands on at once. */
export const MAX_BATCH_RECORDS = 1024;

const FIRST_BATCH_RECORDS = 64;

/** Appends the pairs `from … to - 1` of two columns as one batch. */
export function writePairs(
  writer: ByteWriter,
  keys: Float64Array | readonly unknown[],
  values: Float64Array | readonly unknown[],
  from: number,
  to: number,
  code: CodeTable,
): void {
  writePairColumns(writer, keys, values, from, to, undefined, code);
}

/** Reads one batch. Throws `CorruptDataError`. */
export function readPairs(reader: ByteReader, code: CodeTable): PairColumns {
  const { keys, values, count } = readPairColumns(reader, code);
  return { keys, values, length: count };
}

/**
 * How many records to put into the next batch: up to 1,024, fewer when they are big, since whoever
 * reads a batch has all of it in memory at once.
 */
export class BatchSizer {
  readonly #targetBytes: number;
  #records = FIRST_BATCH_RECORDS;

  constructor(targetBytes: number) {
    this.#targetBytes = targetBytes;
  }

  get records(): number {
    return this.#records;
  }

  /** A batch of so many records took so many bytes. */
  observe(records: number, bytes: number): void {
    const fitting = Math.floor((this.#targetBytes * records) / Math.max(1, bytes));
    this.#records = Math.max(1, Math.min(MAX_BATCH_RECORDS, fitting));
  }
}
