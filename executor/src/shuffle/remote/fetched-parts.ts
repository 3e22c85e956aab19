import { fstatSync, openSync, rmSync } from 'node:fs';
import { HeddleError, InternalError } from '@heddle/common';
import { mostPartBytes, type MapOutputLocation } from 'heddle/internal';
import { ringSizeBytes, RingReader } from '../../input/input-ring.js';
import { ShuffleFetchError } from '../errors.js';
import { FilePart, type PartBytes } from '../part-source.js';
import { recordKind, type FetchFailure, type OpenFetchMessage } from './fetch-messages.js';
import { RecordReader } from './ring-records.js';

const SLOT_BYTES = 256 * 1024;
const SLOT_COUNT = 4;
/** Longest wait before a killed attempt notices. */
const SLICE_MS = 20;

/** This host could not take a part that was there: its disks are full, or the engine has a defect. */
export class FetchBrokenError extends HeddleError {
  readonly code = 'FETCH_BROKEN';

  constructor(reason: string) {
    super(
      `a part of a map output could not be taken: ${reason}. When its disks are full, give heddle.local.dir more room`,
    );
  }
}

/** Parts of one reducer that are wanted, in map order. */
export interface ReducerParts {
  readonly reducer: number;
  readonly locations: readonly MapOutputLocation[];
  /** Of each location, reducers directly before this one that have nothing in it, and nothing was asked of. */
  readonly emptyBefore?: readonly number[];
  /** At most. */
  readonly sizeBytes?: number;
}

/** Shared memory of a thread's fetches, used again when the host has let go of it. */
export class FetchRings {
  readonly #post: (message: OpenFetchMessage) => void;
  readonly #idle: RingReader[] = [];

  /** @param post sends a message to the host */
  constructor(post: (message: OpenFetchMessage) => void) {
    this.#post = post;
  }

  /**
   * Asks the host for parts; the caller must close what it gets.
   * @param groups what the task wants; behind it, what later ones may want
   */
  open(
    groups: readonly ReducerParts[],
    memoryLimitBytes: number,
    purpose: OpenFetchMessage['purpose'],
    checkInterrupted: () => void,
  ): FetchedParts {
    const reader = { checkInterrupted };
    const ring = this.#ring(() => reader.checkInterrupted());
    this.#post({
      kind: 'openFetch',
      ...ring.shape,
      parts: groups.flatMap(({ reducer, locations, emptyBefore }, group) =>
        locations.map((location, i) => ({
          executorId: location.executorId,
          host: location.host,
          mapId: location.mapId,
          reducer,
          mostBytes: mostPartBytes(location, reducer),
          isExact: location.partSizeClasses === undefined,
          emptyBefore: emptyBefore?.[i] ?? 0,
          isForLater: group > 0,
        })),
      ),
      memoryLimitBytes,
      purpose,
    });
    return new FetchedParts(ring, reader, groups, () => this.#idle.push(ring));
  }

  #ring(checkInterrupted: () => void): RingReader {
    const at = this.#idle.findIndex((ring) => ring.released);
    const idle = at < 0 ? undefined : this.#idle.splice(at, 1)[0];
    const shape = idle?.shape ?? {
      buffer: new SharedArrayBuffer(ringSizeBytes(SLOT_COUNT, SLOT_BYTES)),
      slotCount: SLOT_COUNT,
      slotBytes: SLOT_BYTES,
    };
    return new RingReader(shape, checkInterrupted, SLICE_MS);
  }
}

/** What the host fetched, in the order in which it was asked for: one reducer's parts after the other's. */
export class FetchedParts {
  readonly #ring: RingReader;
  readonly #records: RecordReader;
  readonly #reader: { checkInterrupted: () => void };
  readonly #putBack: () => void;
  /** What the present task wanted, and behind it what is there for later ones. */
  #groups: readonly ReducerParts[];
  /** Parts of the first group that were given. */
  #taken = 0;
  /** Number of the next part in the request. */
  #next = 0;
  #streamed: StreamedPart | undefined;
  #closed = false;

  constructor(
    ring: RingReader,
    reader: { checkInterrupted: () => void },
    groups: readonly ReducerParts[],
    putBack: () => void,
  ) {
    this.#ring = ring;
    this.#records = new RecordReader(ring);
    this.#reader = reader;
    this.#groups = groups;
    this.#putBack = putBack;
  }

