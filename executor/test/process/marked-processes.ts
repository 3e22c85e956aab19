import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';

/** Name of the variable that marks a test's processes. */
export const MARK = 'HEDDLE_TEST_MARK';

/** Processes of this machine that were started with this mark in their environment. */
export function marked(mark: string): number[] {
  return readdirSync('/proc')
    .map(Number)
    .filter((pid) => Number.isInteger(pid) && environmentOf(pid).includes(`${MARK}=${mark}`));
}

/** Resolves when there are so many marked processes; the test's own time-out bounds it. */
export async function markedAre(mark: string, count: number): Promise<number[]> {
  for (;;) {
    const pids = marked(mark);
    if (pids.length === count) return pids;
    await delay(20);
  }
}

function environmentOf(pid: number): string[] {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0');
  } catch {
    // It has ended, or is another user's.
    return [];
  }
}
