import { basename, dirname } from 'node:path/posix';
import {
  ArgumentError,
  describeThrown,
  InternalError,
  silentLogger,
  type Logger,
} from '@heddle/common';
import {
  FileExistsError,
  FileNotFoundError,
  mapConcurrently,
  OutputExistsError,
  readWholeFile,
  type FileSystem,
  type FileSystemRegistry,
} from '@heddle/webhdfs';
import type { CommittedFile } from '../plan/index.js';
import { notBelowFile, toldOfDestination } from './destination-errors.js';

/** What a save is about to do. */
export interface SaveRequest {
  /** The folder to make, as the program gave it; taken literally. */
  readonly path: string;
  /** Replace what is there, at commit. */
  readonly overwrite: boolean;
  readonly applicationId: string;
  /** `appattempt_…_000002`, where applications have attempts. @default the first one */
  readonly applicationAttemptId?: string | undefined;
  /** Ordinal of the save in its application. */
  readonly saveId: number;
  /** Hash of the program's code table; an output that the same save has finished is taken over. */
  readonly bundleHash?: string;
  /** Told of a temporary folder of this machine just before it is made: whoever removes it must know by then. */
  readonly willMake?: ((directory: string) => void) | undefined;
}

/** A save that may write: its temporary folder exists, its destination does not. */
export interface PreparedSave extends SaveRequest {
  readonly fileSystem: FileSystem;
  /** Absolute, in `fileSystem`. */
  readonly destination: string;
  /** Absolute, in `fileSystem`; beside the destination, so that one rename publishes it. */
  readonly temporary: string;
  /** Full name of `temporary`, for the tasks (`TextOutputSpec.temporaryDirectory`). */
  readonly temporaryDirectory: string;
  /** The output stands already: an earlier attempt of this application has committed this very save. */
  readonly finished?: SuccessMark;
}

/** Content of `_SUCCESS`: enough to know whose output this is, and that it is whole. */
export interface SuccessMark {
  readonly applicationId: string;
  readonly saveId: number;
  /** Hash of the program's code table. */
  readonly bundleHash: string;
  readonly files: readonly { name: string; sizeBytes: number; records: number }[];
}

export const successFileName = '_SUCCESS';
const concurrentCalls = 16;
/** A mark lists its files: this is a million of them. */
const maxMarkBytes = 128 * 1024 * 1024;

/**
 * Checks that an output can be written and makes its temporary folder, before any task runs.
 * @throws OutputExistsError, ArgumentError, AccessDeniedError, InvalidPathError, NotADirectoryError
 */
export async function prepareSave(
  fileSystems: FileSystemRegistry,
  request: SaveRequest,
): Promise<PreparedSave> {
  const { fileSystem, path: destination } = fileSystems.resolve(request.path);
  const temporary = siblingOf(destination, request, '');
  const prepared: PreparedSave = {
    ...request,
    fileSystem,
    destination,
    temporary,
    temporaryDirectory: fileSystem.uri(temporary),
  };
  if (destination === '/') {
    throw new ArgumentError(`cannot save to ${request.path}: it is the root of the file system`);
  }
  const isThere = await notBelowFile(prepared, () => exists(fileSystem, destination));
  if (isThere) {
    const finished = await finishedSave(prepared);
    if (finished !== undefined) {
      // What that attempt may not have come to delete.
      await fileSystem.delete(siblingOf(destination, request, '_replaced', 1));
      return { ...prepared, finished };
    }
    if (!request.overwrite) throw new OutputExistsError(fileSystem.uri(destination));
    checkMayReplace(fileSystem, destination);
  }
  await toldOfDestination(prepared, async () => {
    // Left behind by processes that died: names are unique to an application, so they are ours.
    for (let attempt = 1; attempt < attemptOf(request); attempt += 1) {
      await fileSystem.delete(siblingOf(destination, request, '', attempt));
    }
    await fileSystem.delete(temporary);
    if (fileSystem.scheme === 'file') request.willMake?.(temporary);
    await notBelowFile(prepared, () => fileSystem.makeDirectories(temporary));
    // A name that the file system refuses would be known by the last rename only, after all the work.
    const probe = `${temporary}/${basename(destination)}`;
    await fileSystem.makeDirectories(probe);
    await fileSystem.delete(probe);
  });
  return prepared;
}

/**
 * Publishes exactly the files of the manifest, with `_SUCCESS`, by one rename of the folder. Until
 * that rename the destination is as it was. With `overwrite` what stood there is moved aside
 * just before, and deleted just after; if the process dies between, both are beside the destination.
 * @param files one for each partition, of one generation
 * @throws OutputExistsError when the destination came into being meanwhile (and not `overwrite`)
 */
export async function commitSave(
  save: PreparedSave,
  files: readonly CommittedFile[],
  bundleHash: string,
  logger: Logger = silentLogger,
): Promise<void> {
  const { fileSystem, temporary } = save;
  checkManifest(files);
  // Synced, so that a crash of the machine leaves no _SUCCESS beside files that are empty again.
  await mapConcurrently(files, concurrentCalls, async (file) => {
    await fileSystem.rename(`${temporary}/${file.temporaryName}`, `${temporary}/${file.name}`);
    await fileSystem.sync(`${temporary}/${file.name}`);
  });
  await removeStrays(save, files);
  await writeSuccess(save, files, bundleHash);
  await fileSystem.sync(`${temporary}/${successFileName}`);
  await fileSystem.sync(temporary);
  let replaced: string | undefined;
  if (save.overwrite) replaced = await replaceDestination(save);
  else await publish(save);
  // The output stands: what fails from here on is no failure of the save.
  try {
    await fileSystem.sync(dirname(save.destination));
    if (replaced !== undefined) await fileSystem.delete(replaced);
  } catch (error) {
    logger.warn('the output is saved, but cleaning up after it failed', {
      output: fileSystem.uri(save.destination),
      leftBehind: replaced && fileSystem.uri(replaced),
      reason: describeThrown(error),
    });
  }
}

