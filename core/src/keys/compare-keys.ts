import { KeyNotHashableError } from './errors.js';
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
import { compareStrings } from './compare-strings.js';

/** Ranks of the total order; numbers and bigints share one. */
const RANK_UNDEFINED = 0;
const RANK_NULL = 1;
const RANK_BOOLEAN = 2;
const RANK_NUMBER = 3;
const RANK_STRING = 4;
const RANK_DATE = 5;
const RANK_BYTES = 6;
const RANK_ARRAY = 7;
const RANK_REST = 8;

/**
 * The total order of keys, the same in every process: undefined, null, false, true, numbers and
 * bigints by value (NaN last; a number before the bigint of the same value), strings by code point,
 * dates (invalid ones last), bytes (by kind, then content), arrays left to right, then the rest by
 * class name and content. 0 exactly when `keysEqual`.
 *
 * `Array.prototype.sort` puts undefined last without asking: sort indices (`argsortKeys`) instead.
 *
 * @throws KeyNotHashableError for values that are no keys
 */
export function compareKeys(a: unknown, b: unknown): number {
  return compare(a, b, 0);
}

function compare(a: unknown, b: unknown, depth: number): number {
  if (typeof a === 'number' && typeof b === 'number') return compareNumbers(a, b);
  if (typeof a === 'string' && typeof b === 'string') return compareStrings(a, b);
  const rank = rankOf(a);
  const difference = rank - rankOf(b);
  if (difference !== 0) return difference;
  switch (rank) {
    case RANK_UNDEFINED:
    case RANK_NULL:
      return 0;
    case RANK_BOOLEAN:
      return Number(a) - Number(b);
    case RANK_NUMBER:
      return compareNumeric(a as number | bigint, b as number | bigint);
    default:
      return compareObjects(a as object, b as object, rank, depth + 1);
  }
}

function rankOf(key: unknown): number {
  switch (typeof key) {
    case 'undefined':
      return RANK_UNDEFINED;
    case 'boolean':
      return RANK_BOOLEAN;
    case 'number':
    case 'bigint':
      return RANK_NUMBER;
    case 'string':
      return RANK_STRING;
    case 'function':
      throw new KeyNotHashableError('a function');
    case 'symbol':
      throw new KeyNotHashableError('a symbol');
    case 'object':
      return key === null ? RANK_NULL : rankOfObject(key);
  }
}

function rankOfObject(key: object): number {
  if (Array.isArray(key)) return RANK_ARRAY;
  const { kind } = keyClassOf(key);
  if (kind === KeyKind.date) return RANK_DATE;
  if (kind === KeyKind.bytes) return RANK_BYTES;
  return RANK_REST;
}

/** Numbers by value, NaN last and equal to itself, -0 equal to 0. */
export function compareNumbers(a: number, b: number): number {
  if (a < b) return -1;
  if (a > b) return 1;
  if (a === b) return 0;
  return Number(a !== a) - Number(b !== b);
}

function compareNumeric(a: number | bigint, b: number | bigint): number {
  if (a < b) return -1;
  if (a > b) return 1;
  const kinds = Number(typeof a === 'bigint') - Number(typeof b === 'bigint');
  // Neither less nor greater: the same value, or at least one NaN.
  const isNan = Number(a !== a) - Number(b !== b);
  return isNan !== 0 ? isNan : kinds;
}

function compareObjects(a: object, b: object, rank: number, depth: number): number {
  if (a === b) return 0;
  if (depth > MAX_KEY_DEPTH) throw tooDeep();
  const left = keyClassOf(a);
  const right = keyClassOf(b);
  if (rank === RANK_REST) {
    const classes = compareClasses(left, right);
    if (classes !== 0) return classes;
  }
  const content = compareContents(a, b, left.kind, depth);
  if (content !== 0 || !(left.hasFields || right.hasFields)) return content;
  const classes = compareClasses(left, right);
  return classes !== 0
    ? classes
    : compareEntries(fieldEntries(a, left), fieldEntries(b, right), depth);
}

function compareContents(a: object, b: object, kind: KeyKind, depth: number): number {
  switch (kind) {
    case KeyKind.array:
      return compareArrays(a as unknown[], b as unknown[], depth);
    case KeyKind.date:
      return compareNumbers((a as Date).getTime(), (b as Date).getTime());
    case KeyKind.bytes: {
      const kinds = compareStrings(bytesKind(a), bytesKind(b));
      return kinds !== 0 ? kinds : compareBytes(bytesOfKey(a), bytesOfKey(b));
    }
    case KeyKind.regExp: {
      const sources = compareStrings((a as RegExp).source, (b as RegExp).source);
      return sources !== 0 ? sources : compareStrings((a as RegExp).flags, (b as RegExp).flags);
    }
    case KeyKind.map:
      return compareEntries(mapEntries(a, depth), mapEntries(b, depth), depth);
    case KeyKind.set:
      return compareArrays(setMembers(a, depth), setMembers(b, depth), depth);
    default:
      return 0;
  }
}

function compareArrays(a: readonly unknown[], b: readonly unknown[], depth: number): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const order = compare(a[i], b[i], depth);
    if (order !== 0) return order;
  }
  return a.length - b.length;
}

function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    if (a[i] !== b[i]) return a[i]! - b[i]!;
  }
  return a.length - b.length;
}

type Entry = readonly [unknown, unknown];

function compareEntries(a: readonly Entry[], b: readonly Entry[], depth: number): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const names = compare(a[i]![0], b[i]![0], depth);
    if (names !== 0) return names;
    const values = compare(a[i]![1], b[i]![1], depth);
    if (values !== 0) return values;
  }
  return a.length - b.length;
}

function fieldEntries(key: object, keyClass: KeyClass): Entry[] {
  const fields = key as Record<string, unknown>;
  return fieldNames(key, keyClass)
    .sort(compareStrings)
    .map((name): Entry => [name, fields[name]]);
}

function mapEntries(key: object, depth: number): Entry[] {
  const entries = [...(key as Map<unknown, unknown>)];
  return entries.sort((a, b) => compare(a[0], b[0], depth) || compare(a[1], b[1], depth));
}

function setMembers(key: object, depth: number): unknown[] {
  return [...(key as Set<unknown>)].sort((a, b) => compare(a, b, depth));
}

/** Ordinals of classes that nothing else tells apart; only their order may differ by process. */
const ordinals = new WeakMap<object, number>();
let nextOrdinal = 0;

function compareClasses(a: KeyClass, b: KeyClass): number {
  if (a === b) return 0;
  const names = compareStrings(a.name, b.name);
  if (names !== 0) return names;
  if (a.kind !== b.kind) return a.kind - b.kind;
  if (a.hasFields !== b.hasFields) return Number(a.hasFields) - Number(b.hasFields);
  const texts = compareStrings(a.text, b.text);
  return texts !== 0 ? texts : ordinalOf(a) - ordinalOf(b);
}

function ordinalOf(keyClass: KeyClass): number {
  const known = ordinals.get(keyClass);
  if (known !== undefined) return known;
  ordinals.set(keyClass, nextOrdinal);
  return nextOrdinal++;
}
