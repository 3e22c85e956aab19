import * as fs from 'node:fs';
import { dirname } from 'node:path/posix';
import type {
  BlockLocation,
  ContentSummary,
  CreateOptions,
  FileReader,
  FileStatus,
  FileSystem,
  FileTimes,
  FileWriter,
  RenameOptions,
} from '../file-system.js';
import { FileExistsError, FileNotFoundError, NotADirectoryError } from '../errors.js';
import { listRecursively } from '../list-recursively.js';
import { mapConcurrently } from '../map-concurrently.js';
import { errnoOf, localError } from './local-errors.js';
import { LocalFileReader, LocalFileWriter } from './local-file.js';

/** Spark's and Hadoop's size of a split of local files (`fs.local.block.size`). */
export const defaultLocalBlockSizeBytes = 32 * 1024 * 1024;

/** Files of this machine. Relative paths are the registry's business: all paths here are absolute. */
export class LocalFileSystem implements FileSystem {
  readonly scheme = 'file';
  readonly #blockSizeBytes: number;

  constructor(options: { readonly blockSizeBytes?: number } = {}) {
    this.#blockSizeBytes = options.blockSizeBytes ?? defaultLocalBlockSizeBytes;
  }

  uri(path: string): string {
    return `file://${path}`;
  }

  async status(path: string): Promise<FileStatus> {
    try {
      return this.#toStatus(path, await fs.promises.stat(path, { bigint: false }));
    } catch (error) {
      throw localError(error, path, 'look at');
    }
  }

  async listNames(directory: string): Promise<string[]> {
    try {
      const names = await fs.promises.readdir(directory);
      return names.sort();
    } catch (error) {
      if (errnoOf(error) === 'ENOTDIR' && fs.existsSync(directory)) {
        throw new NotADirectoryError(directory, 'list', { cause: error });
      }
      throw localError(error, directory, 'list');
    }
  }

  async list(directory: string): Promise<FileStatus[]> {
    const names = await this.listNames(directory);
    const base = directory.endsWith('/') ? directory : `${directory}/`;
    const found = await mapConcurrently(names, 8, (name) => this.#statusOfEntry(base + name));
    return found.filter((status) => status !== undefined);
  }

  async openRead(path: string): Promise<FileReader> {
    const descriptor = await open(path, fs.constants.O_RDONLY, 0, 'read');
    return new LocalFileReader(descriptor, path);
  }

  async create(path: string, options: CreateOptions = {}): Promise<FileWriter> {
    const { O_WRONLY, O_CREAT, O_EXCL, O_TRUNC } = fs.constants;
    const flags = O_WRONLY | O_CREAT | (options.overwrite === true ? O_TRUNC : O_EXCL);
    const descriptor = await open(path, flags, options.mode ?? 0o644, 'create');
    return new LocalFileWriter(descriptor, path);
  }

  async append(path: string): Promise<FileWriter> {
    const { O_WRONLY, O_APPEND } = fs.constants;
    const descriptor = await open(path, O_WRONLY | O_APPEND, 0, 'append to');
    return new LocalFileWriter(descriptor, path, { keepAborted: true });
  }

  async makeDirectories(path: string, mode?: number): Promise<void> {
    try {
      await fs.promises.mkdir(path, { recursive: true, ...(mode === undefined ? {} : { mode }) });
    } catch (error) {
      if (errnoOf(error) === 'ENOTDIR') {
        throw new FileExistsError(path, { cause: error });
      }
      throw localError(error, path, 'make directory');
    }
  }

  async rename(source: string, destination: string, options: RenameOptions = {}): Promise<void> {
    const from = await lstat(source);
    if (from === undefined) throw new FileNotFoundError(source);
    const to = await lstat(destination);
    if (options.overwrite === true && to !== undefined) {
      await replace(source, from, destination, to);
      return;
    }
    if (to !== undefined) throw new FileExistsError(destination);
    try {
      // rename(2) replaces a file, and of directories only an empty one. So a directory that comes
      // into being after the check above is safe; a file needs the step that refuses by itself.
      if (from.isDirectory()) await fs.promises.rename(source, destination);
      else await moveFile(source, destination);
    } catch (error) {
      if (errnoOf(error) === 'ENOENT' && (await lstat(source)) !== undefined) {
        throw new FileNotFoundError(dirname(destination), { cause: error });
      }
      throw localError(error, destination, 'rename to');
    }
  }

  async delete(path: string): Promise<boolean> {
    try {
      if ((await lstat(path)) === undefined) return false;
      await fs.promises.rm(path, { recursive: true, force: true });
      return true;
    } catch (error) {
      throw localError(error, path, 'delete');
    }
  }

  blockLocations(_path: string, offset: number, length: number): Promise<BlockLocation[]> {
    return Promise.resolve(length > 0 ? [{ offset, length, hosts: [] }] : []);
  }

  async setPermission(path: string, mode: number): Promise<void> {
    try {
      await fs.promises.chmod(path, mode);
    } catch (error) {
      throw localError(error, path, 'set permissions of');
    }
  }

  async setTimes(path: string, times: FileTimes): Promise<void> {
    try {
      const { atimeMs, mtimeMs } = await fs.promises.stat(path);
      const seconds = (timeMs: number): number => timeMs / 1000;
      await fs.promises.utimes(
        path,
        seconds(times.accessedMs ?? atimeMs),
        seconds(times.modifiedMs ?? mtimeMs),
      );
    } catch (error) {
      throw localError(error, path, 'set times of');
    }
  }

  async contentSummary(path: string): Promise<ContentSummary> {
    const status = await this.status(path);
    if (status.kind !== 'directory') {
      return { files: 1, directories: 0, sizeBytes: status.sizeBytes };
    }
    const sum = { files: 0, directories: 1, sizeBytes: 0 };
    for await (const below of listRecursively(this, path)) {
      if (below.kind === 'directory') sum.directories += 1;
      else sum.files += 1;
      sum.sizeBytes += below.sizeBytes;
    }
    return sum;
  }

  async sync(path: string): Promise<void> {
    const descriptor = await open(path, fs.constants.O_RDONLY, 0, 'sync');
    await new Promise<void>((resolve, reject) => {
      fs.fsync(descriptor, (error) => {
        fs.close(descriptor, () => {
          // EINVAL: a file system whose directories cannot be synced, and need not.
          if (error === null || errnoOf(error) === 'EINVAL') resolve();
          else reject(localError(error, path, 'sync'));
        });
      });
    });
  }

  async #statusOfEntry(path: string): Promise<FileStatus | undefined> {
    try {
      return this.#toStatus(path, await fs.promises.stat(path));
    } catch (error) {
      if (errnoOf(error) !== 'ENOENT' && errnoOf(error) !== 'ELOOP') {
        throw localError(error, path, 'look at');
      }
      const link = await lstat(path);
      return link === undefined ? undefined : this.#toStatus(path, link);
    }
  }

