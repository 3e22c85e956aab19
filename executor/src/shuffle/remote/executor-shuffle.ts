import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { describeThrown, type Logger } from '@heddle/common';
import type { MapOutputStatus } from 'heddle/internal';
import { OUTPUT_FOLDER } from '../../storage/local-directories.js';
import { keyedPartSeal } from '../keyed-part-seal.js';
import { mapIdStart } from '../map-id.js';
import { mapOutputFolder } from '../map-output-files.js';
import { BufferPool } from './buffer-pool.js';
import { FetchFeeder } from './fetch-feeder.js';
import type { FetchJobServices } from './fetch-job.js';
import { MapOutputTable } from './map-output-table.js';
import { PartFetcher } from './part-fetcher.js';
import { defaultFetchLimits, type FetchLimits, type ShuffleNetwork } from './shuffle-network.js';
import { ShuffleRoutes } from './shuffle-routes.js';

/** A fetch ahead of a thread is at least this large: below, requests are too small to be worth it. */
const LEAST_WINDOW_BYTES = 1024 * 1024;

/** Folders that are deleted at the same time. */
const REMOVALS_AT_ONCE = 8;

export interface ExecutorShuffleOptions {
  readonly applicationId: string;
  readonly applicationAttemptId?: string;
  readonly slots: number;
  /** Of the application on this node; map outputs are below them. */
  readonly localDirectories: readonly string[];
  readonly scratchDirectories?: readonly string[];
  readonly shuffle?: ShuffleNetwork;
  readonly logger: Logger;
}

/** What a task thread must know to read map outputs of other executors. */
export interface ThreadShuffleSettings {
  readonly partSealKey: Uint8Array;
  readonly readHostLocalDisk: boolean;
}

/** The host's side of an executor's shuffles: its map outputs, their server, and fetching for its threads. */
export class ExecutorShuffle {
  readonly #options: ExecutorShuffleOptions;
  readonly #limits: FetchLimits;
  readonly #outputs = new MapOutputTable();
  readonly #services: FetchJobServices | undefined;

  constructor(options: ExecutorShuffleOptions) {
    this.#options = options;
    const { shuffle, slots, logger } = options;
    this.#limits = { ...defaultFetchLimits, ...shuffle?.limits };
    if (shuffle === undefined) return;
    const { bytesInFlight } = this.#limits;
    this.#services = {
      fetcher: new PartFetcher(shuffle, this.#limits),
      pool: new BufferPool(bytesInFlight / 2),
      windowBytes: Math.max(LEAST_WINDOW_BYTES, Math.floor(bytesInFlight / slots)),
      directories: options.scratchDirectories ?? options.localDirectories,
      logger,
    };
    const partSeal = keyedPartSeal(shuffle.partSealKey);
    new ShuffleRoutes({ outputs: this.#outputs, partSeal, logger }).install(shuffle.routes);
  }

  /** For threads; undefined when the executor is alone in its process. */
  get threadSettings(): ThreadShuffleSettings | undefined {
    const { shuffle } = this.#options;
    if (shuffle === undefined) return undefined;
    const { readHostLocalDisk } = this.#limits;
    return { partSealKey: shuffle.partSealKey, readHostLocalDisk };
  }

  /** A task of this executor has published a map output. */
  add(status: MapOutputStatus): void {
    this.#outputs.add(status);
  }

  /** Fetches for one thread; undefined when the executor is alone in its process. */
  newFeeder(): FetchFeeder | undefined {
    return this.#services === undefined ? undefined : new FetchFeeder(this.#services);
  }

  /**
   * Deletes the map outputs of a shuffle that this executor wrote, and on its host those of executors
   * that are gone. Never rejects: what cannot be deleted goes with the application.
   */
  async removeShuffle(shuffleId: number): Promise<void> {
    const folders = this.#outputs
      .removeShuffle(shuffleId)
      .map(({ localDirectory, mapId }) => mapOutputFolder(localDirectory, mapId));
    if (this.#options.shuffle !== undefined) {
      for (const directory of this.#options.localDirectories) {
        folders.push(...(await this.#foldersOf(directory, shuffleId)));
      }
    }
    const waiting = [...new Set(folders)];
    const remove = async (): Promise<void> => {
      for (let folder = waiting.pop(); folder !== undefined; folder = waiting.pop()) {
        // Another executor of the host may be deleting it as well.
        await rm(folder, { recursive: true, force: true }).catch((error: unknown) =>
          this.#options.logger.debug('a map output could not be deleted', {
            error: describeThrown(error),
          }),
        );
      }
    };
    await Promise.all(Array.from({ length: REMOVALS_AT_ONCE }, remove));
  }

  /** By their names, whoever wrote them. */
  async #foldersOf(directory: string, shuffleId: number): Promise<string[]> {
    const { applicationId, applicationAttemptId } = this.#options;
    const start = mapIdStart(applicationId, applicationAttemptId, shuffleId);
    const folder = join(directory, OUTPUT_FOLDER);
    const names = await readdir(folder).catch(() => []);
    return names.filter((name) => name.startsWith(start)).map((name) => join(folder, name));
  }
}
