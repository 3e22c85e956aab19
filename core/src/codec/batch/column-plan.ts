import { MAX_COLUMN_DEPTH, MAX_FREE_CELLS } from './format.js';
import { shapeOf } from './shapes.js';
import {
  areStrings,
  isBoolean,
  isPlainBytes,
  isPlainDate,
  isPlainRecord,
  isReference,
  isSmallBigInt,
  isUniform,
  listsOf,
  looksLikeList,
  numbersOf,
  pairColumns,
  tupleColumns,
} from './gather.js';

/** How a column of values will be written; found by looking at every value before a byte is written. */
export type ColumnPlan =
  | { readonly kind: 'general'; readonly values: readonly unknown[] }
  | { readonly kind: 'constant'; readonly value: unknown; readonly count: number }
  | NumberPlan
  | { readonly kind: 'boolean'; readonly values: readonly boolean[] }
  | { readonly kind: 'string'; readonly values: readonly string[] }
  | { readonly kind: 'bigint'; readonly values: readonly bigint[] }
  | { readonly kind: 'date'; readonly values: readonly Date[] }
  | { readonly kind: 'bytes'; readonly values: readonly Uint8Array[] }
  | {
      readonly kind: 'optional';
      readonly values: readonly unknown[];
      readonly hasNull: boolean;
      readonly hasUndefined: boolean;
      readonly present: ColumnPlan;
    }
  | { readonly kind: 'tuple'; readonly columns: readonly ColumnPlan[] }
  | {
      readonly kind: 'object';
      readonly names: readonly string[];
      readonly columns: readonly ColumnPlan[];
    }
  | { readonly kind: 'list'; readonly lengths: Float64Array; readonly elements: ColumnPlan };

/** Numbers, with their range when all are integers that fit differences of 32 bits. */
export interface NumberPlan {
  readonly kind: 'number';
  readonly numbers: Float64Array;
  readonly areIntegers: boolean;
  readonly smallest: number;
  readonly largest: number;
}

export type Values = readonly unknown[] | Float64Array;

/** Plans the columns of one batch. */
export class BatchPlanner {
  /**
   * Counts parts of records that need the value encoding and hold objects: these could refer back to
   * the record, so the record must go into the same graph.
   */
  #graphParts = 0;
  #freeCells = 0;

  /** Plans whole records, or a column that is a graph of its own. */
  planWhole(values: Values): ColumnPlan {
    const freeCells = this.#freeCells;
    const graphParts = this.#graphParts;
    const plan = this.#plan(values, 0);
    if (this.#graphParts === graphParts || values instanceof Float64Array) return plan;
    this.#freeCells = freeCells;
    return { kind: 'general', values };
  }

  #plan(values: Values, depth: number): ColumnPlan {
    if (values instanceof Float64Array) return this.#planNumberColumn(values);
    const { length } = values;
    if (length === 0) return { kind: 'general', values };
    if (this.#isConstant(values, depth)) {
      return { kind: 'constant', value: values[0], count: length };
    }
    const plan = this.#planByFirst(values, depth);
    if (plan !== undefined) return plan;
    if (depth > 0 && values.some(isReference)) this.#graphParts++;
    return { kind: 'general', values };
  }

