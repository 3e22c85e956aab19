import { StorageFullError } from '@heddle/webhdfs';

export { StorageFullError };

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
