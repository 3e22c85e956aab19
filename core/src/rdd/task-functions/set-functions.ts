import { engineFunction, plainEngineFunction } from '../../closures/engine-function.js';
import { compareKeys } from '../../keys/index.js';
import { pairOf } from './pair-record.js';

type Cogrouped = readonly [key: unknown, sides: readonly [readonly unknown[], readonly unknown[]]];

/** Pairs of the left side, of keys that the right side has or has not. */
export const pairsByOtherSide = engineFunction(
  'pairsByOtherSide',
  (args: readonly [present: boolean]) =>
    ([key, [left, right]]: Cogrouped): (readonly [unknown, unknown])[] =>
      right.length > 0 === args[0] ? left.map((value) => [key, value]) : [],
);

/** Keys that both sides have. */
export const commonKeys = plainEngineFunction(
  'commonKeys',
  () =>
    ([key, [left, right]]: Cogrouped): unknown[] =>
      left.length > 0 && right.length > 0 ? [key] : [],
);

/** Whether the key of a pair lies in a range, ends included. */
export const keyInRange = engineFunction(
  'keyInRange',
  (args: readonly [lower: unknown, upper: unknown]) =>
    (record: unknown): boolean => {
      const [key] = pairOf(record, 'filterByRange');
      return compareKeys(key, args[0]) >= 0 && compareKeys(key, args[1]) <= 0;
    },
);

/** `k, n + k, 2n + k, …` for partition k of n. */
export const uniqueIds = engineFunction(
  'uniqueIds',
  (args: readonly [partitions: number]) =>
    function* (index: number, records: Iterable<unknown>): Generator<readonly [unknown, number]> {
      let id = index;
      for (const record of records) {
        yield [record, id];
        id += args[0];
      }
    },
);

/** Records with the number of their group: neighbouring partitions belong together. */
export const groupOfPartition = engineFunction(
  'groupOfPartition',
  (args: readonly [partitions: number, groups: number]) =>
    function* (index: number, records: Iterable<unknown>): Generator<readonly [number, unknown]> {
      const group = Math.floor((index * args[1]) / args[0]);
      for (const record of records) yield [group, record];
    },
);

/** Pairs of group and partial result, under the numbers of fewer groups. */
export const widerGroup = engineFunction(
  'widerGroup',
  (args: readonly [groups: number, fewer: number]) =>
    ([group, partial]: readonly [number, unknown]): readonly [number, unknown] => [
      Math.floor((group * args[1]) / args[0]),
      partial,
    ],
);

/** A number as itself: where group i goes. */
export const itsNumber = plainEngineFunction(
  'itsNumber',
  () =>
    (group: number): number =>
      group,
);
