import { readlinkSync, writeSync } from 'node:fs';
import type { WriteFunction } from '../../src/storage/no-space.js';

/** A `writeSync` for which the directories below `prefix` are full after `roomBytes`. */
export function fullDisk(prefix: string, roomBytes: number): WriteFunction {
  let room = roomBytes;
  return (descriptor, bytes, offset, length, position) => {
    if (!readlinkSync(`/proc/self/fd/${descriptor}`).startsWith(prefix)) {
      return writeSync(descriptor, bytes, offset, length, position);
    }
    if (room === 0) {
      throw Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
    }
    const fitting = Math.min(room, length);
    room -= fitting;
    return writeSync(descriptor, bytes, offset, fitting, position);
  };
}
