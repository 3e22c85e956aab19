import { rmSync } from 'node:fs';
import type { Logger } from '@heddle/common';
import type { StorageLevelSpec } from 'heddle/internal';
import { encodeFrame } from '../shuffle/frame.js';
import { BlockFile } from './block-file.js';
import {
  BlockMemory,
  blockName,
  type BlockId,
  type BlockMemoryInstruction,
} from './block-memory.js';
import type {
  AvailableBlock,
  BlockMessage,
  BlockSizes,
  DiskBlock,
  MemoryBlock,
  StoreBlockMessage,
} from './block-messages.js';
import { StorageFullError } from './errors.js';

interface StoredBlock {
  readonly id: BlockId;
  readonly records: number;
  readonly level: StorageLevelSpec;
  memory: MemoryBlock | undefined;
  disk: DiskBlock | undefined;
}

/** How a block store is made. */
export interface BlockStoreOptions {
  /** Bytes of cached blocks in memory, over all threads. */
  readonly memoryLimitBytes: number;
  readonly localDirectories: readonly string[];
  readonly logger: Logger;
  readonly compression?: 'none' | 'zstd';
  /** Told when a block is gone that was there (evicted or damaged), so that the driver forgets it. */
  readonly onDropped?: (block: BlockId) => void;
  /** Told of a block outside of its task's report: moved to disk, copied here, or gone (both sizes 0). */
  readonly onChanged?: (sizes: BlockSizes) => void;
}

/**
 * The cached partitions of one executor: host side, on the main thread. Bytes live in shared memory
 * or in files; task threads read them by what `blocksFor` gives and send new ones as messages.
 * `BlockMemory` decides what stays, this class does it.
 */
export class BlockStore {
  readonly #options: BlockStoreOptions;
  readonly #memory: BlockMemory;
  readonly #blocks = new Map<string, StoredBlock>();
  /** How often an RDD's blocks were removed: what was computed before that is not wanted any more. */
  readonly #removals = new Map<number, number>();
  #fileNumber = 0;
  /** Evictions to disk run one after another, off the event loop's critical path. */
  #writes: Promise<void> = Promise.resolve();

  constructor(options: BlockStoreOptions) {
    this.#options = options;
    this.#memory = new BlockMemory(options.memoryLimitBytes);
  }

  /** Bytes of blocks in memory. */
  get memoryBytes(): number {
    return this.#memory.usedBytes;
  }

  /** Bytes of blocks on disk. */
  get diskBytes(): number {
    let bytes = 0;
    for (const block of this.#blocks.values()) {
      bytes += block.disk?.sizeBytes ?? 0;
    }
    return bytes;
  }

  /** Bytes that a new block of this RDD may have in memory; goes to its writer with the task. */
  roomFor(rddId: number): number {
    return this.#memory.roomFor(rddId);
  }

  /** Those of these blocks that are here, for a task that is about to be sent; counts as their use. */
  blocksFor(ids: readonly BlockId[]): AvailableBlock[] {
    const available: AvailableBlock[] = [];
    for (const id of ids) {
      const block = this.#blocks.get(blockName(id));
      if (block !== undefined) {
        this.#memory.handle({ kind: 'access', block: id });
        available.push(describe(block));
      }
    }
    return available;
  }

  has(id: BlockId): boolean {
    return this.#blocks.has(blockName(id));
  }

  /** Counts the calls of `removeRdd` for an RDD; `handle` compares it. */
  removalsOf(rddId: number): number {
    return this.#removals.get(rddId) ?? 0;
  }

  /** The sizes that these blocks have now; those that are gone are left out. */
  sizesOf(ids: readonly BlockId[]): BlockSizes[] {
    return ids.flatMap((id) => {
      const block = this.#blocks.get(blockName(id));
      return block === undefined ? [] : [sizesOf(block)];
    });
  }

  /** Tells `onChanged` of a block that came from another executor. */
  report(id: BlockId): void {
    const block = this.#blocks.get(blockName(id));
    if (block !== undefined) this.#options.onChanged?.(sizesOf(block));
  }

