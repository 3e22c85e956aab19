import { dirname } from 'node:path/posix';
import {
  AccessDeniedError,
  FileExistsError,
  FileNotFoundError,
  InvalidPathError,
  NotADirectoryError,
  RemoteFileSystemError,
  type FileStatus,
  type FileSystem,
} from '@heddle/webhdfs';
import type { PreparedSave } from './save.js';

/**
 * Does steps beside the destination; errors are told of the destination, which is what the program named.
 * @throws AccessDeniedError, InvalidPathError of the destination; others as they are
 */
export async function toldOfDestination(
  save: PreparedSave,
  steps: () => Promise<void>,
): Promise<void> {
  try {
    await steps();
  } catch (error) {
    const { destination, temporary, fileSystem } = save;
    if (error instanceof AccessDeniedError) {
      const { cause, user } = error;
      const reason = cause instanceof RemoteFileSystemError ? cause.serverMessage : undefined;
      throw new AccessDeniedError(destination, 'save to', user, { cause: error }, reason);
    }
    if (error instanceof InvalidPathError) {
      await fileSystem.delete(temporary).catch(() => undefined);
      throw new InvalidPathError(destination, error.reason, { cause: error });
    }
    throw error;
  }
}

/**
 * Does a step of a save. File systems say of a path below a file that it exists already: that file is
 * named instead.
 */
export async function notBelowFile<R>(save: PreparedSave, step: () => Promise<R>): Promise<R> {
  try {
    return await step();
  } catch (error) {
    if (!(error instanceof FileExistsError)) throw error;
    const { fileSystem, destination, path } = save;
    for (let above = dirname(destination); above !== '/'; above = dirname(above)) {
      const kind = await kindOf(fileSystem, above);
      if (kind === 'directory') break;
      if (kind === undefined) continue;
      const stands = kind === 'file' ? 'a file' : 'something else';
      const reason = `${stands} stands where a directory is needed`;
      throw new NotADirectoryError(above, `save to ${path} below`, { cause: error }, reason);
    }
    throw error;
  }
}

/** Undefined for what is not there, or cannot be since it is below a file. */
async function kindOf(
  fileSystem: FileSystem,
  path: string,
): Promise<FileStatus['kind'] | undefined> {
  try {
    return (await fileSystem.status(path)).kind;
  } catch (error) {
    if (error instanceof FileNotFoundError || error instanceof FileExistsError) return undefined;
    throw error;
  }
}
