import { hashKey } from './hash-key.js';
import {
  bytesKind,
  bytesOfKey,
  fieldNames,
  KeyKind,
  keyClassOf,
  MAX_KEY_DEPTH,
  tooDeep,
} from './key-class.js';
import type { KeyClass } from './key-class.js';

/**
 * Whether two keys are the same, by value: NaN equals NaN, -0 equals 0; arrays by their elements,
 * plain objects and class instances by class and fields (order free), dates by time, bytes by kind
 * and content, Maps and Sets by content (order free). `1`, `1n`, `'1'` and `true` differ.
 *
 * @throws KeyNotHashableError for objects that are no keys
 */
export function keysEqual(a: unknown, b: unknown): boolean {
  return equal(a, b, 0);
}

function equal(a: unknown, b: unknown, depth: number): boolean {
  if (a === b) return true;
  if (typeof a === 'number') return a !== a && b !== b && typeof b === 'number';
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  return objectsEqual(a, b, depth + 1);
}

function objectsEqual(a: object, b: object, depth: number): boolean {
  if (depth > MAX_KEY_DEPTH) throw tooDeep();
  if (isPlainArray(a) && isPlainArray(b)) return arraysEqual(a, b, depth);
  const keyClass = keyClassOf(a);
  const other = keyClassOf(b);
  if (keyClass.kind !== other.kind) return false;
  // Buffer and Uint8Array are one kind of bytes; everything else must be of one class.
  if (keyClass !== other && (keyClass.hasFields || other.hasFields)) return false;
  if (!contentsEqual(a, b, keyClass.kind, depth)) return false;
  return !keyClass.hasFields || fieldsEqual(a, b, keyClass, depth);
}

function isPlainArray(value: object): value is unknown[] {
  return Array.isArray(value) && Object.getPrototypeOf(value) === Array.prototype;
}

function contentsEqual(a: object, b: object, kind: KeyKind, depth: number): boolean {
  switch (kind) {
    case KeyKind.array:
      return arraysEqual(a as unknown[], b as unknown[], depth);
    case KeyKind.date:
      return equal((a as Date).getTime(), (b as Date).getTime(), depth);
    case KeyKind.regExp:
      return (
        (a as RegExp).source === (b as RegExp).source && (a as RegExp).flags === (b as RegExp).flags
      );
    case KeyKind.bytes:
      return bytesKind(a) === bytesKind(b) && bytesEqual(bytesOfKey(a), bytesOfKey(b));
    case KeyKind.map:
      return mapsEqual(a as Map<unknown, unknown>, b as Map<unknown, unknown>, depth);
    case KeyKind.set:
      return setsEqual(a as Set<unknown>, b as Set<unknown>, depth);
    default:
      return true;
  }
}

function arraysEqual(a: readonly unknown[], b: readonly unknown[], depth: number): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) {
    if (!equal(a[i], b[i], depth)) return false;
  }
  return true;
}

function bytesEqual(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) {
    if (a[i] !== b[i]) return false;
  }
  return true;
}

function fieldsEqual(a: object, b: object, keyClass: KeyClass, depth: number): boolean {
  const names = fieldNames(a, keyClass);
  if (names.length !== fieldNames(b, keyClass).length) return false;
  const left = a as Record<string, unknown>;
  const right = b as Record<string, unknown>;
  for (const name of names) {
    if (!Object.hasOwn(b, name) || !equal(left[name], right[name], depth)) return false;
  }
  return true;
}

function mapsEqual(a: Map<unknown, unknown>, b: Map<unknown, unknown>, depth: number): boolean {
  if (a.size !== b.size) return false;
  const unmatched = new Unmatched(b.keys());
  for (const [key, value] of a) {
    const found = unmatched.take(key, (candidate) => equal(value, b.get(candidate), depth), depth);
    if (!found) return false;
  }
  return true;
}

function setsEqual(a: Set<unknown>, b: Set<unknown>, depth: number): boolean {
  if (a.size !== b.size) return false;
  const unmatched = new Unmatched(b);
  for (const member of a) {
    if (!unmatched.take(member, () => true, depth)) return false;
  }
  return true;
}

/**
 * Members of a Map or Set that have no partner yet. A native Map may hold several keys that are
 * equal by value, so each member is matched once.
 */
class Unmatched {
  readonly #byHash = new Map<number, unknown[]>();

  constructor(members: Iterable<unknown>) {
    for (const member of members) {
      const hash = hashKey(member);
      const same = this.#byHash.get(hash);
      if (same === undefined) this.#byHash.set(hash, [member]);
      else same.push(member);
    }
  }

  take(member: unknown, accepts: (candidate: unknown) => boolean, depth: number): boolean {
    const same = this.#byHash.get(hashKey(member));
    if (same === undefined) return false;
    const at = same.findIndex((other) => equal(member, other, depth) && accepts(other));
    if (at < 0) return false;
    same.splice(at, 1);
    return true;
  }
}
