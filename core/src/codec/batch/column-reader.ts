import type { FastBuffer } from '../byte-buffer.js';
import type { ByteReader } from '../byte-reader.js';
import type { CodeTable } from '../code-table.js';
import { CorruptDataError } from '../errors.js';
import { readValue } from '../value/index.js';
import {
  ColumnKind,
  MAX_COLUMN_DEPTH,
  MAX_COLUMNS,
  MAX_FREE_CELLS,
  MAX_TEXT_LENGTH,
  MISSING_BOTH,
  MISSING_NULL,
  MISSING_UNDEFINED,
  TEXT_ASCII,
  TEXT_UTF16,
  TEXT_UTF8,
} from './format.js';
import { arrayOf, tuplesOf } from './rows.js';
import { shapeOf } from './shapes.js';

/** Values of a column; numbers as Float64Array. */
export type DecodedColumn = unknown[] | Float64Array;

/** Reads the columns of one batch; every length is checked against the bytes that are there. */
export class ColumnReader {
  readonly #reader: ByteReader;
  readonly #code: CodeTable;
  #freeCells = 0;

  constructor(reader: ByteReader, code: CodeTable) {
    this.#reader = reader;
    this.#code = code;
  }

  column(count: number): DecodedColumn {
    return this.#column(count, 0);
  }

  /**
   * The columns of a TUPLE column of two, without making pairs of them; another kind of column as
   * it is.
   */
  pairOrColumn(
    count: number,
  ): { pair: [DecodedColumn, DecodedColumn] } | { column: DecodedColumn } {
    const kind = this.#reader.u8();
    if (kind !== ColumnKind.TUPLE) return { column: this.#columnOfKind(kind, count, 0) };
    const columns = this.#tupleColumns(count, 0);
    if (columns.length === 2) return { pair: [columns[0]!, columns[1]!] };
    return { column: tuplesOf(columns, count) };
  }

  #column(count: number, depth: number): DecodedColumn {
    return this.#columnOfKind(this.#reader.u8(), count, depth);
  }

  #columnOfKind(kind: number, count: number, depth: number): DecodedColumn {
    switch (kind) {
      case ColumnKind.GENERAL:
        return this.#general(count);
      case ColumnKind.CONSTANT:
        return this.#constant(count);
      case ColumnKind.FLOAT64:
        return this.#doubles(count);
      case ColumnKind.INTEGER:
        return this.#integers(count);
      case ColumnKind.BOOLEAN:
        return this.#booleans(count);
      case ColumnKind.STRING:
        return this.#strings(count);
      case ColumnKind.BIGINT:
        return Array.from(new BigInt64Array(this.#reader.copyBytes(8 * count).buffer));
      case ColumnKind.DATE:
        return Array.from(this.#doubles(count), (time) => new Date(time));
      case ColumnKind.BYTES:
        return this.#bytes(count);
      case ColumnKind.OPTIONAL:
        return this.#optional(count, depth);
      case ColumnKind.TUPLE:
        return tuplesOf(this.#tupleColumns(count, depth), count);
      case ColumnKind.OBJECT:
        return this.#objects(count, depth);
      case ColumnKind.LIST:
        return this.#lists(count, depth);
      default:
        throw new CorruptDataError(`a column of unknown kind ${String(kind)}`);
    }
  }

  #general(count: number): unknown[] {
    const values = readValue(this.#reader, this.#code);
    if (!Array.isArray(values) || values.length !== count) {
      throw new CorruptDataError(`a column of ${String(count)} values has another number of them`);
    }
    return values as unknown[];
  }

  #constant(count: number): unknown[] {
    this.#freeCells += count;
    if (this.#freeCells > MAX_FREE_CELLS) {
      throw new CorruptDataError('more constant values are announced than a batch may hold');
    }
    const value = readValue(this.#reader, this.#code);
    const values = new Array<unknown>(count);
    for (let i = 0; i < count; i++) values[i] = value;
    return values;
  }

  #doubles(count: number): Float64Array {
    return new Float64Array(this.#reader.copyBytes(8 * count).buffer);
  }

  #integers(count: number): Float64Array {
    const width = this.#reader.u8();
    const smallest = this.#reader.f64();
    const numbers = this.#differences(width, count);
    if (!Number.isSafeInteger(smallest)) {
      throw new CorruptDataError('integers begin at a number that is none');
    }
    const integers = new Float64Array(count);
    for (let i = 0; i < count; i++) integers[i] = smallest + numbers[i]!;
    return integers;
  }

  #differences(width: number, count: number): Uint8Array | Uint16Array | Uint32Array {
    if (width === 1) return this.#reader.bytes(count);
    if (width === 2) return new Uint16Array(this.#reader.copyBytes(2 * count).buffer);
    if (width === 4) return new Uint32Array(this.#reader.copyBytes(4 * count).buffer);
    throw new CorruptDataError(`integers of ${String(width)} bytes`);
  }

  #lengths(count: number): { lengths: Uint8Array | Uint16Array | Uint32Array; total: number } {
    const width = this.#reader.u8();
    if (this.#reader.f64() !== 0) throw new CorruptDataError('lengths that do not begin at 0');
    const lengths = this.#differences(width, count);
    let total = 0;
    for (let i = 0; i < count; i++) total += lengths[i]!;
    return { lengths, total };
  }

  #booleans(count: number): boolean[] {
    const bits = this.#bits(count);
    const values = new Array<boolean>(count);
    for (let i = 0; i < count; i++) values[i] = (bits[i >> 3]! & (1 << (i & 7))) !== 0;
    return values;
  }

  #bits(count: number): Uint8Array {
    return this.#reader.bytes(Math.ceil(count / 8));
  }

  #strings(count: number): string[] {
    const layout = this.#reader.u8();
    const { lengths, total } = this.#lengths(count);
    const sizeBytes = this.#reader.varint();
    if (total > MAX_TEXT_LENGTH || sizeBytes > 3 * total) {
      throw new CorruptDataError('strings of impossible length');
    }
    const text = this.#text(layout, sizeBytes);
    if (text.length !== total) {
      throw new CorruptDataError('the lengths of strings do not add up to their text');
    }
    const strings = new Array<string>(count);
    let start = 0;
    for (let i = 0; i < count; i++) {
      const end = start + lengths[i]!;
      strings[i] = text.slice(start, end);
      start = end;
    }
    return strings;
  }

