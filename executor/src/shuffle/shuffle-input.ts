import {
  ByteReader,
  CorruptDataError,
  mostPartBytes,
  readBatch,
  type MapOutputLocation,
  type ShuffleInput,
} from 'heddle/internal';
import { InternalError } from '@heddle/common';
import type { TaskEnvironment } from '../task-environment.js';
import { ShuffleFetchError } from './errors.js';
import { readPairs } from './pair-codec.js';
import type { PairColumns, PairSource } from './pair-source.js';
import { PartReader } from './part-reader.js';
import { crcSeal } from './part-seal.js';
import { localPartSource, type PartBytes, type PartSequence } from './part-source.js';

/** Parts up to this size are verified and decoded from memory; larger ones are read twice. */
const MAX_PART_IN_MEMORY_BYTES = 32 * 1024 * 1024;

/**
 * The frames of one reduce partition of one shuffle: parts in map order, empty ones never touched.
 * Refuses outputs of another generation than the stage was planned with.
 */
class ShuffleFrames {
  readonly #env: TaskEnvironment;
  readonly #input: ShuffleInput;
  readonly #reducePartition: number;
  readonly #memoryLimitBytes: number;
  /** Locations of the parts that have bytes, and their bytes; made by the first `next`. */
  #locations: readonly MapOutputLocation[] = [];
  #parts: PartSequence | undefined;
  #nextPart = 0;
  #part: PartReader | undefined;

  constructor(shuffleId: number, reducePartition: number, env: TaskEnvironment) {
    const input = env.stage.shuffleInputs.find((one) => one.shuffleId === shuffleId);
    if (input === undefined) {
      throw new InternalError(`stage ${env.stage.stageId} has no input for shuffle ${shuffleId}`);
    }
    this.#env = env;
    this.#input = input;
    this.#reducePartition = reducePartition;
    this.#memoryLimitBytes = Math.min(MAX_PART_IN_MEMORY_BYTES, env.memoryBudgetBytes / 4);
    env.onEnd(() => this.close());
  }

  /** The batches of the next frame. Throws `ShuffleFetchError`. */
  next(): ByteReader | undefined {
    this.#env.checkInterrupted();
    for (;;) {
      const raw = this.#part?.next();
      if (raw !== undefined) {
        return new ByteReader(raw);
      }
      this.#part = undefined;
      if (!this.#openNext()) {
        return undefined;
      }
    }
  }

  /** Turns what decoding throws into a defect of the part that is being read. */
  asDefect(error: unknown): unknown {
    return error instanceof CorruptDataError && this.#part !== undefined
      ? this.#part.defect('its records cannot be decoded', error)
      : error;
  }

  countRecords(records: number): void {
    this.#env.metrics.shuffleReadRecords += records;
  }

  close(): void {
    this.#part?.close();
    this.#part = undefined;
    this.#parts?.close();
    this.#nextPart = Number.MAX_SAFE_INTEGER;
  }

