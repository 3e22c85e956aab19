import { ByteReader } from '../byte-reader.js';
import { ByteWriter } from '../byte-writer.js';
import type { CodeTable } from '../code-table.js';
import { CorruptDataError } from '../errors.js';
import { BatchPlanner } from './column-plan.js';
import type { ColumnPlan, Values } from './column-plan.js';
import { ColumnReader } from './column-reader.js';
import type { DecodedColumn } from './column-reader.js';
import { writeColumn } from './column-writer.js';
import { BATCH_VERSION } from './format.js';
import { arrayOf } from './rows.js';

/**
 * Appends records `from` to `to` (excluded) as one batch: typed columns for strings, numbers,
 * tuples, plain objects of one shape and lists of those, the value encoding for whatever else.
 *
 * Every value comes back as it was. Places that share an array or object share it afterwards only
 * where the value encoding was used: for records with instances of classes, Maps, cycles and so on,
 * then for the whole batch.
 *
 * @throws UnsupportedValueError for values that cannot travel
 */
export function writeBatch(
  writer: ByteWriter,
  records: readonly unknown[],
  from: number,
  to: number,
  code: CodeTable,
): void {
  const values = from === 0 && to === records.length ? records : records.slice(from, to);
  const plan = new BatchPlanner().planWhole(values);
  writeHeader(writer, values.length);
  if (values.length > 0) writeColumn(writer, plan, code);
}

/**
 * Reads one batch.
 *
 * @throws CorruptDataError when the bytes are cut off or altered so that it shows
 */
export function readBatch(reader: ByteReader, code: CodeTable): unknown[] {
  const count = readHeader(reader);
  if (count === 0) return [];
  const column = new ColumnReader(reader, code).column(count);
  return column instanceof Float64Array ? arrayOf(column, 0, count) : column;
}

/** Keys and values of a batch of pairs, side by side. Numbers stand in Float64Arrays. */
export interface PairColumns {
  readonly keys: DecodedColumn;
  readonly values: DecodedColumn;
  readonly count: number;
}

/**
 * Appends the pairs of two columns as one batch, which `readBatch` reads as `[key, value]` records:
 * rows `from` to `to` (excluded), or with `order` the rows `order[from] … order[to - 1]`.
 */
export function writePairColumns(
  writer: ByteWriter,
  keys: Values,
  values: Values,
  from: number,
  to: number,
  order: Uint32Array | undefined,
  code: CodeTable,
): void {
  writeHeader(writer, to - from);
  if (to === from) return;
  // Each column is a graph of its own: keys are not searched for in values.
  const planner = new BatchPlanner();
  const plan: ColumnPlan = {
    kind: 'tuple',
    columns: [
      planner.planWhole(gather(keys, from, to, order)),
      planner.planWhole(gather(values, from, to, order)),
    ],
  };
  writeColumn(writer, plan, code);
}

/** Reads a batch of pairs as columns, whether it was written from columns or from pairs. */
export function readPairColumns(reader: ByteReader, code: CodeTable): PairColumns {
  const count = readHeader(reader);
  if (count === 0) return { keys: [], values: [], count };
  const read = new ColumnReader(reader, code).pairOrColumn(count);
  if ('pair' in read) return { keys: read.pair[0], values: read.pair[1], count };
  return splitPairs(read.column, count);
}

function splitPairs(records: DecodedColumn, count: number): PairColumns {
  const keys = new Array<unknown>(count);
  const values = new Array<unknown>(count);
  for (let i = 0; i < count; i++) {
    const pair = records[i];
    if (!Array.isArray(pair) || pair.length !== 2) {
      throw new CorruptDataError('a batch of pairs has other records');
    }
    keys[i] = pair[0];
    values[i] = pair[1];
  }
  return { keys, values, count };
}

function gather(column: Values, from: number, to: number, order: Uint32Array | undefined): Values {
  if (order === undefined) {
    if (from === 0 && to === column.length) return column;
    return column instanceof Float64Array ? column.subarray(from, to) : column.slice(from, to);
  }
  if (column instanceof Float64Array) {
    const gathered = new Float64Array(to - from);
    for (let i = from; i < to; i++) gathered[i - from] = column[order[i]!]!;
    return gathered;
  }
  const gathered = new Array<unknown>(to - from);
  for (let i = from; i < to; i++) gathered[i - from] = column[order[i]!];
  return gathered;
}

function writeHeader(writer: ByteWriter, count: number): void {
  writer.u8(BATCH_VERSION);
  writer.varint(count);
}

function readHeader(reader: ByteReader): number {
  const version = reader.u8();
  if (version !== BATCH_VERSION) {
    throw new CorruptDataError(`a batch of version ${String(version)}`);
  }
  return reader.varint();
}

/** All records as a sequence of batches. */
export function encodeBatches(
  records: Iterable<unknown>,
  code: CodeTable,
  batchSize = 1_024,
): Uint8Array {
  const writer = new ByteWriter();
  let batch: unknown[] = [];
  for (const record of records) {
    batch.push(record);
    if (batch.length === batchSize) {
      writeBatch(writer, batch, 0, batch.length, code);
      batch = [];
    }
  }
  if (batch.length > 0) writeBatch(writer, batch, 0, batch.length, code);
  return writer.finish();
}

/** Reads a sequence of batches, one at a time. */
export function* decodeBatches(
  bytes: Uint8Array,
  code: CodeTable,
): Generator<unknown[], void, undefined> {
  const reader = new ByteReader(bytes);
  while (reader.remaining > 0) yield readBatch(reader, code);
}
