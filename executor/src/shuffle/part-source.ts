import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { isPartLength, mostPartBytes, type MapOutputLocation } from 'heddle/internal';
import { errnoOf } from '../storage/no-space.js';
import { ShuffleFetchError } from './errors.js';
import { decodeIndexEntry, INDEX_ENTRY_BYTES, type IndexEntry } from './index-file.js';
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

/** The parts of one reduce partition that have bytes, in map order. */
export interface PartSequence {
  /** The next part's bytes. Throws `ShuffleFetchError`. */
  next(): PartBytes;
  /**
   * The bytes of the last part once more, since they were not what was written; undefined when
   * reading them again cannot help. Throws `ShuffleFetchError`.
   */
  again(): PartBytes | undefined;
  /** Where the last part was damaged, when the second reading was no better; empty where unknown. */
  diagnosis(): string;
  close(): void;
}

/** Where parts come from: files of this host, or something that fetches them. */
export interface PartSource {
  /**
   * @param locations in map order; each has a part for the reducer
   * @param memoryLimitBytes parts up to this size are read once, from start to end; others at random
   * @param outputs all map outputs of the shuffle, also those that have nothing for this reducer
   */
  open(
    locations: readonly MapOutputLocation[],
    reducePartition: number,
    memoryLimitBytes: number,
    outputs: readonly MapOutputLocation[],
  ): PartSequence;
}

/** Reads the published files directly: in-process modes, and outputs of other processes of this host. */
export const localPartSource: PartSource = {
  open(locations, reducePartition) {
    let next = 0;
    return {
      next: () => openLocalPart(locations[next++]!, reducePartition),
      again: () => openLocalPart(locations[next - 1]!, reducePartition),
      diagnosis: () => '; reading it again did not help: its disk is damaged',
      close: () => undefined,
    };
  },
};

/** Opens a part's file for reading at random. Throws `ShuffleFetchError`. */
export function openLocalPart(location: MapOutputLocation, reducePartition: number): PartBytes {
  const { localDirectory, mapId } = location;
  let offset: number;
  let length: number;
  let descriptor: number;
  try {
    const index = mapOutputPath(localDirectory, mapId, INDEX_FILE);
    const [entry] = readIndexEntries(index, reducePartition, 1);
    ({ offset, partLength: length } = entry ?? { offset: -1, partLength: -1 });
    descriptor = openRegularFile(mapOutputPath(localDirectory, mapId, DATA_FILE));
  } catch (error) {
    const gone = errnoOf(error) === 'ENOENT';
    const reason = gone ? 'its files are gone' : `reading its files failed`;
    throw new ShuffleFetchError(location, reducePartition, reason, { cause: error, gone });
  }
  if (!isPartLength(location, reducePartition, length) || offset < 0) {
    closeSync(descriptor);
    const expected = mostPartBytes(location, reducePartition);
    throw new ShuffleFetchError(
      location,
      reducePartition,
      `its index file says ${length} bytes at ${offset}, the map task reported ${expected} bytes`,
    );
  }
  return new FilePart(location, reducePartition, descriptor, offset, length);
}

/** A descriptor of a plain file; throws for symbolic links and anything else. */
export function openRegularFile(path: string): number {
  const descriptor = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW);
  if (fstatSync(descriptor).isFile()) return descriptor;
  closeSync(descriptor);
  throw new Error(`${path} is not a file`);
}

/** Where an index file says that contiguous parts stand; fewer where it ends before. Throws what reading throws. */
export function readIndexEntries(
  path: string,
  firstReducer: number,
  reducers: number,
): IndexEntry[] {
  const descriptor = openRegularFile(path);
  try {
    const bytes = new Uint8Array(reducers * INDEX_ENTRY_BYTES);
    const got = readSync(descriptor, bytes, 0, bytes.length, firstReducer * INDEX_ENTRY_BYTES);
    return Array.from({ length: Math.floor(got / INDEX_ENTRY_BYTES) }, (_, i) =>
      decodeIndexEntry(bytes.subarray(i * INDEX_ENTRY_BYTES, (i + 1) * INDEX_ENTRY_BYTES)),
    );
  } finally {
    closeSync(descriptor);
  }
}

/** Bytes of a part in an open file, which it closes. */
export class FilePart implements PartBytes {
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
    readonly isLocal = true,
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
      const reason = 'reading its file failed';
      throw new ShuffleFetchError(this.#location, this.#reducePartition, reason, { cause: error });
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
