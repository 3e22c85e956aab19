import * as fs from 'node:fs';
import type { FileReader, FileWriter } from '../file-system.js';
import { localError } from './local-errors.js';

/** An open local file. Callbacks of `node:fs`, since they cost half of what `FileHandle` costs. */
export class LocalFileReader implements FileReader {
  readonly #descriptor: number;
  readonly #path: string;
  #closing: Promise<void> | undefined;

  constructor(descriptor: number, path: string) {
    this.#descriptor = descriptor;
    this.#path = path;
  }

  read(offset: number, into: Uint8Array): Promise<number> {
    return new Promise((resolve, reject) => {
      let filled = 0;
      const next = (): void => {
        if (this.#closing !== undefined) {
          reject(localError(new Error('the reader was closed'), this.#path, 'read'));
          return;
        }
        const want = into.length - filled;
        fs.read(this.#descriptor, into, filled, want, offset + filled, (error, count) => {
          if (error !== null) {
            reject(localError(error, this.#path, 'read'));
            return;
          }
          filled += count;
          if (count === 0 || filled === into.length) resolve(filled);
          else next();
        });
      };
      if (into.length === 0) resolve(0);
      else next();
    });
  }

  close(): Promise<void> {
    this.#closing ??= closeDescriptor(this.#descriptor, this.#path);
    return this.#closing;
  }
}

/** A local file being written; created by its owner with the wanted flags. */
export class LocalFileWriter implements FileWriter {
  readonly #descriptor: number;
  readonly #path: string;
  readonly #keepAborted: boolean;
  #end: Promise<void> | undefined;

  /** @param options.keepAborted the file was there before this writer: `abort` does not remove it */
  constructor(descriptor: number, path: string, options: { readonly keepAborted?: boolean } = {}) {
    this.#descriptor = descriptor;
    this.#path = path;
    this.#keepAborted = options.keepAborted === true;
  }

  async write(bytes: Uint8Array): Promise<void> {
    let written = 0;
    while (written < bytes.length) {
      written += await new Promise<number>((resolve, reject) => {
        fs.write(this.#descriptor, bytes, written, bytes.length - written, null, (error, count) => {
          if (error !== null) reject(localError(error, this.#path, 'write'));
          else resolve(count);
        });
      });
    }
  }

  close(): Promise<void> {
    this.#end ??= closeDescriptor(this.#descriptor, this.#path);
    return this.#end;
  }

  async abort(): Promise<void> {
    // The file goes whether or not its last bytes could be flushed.
    await this.close().catch(() => undefined);
    if (this.#keepAborted) return;
    await fs.promises.rm(this.#path, { force: true }).catch((error: unknown) => {
      throw localError(error, this.#path, 'delete');
    });
  }
}

function closeDescriptor(descriptor: number, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    fs.close(descriptor, (error) => {
      if (error) reject(localError(error, path, 'close'));
      else resolve();
    });
  });
}
