import type { StorageLevelSpec } from 'heddle/internal';

/** Encoded record batches of a block in memory that all threads of the executor share. */
export interface MemoryBlock {
  readonly chunks: readonly SharedArrayBuffer[];
  readonly sizeBytes: number;
}

/** The same in a file of this executor: frames with checksums. */
export interface DiskBlock {
  readonly path: string;
  readonly sizeBytes: number;
}

/** A block that the executor has; the host sends those of a task's persisted nodes with the task. */
export interface AvailableBlock {
  readonly rddId: number;
  readonly partition: number;
  readonly records: number;
  /** At least one of the two is set; memory is preferred. */
  readonly memory?: MemoryBlock;
  readonly disk?: DiskBlock;
}

/** Thread → host: the attempt computed and encoded a block of a persisted RDD. */
export interface StoreBlockMessage extends AvailableBlock {
  readonly kind: 'storeBlock';
  readonly level: StorageLevelSpec;
}

/** Thread → host: a block on disk could not be read; the host forgets it, the task is tried again. */
export interface BlockDamagedMessage {
  readonly kind: 'blockDamaged';
  readonly rddId: number;
  readonly partition: number;
  readonly reason: string;
}

export type BlockMessage = StoreBlockMessage | BlockDamagedMessage;

/** Sizes of one block, for the storage page and `BlockStatus`. */
export interface BlockSizes {
  readonly rddId: number;
  readonly partition: number;
  readonly memoryBytes: number;
  readonly diskBytes: number;
  /** The block was dropped. */
  readonly isGone?: boolean;
}
