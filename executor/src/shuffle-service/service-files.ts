import { closeSync, readFileSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { OUTPUT_FOLDER } from '../storage/local-directories.js';
import { errnoOf } from '../storage/no-space.js';
import { decodeIndex, type IndexEntry } from '../shuffle/index-file.js';
import { DATA_FILE, INDEX_FILE } from '../shuffle/map-output-files.js';
import { openRegularFile } from '../shuffle/part-source.js';

/** Index files that are kept in memory; the NodeManager's cache is as simple. */
const CACHED_INDEXES = 2_000;
/** No path can be made of these names but one below the folder. */
const MAP_ID_PATTERN = /^[A-Za-z0-9_-]{1,255}$/;

/** Where one part stands. */
export interface ServicePart {
  readonly mapId: string;
  readonly path: string;
  readonly entry: IndexEntry;
}

/** The map outputs of one application on this host, found by their ids. */
export class ServiceFiles {
  readonly #directories: readonly string[];
  readonly #indexes = new Map<string, { readonly path: string; readonly entries: IndexEntry[] }>();

  constructor(directories: readonly string[]) {
    this.#directories = directories;
  }

  /** Undefined when there is no such map output or reducer, or its files are damaged. */
  find(mapId: string, reducer: number): ServicePart | undefined {
    if (!MAP_ID_PATTERN.test(mapId)) return undefined;
    const index = this.#indexes.get(mapId) ?? this.#load(mapId);
    const entry = index?.entries[reducer];
    return index === undefined || entry === undefined
      ? undefined
      : { mapId, path: index.path, entry };
  }

  #load(mapId: string): { readonly path: string; readonly entries: IndexEntry[] } | undefined {
    for (const directory of this.#directories) {
      const folder = join(directory, OUTPUT_FOLDER, mapId);
      try {
        const descriptor = openRegularFile(join(folder, INDEX_FILE));
        let bytes: Buffer;
        try {
          bytes = readFileSync(descriptor);
        } finally {
          closeSync(descriptor);
        }
        const entries = decodeIndex(bytes);
        if (entries === undefined) return undefined;
        const index = { path: join(folder, DATA_FILE), entries };
        this.#keep(mapId, index);
        return index;
      } catch (error) {
        if (errnoOf(error) !== 'ENOENT') return undefined;
      }
    }
    return undefined;
  }

  #keep(mapId: string, index: { readonly path: string; readonly entries: IndexEntry[] }): void {
    if (this.#indexes.size >= CACHED_INDEXES) {
      const oldest = this.#indexes.keys().next();
      if (oldest.done !== true) this.#indexes.delete(oldest.value);
    }
    this.#indexes.set(mapId, index);
  }
}

/** The bytes of a part in pieces; a piece may be reused when the next one is asked for. Throws when the file is shorter. */
export function* partChunks({ path, entry }: ServicePart, buffer: Buffer): Generator<Uint8Array> {
  const descriptor = openRegularFile(path);
  try {
    let done = 0;
    while (done < entry.partLength) {
      const wanted = Math.min(buffer.length, entry.partLength - done);
      const got = readSync(descriptor, buffer, 0, wanted, entry.offset + done);
      if (got === 0) throw new Error(`${path} is shorter than its index says`);
      done += got;
      yield buffer.subarray(0, got);
    }
  } finally {
    closeSync(descriptor);
  }
}
