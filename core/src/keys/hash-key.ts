import { KeyNotHashableError } from './errors.js';
import {
  bytesOfKey,
  fieldNames,
  KeyKind,
  keyClassOf,
  MAX_KEY_DEPTH,
  tooDeep,
} from './key-class.js';
import type { KeyClass } from './key-class.js';
import { combineHash, hashNumber, hashString, mix32, NULL_HASH } from './mix.js';

const TRUE_HASH = mix32(0x4cf);
const FALSE_HASH = mix32(0x4d5);
const ARRAY_SEED = 0x1d872b41;
const BIGINT_SEED = 0x6c62272e;
const DATE_SEED = 0x3c6ef372;
const BYTES_SEED = 0x27d4eb2f;
const REGEXP_SEED = 0x165667b1;
const MAP_SEED = 0x510e527f;
const SET_SEED = 0x1f83d9ab;
const FIELDS_SEED = 0x428a2f98;

/**
 * Hash of a key, as int32: the same in every process and on every machine, equal for equal keys
 * (`keysEqual`), 0 for null and undefined.
 *
 * Classes do not take part, only their fields do: names of classes may differ between the bundles
 * of driver and tasks.
 *
 * @throws KeyNotHashableError for values that are no keys
 */
export function hashKey(key: unknown): number {
  switch (typeof key) {
    case 'string':
      return hashString(key);
    case 'number':
      return hashNumber(key);
    default:
      return hashOther(key, 0);
  }
}

/** Refuses what is no key: functions, symbols, promises, weak collections, errors, cycles. */
export function checkKey(key: unknown): void {
  hashKey(key);
}

function hashAny(key: unknown, depth: number): number {
  if (typeof key === 'string') return hashString(key);
  if (typeof key === 'number') return hashNumber(key);
  return hashOther(key, depth);
}

function hashOther(key: unknown, depth: number): number {
  switch (typeof key) {
    case 'object':
      return key === null ? NULL_HASH : hashObject(key, depth + 1);
    case 'undefined':
      return NULL_HASH;
    case 'boolean':
      return key ? TRUE_HASH : FALSE_HASH;
    case 'bigint':
      return hashBigInt(key);
    case 'function':
      throw new KeyNotHashableError('a function');
    case 'symbol':
      throw new KeyNotHashableError('a symbol');
    case 'string':
      return hashString(key);
    case 'number':
      return hashNumber(key);
  }
}

function hashBigInt(key: bigint): number {
  const small = Number(key);
  const part = Number.isSafeInteger(small) ? hashNumber(small) : hashString(key.toString(36));
  return mix32(combineHash(BIGINT_SEED, part));
}

function hashObject(key: object, depth: number): number {
  if (depth > MAX_KEY_DEPTH) throw tooDeep();
  if (Array.isArray(key) && Object.getPrototypeOf(key) === Array.prototype) {
    return hashArray(key, depth);
  }
  const keyClass = keyClassOf(key);
  if (keyClass.kind === KeyKind.plain || keyClass.kind === KeyKind.instance) {
    return mix32(hashFields(key, keyClass, depth));
  }
  const hash = hashNative(key, keyClass.kind, depth);
  if (!keyClass.hasFields) return hash;
  return mix32(combineHash(hash, hashFields(key, keyClass, depth)));
}

function hashNative(key: object, kind: KeyKind, depth: number): number {
  switch (kind) {
    case KeyKind.array:
      return hashArray(key as unknown[], depth);
    case KeyKind.date:
      return mix32(combineHash(DATE_SEED, hashNumber((key as Date).getTime())));
    case KeyKind.regExp: {
      const { source, flags } = key as RegExp;
      return mix32(combineHash(combineHash(REGEXP_SEED, hashString(source)), hashString(flags)));
    }
    case KeyKind.bytes:
      return hashBytes(bytesOfKey(key));
    case KeyKind.map:
      return hashMap(key as Map<unknown, unknown>, depth);
    case KeyKind.set:
      return hashSet(key as Set<unknown>, depth);
    default:
      return 0;
  }
}

function hashArray(key: readonly unknown[], depth: number): number {
  let hash = ARRAY_SEED;
  for (let i = 0; i < key.length; i++) hash = combineHash(hash, hashAny(key[i], depth));
  return mix32(hash ^ key.length);
}

function hashBytes(bytes: Uint8Array): number {
  let hash = BYTES_SEED;
  for (let i = 0; i < bytes.length; i++) hash = combineHash(hash, bytes[i]!);
  return mix32(hash ^ bytes.length);
}

/** Sums are free of order; each part is mixed before, so that they do not cancel each other. */
function hashFields(key: object, keyClass: KeyClass, depth: number): number {
  let sum = FIELDS_SEED;
  const fields = key as Record<string, unknown>;
  for (const name of fieldNames(key, keyClass)) {
    sum = (sum + mix32(combineHash(hashString(name), hashAny(fields[name], depth)))) | 0;
  }
  return sum;
}

function hashMap(key: Map<unknown, unknown>, depth: number): number {
  let sum = MAP_SEED;
  for (const [name, value] of key) {
    sum = (sum + mix32(combineHash(hashAny(name, depth), hashAny(value, depth)))) | 0;
  }
  return mix32(sum);
}

function hashSet(key: Set<unknown>, depth: number): number {
  let sum = SET_SEED;
  for (const member of key) sum = (sum + mix32(hashAny(member, depth))) | 0;
  return mix32(sum);
}
