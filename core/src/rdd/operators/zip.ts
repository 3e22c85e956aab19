import { ArgumentError, type CallSite } from '@heddle/common';
import { captureCallSite } from '../../closures/index.js';
import type { Operator } from '../../plan/index.js';
import type { PlaceClosure } from '../../partitioner/partitioning.js';
import { checkFunction } from '../arguments.js';
import { captureRoots } from '../capture.js';
import { prepareWithoutWork } from '../prepare.js';
import { RddNode, leastDeterminate, oneToOne, type NarrowDependency } from '../rdd-node.js';
import { uniqueIds } from '../task-functions/set-functions.js';
import { zipPairs } from '../task-functions/zip-functions.js';
import { captureCall, orderSensitive } from './create.js';
import { engineStep } from './engine-step.js';
import { rootOf } from './narrow.js';

interface SideBySideOptions {
  readonly callSite: CallSite;
  readonly kind: string;
  readonly parents: readonly RddNode[];
  /** Whether records depend on the order of the parents' records. */
  readonly orderSensitive: boolean;
  /** Number of partitions, when the parents are prepared. @throws ArgumentError */
  partitionCount(): number;
  parentPartition(input: number, partition: number): number;
  operator(place: PlaceClosure): Operator;
}

/** A step whose partitions read one partition of each parent. */
function sideBySide(options: SideBySideOptions): RddNode {
  const { callSite, kind, parents } = options;
  const { core } = parents[0]!;
  if (parents.some((parent) => parent.core !== core)) {
    throw new ArgumentError(`${callSite.operator}: the RDDs are of different contexts`);
  }
  return new RddNode(core, callSite, {
    kind,
    parents,
    wide: false,
    prepare: () => {
      const determinacy = leastDeterminate(parents.map((parent) => parent.determinacy));
      return {
        partitionCount: options.partitionCount(),
        partitioning: undefined,
        dependencies: parents.map((parent, input): NarrowDependency => ({
          ...oneToOne(parent),
          oneToOne: false,
          parentPartitions: (partition) => [options.parentPartition(input, partition)],
        })),
        determinacy: options.orderSensitive ? orderSensitive(determinacy) : determinacy,
        operator: (place) => options.operator(place),
      };
    },
  });
}

/** Partitions of the same index together. */
function aligned(
  parents: readonly RddNode[],
  callSite: CallSite,
  operator: (place: PlaceClosure) => Operator,
): RddNode {
  const partitionCount = (): number => {
    const counts = parents.map((parent) => parent.partitionCount);
    if (counts.every((count) => count === counts[0])) return counts[0]!;
    throw new ArgumentError(
      `${callSite.operator}: the RDDs must have the same number of partitions, and have ${counts.join(', ')}`,
    );
  };
  // What is known already is checked at the call.
  if (parents.every((parent) => prepareWithoutWork(parent))) partitionCount();
  return sideBySide({
    callSite,
    kind: 'ZippedPartitionsRDD',
    parents,
    orderSensitive: true,
    partitionCount,
    parentPartition: (_input, partition) => partition,
    operator,
  });
}

/** `zip(other)`. Source: Spark 4.0 `RDD.zip`. */
export function zipNode(left: RddNode, right: RddNode): RddNode {
  left.core.checkRunning();
  const callSite = captureCallSite('zip');
  const closure = captureRoots(left.core, [zipPairs()], callSite);
  return aligned([left, right], callSite, (place) => ({
    kind: 'zipPartitions',
    function: rootOf(place, closure),
    withIndex: true,
  }));
}

/** `zipPartitions(o1[, o2[, o3]], f)`. Source: Spark 4.0 `RDD.zipPartitions`. */
export function zipPartitionsNode(parents: readonly RddNode[], f: unknown): RddNode {
  const { core } = parents[0]!;
  core.checkRunning();
  checkFunction(f, 'zipPartitions');
  const { callSite, closure } = captureCall(core, 'zipPartitions', [f]);
  return aligned(parents, callSite, (place) => ({
    kind: 'zipPartitions',
    function: rootOf(place, closure),
    withIndex: false,
  }));
}

/** `cartesian(other)`: partition `i * m + j` is partition i here with partition j there. */
export function cartesianNode(left: RddNode, right: RddNode): RddNode {
  left.core.checkRunning();
  return sideBySide({
    callSite: captureCallSite('cartesian'),
    kind: 'CartesianRDD',
    parents: [left, right],
    orderSensitive: false,
    partitionCount: () => left.partitionCount * right.partitionCount,
    parentPartition: (input, partition) =>
      input === 0 ? Math.floor(partition / right.partitionCount) : partition % right.partitionCount,
    operator: () => ({ kind: 'cartesian' }),
  });
}

/** `zipWithUniqueId()`: no job. Source: Spark 4.0 `RDD.zipWithUniqueId`. */
export function zipWithUniqueIdNode(parent: RddNode): RddNode {
  parent.core.checkRunning();
  return engineStep(parent, {
    callSite: captureCallSite('zipWithUniqueId'),
    form: 'partitions',
    function: (known) => uniqueIds(known.partitionCount),
  });
}
