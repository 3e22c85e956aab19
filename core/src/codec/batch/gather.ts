import type { Values } from './column-plan.js';
import { MAX_COLUMNS, MAX_ELEMENTS, MAX_TEXT_LENGTH } from './format.js';

export function isReference(value: unknown): boolean {
  return (typeof value === 'object' && value !== null) || typeof value === 'function';
}

/** Also that all of them fit one string. */
export function areStrings(values: readonly unknown[]): values is readonly string[] {
  let length = 0;
  for (let i = 0; i < values.length; i++) {
    const value = values[i];
    if (typeof value !== 'string') return false;
    length += value.length;
  }
  return length <= MAX_TEXT_LENGTH;
}

export function isBoolean(value: unknown): boolean {
  return typeof value === 'boolean';
}

export function isSmallBigInt(value: unknown): boolean {
  return typeof value === 'bigint' && BigInt.asIntN(64, value) === value;
}

export function isPlainDate(value: unknown): boolean {
  return (
    value instanceof Date &&
    Object.getPrototypeOf(value) === Date.prototype &&
    Object.keys(value).length === 0
  );
}

export function isPlainBytes(value: unknown): boolean {
  return value instanceof Uint8Array && Object.getPrototypeOf(value) === Uint8Array.prototype;
}

export function isPlainArray(value: object): boolean {
  return Object.getPrototypeOf(value) === Array.prototype;
}

/** Results of `String.match` carry fields beside their elements. */
export function looksLikeList(value: unknown): boolean {
  return Array.isArray(value) && !('index' in value && 'input' in value);
}

export function isPlainRecord(value: unknown, names: readonly string[]): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (names.length === 0 || names.length > MAX_COLUMNS || names.includes('__proto__')) return false;
  const keys = Reflect.ownKeys(value);
  if (keys.length !== names.length) return false;
  return keys.every((key) => 'value' in Reflect.getOwnPropertyDescriptor(value, key)!);
}

/** A quick look before a column of the values that are there is planned on its own. */
export function isUniform(values: readonly unknown[]): boolean {
  const type = typeof values[0];
  return values.every((value) => typeof value === type);
}

export function numbersOf(values: readonly unknown[]): Float64Array | undefined {
  const numbers = new Float64Array(values.length);
  for (let i = 0; i < values.length; i++) {
    const value = values[i];
    if (typeof value !== 'number') return undefined;
    numbers[i] = value;
  }
  return numbers;
}

/**
 * Both columns of pairs; undefined when some value is no pair, or has a hole. One loop for each
 * combination of numbers and other values, by the first pair.
 */
export function pairColumns(values: readonly unknown[]): Values[] | undefined {
  const [left, right] = values[0] as readonly unknown[];
  if (typeof left === 'number') {
    const columns = typeof right === 'number' ? numberPairs(values) : numberFirstPairs(values);
    if (columns !== undefined) return columns;
  } else if (typeof right === 'number') {
    const columns = numberLastPairs(values);
    if (columns !== undefined) return columns;
  }
  return generalPairs(values);
}

function numberPairs(values: readonly unknown[]): Values[] | undefined {
  const { length } = values;
  const left = new Float64Array(length);
  const right = new Float64Array(length);
  for (let i = 0; i < length; i++) {
    const pair = values[i];
    if (!Array.isArray(pair) || pair.length !== 2) return undefined;
    const first: unknown = pair[0];
    const second: unknown = pair[1];
    if (typeof first !== 'number' || typeof second !== 'number') return undefined;
    if (!isPlainArray(pair)) return undefined;
    left[i] = first;
    right[i] = second;
  }
  return [left, right];
}

function numberFirstPairs(values: readonly unknown[]): Values[] | undefined {
  const { length } = values;
  const left = new Float64Array(length);
  const right = new Array<unknown>(length);
  for (let i = 0; i < length; i++) {
    const pair = values[i];
    if (!Array.isArray(pair) || pair.length !== 2) return undefined;
    const first: unknown = pair[0];
    const second: unknown = pair[1];
    if (typeof first !== 'number' || !isPlainArray(pair)) return undefined;
    if (second === undefined && !Object.hasOwn(pair, 1)) return undefined;
    left[i] = first;
    right[i] = second;
  }
  return [left, right];
}

