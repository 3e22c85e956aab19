import { PartitionOutOfRangeError } from '../errors/index.js';
import { Partitioner } from './partitioner.js';

/**
 * The partitioner of `partitionBy(n, f)`: `f(key)` modulo n, non-negative. Equal when the number and
 * the function object are the same.
 */
export class FunctionPartitioner extends Partitioner {
  constructor(
    readonly numPartitions: number,
    readonly partitionFunction: (key: never) => number,
  ) {
    super();
  }

  /** @throws PartitionOutOfRangeError when the function returns no finite number */
  override getPartition(key: unknown): number {
    const chosen: unknown = this.partitionFunction(key as never);
    if (typeof chosen !== 'number' || !Number.isFinite(chosen)) {
      throw new PartitionOutOfRangeError(chosen, this.numPartitions);
    }
    const remainder = Math.floor(chosen) % this.numPartitions;
    return remainder < 0 ? remainder + this.numPartitions : remainder + 0;
  }

  override equals(other: unknown): boolean {
    return (
      other instanceof FunctionPartitioner &&
      other.numPartitions === this.numPartitions &&
      other.partitionFunction === this.partitionFunction
    );
  }
}
