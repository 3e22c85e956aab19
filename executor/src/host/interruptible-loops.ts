import { setFlagsFromString } from 'node:v8';

let isSet = false;

/**
 * Makes every loop of a task thread one that can be ended from outside.
 *
 * V8's optimiser drops the interrupt check of a loop that calls anything, trusting the callee to look;
 * built-ins such as `push` and `fill` do not. `for (;;) all.push(new Array(1000).fill(x))` then
 * outlives `terminate()` and runs on through every heap limit (seen with Node 24.21: 8 GB in a thread
 * that was ended six minutes before). The check costs nothing that we could measure.
 *
 * For the whole process, before its first task thread starts.
 */
export function keepLoopsInterruptible(): void {
  if (isSet) return;
  isSet = true;
  setFlagsFromString('--no-turboshaft-loop-unrolling');
}
