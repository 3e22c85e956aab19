import { posix } from 'node:path';
import { FileExistsError, FileNotFoundError, FileSystemError } from '../errors.js';
import type { FileStatus } from '../file-system.js';
import { JsonObject } from './json-answers.js';
import type { NameNodeClient } from './name-node-client.js';

/** What renaming needs to know of paths. */
export interface RenameMetadata {
  status(path: string): Promise<FileStatus>;
}

/**
 * Renames in one step that refuses an existing destination (`renameoptions=NONE`; without it HDFS
 * moves *into* a directory). When an answer is lost, the `fileId` tells whether the rename happened:
 * it stays with a file or directory, so a destination with the source's id is the renamed source.
 */
export async function renamePath(
  nameNodes: NameNodeClient,
  metadata: RenameMetadata,
  source: string,
  destination: string,
  overwrite: boolean,
): Promise<void> {
  const before = await metadata.status(source);
  const isDone = async (): Promise<boolean> =>
    (await statusIfThere(metadata, destination))?.fileId === before.fileId;
  if (source === destination) throw new FileExistsError(destination);
  // HttpFS ignores rename options, and HDFS then moves *into* a directory.
  const mayBeGateway = nameNodes.options.scheme !== 'hdfs';
  if (mayBeGateway && !overwrite && (await statusIfThere(metadata, destination)) !== undefined) {
    throw new FileExistsError(destination);
  }
  const lost = { attempts: 0 };
  let body: string;
  try {
    body = await nameNodes.call({
      method: 'PUT',
      op: 'RENAME',
      path: source,
      operation: 'rename to',
      parameters: { destination, renameoptions: overwrite ? 'OVERWRITE' : 'NONE' },
      resolveUnknown: async () => {
        lost.attempts += 1;
        return (await isDone()) ? '' : undefined;
      },
    });
  } catch (error) {
    // A lost attempt may have come through after it was looked for.
    if (lost.attempts > 0 && (await isDone())) return;
    throw await aboutRename(error, metadata, source, destination);
  }
  // HttpFS knows no rename options and answers `{"boolean":…}`: what it did must be looked at.
  if (body !== '' && !(await isDone())) {
    const refused = !new JsonObject(parsed(body)).boolean('boolean');
    throw await refusedRename(metadata, source, destination, refused);
  }
}

/** Errors of a rename are about its destination, unless the source or the parent is missing. */
async function aboutRename(
  error: unknown,
  metadata: RenameMetadata,
  source: string,
  destination: string,
): Promise<unknown> {
  if (error instanceof FileExistsError) return new FileExistsError(destination, { cause: error });
  if (!(error instanceof FileNotFoundError)) {
    const to = await statusIfThere(metadata, destination);
    const options = { cause: error };
    // `rename destination directory is not empty`, file against directory: plain IOExceptions.
    return to !== undefined && error instanceof FileSystemError
      ? new FileExistsError(destination, options)
      : error;
  }
  const there = await statusIfThere(metadata, source);
  if (there === undefined) return new FileNotFoundError(source, { cause: error });
  return new FileNotFoundError(posix.dirname(destination), { cause: error });
}

async function refusedRename(
  metadata: RenameMetadata,
  source: string,
  destination: string,
  refused: boolean,
): Promise<Error> {
  if ((await statusIfThere(metadata, destination)) !== undefined) {
    return new FileExistsError(destination);
  }
  if ((await statusIfThere(metadata, source)) === undefined) return new FileNotFoundError(source);
  if ((await statusIfThere(metadata, posix.dirname(destination))) === undefined) {
    return new FileNotFoundError(posix.dirname(destination));
  }
  const reason = refused ? 'the server refuses, without a reason' : 'it is not there afterwards';
  return new FileSystemError(destination, 'rename to', reason);
}

async function statusIfThere(
  metadata: RenameMetadata,
  path: string,
): Promise<FileStatus | undefined> {
  try {
    return await metadata.status(path);
  } catch (error) {
    if (error instanceof FileNotFoundError) return undefined;
    throw error;
  }
}

function parsed(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}
