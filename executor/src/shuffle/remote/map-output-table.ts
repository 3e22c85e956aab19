import { isPartLength, partCount, type MapOutputStatus } from 'heddle/internal';
import type { IndexEntry } from '../index-file.js';
import { DATA_FILE, INDEX_FILE, mapOutputPath } from '../map-output-files.js';
import { readIndexEntries } from '../part-source.js';
import { DAMAGED_OUTPUT, UNKNOWN_OUTPUT, type PartRange } from './parts-wire.js';

/** Where contiguous parts of one map output stand on disk. */
export interface FileRange {
  readonly path: string;
  readonly offset: number;
  /** Of each part, in bytes, one after another; a negative number, as on the wire, where there is none. */
  readonly lengths: Float64Array;
}

interface ServedOutput {
  readonly status: MapOutputStatus;
  readonly path: string;
  /** Start of each part, and the end of the last one, when sizes are exact; made by the first request. */
  offsets: Float64Array | undefined;
}

/**
 * The map outputs that an executor has written, and the only ones that it serves: what a request names
 * is looked up here and never made into a path.
 */
export class MapOutputTable {
  readonly #outputs = new Map<string, ServedOutput>();
  readonly #byShuffle = new Map<number, ServedOutput[]>();

  add(status: MapOutputStatus): void {
    const path = mapOutputPath(status.localDirectory, status.mapId, DATA_FILE);
    const output: ServedOutput = { status, path, offsets: undefined };
    this.#outputs.set(status.mapId, output);
    const outputs = this.#byShuffle.get(status.shuffleId);
    if (outputs === undefined) this.#byShuffle.set(status.shuffleId, [output]);
    else outputs.push(output);
  }

  /** What this executor wrote under this id. */
  status(mapId: string): MapOutputStatus | undefined {
    return this.#outputs.get(mapId)?.status;
  }

  /** Where the range stands; without any bytes when this executor has no such output or reducer. */
  find({ mapId, firstReducer, reducers }: PartRange): FileRange {
    const output = this.#outputs.get(mapId);
    if (output === undefined || firstReducer + reducers > partCount(output.status)) {
      return { path: '', offset: 0, lengths: new Float64Array(reducers).fill(UNKNOWN_OUTPUT) };
    }
    const { status, path } = output;
    if (status.partSizeClasses !== undefined) return findInIndex(output, firstReducer, reducers);
    output.offsets ??= offsetsOf(status.partSizesBytes);
    const offset = output.offsets[firstReducer]!;
    const lengths = status.partSizesBytes.subarray(firstReducer, firstReducer + reducers);
    return { path, offset, lengths };
  }

  /** Serves the outputs of a shuffle no more; returns them. */
  removeShuffle(shuffleId: number): MapOutputStatus[] {
    const outputs = this.#byShuffle.get(shuffleId) ?? [];
    this.#byShuffle.delete(shuffleId);
    for (const { status } of outputs) this.#outputs.delete(status.mapId);
    return outputs.map(({ status }) => status);
  }
}

/** Where only about how large parts are is known: up to the first one of which the index cannot be right. */
function findInIndex(
  { status, path }: ServedOutput,
  firstReducer: number,
  reducers: number,
): FileRange {
  const lengths = new Float64Array(reducers).fill(DAMAGED_OUTPUT);
  const index = mapOutputPath(status.localDirectory, status.mapId, INDEX_FILE);
  let entries: readonly IndexEntry[];
  try {
    entries = readIndexEntries(index, firstReducer, reducers);
  } catch {
    return { path, offset: 0, lengths };
  }
  const start = entries[0]?.offset ?? -1;
  let end = start;
  for (const [i, entry] of entries.entries()) {
    const isRight = isPartLength(status, firstReducer + i, entry.partLength);
    if (end < 0 || entry.offset !== end || entry.partLength < 0 || !isRight) break;
    lengths[i] = entry.partLength;
    end += entry.partLength;
  }
  return { path, offset: start, lengths };
}

function offsetsOf(sizes: Float64Array): Float64Array {
  const offsets = new Float64Array(sizes.length + 1);
  for (let i = 0; i < sizes.length; i++) offsets[i + 1] = offsets[i]! + sizes[i]!;
  return offsets;
}