  /**
   * Does what a task thread's message asks. Returns the sizes of a block that is kept now.
   * @param removals `removalsOf` when the block was begun: one whose RDD was unpersisted since is dropped
   */
  handle(message: BlockMessage, removals?: number): BlockSizes | undefined {
    if (message.kind === 'blockDamaged') {
      this.#options.logger.warn('dropping a damaged block', {
        block: blockName(message),
        reason: message.reason,
      });
      this.#forget(blockName(message), true);
      return undefined;
    }
    if (removals !== undefined && removals !== this.removalsOf(message.rddId)) {
      removeFile(message.disk);
      return undefined;
    }
    return this.#store(message);
  }

  /** Forgets all blocks of an RDD and deletes their files. */
  removeRdd(rddId: number): void {
    this.#removals.set(rddId, this.removalsOf(rddId) + 1);
    this.#memory.handle({ kind: 'removeRdd', rddId });
    for (const [name, block] of this.#blocks) {
      if (block.id.rddId === rddId) {
        this.#forget(name, false);
      }
    }
  }

  /** Gives memory back to execution: evicts until no more than this many bytes are used. */
  setMemoryLimit(limitBytes: number): void {
    this.#apply(this.#memory.handle({ kind: 'setLimit', limitBytes }), undefined);
  }

  /** All blocks with their sizes, for status pages. */
  sizes(): BlockSizes[] {
    return [...this.#blocks.values()].map(sizesOf);
  }

  /** Settles when evictions that were started are on disk. */
  async idle(): Promise<void> {
    await this.#writes;
  }

  /** Forgets everything and deletes the files. */
  async close(): Promise<void> {
    await this.#writes;
    for (const name of [...this.#blocks.keys()]) {
      this.#forget(name, false);
    }
  }

  #store(message: StoreBlockMessage): BlockSizes | undefined {
    const id = { rddId: message.rddId, partition: message.partition };
    const name = blockName(id);
    if (this.#blocks.has(name)) {
      // Two attempts of one partition gave the same block; the first one stays.
      removeFile(message.disk);
      return undefined;
    }
    const { records, level, memory, disk } = message;
    if (disk !== undefined) {
      this.#blocks.set(name, { id, records, level, memory: undefined, disk });
    } else if (memory !== undefined) {
      const stored: StoredBlock = { id, records, level, memory, disk: undefined };
      const event = {
        kind: 'store' as const,
        block: id,
        sizeBytes: memory.sizeBytes,
        mayGoToDisk: level.useDisk,
      };
      this.#apply(this.#memory.handle(event), stored);
    }
    const kept = this.#blocks.get(name);
    return kept === undefined ? undefined : sizesOf(kept);
  }

  #apply(instructions: readonly BlockMemoryInstruction[], incoming: StoredBlock | undefined): void {
    for (const instruction of instructions) {
      const name = blockName(instruction.block);
      switch (instruction.kind) {
        case 'keep':
          this.#blocks.set(name, incoming!);
          break;
        case 'reject':
          if (incoming?.level.useDisk === true && !this.#blocks.has(name)) {
            this.#blocks.set(name, incoming);
            this.#moveToDisk(incoming);
          }
          break;
        case 'evict':
          if (instruction.toDisk) {
            this.#moveToDisk(this.#blocks.get(name)!);
          } else {
            this.#options.logger.debug('evicting a block', { block: name });
            this.#forget(name, true);
          }
          break;
        case 'forget':
          break;
      }
    }
  }

  /** The block stays readable from memory until its file is complete. */
  #moveToDisk(block: StoredBlock): void {
    this.#writes = this.#writes.then(() => this.#writeToDisk(block));
  }

  async #writeToDisk(block: StoredBlock): Promise<void> {
    const name = blockName(block.id);
    const isWanted = (): boolean => this.#blocks.get(name) === block;
    if (!isWanted() || block.memory === undefined) {
      return;
    }
    const file = new BlockFile(
      this.#options.localDirectories,
      `${name}-e${this.#fileNumber++}.block`,
      block.id.partition,
    );
    try {
      const { chunks } = block.memory;
      for (let i = 0; i < chunks.length; i++) {
        // A megabyte or less at a time, so that heartbeats and control messages get their turn.
        await new Promise(setImmediate);
        if (!isWanted()) {
          file.remove();
          return;
        }
        const records = i + 1 === chunks.length ? block.records : 0;
        const raw = new Uint8Array(chunks[i]!).slice();
        file.append(encodeFrame(raw, records, this.#options.compression ?? 'zstd'));
      }
      block.disk = { path: file.finish(), sizeBytes: file.sizeBytes };
      block.memory = undefined;
      this.#options.onChanged?.(sizesOf(block));
    } catch (error) {
      file.remove();
      if (!(error instanceof StorageFullError)) {
        this.#options.logger.warn('a block could not be written to disk', {
          block: name,
          reason: error instanceof Error ? error.message : String(error),
        });
      }
      // Without room on disk it is as with memory only: dropped, and computed again when needed.
      this.#forget(name, true);
    }
  }

  #forget(name: string, tell: boolean): void {
    const block = this.#blocks.get(name);
    if (block === undefined) {
      return;
    }
    this.#blocks.delete(name);
    this.#memory.handle({ kind: 'remove', block: block.id });
    removeFile(block.disk);
    if (tell) {
      this.#options.onDropped?.(block.id);
      this.#options.onChanged?.({ ...block.id, memoryBytes: 0, diskBytes: 0, isGone: true });
    }
  }
}

function describe(block: StoredBlock): AvailableBlock {
  return {
    ...block.id,
    records: block.records,
    ...(block.memory !== undefined ? { memory: block.memory } : {}),
    ...(block.disk !== undefined ? { disk: block.disk } : {}),
  };
}

function sizesOf(block: StoredBlock): BlockSizes {
  return {
    ...block.id,
    memoryBytes: block.memory?.sizeBytes ?? 0,
    diskBytes: block.disk?.sizeBytes ?? 0,
  };
}

function removeFile(disk: DiskBlock | undefined): void {
  if (disk !== undefined) {
    rmSync(disk.path, { force: true });
  }
}