  get shuffleId(): number | undefined {
    return this.#groups[0]?.locations[0]?.shuffleId;
  }

  /** Bytes that are for later tasks, at most. */
  get laterBytes(): number {
    return this.#groups.slice(1).reduce((sum, { sizeBytes }) => sum + (sizeBytes ?? 0), 0);
  }

  /** Whether the task was given all that it wanted. */
  get isTaken(): boolean {
    return this.#taken === this.#groups[0]?.locations.length;
  }

  /** Whether a task that wants these parts finds them next. */
  hasNext(reducer: number, locations: readonly MapOutputLocation[]): boolean {
    const next = this.#groups[1];
    return (
      next?.reducer === reducer &&
      next.locations.length === locations.length &&
      // The id of a map output is never used again.
      next.locations.every(({ mapId }, i) => mapId === locations[i]!.mapId)
    );
  }

  /** Another task goes on with the next parts. */
  goOn(checkInterrupted: () => void): void {
    this.#reader.checkInterrupted = checkInterrupted;
    this.#groups = this.#groups.slice(1);
    this.#taken = 0;
  }

  /** The next part's bytes. Throws `ShuffleFetchError`, and `FetchBrokenError`. */
  next(): PartBytes {
    this.#streamed?.skipRest();
    this.#streamed = undefined;
    const { reducer, locations } = this.#groups[0]!;
    const location = locations[this.#taken]!;
    const header = this.#records.header();
    if (header === undefined) throw new InternalError('a fetch ended before its last part');
    const { kind, lengthBytes } = header;
    if (kind === recordKind.failure) throw this.#failure(location, reducer, lengthBytes);
    if (header.part !== this.#next) throw new InternalError('fetched parts came in disorder');
    this.#next += 1;
    this.#taken += 1;
    if (kind === recordKind.bytes) {
      this.#streamed = new StreamedPart(this.#records, lengthBytes);
      return this.#streamed;
    }
    if (kind !== recordKind.file) throw new InternalError(`a fetch sent a record of kind ${kind}`);
    return this.#file(location, reducer, lengthBytes);
  }

  /** The text of a check. */
  diagnosis(): string {
    const header = this.#records.header();
    return header?.kind === recordKind.diagnosis ? this.#text(header.lengthBytes) : '';
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#ring.close();
    this.#putBack();
  }

  #file(location: MapOutputLocation, reducer: number, pathBytes: number): PartBytes {
    const path = this.#text(pathBytes);
    const descriptor = openSync(path, 'r');
    // Nobody else needs its name: it is gone with the descriptor, however the task ends.
    rmSync(path, { force: true });
    const { size } = fstatSync(descriptor);
    return new FilePart(location, reducer, descriptor, 0, size, false);
  }

  #failure(location: MapOutputLocation, reducer: number, lengthBytes: number): Error {
    const failure = JSON.parse(this.#text(lengthBytes)) as FetchFailure;
    if (failure.isOwnFault === true) return new FetchBrokenError(failure.reason);
    const { reason, scope } = failure;
    return new ShuffleFetchError(location, reducer, reason, { scope });
  }

  #text(lengthBytes: number): string {
    const bytes = Buffer.alloc(lengthBytes);
    if (!this.#records.read(bytes)) throw new InternalError('a fetch ended inside a record');
    return bytes.toString('utf8');
  }
}

/** A part whose bytes come once, from start to end. */
class StreamedPart implements PartBytes {
  readonly isLocal = false;
  readonly #records: RecordReader;
  #position = 0;

  constructor(
    records: RecordReader,
    readonly sizeBytes: number,
  ) {
    this.#records = records;
  }

  read(position: number, target: Uint8Array): number {
    if (position !== this.#position) throw new InternalError('a streamed part is read at random');
    if (!this.#records.read(target)) throw new InternalError('a fetch ended inside a part');
    this.#position += target.length;
    return target.length;
  }

  close(): void {
    // The rest is skipped when the next part is wanted.
  }

  skipRest(): void {
    this.#records.skip(this.sizeBytes - this.#position);
    this.#position = this.sizeBytes;
  }
}
