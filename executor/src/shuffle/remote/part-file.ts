import { open, rm, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { SCRATCH_FOLDER } from '../../storage/local-directories.js';
import { isNoSpace, isUnusableDirectory } from '../../storage/no-space.js';
import type { ReplyStream } from '../../transport/reply-stream.js';

const COPY_BYTES = 1024 * 1024;

let filesMade = 0;

/** A fetched part that is too large for memory, in a private temporary file; whoever takes it deletes it. */
export class PartFile {
  private constructor(
    readonly path: string,
    readonly handle: FileHandle,
  ) {}

  /** Makes the file in the first directory that can be used. Throws what the last one said. */
  static async create(directories: readonly string[]): Promise<PartFile> {
    let failure: unknown = new Error('there are no directories for temporary files');
    for (const directory of directories) {
      const name = `fetched-${process.pid}-${++filesMade}`;
      const path = join(directory, SCRATCH_FOLDER, name);
      try {
        return new PartFile(path, await open(path, 'wx', 0o600));
      } catch (error) {
        if (!isNoSpace(error) && !isUnusableDirectory(error)) throw error;
        failure = error;
      }
    }
    throw failure;
  }

  /** Takes this many bytes of an answer. */
  async receive(stream: ReplyStream, sizeBytes: number): Promise<void> {
    const buffer = Buffer.allocUnsafeSlow(Math.min(COPY_BYTES, sizeBytes));
    for (let left = sizeBytes; left > 0;) {
      const piece = buffer.subarray(0, Math.min(left, buffer.length));
      await stream.readInto(piece);
      await this.#write(piece);
      left -= piece.length;
    }
  }

  async close(): Promise<void> {
    await this.handle.close();
  }

  /** Closes and deletes it; idempotent, and never throws: the folder goes with the executor. */
  async discard(): Promise<void> {
    await this.handle.close().catch(() => undefined);
    await rm(this.path, { force: true }).catch(() => undefined);
  }

  async #write(bytes: Uint8Array): Promise<void> {
    let done = 0;
    while (done < bytes.length) {
      done += (await this.handle.write(bytes, done, bytes.length - done)).bytesWritten;
    }
  }
}
