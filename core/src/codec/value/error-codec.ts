import { describeThrown } from '@heddle/common';

import { ByteReader } from '../byte-reader.js';
import { ByteWriter } from '../byte-writer.js';
import type { CodeTable } from '../code-table.js';
import { decodeValue, encodeValue, plainCodeTable } from './index.js';

const VERSION = 1;
/** A message or stack longer than this is cut: it would travel in every report of the failure. */
const MAX_TEXT = 64 * 1_024;
const MAX_CAUSES = 16;
const MAX_FIELD_BYTES = 256 * 1_024;

/**
 * An error as bytes: its class, fields, stack and causes when they can travel, and always its name,
 * message and stack. Never fails, whatever was thrown; long texts and large fields are cut or left out.
 */
export function encodeError(error: unknown, code: CodeTable): Uint8Array {
  const summary = summaryOf(error);
  const writer = new ByteWriter(512);
  writer.u8(VERSION);
  writer.string(summary.name);
  writer.string(summary.message);
  writer.string(summary.stack);
  writer.bytes(richEncoding(error, code));
  return writer.finish();
}

/** The error of `encodeError`; of its own class when this process has it, else a plain `Error` with its texts. */
export function decodeError(bytes: Uint8Array, code: CodeTable): Error {
  const reader = new ByteReader(bytes);
  if (reader.u8() !== VERSION) return new Error('an error of another version of the engine');
  const [name, message, stack] = [reader.string(), reader.string(), reader.string()];
  try {
    const value = decodeValue(reader.bytes(reader.remaining), code);
    if (value instanceof Error) return value;
  } catch {
    // Its class or a field is not known here: the texts below say what happened.
  }
  const error = new Error(message);
  Object.defineProperty(error, 'name', { value: name, writable: true, configurable: true });
  if (stack !== '')
    Object.defineProperty(error, 'stack', { value: stack, writable: true, configurable: true });
  return error;
}

interface Summary {
  readonly name: string;
  readonly message: string;
  readonly stack: string;
}

function summaryOf(thrown: unknown): Summary {
  if (!(thrown instanceof Error))
    return { name: 'Error', message: describeThrown(thrown), stack: '' };
  return {
    name: text(() => thrown.name, 'Error'),
    message: text(() => thrown.message, ''),
    stack: text(() => thrown.stack, ''),
  };
}

function text(read: () => unknown, fallback: string): string {
  try {
    const value = read();
    return cut(typeof value === 'string' ? value : fallback);
  } catch {
    return fallback;
  }
}

function cut(value: string): string {
  return value.length <= MAX_TEXT
    ? value
    : `${value.slice(0, MAX_TEXT)}… (cut, ${value.length} characters)`;
}

function richEncoding(error: unknown, code: CodeTable): Uint8Array {
  if (!(error instanceof Error)) return encodeValue(undefined, plainCodeTable);
  for (const candidate of [
    () => replica(error, code, Object.getPrototypeOf(error) as object, 0),
    () => replica(error, code, Error.prototype, 0),
  ]) {
    try {
      return encodeValue(candidate(), code);
    } catch {
      // The next candidate says less.
    }
  }
  return encodeValue(undefined, plainCodeTable);
}

/** The error itself when all of it can travel in bounds, else a copy without what cannot. */
function replica(error: Error, code: CodeTable, prototype: object, depth: number): Error {
  const summary = summaryOf(error);
  if (
    prototype === Object.getPrototypeOf(error) &&
    error.message === summary.message &&
    error.stack === summary.stack &&
    fits(error, code)
  ) {
    return error;
  }
  const copy = new Error();
  Object.setPrototypeOf(copy, prototype);
  if (prototype === Error.prototype) define(copy, 'name', summary.name);
  for (const key of Reflect.ownKeys(error)) {
    if (key === 'message' || key === 'stack' || (key === 'name' && prototype === Error.prototype))
      continue;
    const value = fieldOf(error, key);
    if (value instanceof Error && (key === 'cause' || key === 'error')) {
      if (depth < MAX_CAUSES) define(copy, key, nested(value, code, depth + 1));
    } else if (fits(value, code)) {
      const enumerable = Object.prototype.propertyIsEnumerable.call(error, key);
      define(copy, key, value, enumerable);
    }
  }
  define(copy, 'message', summary.message);
  define(copy, 'stack', summary.stack);
  return copy;
}

function nested(error: Error, code: CodeTable, depth: number): Error {
  const own = replica(error, code, Object.getPrototypeOf(error) as object, depth);
  return fits(own, code) ? own : replica(error, code, Error.prototype, depth);
}

function fieldOf(error: Error, key: string | symbol): unknown {
  try {
    return Reflect.get(error, key);
  } catch {
    return undefined;
  }
}

function fits(value: unknown, code: CodeTable): boolean {
  try {
    return encodeValue(value, code).length <= MAX_FIELD_BYTES;
  } catch {
    return false;
  }
}

function define(error: Error, key: string | symbol, value: unknown, enumerable = false): void {
  Object.defineProperty(error, key, { value, writable: true, configurable: true, enumerable });
}
