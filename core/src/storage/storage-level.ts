import type { StorageLevelSpec } from '../plan/index.js';

/**
 * Where the blocks of a persisted RDD are kept: five flags. The levels that there are stand in the
 * constant `StorageLevel`.
 *
 * Blocks are encoded batches at every level; "deserialized" levels keep decoded columns where that
 * is cheap. Source: Spark 4.0 `StorageLevel`.
 */
export class StorageLevelValue implements StorageLevelSpec {
  constructor(
    readonly useDisk: boolean,
    readonly useMemory: boolean,
    readonly useOffHeap: boolean,
    readonly deserialized: boolean,
    /** Executors that hold a copy of each block. */
    readonly replication = 1,
  ) {}

  /** Whether all five flags are the same. */
  equals(other: StorageLevelSpec): boolean {
    return (
      this.useDisk === other.useDisk &&
      this.useMemory === other.useMemory &&
      this.useOffHeap === other.useOffHeap &&
      this.deserialized === other.deserialized &&
      this.replication === other.replication
    );
  }

  /** `Disk Memory Serialized 1x Replicated`, as Spark prints it. */
  toString(): string {
    const words: string[] = [];
    if (this.useDisk) words.push('Disk');
    if (this.useMemory) words.push('Memory');
    if (this.useOffHeap) words.push('OffHeap');
    words.push(this.deserialized ? 'Deserialized' : 'Serialized');
    words.push(`${this.replication}x Replicated`);
    return words.join(' ');
  }

  /** Whether anything is kept at all. */
  get isValid(): boolean {
    return (this.useMemory || this.useDisk) && this.replication > 0;
  }

  toJSON(): StorageLevelSpec {
    const { useDisk, useMemory, useOffHeap, deserialized, replication } = this;
    return { useDisk, useMemory, useOffHeap, deserialized, replication };
  }
}

const level = (
  ...flags: ConstructorParameters<typeof StorageLevelValue>
): Readonly<StorageLevelValue> => Object.freeze(new StorageLevelValue(...flags));

/** The storage levels by name; `_SER` keeps bytes instead of objects, `_2` and `_3` so many copies of each block. */
export const StorageLevel = Object.freeze({
  NONE: level(false, false, false, false),
  DISK_ONLY: level(true, false, false, false),
  DISK_ONLY_2: level(true, false, false, false, 2),
  DISK_ONLY_3: level(true, false, false, false, 3),
  MEMORY_ONLY: level(false, true, false, true),
  MEMORY_ONLY_2: level(false, true, false, true, 2),
  MEMORY_ONLY_SER: level(false, true, false, false),
  MEMORY_ONLY_SER_2: level(false, true, false, false, 2),
  MEMORY_AND_DISK: level(true, true, false, true),
  MEMORY_AND_DISK_2: level(true, true, false, true, 2),
  MEMORY_AND_DISK_SER: level(true, true, false, false),
  MEMORY_AND_DISK_SER_2: level(true, true, false, false, 2),
  OFF_HEAP: level(true, true, true, false),
});

/** One of the levels of the constant of the same name. */
export type StorageLevel = Readonly<StorageLevelValue>;
