import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { engineBundleDirectory } from '../engine-files.js';
import type { RuntimeFiles } from './application-submission.js';

/** What `import 'heddle'` means in containers, seen from the program's folder there. */
export const engineUrlInContainer = '../engine/index.js';

/** The parts of the runtime as they are installed on this machine. */
export function installedRuntime(): RuntimeFiles {
  const bundleDirectory = fileURLToPath(engineBundleDirectory());
  return {
    bundleDirectory,
    nodeBinary: process.execPath,
    archiveDirectory: resolve(dirname(bundleDirectory), 'runtime'),
  };
}
