import { chmodSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isProcessAlive } from '@heddle/common';
import { localDirectoriesUnusable, type UnusableDirectory } from '../storage/errors.js';
import { prepareLocalDirectory, safeFileName } from '../storage/local-directories.js';

const FOLDER_START = 'executor-';
const PID_FILE = 'pid';

/**
 * The folders of one process in the application's local directories: `<dir>/executor-<id>`, 0700,
 * with the number of the process that uses them. Directories that cannot be used are left out.
 */
export class ProcessDirectories {
  /** The application's directories that can be used. */
  readonly application: readonly string[];
  /** This process's own folder in each of them. */
  readonly own: readonly string[];

  private constructor(application: readonly string[], own: readonly string[]) {
    this.application = application;
    this.own = own;
  }

  /** @throws StorageFullError when all of them are full
   * @throws ConfigError when none can be used */
  static create(localDirectories: readonly string[], processId: string): ProcessDirectories {
    const application: string[] = [];
    const own: string[] = [];
    const failures: UnusableDirectory[] = [];
    for (const directory of localDirectories) {
      const folder = join(directory, `${FOLDER_START}${safeFileName(processId)}`);
      try {
        mkdirSync(folder, { recursive: true, mode: 0o700 });
        chmodSync(folder, 0o700);
        prepareLocalDirectory(directory);
        prepareLocalDirectory(folder);
        writeFileSync(join(folder, PID_FILE), String(process.pid), { mode: 0o600 });
        application.push(directory);
        own.push(folder);
      } catch (error) {
        failures.push({ path: directory, error });
        rmSync(folder, { recursive: true, force: true });
      }
    }
    if (own.length === 0) throw localDirectoriesUnusable(failures);
    return new ProcessDirectories(application, own);
  }

  /** Removes this process's own folders; idempotent. */
  remove(): void {
    removeAll(this.own);
  }
}

/**
 * For a process whose driver was killed: removes the application's directories, unless another
 * process of the application lives, which then does it. The own folders must be removed before, so
 * that of two that end at once at least one finds nobody.
 */
export function removeAbandoned(
  localDirectories: readonly string[],
  ownedDirectories: readonly string[],
): void {
  if (localDirectories.some(hasLivingProcess)) return;
  removeAll(ownedDirectories);
}

/** Whether a process that registered a folder in this directory is alive. */
export function hasLivingProcess(directory: string): boolean {
  let names: string[];
  try {
    names = readdirSync(directory);
  } catch {
    return false;
  }
  return names
    .filter((name) => name.startsWith(FOLDER_START))
    .some((name) => {
      try {
        return isProcessAlive(Number(readFileSync(join(directory, name, PID_FILE), 'utf8')));
      } catch {
        return false;
      }
    });
}

function removeAll(directories: readonly string[]): void {
  for (const directory of directories) {
    try {
      rmSync(directory, { recursive: true, force: true, maxRetries: 2 });
    } catch {
      // Busy or not ours: whoever is left, or the system, has to clean up.
    }
  }
}
