import { chmodSync, mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryStorageFull } from './errors.js';
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
 * Throws `StorageFullError` when none of them can be used.
 */
export function createLocalDirectories(
  bases: string | readonly string[],
  applicationId: string,
): LocalDirectories {
  const list = typeof bases === 'string' ? [bases] : bases;
  const directories: string[] = [];
  let failure: unknown;
  for (const base of list) {
    try {
      mkdirSync(base, { recursive: true });
      const directory = mkdtempSync(join(base, `heddle-${safeFileName(applicationId)}-`));
      chmodSync(directory, 0o700);
      directories.push(directory);
      prepareLocalDirectory(directory);
    } catch (error) {
      failure = error;
    }
  }
  if (directories.length === 0) {
    throw temporaryStorageFull(list.at(-1) ?? '<none>', 0, list, { cause: failure });
  }
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
