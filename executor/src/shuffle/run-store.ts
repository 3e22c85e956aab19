import { ByteReader, ByteWriter, CorruptDataError } from 'heddle/internal';
import { TemporaryStore } from '../storage/temporary-store.js';
import type { TaskEnvironment } from '../task-environment.js';
import { CorruptSpillError } from './errors.js';
import {
  decodeFrame,
  decodeFrameHeader,
  encodeFrame,
  FRAME_HEADER_BYTES,
  FRAME_TARGET_BYTES,
  FrameError,
} from './frame.js';
import { BatchSizer, readPairs, writePairs } from './pair-codec.js';
import type { PairColumns, PairSource } from './pair-source.js';

/** One spilled, sorted sequence of pairs: bytes of the store's stream. */
export interface Run {
  readonly start: number;
  readonly end: number;
  readonly records: number;
}

/** A merge reads one frame of each run at a time; this many runs are merged at once. */
export const MAX_MERGED_RUNS = 64;

const SMALLEST_FRAME_BYTES = 4 * 1024;

/** The spilled runs of one operator of one task attempt, in one temporary stream. */
export class RunStore {
  readonly #env: TaskEnvironment;
  readonly #frameBytes: number;
  readonly #store: TemporaryStore;

  constructor(env: TaskEnvironment, name: string) {
    this.#env = env;
    this.#store = new TemporaryStore(
      env.scratchDirectories ?? env.localDirectories,
      `${name}-t${env.task.taskAttemptId}`,
      env.task.taskAttemptId,
    );
    // All runs of a merge have a frame in memory, decoded to several times its size.
    this.#frameBytes = Math.min(
      FRAME_TARGET_BYTES,
      Math.max(SMALLEST_FRAME_BYTES, Math.floor(env.memoryBudgetBytes / (4 * MAX_MERGED_RUNS))),
    );
  }

  /** Starts a run; only one is written at a time. */
  beginRun(): RunWriter {
    return new RunWriter(this.#env, this.#store, this.#frameBytes);
  }

  openRun(run: Run): PairSource {
    return new RunReader(this.#env, this.#store, run);
  }

  /** Deletes the files; idempotent. */
  close(): void {
    this.#store.close();
  }
}

/** Writes the pairs of one run, in order. */
export class RunWriter {
  readonly #env: TaskEnvironment;
  readonly #store: TemporaryStore;
  readonly #frameBytes: number;
  readonly #writer = new ByteWriter();
  readonly #sizer: BatchSizer;
  readonly #start: number;
  #frameRecords = 0;
  #records = 0;

  constructor(env: TaskEnvironment, store: TemporaryStore, frameBytes: number) {
    this.#env = env;
    this.#store = store;
    this.#frameBytes = frameBytes;
    this.#sizer = new BatchSizer(frameBytes);
    this.#start = store.length;
  }

  /** Appends the pairs `from … to - 1` of two columns. */
  write(
    keys: Float64Array | readonly unknown[],
    values: Float64Array | readonly unknown[],
    from: number,
    to: number,
  ): void {
    let at = from;
    while (at < to) {
      const end = Math.min(to, at + this.#sizer.records);
      const before = this.#writer.length;
      writePairs(this.#writer, keys, values, at, end, this.#env.code);
      this.#sizer.observe(end - at, this.#writer.length - before);
      this.#frameRecords += end - at;
      at = end;
      if (this.#writer.length >= this.#frameBytes) {
        this.#flushFrame();
      }
    }
  }

  finish(): Run {
    if (this.#writer.length > 0) {
      this.#flushFrame();
    }
    this.#store.flush();
    const end = this.#store.length;
    this.#env.metrics.spilledBytes += end - this.#start;
    return { start: this.#start, end, records: this.#records };
  }

  #flushFrame(): void {
    this.#env.checkInterrupted();
    this.#store.append(
      encodeFrame(this.#writer.view(), this.#frameRecords, this.#env.shuffleCompression ?? 'zstd'),
    );
    this.#writer.reset();
    this.#records += this.#frameRecords;
    this.#frameRecords = 0;
  }
}

class RunReader implements PairSource {
  readonly #env: TaskEnvironment;
  readonly #store: TemporaryStore;
  readonly #end: number;
  #position: number;
  #frame: ByteReader | undefined;

  constructor(env: TaskEnvironment, store: TemporaryStore, run: Run) {
    this.#env = env;
    this.#store = store;
    this.#position = run.start;
    this.#end = run.end;
  }

  next(): PairColumns | undefined {
    try {
      for (;;) {
        if (this.#frame !== undefined && this.#frame.remaining > 0) {
          const pairs = readPairs(this.#frame, this.#env.code);
          if (pairs.length > 0) {
            return pairs;
          }
        } else if (this.#position < this.#end) {
          this.#frame = new ByteReader(this.#readFrame());
        } else {
          this.#frame = undefined;
          return undefined;
        }
      }
    } catch (error) {
      if (error instanceof FrameError || error instanceof CorruptDataError) {
        throw new CorruptSpillError(this.#store.path, error.message);
      }
      throw error;
    }
  }

  close(): void {
    this.#position = this.#end;
    this.#frame = undefined;
  }

  #readFrame(): Uint8Array {
    this.#env.checkInterrupted();
    const headerBytes = new Uint8Array(FRAME_HEADER_BYTES);
    this.#store.read(this.#position, headerBytes);
    const header = decodeFrameHeader(headerBytes, 0);
    const start = this.#position + FRAME_HEADER_BYTES;
    if (start + header.storedBytes > this.#end) {
      throw new FrameError('a frame is longer than its run');
    }
    const stored = new Uint8Array(header.storedBytes);
    this.#store.read(start, stored);
    this.#position = start + header.storedBytes;
    return decodeFrame(header, stored, true);
  }
}
