import { randomUUID } from 'node:crypto';
import { mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { describeThrown, HeddleError } from '@heddle/common';
import {
  ArchiveError,
  copyTree,
  FileChangedError,
  FileFetchError,
  unpackArchive,
  type ApplicationFile,
} from 'heddle/internal';
import type { FileSystemRegistry } from '@heddle/webhdfs';

/**
 * The application's files on one executor, host side: fetched once, before the first task that may
 * ask for them, verified, and never changed after.
 *
 * Source: Spark 4.0 `Executor.updateDependencies`.
 */
export class FileStore {
  readonly #directory: string;
  readonly #fileSystems: FileSystemRegistry;
  readonly #fetches = new Map<string, Promise<void>>();
  readonly #here = new Set<string>();

  /** @param directory where `HeddleFiles` of the task threads looks; made when a file comes */
  constructor(directory: string, fileSystems: FileSystemRegistry) {
    this.#directory = directory;
    this.#fileSystems = fileSystems;
  }

  /** Whether nothing of these has to be fetched. */
  hasAll(files: readonly ApplicationFile[]): boolean {
    return files.every((file) => this.#here.has(file.name));
  }

  /** Resolves when all are here. @throws FileFetchError, FileChangedError, ArchiveError */
  async ensure(files: readonly ApplicationFile[]): Promise<void> {
    await Promise.all(
      files.map((file) => {
        let fetch = this.#fetches.get(file.name);
        if (fetch === undefined) {
          fetch = this.#fetch(file).then(
            () => void this.#here.add(file.name),
            (error: unknown) => {
              // The next task tries again.
              this.#fetches.delete(file.name);
              throw error;
            },
          );
          this.#fetches.set(file.name, fetch);
        }
        return fetch;
      }),
    );
  }

  async #fetch(file: ApplicationFile): Promise<void> {
    const { name, uri, kind } = file;
    await mkdir(this.#directory, { recursive: true, mode: 0o700 });
    const ending = kind === 'archive' ? uri.slice(uri.lastIndexOf('/') + 1) : name;
    const temporary = join(this.#directory, `.fetching-${randomUUID()}-${ending}`);
    try {
      await this.#copy(file, temporary);
      const target = join(this.#directory, name);
      if (kind === 'archive') await unpackArchive(temporary, target);
      else await rename(temporary, target);
    } catch (error) {
      if (error instanceof FileChangedError || error instanceof ArchiveError) throw error;
      const reason = error instanceof HeddleError ? error.message : describeThrown(error);
      throw new FileFetchError(name, uri, reason, { cause: error });
    } finally {
      await rm(temporary, { recursive: true, force: true });
    }
  }

  async #copy({ name, uri, entries }: ApplicationFile, target: string): Promise<void> {
    const from = this.#fileSystems.resolve(uri);
    const to = this.#fileSystems.resolve('file:///').fileSystem;
    const copied = await copyTree(from, { fileSystem: to, path: target });
    const changed =
      copied.length !== entries.length ||
      copied.some((entry, i) => {
        const wanted = entries[i]!;
        return entry.path !== wanted.path || entry.sha256 !== wanted.sha256;
      });
    if (changed) {
      throw new FileChangedError(name, uri, 'it has changed since it was added');
    }
  }
}
