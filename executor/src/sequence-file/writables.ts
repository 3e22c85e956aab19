import { RecordTypeError, writableNames, type LongsAs, type WritableName } from 'heddle/internal';
import { showRecord } from '../pipeline/show-record.js';
import { HadoopReader, MalformedFieldError } from './hadoop-reader.js';
import type { HadoopWriter } from './hadoop-writer.js';

/** How values of one of Hadoop's `Writable` classes are read and written. */
export interface Writable {
  readonly className: string;
  /** @throws MalformedFieldError */
  read(from: HadoopReader, longs: LongsAs): unknown;
  /** False for a value that the class does not hold; nothing is written then. */
  write(to: HadoopWriter, value: unknown): boolean;
}

const int32Max = 2 ** 31 - 1;
const packageName = 'org.apache.hadoop.io.';

const table: Readonly<Record<WritableName, Writable>> = {
  text: writable<string>('Text', isString, {
    read: (from) => from.bytes(from.size()).toString('utf8'),
    write: (to, value) => to.text(value),
  }),
  int: writable<number>('IntWritable', isInt, {
    read: (from) => from.i32(),
    write: (to, value) => to.i32(value),
  }),
  vint: writable<number>('VIntWritable', isInt, {
    read: (from) => from.vint(),
    write: (to, value) => to.vint(value),
  }),
  long: writable<number | bigint>('LongWritable', isLong, {
    read: (from, longs) => longOf(from.i64(), longs),
    write: (to, value) => to.i64(BigInt(value)),
  }),
  vlong: writable<number | bigint>('VLongWritable', isLong, {
    read: (from, longs) => longOf(from.vlong(), longs),
    write: (to, value) => to.vlong(BigInt(value)),
  }),
  double: writable<number>('DoubleWritable', isNumber, {
    read: (from) => from.f64(),
    write: (to, value) => to.f64(value),
  }),
  float: writable<number>('FloatWritable', isNumber, {
    read: (from) => from.f32(),
    write: (to, value) => to.f32(value),
  }),
  boolean: writable<boolean>('BooleanWritable', (value) => typeof value === 'boolean', {
    read: (from) => from.u8() !== 0,
    write: (to, value) => to.u8(value ? 1 : 0),
  }),
  bytes: writable<Uint8Array>('BytesWritable', (value) => value instanceof Uint8Array, {
    read: (from) => new Uint8Array(from.bytes(from.i32())),
    write: (to, value) => {
      to.i32(value.length);
      to.bytes(value);
    },
  }),
  null: writable<null | undefined>('NullWritable', (value) => (value ?? null) === null, {
    read: () => null,
    write: () => undefined,
  }),
};

const byClassName = new Map(writableNames.map((name) => [table[name].className, table[name]]));

/** The class of a name, as settings and plans give it. */
export function writableOf(name: WritableName): Writable {
  return table[name];
}

/** The class that a file names; undefined for one that is not known. */
export function writableOfClass(className: string): Writable | undefined {
  return byClassName.get(className);
}

/** Names of the classes that can be read. */
export const readableClasses: readonly string[] = [...byClassName.keys()];

/**
 * The class that suits a value: `Text` for strings, `DoubleWritable` for numbers (it holds them all),
 * `LongWritable` for bigints, `BooleanWritable`, `BytesWritable`, and `NullWritable` for null and undefined.
 * @throws RecordTypeError for others
 */
export function writableFor(value: unknown, what: 'key' | 'value'): Writable {
  if (value === undefined || value === null) return table.null;
  if (typeof value === 'string') return table.text;
  if (typeof value === 'number') return table.double;
  if (typeof value === 'bigint') return table.long;
  if (typeof value === 'boolean') return table.boolean;
  if (value instanceof Uint8Array) return table.bytes;
  throw new RecordTypeError(
    `saveAsSequenceFile: no Writable holds the ${what} ${showRecord(value)}: map it to a string, ` +
      'a number, a bigint, a boolean, bytes or null first',
  );
}

/** Reads a whole field. @throws MalformedFieldError, also for bytes that are left over */
export function readWhole(writable: Writable, bytes: Buffer, longs: LongsAs): unknown {
  const from = new HadoopReader(bytes);
  const value = writable.read(from, longs);
  if (from.remaining > 0) {
    throw new MalformedFieldError(
      `${from.remaining} bytes are left behind a ${writable.className}`,
    );
  }
  return value;
}

function writable<V>(
  simpleName: string,
  holds: (value: unknown) => boolean,
  form: {
    read(from: HadoopReader, longs: LongsAs): unknown;
    write(to: HadoopWriter, value: V): void;
  },
): Writable {
  return {
    className: packageName + simpleName,
    read: (from, longs) => form.read(from, longs),
    write: (to, value) => {
      if (!holds(value)) return false;
      form.write(to, value as V);
      return true;
    },
  };
}

function longOf(value: bigint, longs: LongsAs): number | bigint {
  if (longs === 'bigint') return value;
  const number = Number(value);
  if (!Number.isSafeInteger(number)) {
    throw new MalformedFieldError(
      `the long ${value} is above 2^53, which a number does not hold: read it with sequenceFile(path, n, { longs: 'bigint' })`,
    );
  }
  return number;
}

function isString(value: unknown): boolean {
  return typeof value === 'string';
}

function isNumber(value: unknown): boolean {
  return typeof value === 'number';
}

function isInt(value: unknown): boolean {
  return (
    Number.isInteger(value) && Math.abs(value as number) <= int32Max + 1 && value !== int32Max + 1
  );
}

function isLong(value: unknown): boolean {
  if (typeof value === 'bigint') return value === BigInt.asIntN(64, value);
  return Number.isSafeInteger(value);
}
