import { ConfigError, describeThrown, settings } from '@heddle/common';
import { StorageFullError } from '@heddle/webhdfs';
import { isNoSpace } from './no-space.js';

export { StorageFullError };

/** A local directory that could not be made ready, and why. */
export interface UnusableDirectory {
  readonly path: string;
  readonly error: unknown;
}

/** Why none of an application's local directories can be used: they are full, or cannot be written at all. */
export function localDirectoriesUnusable(
  failures: readonly UnusableDirectory[],
): StorageFullError | ConfigError {
  const last = failures.at(-1);
  const path = last?.path ?? '<none>';
  const options = { cause: last?.error };
  if (failures.length > 0 && failures.every(({ error }) => isNoSpace(error))) {
    const paths = failures.map((failure) => failure.path);
    return temporaryStorageFull(path, 0, paths, options);
  }
  const reasons = failures.map((failure) => `${failure.path}: ${describeThrown(failure.error)}`);
  return new ConfigError(
    settings.localDir.key,
    `no directory for temporary data can be used: ${reasons.join('; ')}. ` +
      `Name directories in ${settings.localDir.key} in which this user may make files ` +
      "(where it is not set they are the system's folder for temporary files, on YARN the NodeManager's)",
    options,
  );
}

/**
 * No local directory has room for what must be written; names them and what was asked for.
 * @param directory the directory that was tried last
 * @param sizeBytes bytes that were to be written there
 */
export function temporaryStorageFull(
  directory: string,
  sizeBytes: number,
  directories: readonly string[],
  options?: ErrorOptions,
): StorageFullError {
  return new StorageFullError(
    directory,
    `no room for ${sizeBytes} bytes of temporary data in ${directories.join(', ')}. ` +
      'Free space there or name other directories in heddle.local.dir',
    options,
  );
}
