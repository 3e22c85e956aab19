import { AssertionError } from 'chai';

/**
 * Equality and order of values, written plainly and on their own: by texts and by rank, with nothing
 * of the engine. Slow, and only for values that the tests make.
 */

/** A text that two values share exactly when they are equal as keys; with `exact` also -0 and 0 differ. */
export function textOf(value: unknown, exact = false): string {
  const inner = (part: unknown): string => textOf(part, exact);
  switch (typeof value) {
    case 'number':
      return `number ${Object.is(value, -0) && exact ? '-0' : String(value === 0 ? 0 : value)}`;
    case 'string':
      return JSON.stringify(value);
    case 'bigint':
      return `${value}n`;
    case 'object':
      break;
    default:
      return String(value);
  }
  if (value === null) return 'null';
  if (Array.isArray(value)) return `[${value.map(inner).join(', ')}]`;
  if (value instanceof Date) return `Date ${value.getTime()}`;
  if (value instanceof RegExp) return `RegExp ${value.source} ${value.flags}`;
  if (value instanceof Uint8Array || value instanceof Int8Array) {
    return `${value instanceof Uint8Array ? 'Uint8Array' : 'Int8Array'} ${[...value].join(' ')}`;
  }
  if (value instanceof Set) return `Set {${[...value].map(inner).sort().join(', ')}}`;
  if (value instanceof Map) {
    return `Map {${[...value]
      .map(([k, v]) => `${inner(k)} => ${inner(v)}`)
      .sort()
      .join(', ')}}`;
  }
  const fields = Object.entries(value).map(([name, field]) => `${name}: ${inner(field)}`);
  return `{${fields.sort().join(', ')}}`;
}

/** Fails unless both are the same sequence of values, -0 and 0 told apart. */
export function sameSequence(actual: readonly unknown[], expected: readonly unknown[]): void {
  compare(
    actual.map((value) => textOf(value, true)),
    expected.map((value) => textOf(value, true)),
  );
}

/** Fails unless both hold the same values as often, in any order, equal as keys. */
export function sameBag(actual: readonly unknown[], expected: readonly unknown[]): void {
  compare(
    actual.map((value) => textOf(value)).sort(),
    expected.map((value) => textOf(value)).sort(),
  );
}

/** Fails unless both are equal, -0 and 0 told apart. */
export function same(actual: unknown, expected: unknown): void {
  sameSequence([actual], [expected]);
}

/** Fails with the text unless it is true. */
export function holds(condition: boolean, claim: string): void {
  if (!condition) throw new AssertionError(claim);
}

function compare(actual: readonly string[], expected: readonly string[]): void {
  if (actual.length === expected.length && actual.every((text, i) => text === expected[i])) return;
  throw new AssertionError(
    `got      ${actual.join(' | ')}\n      expected ${expected.join(' | ')}`,
  );
}

const typeOrder = ['undefined', 'null', 'boolean', 'number', 'string', 'Date', 'bytes', 'array'];

function rankOf(value: unknown): number {
  let name: string = typeof value;
  if (value === null) name = 'null';
  else if (typeof value === 'bigint') name = 'number';
  else if (value instanceof Date) name = 'Date';
  else if (value instanceof Uint8Array) name = 'bytes';
  else if (Array.isArray(value)) name = 'array';
  return typeOrder.indexOf(name);
}

/**
 * Which of two values comes first, negative, zero or positive: undefined, null, booleans, numbers with
 * NaN last, texts by code point, dates, bytes, arrays from left to right.
 */
export function orderOf(a: unknown, b: unknown): number {
  const rank = rankOf(a);
  if (rank !== rankOf(b)) return rank - rankOf(b);
  switch (typeOrder[rank]) {
    case 'undefined':
    case 'null':
      return 0;
    case 'boolean':
      return Number(a) - Number(b);
    case 'number': {
      const isNaNa = Number.isNaN(a);
      const isNaNb = Number.isNaN(b);
      if (isNaNa || isNaNb) return Number(isNaNa) - Number(isNaNb);
      return (a as number) < (b as number) ? -1 : (a as number) > (b as number) ? 1 : 0;
    }
    case 'string':
      return orderOfLists(codePoints(a as string), codePoints(b as string));
    case 'Date':
      return (a as Date).getTime() - (b as Date).getTime();
    case 'bytes':
      return orderOfLists([...(a as Uint8Array)], [...(b as Uint8Array)]);
    default:
      return orderOfLists(a as unknown[], b as unknown[]);
  }
}

function codePoints(text: string): number[] {
  return Array.from(text, (character) => character.codePointAt(0)!);
}

function orderOfLists(a: readonly unknown[], b: readonly unknown[]): number {
  for (let i = 0; i < Math.min(a.length, b.length); i += 1) {
    const order = orderOf(a[i], b[i]);
    if (order !== 0) return order;
  }
  return a.length - b.length;
}

/** A small number that says something about any value; the functions of the properties are made of it. */
export function weigh(value: unknown): number {
  switch (typeof value) {
    case 'number':
      return Number.isFinite(value) ? Math.abs(Math.trunc(value)) % 7 : 5;
    case 'string':
      return value.length % 7;
    case 'bigint':
      return Number(value < 0n ? -value % 7n : value % 7n);
    case 'boolean':
      return value ? 1 : 2;
    case 'undefined':
      return 3;
    default:
      break;
  }
  if (value === null) return 4;
  if (Array.isArray(value)) return value.reduce<number>((sum, part) => sum + weigh(part), 0) % 7;
  if (value instanceof Date) return value.getTime() % 7;
  return Object.keys(value as object).length % 7;
}