  /** One string for the whole batch; the values are slices of it. */
  #text(layout: number, sizeBytes: number): string {
    const bytes = this.#reader.bytes(sizeBytes);
    const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length) as FastBuffer;
    if (layout === TEXT_ASCII) return buffer.latin1Slice(0, sizeBytes);
    if (layout === TEXT_UTF8) return buffer.utf8Slice(0, sizeBytes);
    if (layout === TEXT_UTF16 && sizeBytes % 2 === 0) return buffer.ucs2Slice(0, sizeBytes);
    throw new CorruptDataError('strings of an unknown layout');
  }

  #bytes(count: number): Uint8Array[] {
    const { lengths } = this.#lengths(count);
    const values: Uint8Array[] = [];
    for (let i = 0; i < count; i++) values.push(this.#reader.copyBytes(lengths[i]!));
    return values;
  }

  #optional(count: number, depth: number): unknown[] {
    const missing = this.#reader.u8();
    const isPresent = this.#bits(count);
    const isUndefined = missing === MISSING_BOTH ? this.#bits(count) : undefined;
    if (missing !== MISSING_BOTH && missing !== MISSING_NULL && missing !== MISSING_UNDEFINED) {
      throw new CorruptDataError('missing values of an unknown kind');
    }
    let presentCount = 0;
    for (let i = 0; i < count; i++) presentCount += (isPresent[i >> 3]! >> (i & 7)) & 1;
    const present = this.#nested(presentCount, depth);
    const values = new Array<unknown>(count);
    for (let i = 0, at = 0; i < count; i++) {
      const bit = 1 << (i & 7);
      if ((isPresent[i >> 3]! & bit) !== 0) values[i] = present[at++];
      else if (isUndefined !== undefined) {
        values[i] = (isUndefined[i >> 3]! & bit) !== 0 ? undefined : null;
      } else values[i] = missing === MISSING_NULL ? null : undefined;
    }
    return values;
  }

  #nested(count: number, depth: number): DecodedColumn {
    // Optional columns do not count as a level when they are written, so there are up to twice as many.
    if (depth > 2 * MAX_COLUMN_DEPTH + 2)
      throw new CorruptDataError('columns are nested too deeply');
    return this.#column(count, depth + 1);
  }

  #tupleColumns(count: number, depth: number): DecodedColumn[] {
    const arity = this.#columnCount();
    const columns: DecodedColumn[] = [];
    for (let i = 0; i < arity; i++) columns.push(this.#nested(count, depth));
    return columns;
  }

  #columnCount(): number {
    const columns = this.#reader.varint();
    if (columns < 1 || columns > MAX_COLUMNS) {
      throw new CorruptDataError(`a record of ${String(columns)} columns`);
    }
    return columns;
  }

  #objects(count: number, depth: number): object[] {
    const columnCount = this.#columnCount();
    const names: string[] = [];
    for (let i = 0; i < columnCount; i++) names.push(this.#reader.string());
    if (names.includes('__proto__') || new Set(names).size !== names.length) {
      throw new CorruptDataError('an object with impossible names of fields');
    }
    const columns: DecodedColumn[] = [];
    for (let i = 0; i < columnCount; i++) columns.push(this.#nested(count, depth));
    return shapeOf(names).records(columns, count);
  }

  #lists(count: number, depth: number): unknown[][] {
    const { lengths, total } = this.#lengths(count);
    const elements = this.#nested(total, depth);
    const lists = new Array<unknown[]>(count);
    let start = 0;
    for (let i = 0; i < count; i++) {
      const end = start + lengths[i]!;
      lists[i] =
        elements instanceof Float64Array
          ? arrayOf(elements, start, end)
          : elements.slice(start, end);
      start = end;
    }
    return lists;
  }
}
