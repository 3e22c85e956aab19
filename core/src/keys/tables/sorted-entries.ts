import { partitionOfHash } from '../mix.js';
import type { KeyTable } from './key-table.js';

/** Chooses the reduce partition of a key, `0 … n-1`; its hash (`hashKey`) comes along. */
export type PartitionOf = (key: unknown, hash: number) => number;

/** Entries of a table in the order in which they are written out. */
export interface SortedEntries {
  /** Entry indices by (partition, unsigned hash, entry). */
  readonly order: Uint32Array;
  /** Partition p is `order[partitionStarts[p]] … order[partitionStarts[p + 1] - 1]`; n + 1 numbers. */
  readonly partitionStarts: Uint32Array;
  /** Hashes by entry, as int32. */
  readonly hashes: Int32Array;
}

/**
 * Orders the entries of a table by (partition, hash), for runs that are merged by hash.
 * Without `partitionOf`, the partition is the hash modulo n.
 */
export function sortEntries(
  keys: KeyTable,
  numPartitions: number,
  partitionOf?: PartitionOf,
): SortedEntries {
  const hashes = keys.hashes();
  const { count } = keys;
  let order: Uint32Array = new Uint32Array(count);
  for (let i = 0; i < count; i++) order[i] = i;
  let spare: Uint32Array = new Uint32Array(count);
  // Least significant digits first: three of the hash, then the partition.
  for (let shift = 0; shift < 32; shift += 11) {
    scatterByDigit(order, spare, hashes, shift);
    [order, spare] = [spare, order];
  }
  const partitions = partitionsOf(keys, hashes, numPartitions, partitionOf);
  const partitionStarts = scatterByPartition(order, spare, partitions, numPartitions);
  return { order: spare, partitionStarts, hashes };
}

/** As `sortEntries`, without an order inside of partitions: entries as they came. */
export function partitionEntries(
  keys: KeyTable,
  numPartitions: number,
  partitionOf?: PartitionOf,
): SortedEntries {
  const hashes = keys.hashes();
  const order = new Uint32Array(keys.count);
  for (let i = 0; i < order.length; i++) order[i] = i;
  const partitions = partitionsOf(keys, hashes, numPartitions, partitionOf);
  const sorted = new Uint32Array(keys.count);
  const partitionStarts = scatterByPartition(order, sorted, partitions, numPartitions);
  return { order: sorted, partitionStarts, hashes };
}

function partitionsOf(
  keys: KeyTable,
  hashes: Int32Array,
  numPartitions: number,
  partitionOf: PartitionOf | undefined,
): Uint32Array {
  const partitions = new Uint32Array(hashes.length);
  if (partitionOf === undefined) {
    for (let i = 0; i < hashes.length; i++) {
      partitions[i] = partitionOfHash(hashes[i]!, numPartitions);
    }
    return partitions;
  }
  for (let i = 0; i < hashes.length; i++) {
    partitions[i] = partitionOf(keys.keyAt(i), hashes[i]!);
  }
  return partitions;
}

function scatterByDigit(
  from: Uint32Array,
  to: Uint32Array,
  hashes: Int32Array,
  shift: number,
): void {
  const starts = new Uint32Array(2_049);
  for (let i = 0; i < from.length; i++) starts[((hashes[i]! >>> shift) & 2_047) + 1]!++;
  for (let digit = 1; digit <= 2_047; digit++) starts[digit]! += starts[digit - 1]!;
  for (let i = 0; i < from.length; i++) {
    const entry = from[i]!;
    to[starts[(hashes[entry]! >>> shift) & 2_047]!++] = entry;
  }
}

function scatterByPartition(
  from: Uint32Array,
  to: Uint32Array,
  partitions: Uint32Array,
  numPartitions: number,
): Uint32Array {
  const partitionStarts = new Uint32Array(numPartitions + 1);
  for (let i = 0; i < partitions.length; i++) partitionStarts[partitions[i]! + 1]!++;
  for (let p = 1; p <= numPartitions; p++) partitionStarts[p]! += partitionStarts[p - 1]!;
  const next = partitionStarts.slice();
  for (let i = 0; i < from.length; i++) {
    const entry = from[i]!;
    to[next[partitions[entry]!]!++] = entry;
  }
  return partitionStarts;
}
