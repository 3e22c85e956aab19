import type { StorageLevelSpec } from 'heddle/internal';

/** Asks an executor to take a copy of a block, which it fetches from the one that asks. */
export interface ReplicaRequest {
  readonly rddId: number;
  readonly partition: number;
  readonly level: StorageLevelSpec;
  /** Id of the executor that has the block. */
  readonly from: string;
}

/** Reads a request of the wire; undefined when it is none. */
export function parseReplicaRequest(body: Uint8Array): ReplicaRequest | undefined {
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(body).toString('utf8'));
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null) return undefined;
  const { rddId, partition, level, from } = value as Record<string, unknown>;
  if (!isIndex(rddId) || !isIndex(partition) || typeof from !== 'string') return undefined;
  const checked = levelOf(level);
  return checked === undefined ? undefined : { rddId, partition, level: checked, from };
}

function levelOf(value: unknown): StorageLevelSpec | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const { useDisk, useMemory, useOffHeap, deserialized, replication } = value as Record<
    string,
    unknown
  >;
  if (typeof useDisk !== 'boolean' || typeof useMemory !== 'boolean') return undefined;
  if (typeof useOffHeap !== 'boolean' || typeof deserialized !== 'boolean') return undefined;
  if (!isIndex(replication) || replication < 1) return undefined;
  return { useDisk, useMemory, useOffHeap, deserialized, replication };
}

function isIndex(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
