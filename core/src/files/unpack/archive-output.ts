import { createWriteStream } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { ArchiveError } from './errors.js';

/** Bytes that an archive may unpack to: a small file must not fill the disk. */
const maxTotalBytes = 64 * 2 ** 30;
const maxFiles = 1_000_000;

/** The directory that an archive is unpacked into; nothing is ever written outside of it. */
export class ArchiveOutput {
  readonly #archive: string;
  readonly #directory: string;
  readonly #folders = new Set<string>();
  #totalBytes = 0;
  #files = 0;

  constructor(archive: string, directory: string) {
    this.#archive = archive;
    this.#directory = directory;
  }

  async addDirectory(name: string): Promise<void> {
    await this.#makeFolder(this.#resolve(name));
  }

  /**
   * Writes one file.
   * @param isExecutable keeps that one permission of the archive
   */
  async addFile(
    name: string,
    bytes: AsyncIterable<Uint8Array>,
    isExecutable: boolean,
  ): Promise<void> {
    if (++this.#files > maxFiles) {
      throw new ArchiveError(this.#archive, `it holds more than ${maxFiles} files`);
    }
    const path = this.#resolve(name);
    await this.#makeFolder(dirname(path));
    await pipeline(
      Readable.from(this.#counted(bytes)),
      // Exclusive, so that a second file of the name cannot write through what the first one left.
      createWriteStream(path, { flags: 'wx', mode: isExecutable ? 0o700 : 0o600 }),
    );
  }

  async *#counted(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const piece of bytes) {
      this.#totalBytes += piece.length;
      if (this.#totalBytes > maxTotalBytes) {
        throw new ArchiveError(this.#archive, `it unpacks to more than ${maxTotalBytes} bytes`);
      }
      yield piece;
    }
  }

  async #makeFolder(path: string): Promise<void> {
    if (this.#folders.has(path)) return;
    await mkdir(path, { recursive: true, mode: 0o700 });
    this.#folders.add(path);
  }

  #resolve(name: string): string {
    const parts = name.split('/').filter((part) => part !== '' && part !== '.');
    if (name.startsWith('/') || /[\\\0]/.test(name) || parts.includes('..')) {
      throw new ArchiveError(
        this.#archive,
        `its file ${JSON.stringify(name)} would stand outside of the directory`,
      );
    }
    return join(this.#directory, ...parts);
  }
}
