import type { MapOutputLocation } from 'heddle/internal';
import { ShuffleFetchError } from '../errors.js';
import {
  openLocalPart,
  type PartBytes,
  type PartSequence,
  type PartSource,
} from '../part-source.js';
import { FetchBrokenError, type FetchedParts, type FetchRings } from './fetched-parts.js';
import type { PartsAhead, WantedAlong } from './parts-ahead.js';

export interface NetworkPartSourceOptions {
  readonly rings: FetchRings;
  /** What came along with parts for tasks before this one, and comes along for those behind it. */
  readonly ahead: PartsAhead;
  /** Partition of the task. */
  readonly partition: number;
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
    outputs: readonly MapOutputLocation[],
  ): PartSequence {
    return new NetworkParts(this.#options, locations, reducePartition, memoryLimitBytes, outputs);
  }
}

class NetworkParts implements PartSequence {
  readonly #options: NetworkPartSourceOptions;
  readonly #locations: readonly MapOutputLocation[];
  readonly #reducePartition: number;
  readonly #memoryLimitBytes: number;
  readonly #outputs: readonly MapOutputLocation[];
  readonly #direct: readonly boolean[];
  #fetched: FetchedParts | undefined;
  /** Another task had them come: why some did not is for this one to find out. */
  #cameAhead = false;
  /** A part that was fetched by itself; open until the next one is wanted. */
  #single: FetchedParts | undefined;
  #next = 0;

  constructor(
    options: NetworkPartSourceOptions,
    locations: readonly MapOutputLocation[],
    reducePartition: number,
    memoryLimitBytes: number,
    outputs: readonly MapOutputLocation[],
  ) {
    this.#options = options;
    this.#locations = locations;
    this.#reducePartition = reducePartition;
    this.#memoryLimitBytes = memoryLimitBytes;
    this.#outputs = outputs;
    this.#direct = locations.map((location) => this.#isDirect(location));
    const wanted = this.#remoteFrom(0);
    if (wanted.locations.length === 0) return;
    this.#fetched = options.ahead.take(wanted);
    this.#cameAhead = this.#fetched !== undefined;
    this.#fetched ??= options.ahead.fetch(wanted);
  }

  next(): PartBytes {
    this.#closeSingle();
    const index = this.#next++;
    const location = this.#locations[index]!;
    if (!this.#direct[index]) return this.#nextFetched(index);
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
    const check = this.#fetch(this.#locations[this.#next - 1]!, 'check');
    try {
      return check.diagnosis();
    } finally {
      check.close();
    }
  }

  close(): void {
    this.#closeSingle();
    if (this.#fetched !== undefined) this.#options.ahead.done(this.#fetched);
    this.#fetched = undefined;
  }

  #nextFetched(index: number): PartBytes {
    try {
      return this.#fetched!.next();
    } catch (error) {
      const isFailure = error instanceof ShuffleFetchError || error instanceof FetchBrokenError;
      if (!this.#cameAhead || !isFailure) throw error;
    }
    this.#cameAhead = false;
    this.#options.ahead.giveUp(this.#fetched!);
    this.#fetched = this.#options.ahead.fetch(this.#remoteFrom(index));
    return this.#fetched.next();
  }

  /** The parts from this one on that come over the network. */
  #remoteFrom(first: number): WantedAlong {
    return {
      locations: this.#locations.filter((_, i) => i >= first && !this.#direct[i]),
      reducer: this.#reducePartition,
      memoryLimitBytes: this.#memoryLimitBytes,
      partition: this.#options.partition,
      outputs: () => this.#outputs.filter((output) => !this.#isDirect(output)),
      checkInterrupted: this.#options.checkInterrupted,
    };
  }

  #alone(location: MapOutputLocation): PartBytes {
    this.#closeSingle();
    this.#single = this.#fetch(location, 'parts');
    return this.#single.next();
  }

  #closeSingle(): void {
    this.#single?.close();
    this.#single = undefined;
  }

  #fetch(location: MapOutputLocation, purpose: 'parts' | 'check'): FetchedParts {
    const { rings, checkInterrupted } = this.#options;
    const group = { reducer: this.#reducePartition, locations: [location] };
    return rings.open([group], this.#memoryLimitBytes, purpose, checkInterrupted);
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
