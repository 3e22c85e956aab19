import { open, rm, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { InternalError, type Logger } from '@heddle/common';
import { SCRATCH_FOLDER } from '../../storage/local-directories.js';
import { isNoSpace, isUnusableDirectory } from '../../storage/no-space.js';
import type { ReplyStream } from '../../transport/reply-stream.js';

const COPY_BYTES = 1024 * 1024;

let filesMade = 0;

interface OpenFile {
  readonly path: string;
  readonly handle: FileHandle;
}

/**
 * A fetched part that is too large for memory, in a private temporary file; whoever takes it deletes it.
 * When its disk becomes full the file moves to the next directory.
 */
export class PartFile {
  /** Directories that have not been tried. */
  readonly #others: string[];
  readonly #logger: Logger;
  #file: OpenFile;
  #sizeBytes = 0;

  private constructor(file: OpenFile, others: string[], logger: Logger) {
    this.#file = file;
    this.#others = others;
    this.#logger = logger;
  }

  /** Makes the file in the first directory that can be used. Throws what the last one said. */
  static async create(directories: readonly string[], logger: Logger): Promise<PartFile> {
    const others = [...directories];
    const reason = new Error('there are no directories for temporary files');
    return new PartFile(await openInNext(others, reason), others, logger);
  }

  get path(): string {
    return this.#file.path;
  }

  /** Takes this many bytes of an answer. */
  async receive(stream: ReplyStream, sizeBytes: number): Promise<void> {
    const buffer = Buffer.allocUnsafeSlow(Math.min(COPY_BYTES, sizeBytes));
    for (let left = sizeBytes; left > 0;) {
      const piece = buffer.subarray(0, Math.min(left, buffer.length));
      await stream.readInto(piece);
      await this.#append(piece);
      left -= piece.length;
    }
  }

  async close(): Promise<void> {
    await this.#file.handle.close();
  }

  /** Closes and deletes it; idempotent, and never throws: the folder goes with the executor. */
  discard(): Promise<void> {
    return remove(this.#file);
  }

  async #append(bytes: Uint8Array): Promise<void> {
    for (;;) {
      try {
        await write(this.#file, bytes, this.#sizeBytes);
        this.#sizeBytes += bytes.length;
        return;
      } catch (error) {
        if (!isNoSpace(error)) throw error;
        await this.#move(error);
      }
    }
  }

  /** Goes on in the next directory with room for what there is. @throws `reason` when there is none */
  async #move(reason: unknown): Promise<void> {
    for (;;) {
      const file = await openInNext(this.#others, reason);
      try {
        await copy(this.#file, file, this.#sizeBytes);
        this.#logger.warn('a local disk is full: a fetched part goes on in another directory', {
          full: this.#file.path,
          other: file.path,
        });
        await remove(this.#file);
        this.#file = file;
        return;
      } catch (error) {
        await remove(file);
        if (!isNoSpace(error)) throw error;
      }
    }
  }
}

/** @param directories loses those that were tried @throws `reason`, or what the last one said */
async function openInNext(directories: string[], reason: unknown): Promise<OpenFile> {
  let failure = reason;
  for (;;) {
    const directory = directories.shift();
    if (directory === undefined) throw failure;
    const path = join(directory, SCRATCH_FOLDER, `fetched-${process.pid}-${++filesMade}`);
    try {
      return { path, handle: await open(path, 'wx+', 0o600) };
    } catch (error) {
      if (!isNoSpace(error) && !isUnusableDirectory(error)) throw error;
      failure = error;
    }
  }
}

async function copy(from: OpenFile, to: OpenFile, sizeBytes: number): Promise<void> {
  const buffer = Buffer.allocUnsafeSlow(Math.min(COPY_BYTES, sizeBytes));
  for (let at = 0; at < sizeBytes;) {
    const { bytesRead } = await from.handle.read(buffer, 0, buffer.length, at);
    if (bytesRead === 0) throw new InternalError(`${from.path} is shorter than what was written`);
    await write(to, buffer.subarray(0, bytesRead), at);
    at += bytesRead;
  }
}

async function write({ handle }: OpenFile, bytes: Uint8Array, position: number): Promise<void> {
  let done = 0;
  while (done < bytes.length) {
    const { bytesWritten } = await handle.write(bytes, done, bytes.length - done, position + done);
    done += bytesWritten;
  }
}

async function remove({ path, handle }: OpenFile): Promise<void> {
  await handle.close().catch(() => undefined);
  await rm(path, { force: true }).catch(() => undefined);
}
