import { TemporaryStore } from '../storage/temporary-store.js';
import type { TaskEnvironment } from '../task-environment.js';
import { MemoryShare } from './task-memory.js';
import { encodeFrame, FRAME_TARGET_BYTES, type ShuffleCompression } from './frame.js';

/** What one reduce partition has so far, in order: frames on disk, frames in memory, raw batches. */
class PartitionFrames {
  /** Positions and lengths in the temporary store, in pairs. */
  readonly spilled: number[] = [];
  frames: Uint8Array[] = [];
  raw: Uint8Array = EMPTY;
  rawLength = 0;
  rawRecords = 0;
  records = 0;
}

const EMPTY = new Uint8Array(0);
const FIRST_RAW_BYTES = 512;

/**
 * Encoded batches of all reduce partitions of one map task. They are framed (and compressed) when
 * enough came together, kept in memory up to the budget, and go to one temporary file beyond it.
 * Since frames stand for themselves, the final parts are plain concatenations.
 */
export class PartitionedFrames {
  readonly #env: TaskEnvironment;
  readonly #partitions: PartitionFrames[] = [];
  readonly #compression: ShuffleCompression;
  readonly #share: MemoryShare;
  #store: TemporaryStore | undefined;
  #memoryBytes = 0;

  constructor(env: TaskEnvironment, numPartitions: number) {
    this.#env = env;
    this.#compression = env.shuffleCompression ?? 'zstd';
    this.#share = new MemoryShare(env);
    for (let i = 0; i < numPartitions; i++) {
      this.#partitions.push(new PartitionFrames());
    }
  }

  get numPartitions(): number {
    return this.#partitions.length;
  }

  /** Bytes that the encoded batches take in memory now. */
  get memoryBytes(): number {
    return this.#memoryBytes;
  }

  /** Takes a copy of one encoded batch. Spills when the budget is used up. */
  append(partition: number, batch: Uint8Array, records: number): void {
    const target = this.#partitions[partition]!;
    if (target.rawLength > 0 && target.rawLength + batch.length > FRAME_TARGET_BYTES) {
      this.#frame(target);
    }
    this.#reserve(target, target.rawLength + batch.length);
    target.raw.set(batch, target.rawLength);
    target.rawLength += batch.length;
    target.rawRecords += records;
    target.records += records;
    if (target.rawLength >= FRAME_TARGET_BYTES) {
      this.#frame(target);
    }
    if (this.#share.update(this.#memoryBytes)) {
      this.spill();
    }
  }

  /** Writes everything in memory to the temporary file. */
  spill(): void {
    this.#store ??= new TemporaryStore(
      this.#env.scratchDirectories ?? this.#env.localDirectories,
      `shuffle-t${this.#env.task.taskAttemptId}`,
      this.#env.task.taskAttemptId,
    );
    const store = this.#store;
    const start = store.length;
    for (const partition of this.#partitions) {
      if (partition.rawLength > 0) {
        this.#frame(partition);
      }
      partition.raw = EMPTY;
      for (const frame of partition.frames) {
        const position = store.append(frame);
        const last = partition.spilled.length - 2;
        if (last >= 0 && partition.spilled[last]! + partition.spilled[last + 1]! === position) {
          partition.spilled[last + 1]! += frame.length;
        } else {
          partition.spilled.push(position, frame.length);
        }
      }
      partition.frames = [];
    }
    store.flush();
    this.#memoryBytes = 0;
    this.#share.update(0);
    this.#env.metrics.spills++;
    this.#env.metrics.spilledBytes += store.length - start;
  }

  /** Gives a partition's frames to `write` in order; may be called again. Returns its records. */
  writePart(partition: number, write: (bytes: Uint8Array) => void): number {
    const source = this.#partitions[partition]!;
    for (let i = 0; i < source.spilled.length; i += 2) {
      this.#copySpilled(source.spilled[i]!, source.spilled[i + 1]!, write);
    }
    if (source.rawLength > 0) {
      this.#frame(source);
    }
    for (const frame of source.frames) {
      write(frame);
    }
    return source.records;
  }

  /** Frees memory and removes the temporary file; idempotent. */
  close(): void {
    this.#store?.close();
    this.#partitions.length = 0;
    this.#memoryBytes = 0;
    this.#share.close();
  }

  #copySpilled(position: number, length: number, write: (bytes: Uint8Array) => void): void {
    const store = this.#store!;
    for (let done = 0; done < length; done += FRAME_TARGET_BYTES) {
      const piece = new Uint8Array(Math.min(FRAME_TARGET_BYTES, length - done));
      store.read(position + done, piece);
      write(piece);
    }
  }

  #frame(target: PartitionFrames): void {
    const frame = encodeFrame(
      target.raw.subarray(0, target.rawLength),
      target.rawRecords,
      this.#compression,
    );
    target.frames.push(frame);
    this.#memoryBytes += frame.length;
    if (target.raw.length > FRAME_TARGET_BYTES) {
      // One big record must not keep its buffer.
      this.#memoryBytes -= target.raw.length;
      target.raw = EMPTY;
    }
    target.rawLength = 0;
    target.rawRecords = 0;
  }

  #reserve(target: PartitionFrames, length: number): void {
    if (length <= target.raw.length) {
      return;
    }
    const capacity = Math.max(
      length,
      Math.min(2 * target.raw.length, FRAME_TARGET_BYTES),
      FIRST_RAW_BYTES,
    );
    const grown = new Uint8Array(capacity);
    grown.set(target.raw.subarray(0, target.rawLength));
    this.#memoryBytes += capacity - target.raw.length;
    target.raw = grown;
  }
}
