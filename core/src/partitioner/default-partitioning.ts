import { hashPartitioning, type Partitioning } from './partitioning.js';

/** What the choice of a default partitioner looks at in each parent. */
export interface PartitionedParent {
  readonly partitionCount: number;
  readonly partitioning: Partitioning | undefined;
}

/**
 * The partitioner of a shuffle whose call names none: the one of the parent with most partitions, if
 * that has a suitable number; else hash partitioning into `heddle.default.parallelism` parts, or as
 * many as the largest parent has.
 *
 * Suitable: within one order of magnitude of the largest parent, or at least as many as would be
 * chosen otherwise. Source: Spark 4.0 `Partitioner.defaultPartitioner`.
 */
export function defaultPartitioning(
  parents: readonly PartitionedParent[],
  configuredParallelism: number | undefined,
): Partitioning {
  let largest = 0;
  let candidate: PartitionedParent | undefined;
  for (const parent of parents) {
    largest = Math.max(largest, parent.partitionCount);
    if (
      (parent.partitioning?.partitioner.numPartitions ?? 0) > 0 &&
      (candidate === undefined || parent.partitionCount > candidate.partitionCount)
    ) {
      candidate = parent;
    }
  }
  const fallbackCount = configuredParallelism ?? largest;
  if (candidate?.partitioning !== undefined) {
    const count = candidate.partitionCount;
    const withinOneMagnitude = Math.log10(largest) - Math.log10(count) < 1;
    if (withinOneMagnitude || fallbackCount <= count) return candidate.partitioning;
  }
  return hashPartitioning(fallbackCount);
}