function numberLastPairs(values: readonly unknown[]): Values[] | undefined {
  const { length } = values;
  const left = new Array<unknown>(length);
  const right = new Float64Array(length);
  for (let i = 0; i < length; i++) {
    const pair = values[i];
    if (!Array.isArray(pair) || pair.length !== 2) return undefined;
    const first: unknown = pair[0];
    const second: unknown = pair[1];
    if (typeof second !== 'number' || !isPlainArray(pair)) return undefined;
    if (first === undefined && !Object.hasOwn(pair, 0)) return undefined;
    left[i] = first;
    right[i] = second;
  }
  return [left, right];
}

function generalPairs(values: readonly unknown[]): Values[] | undefined {
  const { length } = values;
  const left = new Array<unknown>(length);
  const right = new Array<unknown>(length);
  for (let i = 0; i < length; i++) {
    const pair = values[i];
    if (!Array.isArray(pair) || pair.length !== 2 || !isPlainArray(pair)) return undefined;
    const first: unknown = pair[0];
    const second: unknown = pair[1];
    if (first === undefined && !Object.hasOwn(pair, 0)) return undefined;
    if (second === undefined && !Object.hasOwn(pair, 1)) return undefined;
    left[i] = first;
    right[i] = second;
  }
  return [left, right];
}

/** Columns of arrays of one length; undefined when some value is none, or has a hole. */
export function tupleColumns(values: readonly unknown[], arity: number): unknown[][] | undefined {
  if (arity === 0 || arity > MAX_COLUMNS) return undefined;
  const { length } = values;
  for (let i = 0; i < length; i++) {
    const tuple = values[i];
    if (!Array.isArray(tuple) || tuple.length !== arity || !isPlainArray(tuple)) return undefined;
  }
  const columns: unknown[][] = [];
  for (let at = 0; at < arity; at++) {
    const column = new Array<unknown>(length);
    for (let i = 0; i < length; i++) {
      const tuple = values[i] as readonly unknown[];
      const value = tuple[at];
      if (value === undefined && !Object.hasOwn(tuple, at)) return undefined;
      column[i] = value;
    }
    columns.push(column);
  }
  return columns;
}

/** Elements of all lists, one list after the other; undefined when some value is no plain array. */
export function listsOf(
  values: readonly unknown[],
): { lengths: Float64Array; elements: Values } | undefined {
  const lengths = new Float64Array(values.length);
  let total = 0;
  for (let i = 0; i < values.length; i++) {
    const list = values[i];
    if (!Array.isArray(list) || !isPlainArray(list)) return undefined;
    lengths[i] = list.length;
    total += list.length;
  }
  if (total > MAX_ELEMENTS) return undefined;
  const lists = values as readonly (readonly unknown[])[];
  const elements = numberElements(lists, total) ?? generalElements(lists);
  return elements === undefined ? undefined : { lengths, elements };
}

function numberElements(
  lists: readonly (readonly unknown[])[],
  total: number,
): Float64Array | undefined {
  const elements = new Float64Array(total);
  let at = 0;
  for (let i = 0; i < lists.length; i++) {
    const list = lists[i]!;
    for (let j = 0; j < list.length; j++) {
      const element = list[j];
      if (typeof element !== 'number') return undefined;
      elements[at++] = element;
    }
  }
  return elements;
}

function generalElements(lists: readonly (readonly unknown[])[]): unknown[] | undefined {
  const elements: unknown[] = [];
  for (let i = 0; i < lists.length; i++) {
    const list = lists[i]!;
    for (let j = 0; j < list.length; j++) {
      const element = list[j];
      if (element === undefined && !Object.hasOwn(list, j)) return undefined;
      elements.push(element);
    }
  }
  return elements;
}
