import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { localDirectoriesUnusable, type UnusableDirectory } from './errors.js';
import { errnoOf } from './no-space.js';

/** Folder of published map outputs in a local directory; its name is fixed by MapReduce's shuffle. */
export const OUTPUT_FOLDER = 'output';

/** Folder of everything else of an executor (spills, blocks) in a local directory; nobody else reads it. */
export const SCRATCH_FOLDER = 'scratch';

/** The local directories of one application in this process. */
export interface LocalDirectories {
  /** What `TaskEnvironment.localDirectories` holds; at least one. */
  readonly directories: readonly string[];
  /** Deletes them with all they hold; idempotent; a busy file is not an error. */
  remove(): void;
}

/**
 * Makes one private folder (0700) of an application in each base directory and prepares `output/`
 * (0750) and `scratch/` (0700) in it. A base that cannot be used is left out.
 *
 * @param made told of each folder when nothing is in it yet
 * @throws StorageFullError when all of them are full
 * @throws ConfigError when none of them can be used
 */
export function createLocalDirectories(
  bases: string | readonly string[],
  applicationId: string,
  made: (directory: string) => void = () => undefined,
): LocalDirectories {
  const list = typeof bases === 'string' ? [bases] : bases;
  const directories: string[] = [];
  const failures: UnusableDirectory[] = [];
  for (const base of list) {
    let directory: string | undefined;
    try {
      makeParents(resolve(base));
      directory = mkdtempSync(join(base, `heddle-${safeFileName(applicationId)}-`));
      made(directory);
      chmodSync(directory, 0o700);
      prepareLocalDirectory(directory);
      directories.push(directory);
    } catch (error) {
      failures.push({ path: base, error });
      if (directory !== undefined) rmSync(directory, { recursive: true, force: true });
    }
  }
  if (directories.length === 0) throw localDirectoriesUnusable(failures);
  let removed = false;
  return {
    directories,
    remove() {
      if (!removed) {
        removed = true;
        for (const directory of directories) {
          rmSync(directory, { recursive: true, force: true, maxRetries: 2 });
        }
      }
    },
  };
}

/** Makes a folder and those above it one by one: Node's own way of all at once never ends below `/proc`. */
function makeParents(path: string): void {
  if (existsSync(path)) return;
  makeParents(dirname(path));
  try {
    mkdirSync(path);
  } catch (error) {
    // Another application made it, or it is a link that leads nowhere: its use will tell.
    if (errnoOf(error) !== 'EEXIST') throw error;
  }
}

/** Makes `output/` and `scratch/` in a local directory that exists, such as one of YARN's; idempotent. */
export function prepareLocalDirectory(directory: string): void {
  makeFolder(join(directory, OUTPUT_FOLDER), 0o750);
  makeFolder(join(directory, SCRATCH_FOLDER), 0o700);
}

/** Makes one folder with exactly this mode, whatever the umask; keeps set-group-id, which keeps the group. */
export function makeFolder(path: string, mode: number): void {
  try {
    mkdirSync(path, { mode });
  } catch (error) {
    if (errnoOf(error) !== 'EEXIST') {
      throw error;
    }
    return;
  }
  const setGroupId = statSync(path).mode & 0o2000;
  chmodSync(path, mode | setGroupId);
}

/** A text as a part of a file name: anything but letters, digits, `_` and `-` becomes `_`. */
export function safeFileName(text: string): string {
  return text.replace(/[^A-Za-z0-9_-]/g, '_');
}
