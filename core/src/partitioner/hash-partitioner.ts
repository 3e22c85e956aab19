import { ArgumentError } from '@heddle/common';
import { registerValueType } from '../codec/value/engine-types.js';
import { hashKey, partitionOfHash } from '../keys/index.js';
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

  /**
   * @throws KeyNotHashableError for functions, symbols and other values that are no keys
   *
   * @example
   * new HashPartitioner(4).getPartition('a') === new HashPartitioner(4).getPartition('a'); // true
   */
  override getPartition(key: unknown): number {
    if (key === null || key === undefined) return 0;
    // Plus 0: the remainder of a negative hash may be -0.
    return partitionOfHash(hashKey(key), this.numPartitions) + 0;
  }

  /**
   * Whether the other is a HashPartitioner with as many partitions.
   *
   * @example
   * new HashPartitioner(4).equals(new HashPartitioner(4)); // true
   */
  override equals(other: unknown): boolean {
    return (
      other instanceof HashPartitioner &&
      other.constructor === this.constructor &&
      other.numPartitions === this.numPartitions
    );
  }
}

registerValueType({ name: 'HashPartitioner', class: HashPartitioner });
