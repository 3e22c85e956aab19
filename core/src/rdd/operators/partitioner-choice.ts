import { ArgumentError } from '@heddle/common';
import type { CallSite } from '@heddle/common';
import { captureClosure } from '../../closures/index.js';
import { defaultPartitioning } from '../../partitioner/default-partitioning.js';
import { Partitioner } from '../../partitioner/partitioner.js';
import {
  givenPartitioning,
  hashPartitioning,
  type Partitioning,
} from '../../partitioner/partitioning.js';
import { checkPartitionCount } from '../arguments.js';
import type { RddNode } from '../rdd-node.js';

/** A number of partitions for hash partitioning, or a partitioner; left out: the default of the parents. */
export type PartitionsArgument = number | Partitioner | undefined;

/** What the user's call says of the partitioner; settled when the parents are prepared. */
export type PartitioningChoice = (parents: readonly RddNode[]) => Partitioning;

/** @throws ArgumentError for a number below 1 and for things that are neither number nor partitioner */
export function choosePartitioning(
  argument: PartitionsArgument,
  operator: string,
  callSite: CallSite,
): PartitioningChoice {
  if (argument === undefined) {
    return (parents) =>
      defaultPartitioning(
        parents.map(({ facts }) => facts),
        parents[0]!.core.configuredParallelism,
      );
  }
  if (argument instanceof Partitioner) {
    const { numPartitions } = argument;
    if (!Number.isSafeInteger(numPartitions) || numPartitions < 1) {
      throw new ArgumentError(
        `${operator}: numPartitions of the partitioner must be a whole number from 1, and is ${String(numPartitions)}`,
      );
    }
    const partitioning = givenPartitioning(argument, (instance) =>
      captureClosure([instance], callSite),
    );
    return () => partitioning;
  }
  const partitioning = hashPartitioning(checkPartitionCount(argument, operator));
  return () => partitioning;
}
