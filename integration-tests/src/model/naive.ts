import { orderOf, textOf } from './values.js';

/**
 * What operators should give, over plain arrays of partitions: as short as the words of the manual,
 * quadratic where that is shorter.
 */
export type Parts<T = unknown> = readonly (readonly T[])[];

export type Pair<V = unknown> = readonly [key: unknown, value: V];

/** All records in partition order. */
export function flat<T>(parts: Parts<T>): T[] {
  return parts.flatMap((part) => [...part]);
}

/** Slice i holds the records from floor(i·length/n) to before floor((i+1)·length/n). */
export function slices<T>(records: readonly T[], n: number): T[][] {
  return Array.from({ length: n }, (_, i) =>
    records.slice(Math.floor((i * records.length) / n), Math.floor(((i + 1) * records.length) / n)),
  );
}

/** At most n partitions, each of neighbouring ones. */
export function coalesced<T>(parts: Parts<T>, n: number): T[][] {
  return slices(parts, Math.min(n, parts.length)).map((group) => flat(group));
}

/** Keys in the order in which they come, each with its values in that order. */
export function grouped<V>(pairs: readonly Pair<V>[]): [unknown, V[]][] {
  const groups: [unknown, V[]][] = [];
  for (const [key, value] of pairs) {
    const group = groups.find(([other]) => textOf(other) === textOf(key));
    if (group === undefined) groups.push([key, [value]]);
    else group[1].push(value);
  }
  return groups;
}

/** Values of a key. */
export function valuesOf<V>(pairs: readonly Pair<V>[], key: unknown): V[] {
  return pairs.filter(([other]) => textOf(other) === textOf(key)).map(([, value]) => value);
}

/** One of each. */
export function distinct(records: readonly unknown[]): unknown[] {
  return grouped(records.map((record): Pair => [record, null])).map(([record]) => record);
}

export function isAmong(records: readonly unknown[], record: unknown): boolean {
  return records.some((other) => textOf(other) === textOf(record));
}

/** In the order of keys, ties as they were. */
export function sortedBy<T>(
  records: readonly T[],
  key: (record: T) => unknown,
  ascending = true,
): T[] {
  // In objects, since `sort` has an opinion of its own on undefined.
  return records
    .map((record) => ({ record }))
    .sort((a, b) => (ascending ? 1 : -1) * orderOf(key(a.record), key(b.record)))
    .map(({ record }) => record);
}

/** All combinations of the values of each key; `outer` says which sides may be missing. */
export function joined(
  left: readonly Pair[],
  right: readonly Pair[],
  outer: { readonly left?: boolean; readonly right?: boolean } = {},
): [unknown, [unknown, unknown]][] {
  const keys = distinct([...left, ...right].map(([key]) => key));
  return keys.flatMap((key) => {
    let lefts = valuesOf(left, key);
    let rights = valuesOf(right, key);
    if (lefts.length === 0 && outer.left === true) lefts = [undefined];
    if (rights.length === 0 && outer.right === true) rights = [undefined];
    return lefts.flatMap((l) => rights.map((r): [unknown, [unknown, unknown]] => [key, [l, r]]));
  });
}

/** For each key of any side the values of each side. */
export function cogrouped(...sides: readonly (readonly Pair[])[]): [unknown, unknown[][]][] {
  return distinct(sides.flat().map(([key]) => key)).map((key) => [
    key,
    sides.map((side) => valuesOf(side, key)),
  ]);
}