/**
 * The mark of the output that stands at the destination, when it is this save's own: a second attempt
 * of an application runs its program again, and finds the saves of the first one done.
 */
async function finishedSave(save: PreparedSave): Promise<SuccessMark | undefined> {
  if (save.bundleHash === undefined) return undefined;
  const mark = await readMark(save.fileSystem, `${save.destination}/${successFileName}`);
  const isOurs =
    mark?.applicationId === save.applicationId &&
    mark.saveId === save.saveId &&
    mark.bundleHash === save.bundleHash;
  return isOurs ? mark : undefined;
}

/** Undefined for what is not there (or cannot be, below a file), or is no mark of ours (Hadoop's own is empty). */
async function readMark(fileSystem: FileSystem, path: string): Promise<SuccessMark | undefined> {
  try {
    const { kind, sizeBytes } = await fileSystem.status(path);
    if (kind !== 'file' || sizeBytes > maxMarkBytes) return undefined;
    const bytes = await readWholeFile(fileSystem, path, sizeBytes);
    const parsed: unknown = JSON.parse(bytes.toString('utf8'));
    return typeof parsed === 'object' && parsed !== null && 'saveId' in parsed
      ? (parsed as SuccessMark)
      : undefined;
  } catch (error) {
    const isAbsent = error instanceof FileNotFoundError || error instanceof FileExistsError;
    if (isAbsent || error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** Removes everything that a save wrote, after a failure; idempotent. */
export async function abortSave(save: PreparedSave): Promise<void> {
  await save.fileSystem.delete(save.temporary);
}

/** The rename refuses an existing destination by itself: no check before it could. */
async function publish(save: PreparedSave): Promise<void> {
  try {
    await save.fileSystem.rename(save.temporary, save.destination);
  } catch (error) {
    if (error instanceof FileExistsError && error.path === save.destination) {
      throw new OutputExistsError(save.fileSystem.uri(save.destination), { cause: error });
    }
    throw error;
  }
}

/** Resolves to where the replaced output stands now, if there was one. */
async function replaceDestination(save: PreparedSave): Promise<string | undefined> {
  const { fileSystem, destination } = save;
  const aside = siblingOf(destination, save, '_replaced', 1);
  await fileSystem.delete(aside);
  const replaced = await moveIfThere(fileSystem, destination, aside);
  try {
    await publish(save);
  } catch (error) {
    if (replaced) await fileSystem.rename(aside, destination);
    throw error;
  }
  return replaced ? aside : undefined;
}

async function moveIfThere(fileSystem: FileSystem, from: string, to: string): Promise<boolean> {
  try {
    await fileSystem.rename(from, to);
    return true;
  } catch (error) {
    if (error instanceof FileNotFoundError && !(await exists(fileSystem, from))) return false;
    throw error;
  }
}

/** Files of attempts that were not chosen: failed, killed or late. */
async function removeStrays(save: PreparedSave, files: readonly CommittedFile[]): Promise<void> {
  const wanted = new Set(files.map((file) => file.name));
  const names = await save.fileSystem.listNames(save.temporary);
  const strays = names.filter((name) => !wanted.has(name));
  await mapConcurrently(strays, concurrentCalls, (name) =>
    save.fileSystem.delete(`${save.temporary}/${name}`),
  );
}

async function writeSuccess(
  save: PreparedSave,
  files: readonly CommittedFile[],
  bundleHash: string,
): Promise<void> {
  const mark: SuccessMark = {
    applicationId: save.applicationId,
    saveId: save.saveId,
    bundleHash,
    files: files.map(({ name, sizeBytes, records }) => ({ name, sizeBytes, records })),
  };
  const path = `${save.temporary}/${successFileName}`;
  const writer = await save.fileSystem.create(path);
  try {
    await writer.write(Buffer.from(`${JSON.stringify(mark)}\n`));
    await writer.close();
  } catch (error) {
    await writer.abort();
    throw error;
  }
}

function checkManifest(files: readonly CommittedFile[]): void {
  const names = new Set(files.map((file) => file.name));
  if (names.size !== files.length) {
    throw new InternalError('a save has two files for one partition');
  }
}

/** A working directory that is moved away under a running program would break its relative paths. */
function checkMayReplace(fileSystem: FileSystem, destination: string): void {
  if (fileSystem.scheme !== 'file') return;
  if (`${process.cwd()}/`.startsWith(`${destination}/`)) {
    throw new ArgumentError(
      `cannot overwrite ${destination}: the program's working directory is in it`,
    );
  }
}

/**
 * Attempts have names of their own: one that was thought dead, and cleans up after itself, does no harm
 * to the one that took over.
 */
function siblingOf(
  destination: string,
  save: SaveRequest,
  suffix: string,
  attempt = attemptOf(save),
): string {
  const ofAttempt = attempt === 1 ? '' : `_attempt${attempt}`;
  const name = `._heddle_${save.applicationId}_${save.saveId}${ofAttempt}${suffix}`;
  const parent = dirname(destination);
  return parent === '/' ? `/${name}` : `${parent}/${name}`;
}

function attemptOf({ applicationAttemptId }: SaveRequest): number {
  return applicationAttemptId === undefined ? 1 : Number(applicationAttemptId.split('_').at(-1));
}

async function exists(fileSystem: FileSystem, path: string): Promise<boolean> {
  try {
    await fileSystem.status(path);
    return true;
  } catch (error) {
    if (error instanceof FileNotFoundError) return false;
    throw error;
  }
}
