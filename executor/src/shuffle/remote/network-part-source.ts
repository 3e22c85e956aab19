import type { MapOutputLocation } from 'heddle/internal';
import { ShuffleFetchError } from '../errors.js';
import {
  openLocalPart,
  type PartBytes,
  type PartSequence,
  type PartSource,
} from '../part-source.js';
import type { FetchedParts, FetchRings } from './fetched-parts.js';

export interface NetworkPartSourceOptions {
  readonly rings: FetchRings;
  readonly executorId: string;
  /** Name of the node, as map outputs have it. */
  readonly host: string;
  /** Of the application on this node: map outputs are read directly only below these. */
  readonly localDirectories: readonly string[];
  /** Whether outputs of other executors of this host are read from the disk. */
  readonly readHostLocalDisk: boolean;
  readonly checkInterrupted: () => void;
}

/**
 * Parts of map outputs wherever they are: outputs of this executor, and those of its host where that
 * is allowed, from the disk; all others through the host, which fetches ahead while the thread works.
 */
export class NetworkPartSource implements PartSource {
  readonly #options: NetworkPartSourceOptions;

  constructor(options: NetworkPartSourceOptions) {
    this.#options = options;
  }

  open(
    locations: readonly MapOutputLocation[],
    reducePartition: number,
    memoryLimitBytes: number,
  ): PartSequence {
    return new NetworkParts(this.#options, locations, reducePartition, memoryLimitBytes);
  }
}

class NetworkParts implements PartSequence {
  readonly #options: NetworkPartSourceOptions;
  readonly #locations: readonly MapOutputLocation[];
  readonly #reducePartition: number;
  readonly #memoryLimitBytes: number;
  readonly #direct: readonly boolean[];
  readonly #fetched: FetchedParts | undefined;
  /** A part that was fetched by itself; open until the next one is wanted. */
  #single: FetchedParts | undefined;
  #next = 0;

  constructor(
    options: NetworkPartSourceOptions,
    locations: readonly MapOutputLocation[],
    reducePartition: number,
    memoryLimitBytes: number,
  ) {
    this.#options = options;
    this.#locations = locations;
    this.#reducePartition = reducePartition;
    this.#memoryLimitBytes = memoryLimitBytes;
    this.#direct = locations.map((location) => this.#isDirect(location));
    const remote = locations.filter((_, i) => !this.#direct[i]);
    if (remote.length > 0) this.#fetched = this.#fetch(remote, 'parts');
  }

  next(): PartBytes {
    this.#closeSingle();
    const index = this.#next++;
    const location = this.#locations[index]!;
    if (!this.#direct[index]) return this.#fetched!.next();
    try {
      return openLocalPart(location, this.#reducePartition);
    } catch (error) {
      // Gone, or its index is damaged; its own executor has nothing else to offer.
      if (!(error instanceof ShuffleFetchError)) throw error;
      if (location.executorId === this.#options.executorId) throw error;
      return this.#alone(location);
    }
  }

  again(): PartBytes {
    return this.#alone(this.#locations[this.#next - 1]!);
  }

  diagnosis(): string {
    this.#closeSingle();
    const check = this.#fetch([this.#locations[this.#next - 1]!], 'check');
    try {
      return check.diagnosis();
    } finally {
      check.close();
    }
  }

  close(): void {
    this.#closeSingle();
    this.#fetched?.close();
  }

  #alone(location: MapOutputLocation): PartBytes {
    this.#closeSingle();
    this.#single = this.#fetch([location], 'parts');
    return this.#single.next();
  }

  #closeSingle(): void {
    this.#single?.close();
    this.#single = undefined;
  }

  #fetch(locations: readonly MapOutputLocation[], purpose: 'parts' | 'check'): FetchedParts {
    const { rings, checkInterrupted } = this.#options;
    return rings.open(
      locations,
      this.#reducePartition,
      this.#memoryLimitBytes,
      purpose,
      checkInterrupted,
    );
  }

  #isDirect({ executorId, host, localDirectory }: MapOutputLocation): boolean {
    const { localDirectories, readHostLocalDisk } = this.#options;
    // A folder that a message names is read only when it is one of ours.
    if (!localDirectories.includes(localDirectory)) return false;
    return (
      executorId === this.#options.executorId || (readHostLocalDisk && host === this.#options.host)
    );
  }
}
