import { closeSync, openSync, readSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { CorruptSpillError } from '../shuffle/errors.js';
import { temporaryStorageFull } from './errors.js';
import { makeFolder, SCRATCH_FOLDER } from './local-directories.js';
import { isNoSpace, isUnusableDirectory, type WriteFunction } from './no-space.js';

/** Bytes collected before they are written. */
const WRITE_BUFFER_BYTES = 1024 * 1024;

interface StoreFile {
  readonly path: string;
  readonly descriptor: number;
  sizeBytes: number;
}

/** Consecutive bytes of the stream that stand in one file. */
interface Segment {
  readonly streamStart: number;
  readonly file: StoreFile;
  readonly fileStart: number;
  lengthBytes: number;
}

let nextStoreNumber = 0;

/**
 * One growing stream of temporary bytes on disk, for spills. When a directory is full it goes on in
 * the next one, so a stream may stand in several files; its readers do not notice.
 *
 * Synchronous; for task threads. Files have mode 0600 and are gone after `close`.
 */
export class TemporaryStore {
  readonly #directories: readonly string[];
  readonly #name: string;
  readonly #writeFile: WriteFunction;
  readonly #files: StoreFile[] = [];
  readonly #segments: Segment[] = [];
  #buffer: Buffer | undefined;
  #buffered = 0;
  #length = 0;
  #directoryIndex: number;
  #triedDirectories = 0;
  #lastDirectory = '<none>';
  #closed = false;

  /** `name` distinguishes task attempts in the file names; `firstDirectory` spreads them over disks. */
  constructor(
    directories: readonly string[],
    name: string,
    firstDirectory = 0,
    write: WriteFunction = writeSync,
  ) {
    this.#writeFile = write;
    this.#directories = directories;
    this.#name = `${name}-${process.pid}-${nextStoreNumber++}`;
    this.#directoryIndex = firstDirectory % Math.max(1, directories.length);
  }

  /** Bytes of the stream so far: the position of the next `append`. */
  get length(): number {
    return this.#length;
  }

  /** Appends; returns the position in the stream. Throws `StorageFullError` when no directory has room. */
  append(bytes: Uint8Array): number {
    const position = this.#length;
    this.#length += bytes.length;
    if (this.#buffered + bytes.length > WRITE_BUFFER_BYTES) {
      this.flush();
    }
    if (bytes.length > WRITE_BUFFER_BYTES) {
      this.#write(bytes);
    } else {
      this.#buffer ??= Buffer.allocUnsafeSlow(WRITE_BUFFER_BYTES);
      this.#buffer.set(bytes, this.#buffered);
      this.#buffered += bytes.length;
    }
    return position;
  }

  /** Brings everything appended to the files; reads need it. */
  flush(): void {
    if (this.#buffer !== undefined && this.#buffered > 0) {
      const bytes = this.#buffer.subarray(0, this.#buffered);
      this.#buffered = 0;
      this.#write(bytes);
    }
  }

  /** Fills `target` with the bytes at `position`. Throws `CorruptSpillError` when they are not there. */
  read(position: number, target: Uint8Array): void {
    if (this.#buffered > 0) {
      this.flush();
    }
    let done = 0;
    while (done < target.length) {
      const segment = this.#segmentAt(position + done);
      const within = position + done - segment.streamStart;
      const length = Math.min(target.length - done, segment.lengthBytes - within);
      const got = readSync(
        segment.file.descriptor,
        target,
        done,
        length,
        segment.fileStart + within,
      );
      if (got === 0) {
        throw new CorruptSpillError(segment.file.path, 'it is shorter than what was written');
      }
      done += got;
    }
  }

  /** Name of a file of the stream, for messages. */
  get path(): string {
    return this.#files[0]?.path ?? join(this.#directories[0] ?? '', SCRATCH_FOLDER, this.#name);
  }

  /** Deletes the files; idempotent. */
  close(): void {
    if (this.#closed) {
      return;
    }
    this.#closed = true;
    this.#buffer = undefined;
    this.#buffered = 0;
    for (const file of this.#files) {
      closeSync(file.descriptor);
      rmSync(file.path, { force: true });
    }
  }

  #segmentAt(position: number): Segment {
    let low = 0;
    let high = this.#segments.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if (this.#segments[middle]!.streamStart <= position) {
        low = middle;
      } else {
        high = middle - 1;
      }
    }
    const segment = this.#segments[low];
    if (segment === undefined || position >= segment.streamStart + segment.lengthBytes) {
      throw new CorruptSpillError(this.path, `nothing was written at position ${position}`);
    }
    return segment;
  }

  #write(bytes: Uint8Array): void {
    let done = 0;
    while (done < bytes.length) {
      const file = this.#files.at(-1) ?? this.#openNext(bytes.length, undefined);
      try {
        const written = this.#writeFile(
          file.descriptor,
          bytes,
          done,
          bytes.length - done,
          file.sizeBytes,
        );
        this.#record(file, written);
        done += written;
      } catch (error) {
        if (!isNoSpace(error) && !isUnusableDirectory(error)) {
          throw error;
        }
        this.#openNext(bytes.length - done, error);
      }
    }
  }

  #record(file: StoreFile, lengthBytes: number): void {
    const last = this.#segments.at(-1);
    if (last?.file === file) {
      last.lengthBytes += lengthBytes;
    } else {
      this.#segments.push({
        streamStart: last === undefined ? 0 : last.streamStart + last.lengthBytes,
        file,
        fileStart: file.sizeBytes,
        lengthBytes,
      });
    }
    file.sizeBytes += lengthBytes;
  }

  /** A file in the next directory that takes one; each directory is tried once. */
  #openNext(sizeBytes: number, cause: unknown): StoreFile {
    let failure = cause;
    let directory = this.#lastDirectory;
    while (this.#triedDirectories < this.#directories.length) {
      directory = this.#directories[this.#directoryIndex]!;
      this.#lastDirectory = directory;
      this.#directoryIndex = (this.#directoryIndex + 1) % this.#directories.length;
      this.#triedDirectories++;
      try {
        const folder = join(directory, SCRATCH_FOLDER);
        makeFolder(folder, 0o700);
        const path = join(folder, `${this.#name}.spill`);
        const file = { path, descriptor: openSync(path, 'wx+', 0o600), sizeBytes: 0 };
        this.#files.push(file);
        return file;
      } catch (error) {
        if (!isNoSpace(error) && !isUnusableDirectory(error)) {
          throw error;
        }
        failure = error;
      }
    }
    throw temporaryStorageFull(directory, sizeBytes, this.#directories, { cause: failure });
  }
}
