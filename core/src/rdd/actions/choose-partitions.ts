import { ArgumentError } from '@heddle/common';
import type { RddNode } from '../rdd-node.js';
import { allPartitions } from './run.js';

/** Which partitions `runJob` runs; checked when their number is known. */
export function choosePartitions(
  partitions: readonly number[] | undefined,
): (node: RddNode) => readonly number[] {
  if (partitions === undefined) return allPartitions;
  if (!Array.isArray(partitions)) {
    throw new ArgumentError(`runJob: partitions must be an array, and is ${String(partitions)}`);
  }
  const chosen = [...(partitions as readonly number[])];
  return (node) => {
    const count = node.partitionCount;
    const bad = chosen.find((index) => !Number.isSafeInteger(index) || index < 0 || index >= count);
    if (bad !== undefined) {
      throw new ArgumentError(
        `runJob: the RDD has ${count} partitions, and ${String(bad)} is none of them`,
      );
    }
    return chosen;
  };
}
