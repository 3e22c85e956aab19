import { ArgumentError } from '@heddle/common';
import { captureCallSite } from '../../closures/index.js';
import { FunctionPartitioner } from '../../partitioner/function-partitioner.js';
import { functionPartitioning, samePartitioning } from '../../partitioner/partitioning.js';
import { checkFunction, checkPartitionCount } from '../arguments.js';
import { prepareWithoutWork } from '../prepare.js';
import { RddNode, Shuffle, oneToOne } from '../rdd-node.js';
import { afterShuffle, captureCall } from './create.js';
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
  const { callSite, choice } = choiceOf(parent, n, f);
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

function choiceOf(
  parent: RddNode,
  n: Exclude<PartitionsArgument, undefined>,
  f: unknown,
): { callSite: ReturnType<typeof captureCallSite>; choice: PartitioningChoice } {
  if (f === undefined) {
    const callSite = captureCallSite('partitionBy');
    return { callSite, choice: choosePartitioning(n, 'partitionBy', callSite) };
  }
  checkFunction(f, 'partitionBy');
  if (typeof n !== 'number') {
    throw new ArgumentError(
      'partitionBy: a function goes with a number of partitions, not with a Partitioner',
    );
  }
  checkPartitionCount(n, 'partitionBy');
  const { callSite, closure } = captureCall(parent.core, 'partitionBy', [f]);
  const partitioner = new FunctionPartitioner(n, f as (key: never) => number);
  const partitioning = functionPartitioning(partitioner, closure);
  return { callSite, choice: () => partitioning };
}
