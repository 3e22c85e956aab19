import { RecordTypeError } from '../../errors/index.js';
import { describeThrown } from '@heddle/common';
import { engineFunction, plainEngineFunction } from '../../closures/engine-function.js';

function checkNumber(record: unknown): number {
  if (typeof record === 'number') return record;
  throw new RecordTypeError(
    `histogram needs numbers, and a record is ${describeThrown(record, 100)} (${typeof record})`,
  );
}

/** Least and greatest number and how many there are, NaN left out. */
export const extremesOf = plainEngineFunction(
  'extremesOf',
  () =>
    (records: Iterable<unknown>): readonly [number, number, number] => {
      let [least, greatest, count] = [Infinity, -Infinity, 0];
      for (const record of records) {
        const value = checkNumber(record);
        if (Number.isNaN(value)) continue;
        if (value < least) least = value;
        if (value > greatest) greatest = value;
        count += 1;
      }
      return [least, greatest, count];
    },
);

/** Numbers in each bucket: `[borders[i], borders[i + 1])`, the last one with its end; NaN and others left out. */
export const countBuckets = engineFunction(
  'countBuckets',
  (args: readonly [borders: readonly number[]]) =>
    (records: Iterable<unknown>): number[] => {
      const [borders] = args;
      const last = borders.length - 1;
      const counts = new Array<number>(last).fill(0);
      for (const record of records) {
        const value = checkNumber(record);
        if (!(value >= borders[0]! && value <= borders[last]!)) continue;
        let low = 0;
        let high = last;
        while (high - low > 1) {
          const middle = (low + high) >>> 1;
          if (borders[middle]! <= value) low = middle;
          else high = middle;
        }
        counts[low]! += 1;
      }
      return counts;
    },
);
