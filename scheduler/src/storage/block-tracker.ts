import type { BlockStatus } from 'heddle/internal';

/** Where a block is. */
export interface BlockLocation {
  readonly executorId: string;
  readonly host: string;
}

/** A cached partition on one executor. */
export interface BlockCopy {
  readonly location: BlockLocation;
  readonly sizeBytes: number;
}

/** partition → executor id → copy */
type RddBlocks = Map<number, Map<string, BlockCopy>>;

/**
 * What the driver knows of cached partitions: which executors hold them. Pure state.
 * A block of zero bytes is one of an empty partition; one that is gone is reported as such.
 *
 * Source: Spark 4.0 `BlockManagerMasterEndpoint`.
 */
export class BlockTracker {
  readonly #rdds = new Map<number, RddBlocks>();

  get isEmpty(): boolean {
    return this.#rdds.size === 0;
  }

  update(status: BlockStatus, location: BlockLocation): void {
    const sizeBytes = status.memoryBytes + status.diskBytes;
    if (status.isGone === true) {
      this.#remove(status.rddId, status.partition, location.executorId);
      return;
    }
    let blocks = this.#rdds.get(status.rddId);
    if (blocks === undefined) {
      blocks = new Map();
      this.#rdds.set(status.rddId, blocks);
    }
    let copies = blocks.get(status.partition);
    if (copies === undefined) {
      copies = new Map();
      blocks.set(status.partition, copies);
    }
    copies.set(location.executorId, { location, sizeBytes });
  }

  /** Holders of a partition, in the order of their reports. */
  locations(rddId: number, partition: number): readonly BlockLocation[] {
    const copies = this.#rdds.get(rddId)?.get(partition);
    return copies === undefined ? [] : Array.from(copies.values(), (copy) => copy.location);
  }

  /** The copy of a partition that was reported largest, with the first of equal ones. */
  largestCopy(rddId: number, partition: number): BlockCopy | undefined {
    let largest: BlockCopy | undefined;
    for (const copy of this.#rdds.get(rddId)?.get(partition)?.values() ?? []) {
      if (largest === undefined || copy.sizeBytes > largest.sizeBytes) largest = copy;
    }
    return largest;
  }

  /** Whether each of the RDD's partitions is held somewhere; an RDD of none is never cached. */
  isFullyCached(rddId: number, partitionCount: number): boolean {
    return partitionCount > 0 && this.#rdds.get(rddId)?.size === partitionCount;
  }

  hasRdd(rddId: number): boolean {
    return this.#rdds.has(rddId);
  }

  removeRdd(rddId: number): void {
    this.#rdds.delete(rddId);
  }

  removeExecutor(executorId: string): void {
    for (const [rddId, blocks] of this.#rdds) {
      for (const partition of [...blocks.keys()]) this.#remove(rddId, partition, executorId);
    }
  }

  /** Bytes that an executor holds in memory and on disk. */
  sizeBytesOf(executorId: string): number {
    let sizeBytes = 0;
    for (const blocks of this.#rdds.values()) {
      for (const copies of blocks.values()) sizeBytes += copies.get(executorId)?.sizeBytes ?? 0;
    }
    return sizeBytes;
  }

  #remove(rddId: number, partition: number, executorId: string): void {
    const blocks = this.#rdds.get(rddId);
    const copies = blocks?.get(partition);
    if (blocks === undefined || copies === undefined) return;
    copies.delete(executorId);
    if (copies.size > 0) return;
    blocks.delete(partition);
    if (blocks.size === 0) this.#rdds.delete(rddId);
  }
}
