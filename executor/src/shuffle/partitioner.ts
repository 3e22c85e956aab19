import {
  compareKeys,
  decodeValue,
  hashKey,
  hashNumber,
  partitionOfHash,
  PartitionOutOfRangeError,
  type PartitionerSpec,
} from 'heddle/internal';
import type { TaskEnvironment } from '../task-environment.js';

/** The reduce partition of a record: of its key, or for `roundRobin` of its position. */
export type PartitionFunction = (key: unknown) => number;

/**
 * Makes the function that chooses partitions for one map task; once per task, not per record.
 * Follows Spark's `HashPartitioner`, `RangePartitioner` and `DistributePartition` (3.5).
 */
export function compilePartitioner(spec: PartitionerSpec, env: TaskEnvironment): PartitionFunction {
  switch (spec.kind) {
    case 'hash':
      return hashPartitioner(spec.numPartitions);
    case 'range': {
      const bounds = decodeValue(spec.bounds, env.code) as unknown[];
      const find = rangePartitioner(bounds, spec.ascending);
      if (spec.keyFunction === undefined) {
        return find;
      }
      const keyFunction = env.root(spec.keyFunction) as (key: unknown) => unknown;
      return (key) => find(keyFunction(key));
    }
    case 'roundRobin':
      return roundRobinPartitioner(spec.numPartitions, env.task.partition);
    case 'function':
      return functionPartitioner(
        spec.numPartitions,
        env.root(spec.function) as (key: unknown) => unknown,
      );
    case 'custom':
      return customPartitioner(
        spec.numPartitions,
        env.root(spec.instance) as { getPartition(key: unknown): unknown },
      );
  }
}

function hashPartitioner(numPartitions: number): PartitionFunction {
  if (numPartitions === 1) {
    return (key) => {
      // Refuses what is no key, as with more partitions.
      if (typeof key === 'object' || typeof key === 'function' || typeof key === 'symbol') {
        hashKey(key);
      }
      return 0;
    };
  }
  return (key) => partitionOfHash(hashKey(key), numPartitions);
}

/** Hash partitions of a column of numbers: the same as record by record, in one tight loop. */
export function hashPartitionsOfNumbers(
  keys: Float64Array,
  length: number,
  numPartitions: number,
  partitions: Uint32Array,
): void {
  for (let i = 0; i < length; i++) {
    partitions[i] = partitionOfHash(hashNumber(keys[i]!), numPartitions);
  }
}

function rangePartitioner(bounds: readonly unknown[], ascending: boolean): PartitionFunction {
  const last = bounds.length;
  if (bounds.every((bound) => typeof bound === 'number' && !Number.isNaN(bound))) {
    const numbers = Float64Array.from(bounds as number[]);
    return (key) => {
      const below =
        typeof key === 'number' ? countBelowNumber(numbers, key) : countBelow(bounds, key);
      return ascending ? below : last - below;
    };
  }
  return (key) => {
    const below = countBelow(bounds, key);
    return ascending ? below : last - below;
  };
}

/** How many bounds are smaller than the key; NaN is greater than all. */
function countBelowNumber(bounds: Float64Array, key: number): number {
  let low = 0;
  let high = bounds.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (key <= bounds[middle]!) {
      high = middle;
    } else {
      low = middle + 1;
    }
  }
  return low;
}

function countBelow(bounds: readonly unknown[], key: unknown): number {
  let low = 0;
  let high = bounds.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (compareKeys(key, bounds[middle]) <= 0) {
      high = middle;
    } else {
      low = middle + 1;
    }
  }
  return low;
}

/**
 * Deals records out evenly. The start depends on the map partition alone, so that a second attempt
 * deals the same way, and differs between map partitions, so that the first reducers do not get
 * all the remainders.
 */
function roundRobinPartitioner(numPartitions: number, mapPartition: number): PartitionFunction {
  let next = (Math.imul(mapPartition + 1, 0x9e3779b1) >>> 0) % numPartitions;
  return () => {
    const partition = next;
    next = partition + 1 === numPartitions ? 0 : partition + 1;
    return partition;
  };
}

function functionPartitioner(
  numPartitions: number,
  partitionOf: (key: unknown) => unknown,
): PartitionFunction {
  return (key) => {
    const chosen = partitionOf(key);
    if (typeof chosen === 'number' && Number.isFinite(chosen)) {
      const remainder = Math.floor(chosen) % numPartitions;
      return remainder < 0 ? remainder + numPartitions : remainder | 0;
    }
    if (typeof chosen === 'bigint') {
      const size = BigInt(numPartitions);
      return Number(((chosen % size) + size) % size);
    }
    throw new PartitionOutOfRangeError(chosen, numPartitions);
  };
}

function customPartitioner(
  numPartitions: number,
  partitioner: { getPartition(key: unknown): unknown },
): PartitionFunction {
  return (key) => {
    const partition = partitioner.getPartition(key);
    if (
      typeof partition !== 'number' ||
      !Number.isInteger(partition) ||
      partition < 0 ||
      partition >= numPartitions
    ) {
      throw new PartitionOutOfRangeError(partition, numPartitions);
    }
    return partition | 0;
  };
}
