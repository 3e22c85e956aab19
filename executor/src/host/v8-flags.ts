import { setFlagsFromString } from 'node:v8';

let areSet = false;

/**
 * Sets V8's flags for task threads, before the first one is started (flags are the process's own).
 *
 * V8's unrolling of inner loops with a known number of turns (as in `new Array(1000).fill(x)`) can
 * drop the check of the loop around it in which a thread notices that it shall end: seen with Node
 * 24.21, where `terminate()` and the heap limit had no effect on such a loop, which went on to fill
 * the machine's memory.
 *
 * `--max-old-space-size`, by which the heap of a process's main thread is limited, would win over the
 * limit that each task thread is started with. The main thread keeps the limit that it began with.
 */
export function setThreadFlags(): void {
  if (areSet) return;
  areSet = true;
  setFlagsFromString('--no-turboshaft-loop-unrolling');
  setFlagsFromString('--max-old-space-size=0');
}
