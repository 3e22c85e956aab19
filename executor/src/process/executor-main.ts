import { PrestartedThreads } from '../host/prestarted-threads.js';
import { LaunchInputReader } from './launch-input.js';
import { planExecutorMemory } from './memory-plan.js';
import { runExecutorProcess } from './run-executor-process.js';

declare const HEDDLE_BUNDLED: boolean | undefined;

// In the engine's bundle all ways in stand in one folder.
const entry =
  typeof HEDDLE_BUNDLED !== 'undefined' && HEDDLE_BUNDLED
    ? { threadEntry: new URL('./thread-main.js', import.meta.url) }
    : {};
const input = new LaunchInputReader();
const outline = await input.outline();
if (outline !== undefined) {
  const { slots, memoryBytes } = outline;
  const memory = planExecutorMemory(memoryBytes, slots);
  // They load their code while the program is still being made ready.
  const prestarted = new PrestartedThreads({ count: slots, memory, ...entry });
  const launch = await input.rest();
  // Otherwise the launcher is gone, or has no use for this process, which ends.
  if (launch === undefined) process.exit(0);
  await runExecutorProcess({
    ...launch,
    ...entry,
    prestarted,
    logTo: 'stdout',
    // eslint-disable-next-line no-restricted-properties -- a main file by another name
    environment: process.env,
  });
}
