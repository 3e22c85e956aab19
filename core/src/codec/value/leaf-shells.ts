import { types } from 'node:util';

import { UnsupportedValueError } from '../errors.js';
import type { ValueEncoder } from './encoder.js';
import { Kind, refusalOf, type KnownKind } from './kinds.js';
import { ERROR_CLASSES, MAX_RESIZABLE_BYTES, TYPED_ARRAYS } from './tags.js';

/** Writes an object that is complete with its shell: no body follows. */
export function writeLeafShell(encoder: ValueEncoder, kind: KnownKind, value: object): void {
  const { writer } = encoder;
  switch (kind) {
    case Kind.DATE:
      writer.u8(kind);
      writer.f64(Date.prototype.getTime.call(value));
      return;
    case Kind.REGEXP:
      writer.u8(kind);
      writer.string((value as RegExp).source);
      writer.string((value as RegExp).flags);
      return;
    case Kind.ARRAY_BUFFER:
      writeArrayBuffer(encoder, value as ArrayBuffer);
      return;
    case Kind.TYPED_ARRAY:
    case Kind.DATA_VIEW:
      writeView(encoder, kind, value as ArrayBufferView);
      return;
    case Kind.BUFFER:
      writer.u8(kind);
      writer.varint((value as Buffer).length);
      writer.bytes(value as Buffer);
      return;
    case Kind.BOXED:
      writer.u8(kind);
      encoder.slot(unboxed(value));
      return;
    case Kind.ERROR:
      writer.u8(kind);
      writer.u8(Math.max(0, ERROR_CLASSES.indexOf(errorParentOf(value))));
      return;
    case Kind.URL:
      writer.u8(kind);
      writer.string((value as URL).href);
      return;
    default:
      throw new UnsupportedValueError(refusalOf(kind) ?? 'its kind cannot travel');
  }
}

function writeArrayBuffer({ writer }: ValueEncoder, buffer: ArrayBuffer): void {
  if (buffer.detached) throw new UnsupportedValueError('its ArrayBuffer was transferred away');
  if (buffer.resizable && buffer.maxByteLength > MAX_RESIZABLE_BYTES) {
    throw new UnsupportedValueError(
      `it is a resizable ArrayBuffer of up to ${buffer.maxByteLength} bytes, and ${MAX_RESIZABLE_BYTES} is the most that travels`,
    );
  }
  writer.u8(Kind.ARRAY_BUFFER);
  writer.varint(buffer.resizable ? buffer.maxByteLength + 1 : 0);
  writer.varint(buffer.byteLength);
  writer.bytes(new Uint8Array(buffer));
}

/** Views share their buffer, so that is a node of its own, in a slot. */
function writeView(encoder: ValueEncoder, kind: KnownKind, view: ArrayBufferView): void {
  const { writer } = encoder;
  if (!types.isArrayBuffer(view.buffer)) {
    throw new UnsupportedValueError(refusalOf(Kind.SHARED_BUFFER)!);
  }
  writer.u8(kind);
  if (kind === Kind.TYPED_ARRAY) writer.u8(typedArrayIndex(view));
  writer.varint(view.byteOffset);
  writer.varint(kind === Kind.TYPED_ARRAY ? (view as Uint8Array).length : view.byteLength);
  encoder.slot(view.buffer);
}

/** The getter of an accessor property; always called with a receiver. */
export function getterOf(object: object, key: string | symbol): unknown {
  return Reflect.get(Object.getOwnPropertyDescriptor(object, key)!, 'get');
}

const typedArrayName = getterOf(
  Object.getPrototypeOf(Uint8Array.prototype) as object,
  Symbol.toStringTag,
) as (this: ArrayBufferView) => string;

function typedArrayIndex(view: ArrayBufferView): number {
  const name = typedArrayName.call(view);
  const index = TYPED_ARRAYS.findIndex((one) => one.name === name);
  if (index >= 0) return index;
  throw new UnsupportedValueError(`${name} is a typed array that Heddle does not know`);
}

function errorParentOf(value: object): (typeof ERROR_CLASSES)[number] {
  let at = Object.getPrototypeOf(value) as object | null;
  for (; at !== null; at = Object.getPrototypeOf(at) as object | null) {
    const found = ERROR_CLASSES.find((one) => one.prototype === at);
    if (found !== undefined) return found;
  }
  return Error;
}

function unboxed(value: object): unknown {
  if (types.isNumberObject(value)) return Number.prototype.valueOf.call(value);
  if (types.isStringObject(value)) return String.prototype.valueOf.call(value);
  if (types.isBooleanObject(value)) return Boolean.prototype.valueOf.call(value);
  if (types.isBigIntObject(value)) return BigInt.prototype.valueOf.call(value);
  return Symbol.prototype.valueOf.call(value);
}
