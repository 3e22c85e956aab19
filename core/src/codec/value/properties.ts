import { Kind, type KnownKind } from './kinds.js';

/** `length` and the indices of an array: what its body carries. */
export function isArrayIndexOrLength(key: string | symbol): boolean {
  if (typeof key === 'symbol') return false;
  if (key === 'length') return true;
  const index = Number(key);
  return Number.isInteger(index) && index >= 0 && index < 4_294_967_295 && String(index) === key;
}

/** Whether the array has holes. Large dense arrays cost one comparison per `undefined` element only. */
export function isSparse(array: readonly unknown[]): boolean {
  const length = array.length;
  // An array this long without elements would take seconds to look at one by one.
  if (length > 100_000 && Object.keys(array).length < length) return true;
  for (let i = 0; i < length; i++) {
    if (array[i] === undefined && !Object.hasOwn(array, i)) return true;
  }
  return false;
}

/**
 * Whether an object has own properties beyond what the body of its kind carries. For records only
 * what can be seen at no cost is looked at: symbols, and the fields of `String.match` results.
 */
export function hasUnusualProperties(kind: KnownKind, value: object, exact: boolean): boolean {
  if (!exact) return hasUnusualRecordProperties(kind, value);
  const keys = Reflect.ownKeys(value);
  switch (kind) {
    case Kind.ARRAY:
    case Kind.TYPED_ARRAY:
    case Kind.BUFFER:
    case Kind.BOXED:
      return keys.length > 0 && !isArrayIndexOrLength(keys[keys.length - 1]!)
        ? true
        : !allPlain(kind, value, keys);
    case Kind.REGEXP:
      return keys.length > 1 || (value as RegExp).lastIndex !== 0;
    case Kind.OBJECT:
    case Kind.NULL_OBJECT:
      return !allPlain(kind, value, keys);
    default:
      return keys.length > 0;
  }
}

function hasUnusualRecordProperties(kind: KnownKind, value: object): boolean {
  switch (kind) {
    case Kind.OBJECT:
    case Kind.NULL_OBJECT:
      return Object.getOwnPropertySymbols(value).length > 0;
    case Kind.ARRAY:
      return 'index' in value && 'input' in value;
    case Kind.REGEXP:
      return (value as RegExp).lastIndex !== 0;
    default:
      return false;
  }
}

function allPlain(kind: KnownKind, value: object, keys: readonly (string | symbol)[]): boolean {
  if (kind === Kind.TYPED_ARRAY || kind === Kind.BUFFER || kind === Kind.BOXED) return true;
  for (const key of keys) {
    if (typeof key === 'symbol') return false;
    if (kind === Kind.ARRAY && key === 'length') continue;
    const descriptor = Reflect.getOwnPropertyDescriptor(value, key)!;
    if (
      descriptor.writable !== true ||
      descriptor.enumerable !== true ||
      descriptor.configurable !== true
    ) {
      return Object.isFrozen(value) && 'value' in descriptor && descriptor.enumerable === true;
    }
  }
  return true;
}

/** 0 ordinary, 1 not extensible, 2 sealed, 3 frozen. */
export function integrityOf(value: object): number {
  if (Object.isExtensible(value)) return 0;
  if (Object.isFrozen(value)) return 3;
  return Object.isSealed(value) ? 2 : 1;
}
