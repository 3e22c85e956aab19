import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { HeddleError } from '@heddle/common';
import { ByteReader, readBatch, type CodeTable } from 'heddle/internal';
import { decodeFrame, decodeFrameHeader, FRAME_HEADER_BYTES } from '../shuffle/frame.js';
import type { BatchSource } from '../task-environment.js';
import { blockName } from './block-memory.js';
import type { AvailableBlock, BlockDamagedMessage, DiskBlock } from './block-messages.js';

/** A cached block turned out to be damaged while it was read; the next attempt computes it again. */
export class CachedBlockError extends HeddleError {
  readonly code = 'CACHED_BLOCK';

  constructor(
    readonly rddId: number,
    readonly partition: number,
    reason: string,
    options?: ErrorOptions,
  ) {
    super(
      `the cached block ${blockName({ rddId, partition })} cannot be read: ${reason}. ` +
        `It was dropped and the partition will be computed again; when this repeats, look at that disk.`,
      options,
    );
  }
}

/**
 * Opens a block that the host sent with the task; every reader decodes objects of its own.
 * Undefined when its file is gone or has another size (the partition is then computed, and `report`
 * was told). What is found damaged later is a `CachedBlockError`.
 */
export function openBlock(
  block: AvailableBlock,
  code: CodeTable,
  report: (message: BlockDamagedMessage) => void,
): BatchSource | undefined {
  if (block.memory !== undefined) {
    return new MemoryBlockSource(block.memory.chunks, code);
  }
  if (block.disk === undefined) {
    return undefined;
  }
  const damaged = (reason: string, cause: unknown): CachedBlockError => {
    report({ kind: 'blockDamaged', rddId: block.rddId, partition: block.partition, reason });
    return new CachedBlockError(block.rddId, block.partition, reason, { cause });
  };
  const descriptor = openDiskBlock(block.disk);
  if (descriptor === undefined) {
    damaged('its file is gone or has another length', undefined);
    return undefined;
  }
  return new DiskBlockSource(descriptor, block, block.disk, code, damaged);
}

/** Batches of one run of bytes after another. */
class MemoryBlockSource implements BatchSource {
  readonly #chunks: readonly SharedArrayBuffer[];
  readonly #code: CodeTable;
  #next = 0;
  #reader: ByteReader | undefined;

  constructor(chunks: readonly SharedArrayBuffer[], code: CodeTable) {
    this.#chunks = chunks;
    this.#code = code;
  }

  next(): unknown[] | undefined {
    for (;;) {
      if (this.#reader !== undefined && this.#reader.remaining > 0) {
        const batch = readBatch(this.#reader, this.#code);
        if (batch.length > 0) {
          return batch;
        }
      } else if (this.#next < this.#chunks.length) {
        // A copy, so that decoded values can never be views of shared memory.
        this.#reader = new ByteReader(new Uint8Array(this.#chunks[this.#next++]!).slice());
      } else {
        return undefined;
      }
    }
  }

  close(): void {
    this.#next = this.#chunks.length;
    this.#reader = undefined;
  }
}

function openDiskBlock(disk: DiskBlock): number | undefined {
  let descriptor: number;
  try {
    descriptor = openSync(disk.path, 'r');
  } catch {
    // Gone, or not readable any more: to the caller it is not cached.
    return undefined;
  }
  if (fstatSync(descriptor).size === disk.sizeBytes) {
    return descriptor;
  }
  closeSync(descriptor);
  return undefined;
}

class DiskBlockSource implements BatchSource {
  readonly #block: AvailableBlock;
  readonly #disk: DiskBlock;
  readonly #code: CodeTable;
  readonly #damaged: (reason: string, cause: unknown) => CachedBlockError;
  #descriptor: number;
  #position = 0;
  #records = 0;
  #reader: ByteReader | undefined;

  constructor(
    descriptor: number,
    block: AvailableBlock,
    disk: DiskBlock,
    code: CodeTable,
    damaged: (reason: string, cause: unknown) => CachedBlockError,
  ) {
    this.#descriptor = descriptor;
    this.#block = block;
    this.#disk = disk;
    this.#code = code;
    this.#damaged = damaged;
  }

  next(): unknown[] | undefined {
    for (;;) {
      if (this.#reader !== undefined && this.#reader.remaining > 0) {
        const batch = readBatch(this.#reader, this.#code);
        if (batch.length > 0) {
          return batch;
        }
      } else if (this.#descriptor >= 0 && this.#position < this.#disk.sizeBytes) {
        this.#reader = new ByteReader(this.#readFrame());
      } else {
        this.#finish();
        return undefined;
      }
    }
  }

  close(): void {
    if (this.#descriptor >= 0) {
      closeSync(this.#descriptor);
      this.#descriptor = -1;
      this.#reader = undefined;
    }
  }

  #finish(): void {
    if (this.#descriptor >= 0) {
      this.close();
      if (this.#records !== this.#block.records) {
        throw this.#damaged(
          `it holds ${this.#records} records instead of ${this.#block.records}`,
          undefined,
        );
      }
    }
  }

  #readFrame(): Uint8Array {
    try {
      const header = decodeFrameHeader(this.#read(FRAME_HEADER_BYTES), 0);
      const raw = decodeFrame(header, this.#read(header.storedBytes), true);
      this.#records += header.records;
      return raw;
    } catch (error) {
      this.close();
      throw this.#damaged(error instanceof Error ? error.message : 'reading failed', error);
    }
  }

  #read(length: number): Uint8Array {
    const bytes = new Uint8Array(Math.min(length, this.#disk.sizeBytes - this.#position));
    const got = readSync(this.#descriptor, bytes, 0, bytes.length, this.#position);
    this.#position += got;
    return bytes.subarray(0, got);
  }
}
