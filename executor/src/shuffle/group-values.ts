import { GroupTooLargeError } from 'heddle/internal';
import { showRecord } from '../pipeline/show-record.js';
import type { GroupStream } from './group-collector.js';
import { SizeMeter } from './size-estimator.js';

/**
 * All values of one side of the current key as one array, in map order.
 * Throws `GroupTooLargeError` as soon as they take more than the limit, before the thread dies.
 */
export function collectGroup(groups: GroupStream, side: number, limitBytes: number): unknown[] {
  const first = groups.nextValues(side);
  if (first === undefined) {
    return [];
  }
  let next = groups.nextValues(side);
  if (next === undefined) {
    return first;
  }
  const meter = new SizeMeter();
  const values: unknown[] = first;
  measure(meter, first);
  while (next !== undefined) {
    measure(meter, next);
    if (meter.bytes > limitBytes) {
      throw new GroupTooLargeError(showRecord(groups.key), Math.round(meter.bytes), limitBytes);
    }
    for (let i = 0; i < next.length; i++) {
      values.push(next[i]);
    }
    next = groups.nextValues(side);
  }
  return values;
}

function measure(meter: SizeMeter, values: readonly unknown[]): void {
  for (let i = 0; i < values.length; i++) {
    meter.add(values[i]);
  }
}
