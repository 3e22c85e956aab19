import { ArgumentError, type CallSite } from '@heddle/common';
import { captureCallSite } from '../../closures/index.js';
import { checkFunction } from '../arguments.js';
import { captureRoots } from '../capture.js';
import { prepareWithoutWork } from '../prepare.js';
import { RddNode, leastDeterminate, oneToOne, type NarrowDependency } from '../rdd-node.js';
import { tagged, uniqueIds } from '../task-functions/set-functions.js';
import { allPairs, zipPairs, zipSides } from '../task-functions/zip-functions.js';
import { engineStep } from './engine-step.js';

/** Each record with the number of its input in front, so that inputs can be told apart later. */
function tag(parent: RddNode, input: number, callSite: CallSite): RddNode {
  return engineStep(parent, { callSite, form: 'map', function: () => tagged(input) });
}

interface SideBySideOptions {
  readonly callSite: CallSite;
  readonly kind: string;
  readonly parents: readonly RddNode[];
  /** Number of partitions, when the parents are prepared. @throws ArgumentError */
  partitionCount(): number;
  parentPartition(input: number, partition: number): number;
}

/** For each partition one of each parent: all tagged records of the first, then those of the second, and so on. */
function sideBySide(options: SideBySideOptions): RddNode {
  const { callSite, kind, parents } = options;
  const { core } = parents[0]!;
  if (parents.some((parent) => parent.core !== core)) {
    throw new ArgumentError(`${callSite.operator}: the RDDs are of different contexts`);
  }
  const inputs = parents.map((parent, input) => tag(parent, input, callSite));
  return new RddNode(core, callSite, {
    kind,
    parents: inputs,
    wide: false,
    prepare: () => ({
      partitionCount: options.partitionCount(),
      partitioning: undefined,
      dependencies: inputs.map((parent, input): NarrowDependency => ({
        ...oneToOne(parent),
        oneToOne: false,
        parentPartitions: (partition) => [options.parentPartition(input, partition)],
      })),
      determinacy: leastDeterminate(parents.map((parent) => parent.determinacy)),
      operator: () => ({ kind: 'coalesce' }),
    }),
  });
}

/** Partitions of the same index together. */
function aligned(parents: readonly RddNode[], callSite: CallSite): RddNode {
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
    partitionCount,
    parentPartition: (_input, partition) => partition,
  });
}

/** `zip(other)`. Source: Spark 4.0 `RDD.zip`. */
export function zipNode(left: RddNode, right: RddNode): RddNode {
  left.core.checkRunning();
  const callSite = captureCallSite('zip');
  return engineStep(aligned([left, right], callSite), {
    callSite,
    form: 'partitions',
    function: () => zipPairs(),
  });
}

/** `zipPartitions(o1[, o2[, o3]], f)`. Source: Spark 4.0 `RDD.zipPartitions`. */
export function zipPartitionsNode(parents: readonly RddNode[], f: unknown): RddNode {
  const { core } = parents[0]!;
  core.checkRunning();
  checkFunction(f, 'zipPartitions');
  const callSite = captureCallSite('zipPartitions');
  const sides = zipSides(parents.length, f as Parameters<typeof zipSides>[1]);
  const closure = captureRoots(core, [sides], callSite);
  return engineStep(aligned(parents, callSite), {
    callSite,
    form: 'partitions',
    function: closure,
  });
}

/** `cartesian(other)`: partition `i * m + j` is partition i here with partition j there. */
export function cartesianNode(left: RddNode, right: RddNode): RddNode {
  left.core.checkRunning();
  const callSite = captureCallSite('cartesian');
  // The right side comes first: it is read once for each left record, and kept.
  const both = sideBySide({
    callSite,
    kind: 'CartesianRDD',
    parents: [right, left],
    partitionCount: () => left.partitionCount * right.partitionCount,
    parentPartition: (input, partition) =>
      input === 0 ? partition % right.partitionCount : Math.floor(partition / right.partitionCount),
  });
  return engineStep(both, {
    callSite,
    kind: 'CartesianRDD',
    form: 'partitions',
    orderSensitive: false,
    function: () => allPairs(),
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
