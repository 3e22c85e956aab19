import { ByteWriter, writeBatch, type CodeTable, type StorageLevelSpec } from 'heddle/internal';
import { encodeFrame, FRAME_TARGET_BYTES } from '../shuffle/frame.js';
import { BlockFile } from './block-file.js';
import { blockName, type BlockId } from './block-memory.js';
import type { StoreBlockMessage } from './block-messages.js';
import { StorageFullError } from './errors.js';

/** What a task needs to keep one partition of a persisted RDD. */
export interface BlockWriterOptions {
  readonly block: BlockId;
  readonly level: StorageLevelSpec;
  readonly code: CodeTable;
  /** Bytes that the block may take in memory (`BlockStore.roomFor` when the task was sent). */
  readonly memoryLimitBytes: number;
  readonly localDirectories: readonly string[];
  readonly taskAttemptId: number;
  /** How blocks on disk are compressed. @default 'zstd' */
  readonly compression?: 'none' | 'zstd';
}

/**
 * Encodes the batches of a partition while they stream by. A block that outgrows the memory goes to
 * disk when its level allows that, and is given up otherwise: lack of room never fails the task.
 */
export class BlockWriter {
  readonly #options: BlockWriterOptions;
  readonly #writer = new ByteWriter();
  #chunks: SharedArrayBuffer[] = [];
  #chunkRecords: number[] = [];
  #memoryBytes = 0;
  #pendingRecords = 0;
  #records = 0;
  #file: BlockFile | undefined;
  #state: 'memory' | 'disk' | 'givenUp' | 'ended';

  constructor(options: BlockWriterOptions) {
    this.#options = options;
    const { useMemory, useOffHeap, useDisk } = options.level;
    this.#state = useMemory || useOffHeap ? 'memory' : useDisk ? 'disk' : 'givenUp';
  }

  /** Whether the block is still being kept; when false, `add` does nothing. */
  get isActive(): boolean {
    return this.#state === 'memory' || this.#state === 'disk';
  }

  /** Encodes a batch; its records may be changed afterwards. */
  add(batch: readonly unknown[]): void {
    if (!this.isActive) {
      return;
    }
    writeBatch(this.#writer, batch, 0, batch.length, this.#options.code);
    this.#pendingRecords += batch.length;
    this.#records += batch.length;
    if (this.#writer.length >= FRAME_TARGET_BYTES) {
      this.#flush();
    }
  }

  /** The message for the host, or undefined when the block was given up. The partition is complete. */
  finish(): StoreBlockMessage | undefined {
    if (this.#pendingRecords > 0) {
      this.#flush();
    }
    if (!this.isActive) {
      this.abort();
      return undefined;
    }
    const { block, level } = this.#options;
    const head = { kind: 'storeBlock' as const, ...block, records: this.#records, level };
    if (this.#state === 'memory') {
      this.#state = 'ended';
      return { ...head, memory: { chunks: this.#chunks, sizeBytes: this.#memoryBytes } };
    }
    this.#state = 'ended';
    const file = (this.#file ??= this.#newFile());
    return { ...head, disk: { path: file.finish(), sizeBytes: file.sizeBytes } };
  }

  /** Drops everything (the partition was not read to its end, or the task failed); idempotent. */
  abort(): void {
    if (this.#state !== 'ended') {
      this.#state = 'givenUp';
      this.#chunks = [];
      this.#file?.remove();
      this.#writer.reset();
      this.#pendingRecords = 0;
    }
  }

  #flush(): void {
    const bytes = this.#writer.view();
    if (this.#state === 'memory') {
      if (this.#memoryBytes + bytes.length <= this.#options.memoryLimitBytes) {
        const chunk = new SharedArrayBuffer(bytes.length);
        new Uint8Array(chunk).set(bytes);
        this.#chunks.push(chunk);
        this.#chunkRecords.push(this.#pendingRecords);
        this.#memoryBytes += bytes.length;
      } else if (this.#options.level.useDisk) {
        this.#moveToDisk();
        this.#appendToFile(bytes, this.#pendingRecords);
      } else {
        this.abort();
      }
    } else {
      this.#appendToFile(bytes, this.#pendingRecords);
    }
    this.#writer.reset();
    this.#pendingRecords = 0;
  }

  #moveToDisk(): void {
    this.#state = 'disk';
    const chunks = this.#chunks;
    this.#chunks = [];
    this.#memoryBytes = 0;
    chunks.forEach((chunk, i) => this.#appendToFile(new Uint8Array(chunk), this.#chunkRecords[i]!));
  }

  #appendToFile(raw: Uint8Array, records: number): void {
    if (this.#state !== 'disk') {
      return;
    }
    try {
      this.#file ??= this.#newFile();
      this.#file.append(encodeFrame(raw, records, this.#options.compression ?? 'zstd'));
    } catch (error) {
      if (!(error instanceof StorageFullError)) {
        throw error;
      }
      // A cache that does not fit must not fail the task: the partition is computed again instead.
      this.abort();
    }
  }

  #newFile(): BlockFile {
    const { block, taskAttemptId, localDirectories } = this.#options;
    return new BlockFile(
      localDirectories,
      `${blockName(block)}-t${taskAttemptId}.block`,
      block.partition,
    );
  }
}
