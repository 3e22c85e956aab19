/** What a shuffle map task reports when it has published its output. */
export interface MapOutputStatus {
  /** Folder name of the output (`output/<mapId>/file.out`); never reused. */
  readonly mapId: string;
  readonly shuffleId: number;
  readonly mapPartition: number;
  readonly generation: number;
  /** Local directory (one of the executor's) under which `output/<mapId>` stands. */
  readonly localDirectory: string;
  /**
   * Bytes of each reduce partition's part, trailer included; 0 means there is nothing to read. Empty
   * where there are `partSizeClasses` instead: `part-sizes.ts` reads both.
   */
  readonly partSizesBytes: Float64Array;
  /** The size class of each part, when there are many. */
  readonly partSizeClasses?: Uint8Array;
  readonly records: number;
}

/** Where a reducer finds one map output. */
export interface MapOutputLocation extends MapOutputStatus {
  readonly executorId: string;
  readonly host: string;
}
