import { partCount, type MapOutputStatus } from 'heddle/internal';
import { DATA_FILE, INDEX_FILE, mapOutputPath } from '../map-output-files.js';
import { readIndexEntry } from '../part-source.js';
import type { PartRange } from './parts-wire.js';

/** Where a range of parts stands on disk. */
export interface FileRange {
  readonly path: string;
  readonly offset: number;
  readonly lengthBytes: number;
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

  /** Where the range stands; undefined when this executor has no such output or reducer. */
  find({ mapId, firstReducer, reducers }: PartRange): FileRange | undefined {
    const output = this.#outputs.get(mapId);
    if (output === undefined) return undefined;
    const { status, path } = output;
    if (firstReducer + reducers > partCount(status)) return undefined;
    if (status.partSizeClasses !== undefined) return findInIndex(output, firstReducer, reducers);
    output.offsets ??= offsetsOf(status.partSizesBytes);
    const offset = output.offsets[firstReducer]!;
    const lengthBytes = output.offsets[firstReducer + reducers]! - offset;
    return { path, offset, lengthBytes };
  }

  /** Serves the outputs of a shuffle no more; returns them. */
  removeShuffle(shuffleId: number): MapOutputStatus[] {
    const outputs = this.#byShuffle.get(shuffleId) ?? [];
    this.#byShuffle.delete(shuffleId);
    for (const { status } of outputs) this.#outputs.delete(status.mapId);
    return outputs.map(({ status }) => status);
  }
}

/** Where only about how large parts are is known: parts stand one after another. */
function findInIndex(
  { status, path }: ServedOutput,
  firstReducer: number,
  reducers: number,
): FileRange | undefined {
  const index = mapOutputPath(status.localDirectory, status.mapId, INDEX_FILE);
  try {
    const first = readIndexEntry(index, firstReducer);
    const last = reducers === 1 ? first : readIndexEntry(index, firstReducer + reducers - 1);
    if (first.offset < 0 || last.offset < first.offset || last.length < 0) return undefined;
    return { path, offset: first.offset, lengthBytes: last.offset + last.length - first.offset };
  } catch {
    // Gone, or not to be read: as if it had never been written.
    return undefined;
  }
}

function offsetsOf(sizes: Float64Array): Float64Array {
  const offsets = new Float64Array(sizes.length + 1);
  for (let i = 0; i < sizes.length; i++) offsets[i + 1] = offsets[i]! + sizes[i]!;
  return offsets;
}
