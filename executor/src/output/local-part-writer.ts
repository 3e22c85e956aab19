import * as fs from 'node:fs';
import { localError } from '@heddle/webhdfs';
import type { PartWriter } from './part-writer.js';

/** A part file on this machine, written from the task thread itself. */
export class LocalPartWriter implements PartWriter {
  readonly #path: string;
  #descriptor: number | undefined;
  #sizeBytes = 0;

  /**
   * Creates the file in its existing folder.
   * @param flags `wx` refuses a file that exists
   * @throws FileExistsError, FileNotFoundError, AccessDeniedError
   */
  constructor(path: string, flags: 'wx' | 'w' = 'wx') {
    this.#path = path;
    try {
      this.#descriptor = fs.openSync(path, flags, 0o644);
    } catch (error) {
      throw localError(error, path, 'create');
    }
  }

  write(bytes: Uint8Array): void {
    try {
      let written = 0;
      while (written < bytes.length) {
        written += fs.writeSync(this.#descriptor!, bytes, written, bytes.length - written);
      }
    } catch (error) {
      throw localError(error, this.#path, 'write');
    }
    this.#sizeBytes += bytes.length;
  }

  close(): number {
    try {
      this.#closeDescriptor();
    } catch (error) {
      throw localError(error, this.#path, 'close');
    }
    return this.#sizeBytes;
  }

  abort(): void {
    try {
      this.#closeDescriptor();
    } catch {
      // What could not be flushed is to be removed anyway.
    }
    // Strays are removed by the commit: a file that resists harms nothing.
    try {
      fs.rmSync(this.#path, { force: true });
    } catch {
      return;
    }
  }

  #closeDescriptor(): void {
    const descriptor = this.#descriptor;
    this.#descriptor = undefined;
    if (descriptor !== undefined) fs.closeSync(descriptor);
  }
}
