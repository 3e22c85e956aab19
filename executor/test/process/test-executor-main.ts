import { readLaunchInput } from '../../src/process/launch-input.js';
import { runExecutorProcess } from '../../src/process/run-executor-process.js';

// An executor process whose task threads run `user-functions.ts` instead of a bundled program.
await runExecutorProcess({
  ...readLaunchInput(),
  logTo: 'stdout',
  threadEntry: new URL('../host/test-thread.js', import.meta.url),
});
