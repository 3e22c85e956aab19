import { ArgumentError } from '@heddle/common';
import { hashKey } from '../keys/index.js';
import { Partitioner } from './partitioner.js';

/**
 * Partitions by the hash of the key, modulo the number of partitions, non-negative; null and
 * undefined go to partition 0. Equal by value.
 *
 * Source: Spark 4.0 `HashPartitioner`.
 */
export class HashPartitioner extends Partitioner {
  readonly numPartitions: number;

  /** @throws ArgumentError when `numPartitions` is negative or no whole number */
  constructor(numPartitions: number) {
    super();
    if (!Number.isSafeInteger(numPartitions) || numPartitions < 0) {
      throw new ArgumentError(
        `HashPartitioner: numPartitions must be a whole number from 0, and is ${String(numPartitions)}`,
      );
    }
    this.numPartitions = numPartitions;
  }

  /** @throws KeyNotHashableError for functions, symbols and other values that are no keys */
  override getPartition(key: unknown): number {
    if (key === null || key === undefined) return 0;
    const remainder = hashKey(key) % this.numPartitions;
    return remainder < 0 ? remainder + this.numPartitions : remainder;
  }

  override equals(other: unknown): boolean {
    return (
      other instanceof HashPartitioner &&
      other.constructor === this.constructor &&
      other.numPartitions === this.numPartitions
    );
  }
}
