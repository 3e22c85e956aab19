import { readLaunchInput } from './launch-input.js';
import { runExecutorProcess } from './run-executor-process.js';

declare const HEDDLE_BUNDLED: boolean | undefined;

// In the engine's bundle all ways in stand in one folder.
const threadEntry =
  typeof HEDDLE_BUNDLED !== 'undefined' && HEDDLE_BUNDLED
    ? new URL('./thread-main.js', import.meta.url)
    : undefined;
const { spec, key } = readLaunchInput();
await runExecutorProcess({
  spec,
  key,
  logTo: 'stdout',
  // eslint-disable-next-line no-restricted-properties -- a main file by another name
  environment: process.env,
  ...(threadEntry === undefined ? {} : { threadEntry }),
});
