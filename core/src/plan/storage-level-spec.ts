/** The five flags of a storage level (Spark's `StorageLevel`), as data. */
export interface StorageLevelSpec {
  readonly useDisk: boolean;
  readonly useMemory: boolean;
  readonly useOffHeap: boolean;
  readonly deserialized: boolean;
  readonly replication: number;
}
