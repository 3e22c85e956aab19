import { ArgumentError } from '@heddle/common';
import { captureCallSite } from '../../closures/index.js';
import { FunctionPartitioner } from '../../partitioner/function-partitioner.js';
import { functionPartitioning, samePartitioning } from '../../partitioner/partitioning.js';
import { checkBoolean, checkFunction, checkPartitionCount } from '../arguments.js';
import { captureRoots } from '../capture.js';
import { prepareWithoutWork } from '../prepare.js';
import { RddNode, Shuffle, oneToOne } from '../rdd-node.js';
import { afterShuffle, captureCall } from './create.js';
import { rootOf } from './narrow.js';
import {
  choosePartitioning,
  type PartitioningChoice,
  type PartitionsArgument,
} from './partitioner-choice.js';

/**
 * `partitionBy(n, f?)`: moves every pair to the partition of its key. A parent that has an equal
 * partitioner already is returned as it is, or (when that is known only later) passed through.
 */
export function partitionByNode(parent: RddNode, n: PartitionsArgument, f: unknown): RddNode {
  parent.core.checkRunning();
  if (n === undefined) {
    throw new ArgumentError('partitionBy: n is a number of partitions or a Partitioner');
  }
  const { callSite, choice } = choiceOf(parent, 'partitionBy', n, f);
  if (prepareWithoutWork(parent) && samePartitioning(choice([parent]), parent.facts.partitioning)) {
    return parent;
  }
  return new RddNode(parent.core, callSite, {
    kind: 'ShuffledRDD',
    parents: [parent],
    wide: true,
    prepare: () => {
      const partitioning = choice([parent]);
      const partitionCount = partitioning.partitioner.numPartitions;
      if (samePartitioning(partitioning, parent.facts.partitioning)) {
        return {
          partitionCount,
          partitioning,
          dependencies: [{ ...oneToOne(parent), oneToOne: false }],
          determinacy: parent.determinacy,
          operator: () => ({ kind: 'union' }),
        };
      }
      const shuffle = new Shuffle(
        parent.core.ids.nextShuffle(),
        partitionCount,
        callSite,
        (place) => ({ partitioner: partitioning.spec(place), mapSideCombine: false, keyed: true }),
      );
      return {
        partitionCount,
        partitioning,
        dependencies: [{ kind: 'shuffle', parent, shuffle }],
        determinacy: afterShuffle(parent.determinacy),
        operator: () => ({ kind: 'shuffleRead', shuffleId: shuffle.shuffleId, keyed: true }),
      };
    },
  });
}

/** What a number, a function over it, or a partitioner says of where keys go. */
function choiceOf(
  parent: RddNode,
  operator: 'partitionBy' | 'repartitionAndSortWithinPartitions',
  n: PartitionsArgument,
  f: unknown,
): { callSite: ReturnType<typeof captureCallSite>; choice: PartitioningChoice } {
  if (f === undefined) {
    const callSite = captureCallSite(operator);
    return { callSite, choice: choosePartitioning(n, operator, callSite) };
  }
  checkFunction(f, operator);
  if (typeof n !== 'number') {
    throw new ArgumentError(
      `${operator}: a function goes with a number of partitions, not with a Partitioner`,
    );
  }
  checkPartitionCount(n, operator);
  const { callSite, closure } = captureCall(parent.core, operator, [f]);
  const partitioner = new FunctionPartitioner(n, f as (key: never) => number);
  const partitioning = functionPartitioning(partitioner, closure);
  return { callSite, choice: () => partitioning };
}

/** What `repartitionAndSortWithinPartitions` takes. */
interface SortWithinOptions {
  readonly n: PartitionsArgument;
  readonly f: unknown;
  readonly ascending: boolean;
  readonly key: unknown;
}

/**
 * `repartitionAndSortWithinPartitions(n?, f?, ascending, key?)`: one shuffle, whose reduce side sorts;
 * runs that do not fit are spilled and merged.
 */
export function repartitionAndSortNode(parent: RddNode, options: SortWithinOptions): RddNode {
  const { ascending, key } = options;
  parent.core.checkRunning();
  checkBoolean(ascending, 'repartitionAndSortWithinPartitions', 'ascending');
  const { callSite, choice } = choiceOf(
    parent,
    'repartitionAndSortWithinPartitions',
    options.n,
    options.f,
  );
  if (key !== undefined) checkFunction(key, 'repartitionAndSortWithinPartitions', 'key');
  const keyClosure = key === undefined ? undefined : captureRoots(parent.core, [key], callSite);
  return new RddNode(parent.core, callSite, {
    kind: 'ShuffledRDD',
    parents: [parent],
    wide: true,
    prepare: () => {
      const partitioning = choice([parent]);
      const partitionCount = partitioning.partitioner.numPartitions;
      const shuffle = new Shuffle(
        parent.core.ids.nextShuffle(),
        partitionCount,
        callSite,
        (place) => ({ partitioner: partitioning.spec(place), mapSideCombine: false, keyed: true }),
      );
      return {
        partitionCount,
        partitioning,
        dependencies: [{ kind: 'shuffle', parent, shuffle }],
        // Ties keep map order, which is as determinate as the parent.
        determinacy: parent.determinacy,
        operator: (place) => ({
          kind: 'shuffleSort',
          shuffleId: shuffle.shuffleId,
          ascending,
          ...(keyClosure === undefined ? {} : { keyFunction: rootOf(place, keyClosure) }),
        }),
      };
    },
  });
}
