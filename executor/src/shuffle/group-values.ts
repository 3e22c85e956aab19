import { GroupTooLargeError } from 'heddle/internal';
import { showRecord } from '../pipeline/show-record.js';
import type { GroupStream } from './group-streams.js';
import type { SizeMeter } from './size-estimator.js';

/**
 * All values of one side of the current key as one array, in map order.
 * `meter` counts what the key's sides take together. Throws `GroupTooLargeError` as soon as that is
 * more than the limit, before the thread dies.
 */
export function collectGroup(
  groups: GroupStream,
  side: number,
  limitBytes: number,
  meter: SizeMeter,
): unknown[] {
  const first = groups.nextValues(side);
  if (first === undefined || groups.isInMemory) {
    return first ?? [];
  }
  const values: unknown[] = [];
  for (let next: unknown[] | undefined = first; next !== undefined;) {
    for (let i = 0; i < next.length; i++) {
      meter.add(next[i]);
      values.push(next[i]);
    }
    if (meter.bytes > limitBytes) {
      throw new GroupTooLargeError(showRecord(groups.key), Math.round(meter.bytes), limitBytes);
    }
    next = groups.nextValues(side);
  }
  return values;
}
