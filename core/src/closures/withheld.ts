import type { ByteReader } from '../codec/byte-reader.js';
import type { ByteWriter } from '../codec/byte-writer.js';
import { ClosureError } from './errors.js';

/**
 * A variable that only methods of a class that came along use, and whose value cannot travel: the
 * class travels without it, and its first use in a task throws.
 */
export interface WithheldCell {
  readonly variable: string;
  readonly message: string;
  readonly reason: string;
  /** Where the class was captured. */
  readonly file: string;
  readonly line: number;
}

/** Appends a withheld cell. */
export function writeWithheld(writer: ByteWriter, cell: WithheldCell): void {
  writer.string(cell.variable);
  writer.string(cell.message);
  writer.string(cell.reason);
  writer.string(cell.file);
  writer.varint(cell.line);
}

/** Reads what `writeWithheld` wrote. @throws CorruptDataError */
export function readWithheld(reader: ByteReader): WithheldCell {
  return {
    variable: reader.string(),
    message: reader.string(),
    reason: reader.string(),
    file: reader.string(),
    line: reader.varint(),
  };
}

/** What stands for a value that did not come: throws at every use. */
type Absent =
  { readonly kind: 'uninitialised' } | { readonly kind: 'withheld'; readonly cell: WithheldCell };

const absent = new WeakMap<object, Absent>();

/** Why there is no value behind an object that a cell of a task holds; undefined for all others. */
export function absentValueOf(value: unknown): Absent | undefined {
  const isObject = (typeof value === 'object' && value !== null) || typeof value === 'function';
  return isObject ? absent.get(value) : undefined;
}

/** Stands for a variable that had no value when the function was captured. */
export function uninitialised(name: string): unknown {
  return throwing({ kind: 'uninitialised' }, () => {
    throw new ReferenceError(
      `Cannot access '${name}' before initialization: it had no value yet when the function was captured`,
    );
  });
}

/** Stands for a variable whose value stayed behind; every use throws a ClosureError. */
export function withheld(cell: WithheldCell): unknown {
  return throwing({ kind: 'withheld', cell }, () => {
    throw new ClosureError(cell.message, cell.variable, cell.reason, cell.file, cell.line);
  });
}

function throwing(why: Absent, fail: () => never): unknown {
  const handler: ProxyHandler<() => void> = {
    get: fail,
    set: fail,
    has: fail,
    apply: fail,
    construct: fail,
    deleteProperty: fail,
    getPrototypeOf: fail,
    ownKeys: fail,
    getOwnPropertyDescriptor: fail,
    defineProperty: fail,
  };
  const value = new Proxy(() => undefined, handler);
  absent.set(value, why);
  return value;
}
