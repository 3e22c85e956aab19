import { types } from 'node:util';

import { ERROR_CLASSES, Tag, TYPED_ARRAYS } from './tags.js';

/**
 * What a built-in object is, by its prototype. Kinds that travel share their number with their tag;
 * the others stand for objects that are refused.
 */
export const Kind = {
  OBJECT: Tag.OBJECT,
  NULL_OBJECT: Tag.NULL_OBJECT,
  ARRAY: Tag.ARRAY,
  SPARSE_ARRAY: Tag.SPARSE_ARRAY,
  DATE: Tag.DATE,
  REGEXP: Tag.REGEXP,
  MAP: Tag.MAP,
  SET: Tag.SET,
  ARRAY_BUFFER: Tag.ARRAY_BUFFER,
  TYPED_ARRAY: Tag.TYPED_ARRAY,
  DATA_VIEW: Tag.DATA_VIEW,
  BUFFER: Tag.BUFFER,
  BOXED: Tag.BOXED,
  ERROR: Tag.ERROR,
  URL: Tag.URL,
  PROMISE: 100,
  WEAK: 101,
  SHARED_BUFFER: 102,
  GENERATOR: 103,
  ITERATOR: 104,
  FUNCTION: 105,
} as const;

export type KnownKind = (typeof Kind)[keyof typeof Kind];

const kinds = new Map<object, KnownKind>();

function enter(
  kind: KnownKind,
  ...classes: readonly (abstract new (...args: never[]) => object)[]
) {
  for (const one of classes) kinds.set(one.prototype as object, kind);
}

enter(Kind.OBJECT, Object);
enter(Kind.ARRAY, Array);
enter(Kind.DATE, Date);
enter(Kind.REGEXP, RegExp);
enter(Kind.MAP, Map);
enter(Kind.SET, Set);
enter(Kind.ARRAY_BUFFER, ArrayBuffer);
enter(Kind.TYPED_ARRAY, ...TYPED_ARRAYS);
enter(Kind.DATA_VIEW, DataView);
enter(Kind.BUFFER, Buffer);
enter(Kind.ERROR, ...ERROR_CLASSES);
enter(Kind.URL, URL);
enter(Kind.PROMISE, Promise);
enter(Kind.WEAK, WeakMap, WeakSet, WeakRef, FinalizationRegistry);
enter(Kind.SHARED_BUFFER, SharedArrayBuffer);
enter(Kind.BOXED, Boolean, Number, String);
for (const boxed of [Symbol, BigInt]) kinds.set(boxed.prototype, Kind.BOXED);
kinds.set(Function.prototype, Kind.FUNCTION);
const generator = (function* () {})();
const asyncGenerator = (async function* () {})();
kinds.set(parentOf(generator, 2), Kind.GENERATOR);
kinds.set(parentOf(asyncGenerator, 2), Kind.GENERATOR);
kinds.set(Iterator.prototype, Kind.ITERATOR);
kinds.set(parentOf(asyncGenerator, 3), Kind.ITERATOR);

function parentOf(value: object, steps: number): object {
  let at = value;
  for (let i = 0; i < steps; i++) at = Object.getPrototypeOf(at) as object;
  return at;
}

/** Kind of the objects whose direct prototype this is. */
export function kindOfPrototype(prototype: object): KnownKind | undefined {
  return kinds.get(prototype);
}

/** Kind of an object by the nearest built-in prototype in its chain. */
export function baseKindOf(prototype: object): KnownKind {
  for (let at: object | null = prototype; at !== null;) {
    const kind = kinds.get(at);
    if (kind !== undefined) return kind;
    at = Object.getPrototypeOf(at) as object | null;
  }
  return Kind.NULL_OBJECT;
}

/** Whether the object really is of the kind that its prototype promises (`Object.create(Map.prototype)` is none). */
export function isGenuine(kind: KnownKind, value: object): boolean {
  switch (kind) {
    case Kind.ARRAY:
      return Array.isArray(value);
    case Kind.DATE:
      return types.isDate(value);
    case Kind.REGEXP:
      return types.isRegExp(value);
    case Kind.MAP:
      return types.isMap(value);
    case Kind.SET:
      return types.isSet(value);
    case Kind.ARRAY_BUFFER:
      return types.isArrayBuffer(value);
    case Kind.TYPED_ARRAY:
      return types.isTypedArray(value);
    case Kind.BUFFER:
      return types.isUint8Array(value);
    case Kind.DATA_VIEW:
      return types.isDataView(value);
    case Kind.BOXED:
      return types.isBoxedPrimitive(value);
    case Kind.ERROR:
      return isErrorObject(value);
    case Kind.URL:
      return URL.canParse(hrefOf(value));
    default:
      return true;
  }
}

function hrefOf(value: object): string {
  try {
    return (value as URL).href;
  } catch {
    return '';
  }
}

/** Whether the language itself made it an error, whatever its prototype is now. */
export function isErrorObject(value: object): boolean {
  return Object.prototype.toString.call(value) === '[object Error]' || value instanceof Error;
}

/** Why objects of this kind never travel; undefined when they do. */
export function refusalOf(kind: KnownKind): string | undefined {
  switch (kind) {
    case Kind.PROMISE:
      return 'it is a promise: await it before, and capture its value';
    case Kind.WEAK:
      return 'weak collections hold on to objects of this process alone; use a Map or a Set';
    case Kind.SHARED_BUFFER:
      return 'a SharedArrayBuffer cannot be shared with another process; copy it into an ArrayBuffer';
    case Kind.GENERATOR:
      return 'a running generator cannot travel; pass the generator function, or an array';
    case Kind.ITERATOR:
      return 'an iterator cannot travel; pass what it iterates over, or an array';
    case Kind.FUNCTION:
      return 'an instance of a subclass of Function cannot travel';
    default:
      return undefined;
  }
}
