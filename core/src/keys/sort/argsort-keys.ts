import { compareKeys } from '../compare-keys.js';
import { argsortNumbers } from './argsort-numbers.js';
import { argsortStrings } from './argsort-strings.js';
import { sortIndices } from './merge-sort.js';

/** Ties of arrays in their first element up to this many are sorted by comparing. */
const COMPARED_RUN = 16;
/** Elements of arrays that are sorted one after the other; ties behind them are compared. */
const MAX_ELEMENTS = 16;

/**
 * Indices of keys in their total order (`compareKeys`), stable in both directions: equal keys stay
 * in the order in which they came also when descending.
 *
 * Numbers, strings and dates are sorted by radix, also when some keys are missing or when they are
 * mixed; arrays of one length element by element; anything else by comparing.
 *
 * @throws KeyNotHashableError when objects are compared that are no keys
 */
export function argsortKeys(
  keys: readonly unknown[] | Float64Array,
  ascending = true,
): Uint32Array {
  if (keys instanceof Float64Array) return argsortNumbers(keys, ascending);
  return argsortColumn(keys, ascending, 0);
}

/** Indices `0 … count - 1` in the order of `compare`, which gets indices; stable in both directions. */
function argsortBy(
  count: number,
  compare: (a: number, b: number) => number,
  ascending = true,
): Uint32Array {
  const order = new Uint32Array(count);
  for (let i = 0; i < count; i++) order[i] = i;
  sortIndices(order, ascending ? compare : (a, b): number => -compare(a, b));
  return order;
}

function argsortColumn(keys: readonly unknown[], ascending: boolean, depth: number): Uint32Array {
  const kind = commonKind(keys);
  if (kind !== MIXED) return argsortKind(kind, keys, ascending, depth);
  return argsortMixed(keys, ascending, depth);
}

/** Kinds of keys in the total order, as far as they are sorted apart. */
const UNDEFINED = 0;
const NULL = 1;
const NUMBER = 2;
const STRING = 3;
const DATE = 4;
const ARRAY = 5;
/** Sorted by comparing with each other. */
const OTHER = 6;
const MIXED = 7;

function kindOf(key: unknown): number {
  switch (typeof key) {
    case 'number':
      return NUMBER;
    case 'string':
      return STRING;
    case 'undefined':
      return UNDEFINED;
    case 'object':
      if (key === null) return NULL;
      if (Object.getPrototypeOf(key) === Date.prototype) return DATE;
      return Object.getPrototypeOf(key) === Array.prototype ? ARRAY : OTHER;
    default:
      return OTHER;
  }
}

function commonKind(keys: readonly unknown[]): number {
  const { length } = keys;
  if (length === 0) return OTHER;
  const kind = kindOf(keys[0]);
  for (let i = 1; i < length; i++) if (kindOf(keys[i]) !== kind) return MIXED;
  return kind;
}

function argsortKind(
  kind: number,
  keys: readonly unknown[],
  ascending: boolean,
  depth: number,
): Uint32Array {
  switch (kind) {
    case UNDEFINED:
    case NULL:
      return Uint32Array.from({ length: keys.length }, (_, i) => i);
    case NUMBER:
      return argsortNumbers(Float64Array.from(keys as readonly number[]), ascending);
    case STRING:
      return argsortStrings(keys as readonly string[], ascending);
    case DATE: {
      const times = Float64Array.from(keys as readonly Date[], (date) => date.getTime());
      return argsortNumbers(times, ascending);
    }
    case ARRAY:
      if (depth < MAX_ELEMENTS && haveOneLength(keys as readonly unknown[][])) {
        return argsortArrays(keys as readonly unknown[][], ascending, depth);
      }
  }
  return argsortBy(keys.length, (a, b) => compareKeys(keys[a], keys[b]), ascending);
}

/** Sorts each kind on its own where kinds do not mingle in the order. */
function argsortMixed(keys: readonly unknown[], ascending: boolean, depth: number): Uint32Array {
  const kinds = new Uint8Array(keys.length);
  const counts = new Uint32Array(MIXED);
  for (let i = 0; i < keys.length; i++) counts[(kinds[i] = kindOf(keys[i]))]!++;
  // Booleans, bigints, bytes and others stand between the other kinds, or among them.
  if (counts[OTHER] !== 0) {
    return argsortBy(keys.length, (a, b) => compareKeys(keys[a], keys[b]), ascending);
  }
  const order = new Uint32Array(keys.length);
  let at = 0;
  for (let step = 0; step < OTHER; step++) {
    const kind = ascending ? step : OTHER - 1 - step;
    if (counts[kind] === 0) continue;
    const indices = new Uint32Array(counts[kind]!);
    for (let i = 0, next = 0; i < kinds.length; i++) if (kinds[i] === kind) indices[next++] = i;
    const part = Array.from(indices, (index) => keys[index]);
    for (const index of argsortKind(kind, part, ascending, depth)) order[at++] = indices[index]!;
  }
  return order;
}

function haveOneLength(arrays: readonly unknown[][]): boolean {
  const { length } = arrays[0]!;
  for (let i = 1; i < arrays.length; i++) if (arrays[i]!.length !== length) return false;
  return length > 0;
}

/** Sorts arrays of one length by element `depth`, and ties by the elements behind. */
function argsortArrays(
  arrays: readonly unknown[][],
  ascending: boolean,
  depth: number,
): Uint32Array {
  return new TupleSort(arrays, ascending, depth).sort();
}

class TupleSort {
  readonly #arrays: readonly unknown[][];
  readonly #ascending: boolean;
  readonly #depth: number;

  /** @param depth how many arrays these stand in, and how many elements were sorted by before */
  constructor(arrays: readonly unknown[][], ascending: boolean, depth: number) {
    this.#arrays = arrays;
    this.#ascending = ascending;
    this.#depth = depth;
  }

  sort(): Uint32Array {
    const order = new Uint32Array(this.#arrays.length);
    for (let i = 0; i < order.length; i++) order[i] = i;
    this.#sortBy(order, 0);
    return order;
  }

  #sortBy(run: Uint32Array, element: number): void {
    const arrays = this.#arrays;
    if (run.length <= COMPARED_RUN || this.#depth + element >= MAX_ELEMENTS) {
      const direction = this.#ascending ? 1 : -1;
      sortIndices(run, (a, b) => direction * compareTails(arrays[a]!, arrays[b]!, element));
      return;
    }
    const column = Array.from(run, (index) => arrays[index]![element]);
    const sorted = argsortColumn(column, this.#ascending, this.#depth + element + 1);
    const before = run.slice();
    for (let i = 0; i < run.length; i++) run[i] = before[sorted[i]!]!;
    if (element + 1 < arrays[0]!.length) this.#sortTies(run, element);
  }

  #sortTies(run: Uint32Array, element: number): void {
    const arrays = this.#arrays;
    for (let start = 0, end; start < run.length; start = end) {
      const key = arrays[run[start]!]![element];
      end = start + 1;
      while (end < run.length && compareKeys(arrays[run[end]!]![element], key) === 0) end++;
      if (end - start > 1) this.#sortBy(run.subarray(start, end), element + 1);
    }
  }
}

function compareTails(a: readonly unknown[], b: readonly unknown[], from: number): number {
  for (let i = from; i < a.length; i++) {
    const order = compareKeys(a[i], b[i]);
    if (order !== 0) return order;
  }
  return 0;
}
