import { captureCallSite } from '../../closures/index.js';
import { captureRoots } from '../capture.js';
import type { RddNode } from '../rdd-node.js';
import {
  distinctOfSketch,
  sketchesTogether,
  sketchOfValue,
  sketchWith,
} from '../task-functions/hyper-log-log.js';
import { combineNode } from './by-key.js';
import { stepNode } from './create.js';
import { rootOf } from './narrow.js';
import { choosePartitioning, type PartitionsArgument } from './partitioner-choice.js';

/** `countApproxDistinctByKey`: a sketch for each key, merged in a shuffle. */
export function countApproxDistinctByKeyNode(
  parent: RddNode,
  precision: number,
  n: PartitionsArgument,
): RddNode {
  parent.core.checkRunning();
  const callSite = captureCallSite('countApproxDistinctByKey');
  const closure = captureRoots(
    parent.core,
    [sketchOfValue(precision), sketchWith(), sketchesTogether(), distinctOfSketch()],
    callSite,
  );
  const sketches = combineNode(parent, {
    callSite,
    choice: choosePartitioning(n, 'countApproxDistinctByKey', callSite),
    mapSideCombine: true,
    aggregator: (place) => ({
      kind: 'combine',
      createCombiner: rootOf(place, closure),
      mergeValue: rootOf(place, closure, 1),
      mergeCombiners: rootOf(place, closure, 2),
    }),
  });
  return stepNode(sketches, {
    callSite,
    keepsPartitioner: true,
    operator: (place) => ({ kind: 'mapValues', function: rootOf(place, closure, 3) }),
  });
}