  #openNext(): boolean {
    if (this.#parts === undefined && this.#nextPart === 0) this.#parts = this.#openParts();
    if (this.#parts === undefined || this.#nextPart >= this.#locations.length) return false;
    this.#part = this.#open(this.#locations[this.#nextPart++]!, this.#parts);
    return true;
  }

  #openParts(): PartSequence {
    this.#checkComplete();
    this.#locations = this.#input.outputs.filter((location) => {
      this.#check(location);
      return mostPartBytes(location, this.#reducePartition) > 0;
    });
    const source = this.#env.partSource ?? localPartSource;
    return source.open(
      this.#locations,
      this.#reducePartition,
      this.#memoryLimitBytes,
      this.#input.outputs,
    );
  }

  /** Cached partitions were to stand in for the shuffle; this one is not cached any more. */
  #checkComplete(): void {
    const { shuffleId, generation, firstMissingMapPartition } = this.#input;
    if (firstMissingMapPartition === undefined) return;
    throw new ShuffleFetchError(
      { shuffleId, mapPartition: firstMissingMapPartition, mapId: '', generation },
      this.#reducePartition,
      'it has not been written, since all partitions made from it were cached',
    );
  }

  #check(location: MapOutputLocation): void {
    if (location.generation !== this.#input.generation) {
      throw new ShuffleFetchError(
        location,
        this.#reducePartition,
        `the stage reads generation ${this.#input.generation}, and mixing them could lose or repeat records`,
      );
    }
  }

  /** A part whose seal was verified. What is damaged is read once more before the part is given up. */
  #open(location: MapOutputLocation, parts: PartSequence): PartReader {
    try {
      return this.#read(location, parts.next());
    } catch (error) {
      if (!(error instanceof ShuffleFetchError && error.damaged)) throw error;
      const again = parts.again();
      if (again === undefined) throw error;
      return this.#readAgain(location, again, parts);
    }
  }

  #readAgain(location: MapOutputLocation, bytes: PartBytes, parts: PartSequence): PartReader {
    try {
      return this.#read(location, bytes);
    } catch (error) {
      if (!(error instanceof ShuffleFetchError && error.damaged)) throw error;
      const reason = `${error.reason}${parts.diagnosis()}`;
      throw new ShuffleFetchError(location, this.#reducePartition, reason, { cause: error.cause });
    }
  }

  #read(location: MapOutputLocation, bytes: PartBytes): PartReader {
    const { metrics } = this.#env;
    if (bytes.isLocal) {
      metrics.shuffleReadLocalBytes += bytes.sizeBytes;
    } else {
      metrics.shuffleReadRemoteBytes += bytes.sizeBytes;
    }
    return new PartReader(
      location,
      this.#reducePartition,
      bytes,
      this.#env.partSeal ?? crcSeal,
      this.#memoryLimitBytes,
    );
  }
}

/** Reads the pairs of a keyed shuffle. */
export class ShufflePairs implements PairSource {
  readonly #env: TaskEnvironment;
  readonly #frames: ShuffleFrames;
  #reader: ByteReader | undefined;

  constructor(shuffleId: number, reducePartition: number, env: TaskEnvironment) {
    this.#env = env;
    this.#frames = new ShuffleFrames(shuffleId, reducePartition, env);
  }

  next(): PairColumns | undefined {
    for (;;) {
      if (this.#reader === undefined || this.#reader.remaining === 0) {
        this.#reader = this.#frames.next();
        if (this.#reader === undefined) {
          return undefined;
        }
      }
      try {
        const pairs = readPairs(this.#reader, this.#env.code);
        if (pairs.length > 0) {
          this.#frames.countRecords(pairs.length);
          return pairs;
        }
      } catch (error) {
        throw this.#frames.asDefect(error);
      }
    }
  }

  close(): void {
    this.#reader = undefined;
    this.#frames.close();
  }
}

/** Reads the records of a shuffle without keys. */
export class ShuffleRecords {
  readonly #env: TaskEnvironment;
  readonly #frames: ShuffleFrames;
  #reader: ByteReader | undefined;

  constructor(shuffleId: number, reducePartition: number, env: TaskEnvironment) {
    this.#env = env;
    this.#frames = new ShuffleFrames(shuffleId, reducePartition, env);
  }

  /** A fresh array of records, never empty; undefined at the end. */
  next(): unknown[] | undefined {
    for (;;) {
      if (this.#reader === undefined || this.#reader.remaining === 0) {
        this.#reader = this.#frames.next();
        if (this.#reader === undefined) {
          return undefined;
        }
      }
      try {
        const records = readBatch(this.#reader, this.#env.code);
        if (records.length > 0) {
          this.#frames.countRecords(records.length);
          return records;
        }
      } catch (error) {
        throw this.#frames.asDefect(error);
      }
    }
  }

  close(): void {
    this.#reader = undefined;
    this.#frames.close();
  }
}
