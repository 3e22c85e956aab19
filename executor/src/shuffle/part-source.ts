import { closeSync, openSync, readSync } from 'node:fs';
import type { MapOutputLocation } from 'heddle/internal';
import { errnoOf } from '../storage/no-space.js';
import { ShuffleFetchError } from './errors.js';
import { decodeIndexEntry, INDEX_ENTRY_BYTES } from './index-file.js';
import { DATA_FILE, INDEX_FILE, mapOutputPath } from './map-output-files.js';

/** Bytes of one part, not yet verified. Synchronous. */
export interface PartBytes {
  readonly sizeBytes: number;
  /** Read from a disk of this host rather than fetched. */
  readonly isLocal: boolean;
  /** Fills `target` with the bytes from `position` on; returns how many there were. */
  read(position: number, target: Uint8Array): number;
  close(): void;
}

/** Where parts come from: files of this host, or something that fetches them. */
export interface PartSource {
  /** `partSizesBytes[reducePartition]` is not 0. Throws `ShuffleFetchError`. */
  open(location: MapOutputLocation, reducePartition: number): PartBytes;
}

/** Reads the published files directly: in-process modes, and outputs of other processes of this host. */
export const localPartSource: PartSource = {
  open(location, reducePartition) {
    const { localDirectory, mapId } = location;
    let offset: number;
    let length: number;
    let descriptor: number;
    try {
      ({ offset, length } = readIndexEntry(
        mapOutputPath(localDirectory, mapId, INDEX_FILE),
        reducePartition,
      ));
      descriptor = openSync(mapOutputPath(localDirectory, mapId, DATA_FILE), 'r');
    } catch (error) {
      const reason =
        errnoOf(error) === 'ENOENT' ? 'its files are gone' : `reading its files failed`;
      throw new ShuffleFetchError(location, reducePartition, reason, { cause: error });
    }
    const expected = location.partSizesBytes[reducePartition]!;
    if (length !== expected || offset < 0) {
      closeSync(descriptor);
      throw new ShuffleFetchError(
        location,
        reducePartition,
        `its index file says ${length} bytes at ${offset}, the map task reported ${expected} bytes`,
      );
    }
    return new FilePart(location, reducePartition, descriptor, offset, length);
  },
};

function readIndexEntry(path: string, reducePartition: number): { offset: number; length: number } {
  const descriptor = openSync(path, 'r');
  try {
    const bytes = new Uint8Array(INDEX_ENTRY_BYTES);
    const got = readSync(descriptor, bytes, 0, bytes.length, reducePartition * INDEX_ENTRY_BYTES);
    if (got < bytes.length) {
      return { offset: -1, length: -1 };
    }
    const entry = decodeIndexEntry(bytes);
    return { offset: entry.offset, length: entry.partLength };
  } finally {
    closeSync(descriptor);
  }
}

class FilePart implements PartBytes {
  readonly isLocal = true;
  readonly #location: MapOutputLocation;
  readonly #reducePartition: number;
  readonly #offset: number;
  #descriptor: number;

  constructor(
    location: MapOutputLocation,
    reducePartition: number,
    descriptor: number,
    offset: number,
    readonly sizeBytes: number,
  ) {
    this.#location = location;
    this.#reducePartition = reducePartition;
    this.#descriptor = descriptor;
    this.#offset = offset;
  }

  read(position: number, target: Uint8Array): number {
    let done = 0;
    try {
      while (done < target.length) {
        const got = readSync(
          this.#descriptor,
          target,
          done,
          target.length - done,
          this.#offset + position + done,
        );
        if (got === 0) {
          break;
        }
        done += got;
      }
    } catch (error) {
      throw new ShuffleFetchError(
        this.#location,
        this.#reducePartition,
        'reading its file failed',
        {
          cause: error,
        },
      );
    }
    return done;
  }

  close(): void {
    if (this.#descriptor >= 0) {
      closeSync(this.#descriptor);
      this.#descriptor = -1;
    }
  }
}
