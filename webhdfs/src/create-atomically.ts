import { randomUUID } from 'node:crypto';
import { posix } from 'node:path';
import { toError } from '@heddle/common';
import { FileExistsError, FileNotFoundError, FileSystemError } from './errors.js';
import type { CreateOptions, FileSystem, FileWriter } from './file-system.js';

/**
 * Creates a file that appears whole or not at all: it is written under a hidden name beside its own,
 * its length is checked, and `close` ends with one rename. Without `overwrite` that rename refuses a
 * file that came into being meanwhile.
 *
 * @throws FileExistsError at once, and by `close`
 */
export async function createAtomically(
  fileSystem: FileSystem,
  path: string,
  options: CreateOptions = {},
): Promise<FileWriter> {
  if (options.overwrite !== true && (await isThere(fileSystem, path))) {
    throw new FileExistsError(path);
  }
  // A name of its own: with the file's it could be longer than a file system allows.
  const temporary = posix.join(posix.dirname(path), `._${randomUUID()}`);
  const writer = await fileSystem.create(temporary, { ...options, overwrite: false });
  return new AtomicWriter(fileSystem, writer, { path, temporary }, options.overwrite === true);
}

class AtomicWriter implements FileWriter {
  readonly #fileSystem: FileSystem;
  readonly #writer: FileWriter;
  readonly #names: { readonly path: string; readonly temporary: string };
  readonly #overwrite: boolean;
  #sizeBytes = 0;
  #end: Promise<void> | undefined;

  constructor(
    fileSystem: FileSystem,
    writer: FileWriter,
    names: { readonly path: string; readonly temporary: string },
    overwrite: boolean,
  ) {
    this.#fileSystem = fileSystem;
    this.#writer = writer;
    this.#names = names;
    this.#overwrite = overwrite;
  }

  async write(bytes: Uint8Array): Promise<void> {
    await this.#writer.write(bytes);
    this.#sizeBytes += bytes.length;
  }

  close(): Promise<void> {
    this.#end ??= this.#publish();
    return this.#end;
  }

  /** Removes the hidden file; a file that `close` has published stays. */
  async abort(): Promise<void> {
    this.#end ??= Promise.resolve();
    await this.#end.catch(() => undefined);
    await this.#writer.abort();
  }

  async #publish(): Promise<void> {
    const { path, temporary } = this.#names;
    try {
      await this.#writer.close();
      const { sizeBytes } = await this.#fileSystem.status(temporary);
      if (sizeBytes !== this.#sizeBytes) {
        const reason = `it has ${sizeBytes} bytes, and ${this.#sizeBytes} were written`;
        throw new FileSystemError(temporary, 'write', reason);
      }
      await this.#fileSystem.rename(temporary, path, { overwrite: this.#overwrite });
    } catch (error) {
      // The failure that is told is the first one.
      await this.#writer.abort().catch(() => undefined);
      throw toError(error);
    }
  }
}

async function isThere(fileSystem: FileSystem, path: string): Promise<boolean> {
  try {
    await fileSystem.status(path);
    return true;
  } catch (error) {
    if (error instanceof FileNotFoundError) return false;
    throw error;
  }
}
