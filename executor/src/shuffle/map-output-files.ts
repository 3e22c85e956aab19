import {
  chmodSync,
  closeSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { temporaryStorageFull } from '../storage/errors.js';
import { makeFolder, OUTPUT_FOLDER, safeFileName } from '../storage/local-directories.js';
import { isNoSpace, isUnusableDirectory, type WriteFunction } from '../storage/no-space.js';
import type { MapOutputIdentity } from './errors.js';
import { encodeIndex } from './index-file.js';
import { encodePartFooter } from './part-footer.js';
import type { PartSeal, PartSealer } from './part-seal.js';

/** Names of MapReduce's `MapOutputFile`: the stock shuffle service serves exactly these. */
export const DATA_FILE = 'file.out';
export const INDEX_FILE = 'file.out.index';

const WRITE_BUFFER_BYTES = 1024 * 1024;

/** Where the parts of a map output come from. */
export interface PartsToPublish {
  readonly identity: MapOutputIdentity;
  readonly numPartitions: number;
  readonly seal: PartSeal;
  /**
   * Gives the frames of one partition to `write`, in order, and returns their number of records.
   * Called again for the same partition when a directory turned out to be full.
   */
  writePart(partition: number, write: (bytes: Uint8Array) => void): number;
}

/** A published map output. */
export interface PublishedOutput {
  /** The one of the local directories that holds `output/<mapId>`. */
  readonly localDirectory: string;
  /** 0 where there is nothing to read. */
  readonly partSizesBytes: Float64Array;
  readonly records: number;
}

/**
 * Writes `output/<mapId>/file.out` and its index and publishes both by one rename of the folder, so
 * that a reader sees all of it or nothing. Folder 0750, files 0640: under LinuxContainerExecutor the
 * NodeManager reads by group. A full directory is left for the next one.
 *
 * Throws `StorageFullError`; leaves nothing behind then.
 */
export function publishMapOutput(
  directories: readonly string[],
  firstDirectory: number,
  parts: PartsToPublish,
  write: WriteFunction = writeSync,
): PublishedOutput {
  const mapId = safeFileName(parts.identity.mapId);
  let failure: unknown;
  let tried = '<none>';
  const attempt = { sizeBytes: 0 };
  for (let i = 0; i < directories.length; i++) {
    const directory = directories[(firstDirectory + i) % directories.length]!;
    const output = join(directory, OUTPUT_FOLDER);
    const temporary = join(output, `_temporary_${mapId}`);
    tried = directory;
    try {
      makeFolder(output, 0o750);
      // Made inside output/ so that a set-group-id bit there passes the group on to the files.
      mkdirSync(temporary, { mode: 0o700 });
      const written = writeFiles(temporary, parts, attempt, write);
      chmodSync(temporary, 0o750 | (statSync(temporary).mode & 0o2000));
      renameSync(temporary, join(output, mapId));
      return { localDirectory: directory, ...written };
    } catch (error) {
      rmSync(temporary, { recursive: true, force: true });
      if (!isNoSpace(error) && !isUnusableDirectory(error)) {
        throw error;
      }
      failure = error;
    }
  }
  throw temporaryStorageFull(tried, attempt.sizeBytes, directories, { cause: failure });
}

/** Deletes a published map output; nothing there is not an error. */
export function removeMapOutput(localDirectory: string, mapId: string): void {
  rmSync(mapOutputFolder(localDirectory, mapId), { recursive: true, force: true });
}

/** Folder of a published map output. */
export function mapOutputFolder(localDirectory: string, mapId: string): string {
  return join(localDirectory, OUTPUT_FOLDER, safeFileName(mapId));
}

/** Path of the data or index file of a published map output. */
export function mapOutputPath(
  localDirectory: string,
  mapId: string,
  file: typeof DATA_FILE | typeof INDEX_FILE,
): string {
  return join(mapOutputFolder(localDirectory, mapId), file);
}

function writeFiles(
  folder: string,
  parts: PartsToPublish,
  attempt: { sizeBytes: number },
  write: WriteFunction,
): { partSizesBytes: Float64Array; records: number } {
  const partSizesBytes = new Float64Array(parts.numPartitions);
  let records = 0;
  const data = new BufferedFile(join(folder, DATA_FILE), attempt, write);
  try {
    for (let partition = 0; partition < parts.numPartitions; partition++) {
      const start = data.sizeBytes;
      let sealer: PartSealer | undefined;
      const partRecords = parts.writePart(partition, (bytes) => {
        sealer ??= parts.seal.begin(parts.identity, partition);
        sealer.update(bytes);
        data.write(bytes);
      });
      const last: PartSealer | undefined = sealer;
      if (last !== undefined) {
        finishPart(data, last, partRecords, parts.seal);
        partSizesBytes[partition] = data.sizeBytes - start;
        records += partRecords;
      }
    }
    data.flush();
  } finally {
    data.close();
  }
  const index = new BufferedFile(join(folder, INDEX_FILE), attempt, write);
  try {
    index.write(encodeIndex(partSizesBytes));
    index.flush();
  } finally {
    index.close();
  }
  return { partSizesBytes, records };
}

function finishPart(file: BufferedFile, sealer: PartSealer, records: number, seal: PartSeal): void {
  const footer = encodePartFooter(records, seal.kind);
  sealer.update(footer);
  file.write(footer);
  file.write(sealer.finish());
}

/** A file that is written once from start to end, in pieces of a megabyte. */
class BufferedFile {
  readonly #write: WriteFunction;
  readonly #descriptor: number;
  readonly #attempt: { sizeBytes: number };
  readonly #buffer = Buffer.allocUnsafeSlow(WRITE_BUFFER_BYTES);
  #buffered = 0;
  sizeBytes = 0;

  constructor(path: string, attempt: { sizeBytes: number }, write: WriteFunction) {
    this.#write = write;
    this.#descriptor = openSync(path, 'wx', 0o640);
    this.#attempt = attempt;
    // The umask may have taken the group's right to read.
    chmodSync(path, 0o640);
  }

  write(bytes: Uint8Array): void {
    this.sizeBytes += bytes.length;
    if (this.#buffered + bytes.length > WRITE_BUFFER_BYTES) {
      this.flush();
    }
    if (bytes.length > WRITE_BUFFER_BYTES) {
      this.#writeAll(bytes);
    } else {
      this.#buffer.set(bytes, this.#buffered);
      this.#buffered += bytes.length;
    }
  }

  flush(): void {
    const length = this.#buffered;
    this.#buffered = 0;
    this.#writeAll(this.#buffer.subarray(0, length));
  }

  close(): void {
    closeSync(this.#descriptor);
  }

  #writeAll(bytes: Uint8Array): void {
    this.#attempt.sizeBytes = this.sizeBytes;
    let done = 0;
    while (done < bytes.length) {
      done += this.#write(this.#descriptor, bytes, done, bytes.length - done, null);
    }
  }
}
