import type { DecodedColumn } from './column-reader.js';

/** `[a[i], b[i], …]` for every row. */
export function tuplesOf(columns: readonly DecodedColumn[], count: number): unknown[][] {
  return columns.length === 2
    ? pairsOf(columns[0]!, columns[1]!, count)
    : wideTuplesOf(columns, count);
}

/**
 * One loop per kind of columns, so that each literal has an allocation site of its own: arrays of
 * two doubles are made without boxes.
 */
export function pairsOf(left: DecodedColumn, right: DecodedColumn, count: number): unknown[][] {
  if (left instanceof Float64Array) {
    return right instanceof Float64Array
      ? numberPairs(left, right, count)
      : numberFirstPairs(left, right, count);
  }
  return right instanceof Float64Array
    ? numberLastPairs(left, right, count)
    : generalPairs(left, right, count);
}

function numberPairs(left: Float64Array, right: Float64Array, count: number): unknown[][] {
  const pairs = new Array<unknown[]>(count);
  for (let i = 0; i < count; i++) pairs[i] = [left[i], right[i]];
  return pairs;
}

function numberFirstPairs(left: Float64Array, right: unknown[], count: number): unknown[][] {
  const pairs = new Array<unknown[]>(count);
  for (let i = 0; i < count; i++) pairs[i] = [left[i], right[i]];
  return pairs;
}

function numberLastPairs(left: unknown[], right: Float64Array, count: number): unknown[][] {
  const pairs = new Array<unknown[]>(count);
  for (let i = 0; i < count; i++) pairs[i] = [left[i], right[i]];
  return pairs;
}

function generalPairs(left: unknown[], right: unknown[], count: number): unknown[][] {
  const pairs = new Array<unknown[]>(count);
  for (let i = 0; i < count; i++) pairs[i] = [left[i], right[i]];
  return pairs;
}

function wideTuplesOf(columns: readonly DecodedColumn[], count: number): unknown[][] {
  const tuples = new Array<unknown[]>(count);
  for (let i = 0; i < count; i++) {
    const tuple = new Array<unknown>(columns.length);
    for (let at = 0; at < columns.length; at++) tuple[at] = columns[at]![i];
    tuples[i] = tuple;
  }
  return tuples;
}

/** The numbers as an ordinary array. */
export function arrayOf(numbers: Float64Array, from: number, to: number): number[] {
  const array: number[] = [];
  for (let i = from; i < to; i++) array.push(numbers[i]!);
  return array;
}
