import { closeSync, copyFileSync, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryStorageFull } from './errors.js';
import { makeFolder, SCRATCH_FOLDER } from './local-directories.js';
import { isNoSpace, isUnusableDirectory, type WriteFunction } from './no-space.js';

/**
 * One file of an executor's scratch folder that is written from start to end, mode 0600. When a
 * directory is full, what was written so far moves to the next one and writing goes on there.
 */
export class BlockFile {
  readonly #directories: readonly string[];
  readonly #name: string;
  readonly #write: WriteFunction;
  #next: number;
  #tried = 0;
  #path: string | undefined;
  #descriptor = -1;
  sizeBytes = 0;

  /** `firstDirectory` spreads files over disks. */
  constructor(
    directories: readonly string[],
    name: string,
    firstDirectory: number,
    write: WriteFunction = writeSync,
  ) {
    this.#write = write;
    this.#directories = directories;
    this.#name = name;
    this.#next = firstDirectory % Math.max(1, directories.length);
  }

  /** Appends. Throws `StorageFullError` when no directory has room; nothing is left behind then. */
  append(bytes: Uint8Array): void {
    let done = 0;
    while (done < bytes.length) {
      try {
        if (this.#descriptor < 0) {
          this.#open(bytes.length - done, undefined);
        }
        const written = this.#write(
          this.#descriptor,
          bytes,
          done,
          bytes.length - done,
          this.sizeBytes,
        );
        this.sizeBytes += written;
        done += written;
      } catch (error) {
        if (!isNoSpace(error) && !isUnusableDirectory(error)) {
          this.remove();
          throw error;
        }
        this.#open(bytes.length - done, error);
      }
    }
  }

  /** Closes the file and gives its path. */
  finish(): string {
    if (this.#path === undefined) {
      this.#open(0, undefined);
    }
    this.#close();
    return this.#path!;
  }

  /** Closes and deletes; idempotent. */
  remove(): void {
    this.#close();
    if (this.#path !== undefined) {
      rmSync(this.#path, { force: true });
      this.#path = undefined;
    }
  }

  #close(): void {
    if (this.#descriptor >= 0) {
      closeSync(this.#descriptor);
      this.#descriptor = -1;
    }
  }

  #open(missingBytes: number, cause: unknown): void {
    const before = this.#path;
    this.#close();
    let failure = cause;
    let directory = '<none>';
    while (this.#tried < this.#directories.length) {
      directory = this.#directories[this.#next]!;
      this.#next = (this.#next + 1) % this.#directories.length;
      this.#tried++;
      const folder = join(directory, SCRATCH_FOLDER);
      const path = join(folder, this.#name);
      try {
        makeFolder(folder, 0o700);
        if (before === undefined) {
          this.#descriptor = openSync(path, 'wx', 0o600);
        } else {
          copyFileSync(before, path);
          this.#descriptor = openSync(path, 'r+', 0o600);
          rmSync(before, { force: true });
        }
        this.#path = path;
        return;
      } catch (error) {
        if (!isNoSpace(error) && !isUnusableDirectory(error)) {
          throw error;
        }
        rmSync(path, { force: true });
        failure = error;
      }
    }
    this.remove();
    throw temporaryStorageFull(directory, this.sizeBytes + missingBytes, this.#directories, {
      cause: failure,
    });
  }
}
