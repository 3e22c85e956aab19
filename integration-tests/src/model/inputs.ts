import fc from 'fast-check';
import type { HeddleContext, RDD } from 'heddle';
import { coalesced, flat, slices, type Parts } from './naive.js';

/** How the partitions of an RDD came about; its records are the same in all of them. */
export const layouts = ['lists', 'slices', 'union', 'coalesce', 'generator', 'cached'] as const;
export type Layout = (typeof layouts)[number];

/** Data of a property: partitions, and the way an RDD with them is made. */
export interface Input<T = unknown> {
  readonly layout: Layout;
  readonly parts: Parts<T>;
}

/** Data in partitions, some of them empty, and sometimes no partition at all. */
export function inputOf<T>(record: fc.Arbitrary<T>): fc.Arbitrary<Input<T>> {
  const parts = fc.array(fc.array(record, { maxLength: 6 }), { maxLength: 4 });
  return fc
    .record({ layout: fc.constantFrom(...layouts), parts })
    .map(({ layout, parts: given }) => {
      if (layout === 'slices')
        return { layout, parts: slices(flat(given), Math.max(1, given.length)) };
      if (layout === 'coalesce') {
        return { layout, parts: coalesced(given, Math.max(1, Math.floor(given.length / 2))) };
      }
      return { layout, parts: given };
    });
}

/** An RDD with exactly these partitions. */
export function rddOf<T>(sc: HeddleContext, { layout, parts }: Input<T>): RDD<T> {
  const lists = (some: Parts<T>): RDD<T> =>
    some.length === 0
      ? sc.emptyRDD<T>()
      : sc.parallelize(some, some.length).flatMap((list) => list);
  switch (layout) {
    case 'lists':
      return lists(parts);
    case 'slices':
      return sc.parallelize(flat(parts), parts.length);
    case 'union':
      return lists(parts.slice(0, 1)).union(lists(parts.slice(1)));
    case 'coalesce':
      // Each list is cut in two; neighbours are put together again.
      return parts.length === 0
        ? lists(parts)
        : lists(parts.flatMap((list) => slices(list, 2))).coalesce(parts.length);
    case 'generator':
      return parts.length === 0
        ? lists(parts)
        : sc.parallelize(parts, parts.length).mapPartitions(function* (records) {
            for (const list of records) yield* list;
          });
    case 'cached':
      return lists(parts).cache();
  }
}

const number = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: -9, max: 9 }) },
  fc.constantFrom(0, -0, 0.5, -1e300, 2 ** 53, NaN, Infinity, -Infinity),
);
const text = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom('', 'a', 'b', 'ab', 'B', '1', 'ключ', 'ﬀ', '𝒳') },
  fc.string({ maxLength: 3 }),
);
const date = fc.integer({ min: -3, max: 3 }).map((days) => new Date(days * 86_400_000));
const bytes = fc
  .array(fc.integer({ min: 0, max: 2 }), { maxLength: 3 })
  .map((list) => Uint8Array.from(list));
/** Larger than all numbers that go with them: a number and a bigint of the same value have no written order. */
const bigint = fc.integer({ min: -3, max: 3 }).map((n) => 10n ** 20n * BigInt(n) + 10n ** 19n);
const scalar = fc.oneof(
  number,
  text,
  date,
  bytes,
  bigint,
  fc.constantFrom<unknown>(null, undefined, true, false),
);
const list = fc.array(fc.oneof(fc.integer({ min: 0, max: 2 }), fc.constantFrom('a', null)), {
  maxLength: 3,
});
const small = fc.integer({ min: 0, max: 2 });
const object = fc.oneof(
  fc.record({ a: small }),
  fc.tuple(small, small).map(([a, b]) => ({ a, b })),
  fc.tuple(small, small).map(([a, b]) => ({ b, a })),
  small.map((a) => ({ a, b: undefined })),
  small.map((a) => ({ a: { a } })),
  fc.array(small, { maxLength: 2 }).map((items) => new Set(items)),
  fc
    .array(fc.tuple(fc.constantFrom('x', 'y'), small), { maxLength: 2 })
    .map((items) => new Map(items)),
  fc.constantFrom(/a/g, /a/i, /b/g),
  bytes.map((b) => Int8Array.from(b)),
);

/** Kinds of records, each with whether the total order of keys is written down for them. */
export const recordKinds = {
  numbers: { arbitrary: number as fc.Arbitrary<unknown>, ordered: true },
  texts: { arbitrary: text as fc.Arbitrary<unknown>, ordered: true },
  'mixed scalars': { arbitrary: scalar, ordered: true },
  lists: { arbitrary: list as fc.Arbitrary<unknown>, ordered: true },
  objects: { arbitrary: fc.oneof<fc.Arbitrary<unknown>[]>(object, scalar), ordered: false },
} as const;

/** Kinds of keys. */
export const keyKinds = {
  'small numbers': {
    arbitrary: fc.integer({ min: -3, max: 3 }) as fc.Arbitrary<unknown>,
    ordered: true,
  },
  texts: { arbitrary: text as fc.Arbitrary<unknown>, ordered: true },
  'edge values': {
    arbitrary: fc.oneof(
      fc.constantFrom<unknown>(null, undefined, NaN, 0, -0, '', true, false, '1', 1),
      scalar,
    ),
    ordered: true,
  },
  lists: { arbitrary: list as fc.Arbitrary<unknown>, ordered: true },
  objects: { arbitrary: object as fc.Arbitrary<unknown>, ordered: false },
} as const;

/** Values of pairs: anything. */
export const value: fc.Arbitrary<unknown> = fc.oneof(
  { weight: 4, arbitrary: fc.integer({ min: -5, max: 5 }) },
  fc.constantFrom<unknown>('a', '', null, undefined, NaN, { n: 1 }, [1, 2]),
);
