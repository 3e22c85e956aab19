import { LaunchInputReader } from '../../src/process/launch-input.js';
import { runExecutorProcess } from '../../src/process/run-executor-process.js';

// An executor process whose task threads run `user-functions.ts` instead of a bundled program.
const input = new LaunchInputReader();
await input.outline();
const launch = await input.rest();
if (launch === undefined) process.exit(0);
await runExecutorProcess({
  ...launch,
  logTo: 'stdout',
  threadEntry: new URL('../host/test-thread.js', import.meta.url),
});
