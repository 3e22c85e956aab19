import type { ShuffleInput } from 'heddle/internal';

/** Reads one reduce partition as a task does. */
export interface FetchWorkerRequest {
  readonly input: ShuffleInput;
  readonly reducePartition: number;
  readonly executorId: string;
  readonly host: string;
  readonly localDirectories: readonly string[];
  readonly readHostLocalDisk: boolean;
  readonly partSealKey: Uint8Array;
  readonly memoryBudgetBytes: number;
  /** Stop after so many batches. */
  readonly maxBatches: number;
  /** Partitions of the tasks that follow in the same thread, whose reducers have the same numbers. */
  readonly nextPartitions: readonly number[];
}

export interface FetchWorkerReply {
  readonly kind: 'reply';
  readonly records: unknown[];
  readonly localBytes: number;
  readonly remoteBytes: number;
  readonly error?: {
    readonly code: string;
    readonly message: string;
    readonly mapId: string;
    readonly scope: string;
  };
}