  #toStatus(path: string, stats: fs.Stats): FileStatus {
    const kind = stats.isFile() ? 'file' : stats.isDirectory() ? 'directory' : 'other';
    return {
      path,
      kind,
      sizeBytes: kind === 'file' ? stats.size : 0,
      blockSizeBytes: this.#blockSizeBytes,
      modifiedMs: stats.mtimeMs,
      mode: stats.mode & 0o7777,
      fileId: `${stats.dev}:${stats.ino}`,
    };
  }
}

function open(path: string, flags: number, mode: number, operation: string): Promise<number> {
  return new Promise((resolve, reject) => {
    fs.open(path, flags, mode, (error, descriptor) => {
      if (error !== null) reject(localError(error, path, operation));
      else resolve(descriptor);
    });
  });
}

/** As HDFS does: a file by a file, an empty directory by a directory, nothing else. */
async function replace(
  source: string,
  from: fs.Stats,
  destination: string,
  to: fs.Stats,
): Promise<void> {
  const same = from.dev === to.dev && from.ino === to.ino;
  if (same || from.isDirectory() !== to.isDirectory()) throw new FileExistsError(destination);
  try {
    await fs.promises.rename(source, destination);
  } catch (error) {
    throw localError(error, destination, 'rename to');
  }
}

async function lstat(path: string): Promise<fs.Stats | undefined> {
  try {
    return await fs.promises.lstat(path);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT' || errnoOf(error) === 'ENOTDIR') return undefined;
    throw localError(error, path, 'look at');
  }
}

/** Moves a file by a second name, which is refused when the destination exists. */
async function moveFile(source: string, destination: string): Promise<void> {
  try {
    await fs.promises.link(source, destination);
  } catch (error) {
    const errno = errnoOf(error);
    if (errno !== 'EPERM' && errno !== 'ENOTSUP' && errno !== 'EMLINK') throw error;
    // No hard links here (FAT, some network mounts): claim the name, then replace the claim.
    await fs.promises.writeFile(destination, '', { flag: 'wx' });
    await fs.promises.rename(source, destination);
    return;
  }
  await fs.promises.unlink(source);
}
