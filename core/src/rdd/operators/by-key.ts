import type { CallSite } from '@heddle/common';
import { captureCallSite } from '../../closures/index.js';
import { samePartitioning, type PlaceClosure } from '../../partitioner/partitioning.js';
import type { AggregatorSpec } from '../../plan/index.js';
import { checkFunction } from '../arguments.js';
import { RddNode, Shuffle, oneToOne } from '../rdd-node.js';
import { afterShuffle, captureCall, stepNode } from './create.js';
import { rootOf } from './narrow.js';
import {
  choosePartitioning,
  type PartitioningChoice,
  type PartitionsArgument,
} from './partitioner-choice.js';

/** How operators that combine by key differ. */
export interface CombineOptions {
  readonly callSite: CallSite;
  readonly choice: PartitioningChoice;
  readonly mapSideCombine: boolean;
  aggregator(place: PlaceClosure): AggregatorSpec;
}

/** One record per key; without a shuffle when the parent has the chosen partitioner already. */
export function combineNode(parent: RddNode, options: CombineOptions): RddNode {
  const { callSite, choice, mapSideCombine } = options;
  return new RddNode(parent.core, callSite, {
    kind: 'ShuffledRDD',
    parents: [parent],
    wide: true,
    prepare: () => {
      const partitioning = choice([parent]);
      const base = { partitionCount: partitioning.partitioner.numPartitions, partitioning };
      if (samePartitioning(partitioning, parent.facts.partitioning)) {
        return {
          ...base,
          dependencies: [oneToOne(parent)],
          determinacy: afterShuffle(parent.determinacy),
          operator: (place) => ({ kind: 'combineInPlace', aggregator: options.aggregator(place) }),
        };
      }
      const shuffle = new Shuffle(
        parent.core.ids.nextShuffle(),
        base.partitionCount,
        callSite,
        (place) => ({
          partitioner: partitioning.spec(place),
          aggregator: options.aggregator(place),
          mapSideCombine,
          keyed: true,
        }),
      );
      return {
        ...base,
        dependencies: [{ kind: 'shuffle', parent, shuffle }],
        determinacy: afterShuffle(parent.determinacy),
        operator: (place) => ({
          kind: 'shuffleCombine',
          shuffleId: shuffle.shuffleId,
          aggregator: options.aggregator(place),
          mapSideCombined: mapSideCombine,
        }),
      };
    },
  });
}

/** `reduceByKey(f, n?)`. */
export function reduceByKeyNode(parent: RddNode, f: unknown, n: PartitionsArgument): RddNode {
  parent.core.checkRunning();
  checkFunction(f, 'reduceByKey');
  const { callSite, closure } = captureCall(parent.core, 'reduceByKey', [f]);
  return combineNode(parent, {
    callSite,
    choice: choosePartitioning(n, 'reduceByKey', callSite),
    mapSideCombine: true,
    aggregator: (place) => ({ kind: 'reduce', merge: rootOf(place, closure) }),
  });
}

/** `foldByKey(zero, f, n?)`. */
export function foldByKeyNode(
  parent: RddNode,
  zero: unknown,
  f: unknown,
  n: PartitionsArgument,
): RddNode {
  parent.core.checkRunning();
  checkFunction(f, 'foldByKey');
  const { callSite, closure } = captureCall(parent.core, 'foldByKey', [zero, f]);
  return combineNode(parent, {
    callSite,
    choice: choosePartitioning(n, 'foldByKey', callSite),
    mapSideCombine: true,
    aggregator: (place) => ({
      kind: 'fold',
      zero: rootOf(place, closure),
      merge: rootOf(place, closure, 1),
    }),
  });
}

/** `aggregateByKey(zero, seqFunc, combFunc, n?)`. */
export function aggregateByKeyNode(
  parent: RddNode,
  zero: unknown,
  seqFunc: unknown,
  combFunc: unknown,
  n: PartitionsArgument,
): RddNode {
  parent.core.checkRunning();
  checkFunction(seqFunc, 'aggregateByKey', 'seqFunc');
  checkFunction(combFunc, 'aggregateByKey', 'combFunc');
  const { callSite, closure } = captureCall(parent.core, 'aggregateByKey', [
    zero,
    seqFunc,
    combFunc,
  ]);
  return combineNode(parent, {
    callSite,
    choice: choosePartitioning(n, 'aggregateByKey', callSite),
    mapSideCombine: true,
    aggregator: (place) => ({
      kind: 'aggregate',
      zero: rootOf(place, closure),
      seqOp: rootOf(place, closure, 1),
      combOp: rootOf(place, closure, 2),
    }),
  });
}

/** `combineByKey(createCombiner, mergeValue, mergeCombiners, n?)`. */
export function combineByKeyNode(
  parent: RddNode,
  functions: readonly [createCombiner: unknown, mergeValue: unknown, mergeCombiners: unknown],
  n: PartitionsArgument,
): RddNode {
  parent.core.checkRunning();
  checkFunction(functions[0], 'combineByKey', 'createCombiner');
  checkFunction(functions[1], 'combineByKey', 'mergeValue');
  checkFunction(functions[2], 'combineByKey', 'mergeCombiners');
  const { callSite, closure } = captureCall(parent.core, 'combineByKey', functions);
  return combineNode(parent, {
    callSite,
    choice: choosePartitioning(n, 'combineByKey', callSite),
    mapSideCombine: true,
    aggregator: (place) => ({
      kind: 'combine',
      createCombiner: rootOf(place, closure),
      mergeValue: rootOf(place, closure, 1),
      mergeCombiners: rootOf(place, closure, 2),
    }),
  });
}

/** `groupByKey(n?)`, and the second half of `groupBy`: nothing is combined before the shuffle. */
export function groupByKeyNode(
  parent: RddNode,
  n: PartitionsArgument,
  operator: 'groupByKey' | 'groupBy' = 'groupByKey',
): RddNode {
  parent.core.checkRunning();
  const callSite = captureCallSite(operator);
  return combineNode(parent, {
    callSite,
    choice: choosePartitioning(n, operator, callSite),
    mapSideCombine: false,
    aggregator: () => ({ kind: 'group' }),
  });
}

/** `groupBy(f, n?)`: keyed by `f`, then grouped. */
export function groupByNode(parent: RddNode, f: unknown, n: PartitionsArgument): RddNode {
  parent.core.checkRunning();
  checkFunction(f, 'groupBy');
  const { callSite, closure } = captureCall(parent.core, 'groupBy', [f]);
  // Checked before the first node exists, so that a bad argument leaves nothing behind.
  choosePartitioning(n, 'groupBy', callSite);
  const keyed = stepNode(parent, {
    callSite,
    keepsPartitioner: false,
    operator: (place) => ({ kind: 'keyBy', function: rootOf(place, closure) }),
  });
  return groupByKeyNode(keyed, n, 'groupBy');
}