  #planByFirst(values: readonly unknown[], depth: number): ColumnPlan | undefined {
    const first = values[0];
    switch (typeof first) {
      case 'number': {
        const numbers = numbersOf(values);
        return numbers === undefined ? this.#planOptional(values, depth) : planNumbers(numbers);
      }
      case 'string':
        // A loop of its own: the most frequent kind of columns.
        return areStrings(values) ? { kind: 'string', values } : this.#planOptional(values, depth);
      case 'boolean':
        return this.#planAll(isBoolean, values, depth, 'boolean');
      case 'bigint':
        return this.#planAll(isSmallBigInt, values, depth, 'bigint');
      case 'undefined':
        return this.#planOptional(values, depth);
      case 'object':
        return first === null
          ? this.#planOptional(values, depth)
          : this.#planObjects(first, values, depth);
      default:
        return undefined;
    }
  }

  #planAll(
    is: (value: unknown) => boolean,
    values: readonly unknown[],
    depth: number,
    kind: 'string' | 'boolean' | 'bigint' | 'date' | 'bytes',
  ): ColumnPlan | undefined {
    for (let i = 0; i < values.length; i++) {
      if (!is(values[i])) return this.#planOptional(values, depth);
    }
    return { kind, values } as ColumnPlan;
  }

  #planObjects(first: object, values: readonly unknown[], depth: number): ColumnPlan | undefined {
    if (depth > MAX_COLUMN_DEPTH) {
      // Either very deep or a cycle: only the graph encoding tells.
      this.#graphParts++;
      return undefined;
    }
    switch (Object.getPrototypeOf(first)) {
      case Array.prototype:
        return this.#planArrays(first as unknown[], values, depth);
      case Object.prototype:
        return this.#planPlainObjects(first, values, depth);
      case Date.prototype:
        return this.#planAll(isPlainDate, values, depth, 'date');
      case Uint8Array.prototype:
        return this.#planAll(isPlainBytes, values, depth, 'bytes');
      default:
        return undefined;
    }
  }

  #planArrays(
    first: readonly unknown[],
    values: readonly unknown[],
    depth: number,
  ): ColumnPlan | undefined {
    if (!looksLikeList(first) || !looksLikeList(values[values.length - 1])) {
      return this.#planOptional(values, depth);
    }
    const arity = first.length;
    const columns = arity === 2 ? pairColumns(values) : tupleColumns(values, arity);
    if (columns !== undefined) {
      return { kind: 'tuple', columns: columns.map((column) => this.#plan(column, depth + 1)) };
    }
    return this.#planLists(values, depth) ?? this.#planOptional(values, depth);
  }

  #planLists(values: readonly unknown[], depth: number): ColumnPlan | undefined {
    const lists = listsOf(values);
    if (lists === undefined) return undefined;
    return {
      kind: 'list',
      lengths: lists.lengths,
      elements: this.#plan(lists.elements, depth + 1),
    };
  }

  #planPlainObjects(
    first: object,
    values: readonly unknown[],
    depth: number,
  ): ColumnPlan | undefined {
    const names = Object.keys(first);
    if (!isPlainRecord(first, names) || !isPlainRecord(values[values.length - 1], names)) {
      return this.#planOptional(values, depth);
    }
    const columns = shapeOf(names).gather(values);
    if (columns === undefined) return this.#planOptional(values, depth);
    return {
      kind: 'object',
      names,
      columns: columns.map((column) => this.#plan(column, depth + 1)),
    };
  }

  /** Values that are all of one kind but for nulls and undefineds. */
  #planOptional(values: readonly unknown[], depth: number): ColumnPlan | undefined {
    const present: unknown[] = [];
    let hasNull = false;
    let hasUndefined = false;
    for (let i = 0; i < values.length; i++) {
      const value = values[i];
      if (value === null) hasNull = true;
      else if (value === undefined) hasUndefined = true;
      else present.push(value);
    }
    // Nothing is missing: the values are mixed, and were found so before.
    if (present.length === values.length) return undefined;
    if (present.length > 0 && !isUniform(present)) return undefined;
    return {
      kind: 'optional',
      values,
      hasNull,
      hasUndefined,
      present: this.#plan(present, depth),
    };
  }

  #planNumberColumn(numbers: Float64Array): ColumnPlan {
    const first = numbers[0]!;
    const { length } = numbers;
    // Also -0 and 0 differ here, and NaN is like no other: those are written out.
    const isConstant = length > 1 && first !== 0 && numbers.every((value) => value === first);
    return isConstant && this.#takeFreeCells(length)
      ? { kind: 'constant', value: first, count: length }
      : planNumbers(numbers);
  }

  /** Objects count only as whole records: inside of one they might be part of a larger graph. */
  #isConstant(values: readonly unknown[], depth: number): boolean {
    const first = values[0];
    if (depth > 0 && isReference(first)) return false;
    const { length } = values;
    if (length < 2) return false;
    for (let i = 1; i < length; i++) if (values[i] !== first) return false;
    // `===` takes 0 for -0.
    if (first === 0 && values.some((value) => !Object.is(value, first))) return false;
    return this.#takeFreeCells(length);
  }

  #takeFreeCells(count: number): boolean {
    if (this.#freeCells + count > MAX_FREE_CELLS) return false;
    this.#freeCells += count;
    return true;
  }
}

function planNumbers(numbers: Float64Array): NumberPlan {
  let smallest = Infinity;
  let largest = -Infinity;
  for (let i = 0; i < numbers.length; i++) {
    const value = numbers[i]!;
    if (Math.floor(value) !== value || (value === 0 && 1 / value < 0)) {
      return { kind: 'number', numbers, areIntegers: false, smallest: 0, largest: 0 };
    }
    if (value < smallest) smallest = value;
    if (value > largest) largest = value;
  }
  const areIntegers =
    numbers.length > 0 &&
    largest - smallest < 4_294_967_296 &&
    smallest >= Number.MIN_SAFE_INTEGER &&
    largest <= Number.MAX_SAFE_INTEGER;
  return { kind: 'number', numbers, areIntegers, smallest, largest };
}
