import type { CallSite } from '@heddle/common';
import { captureCallSite } from '../../closures/index.js';
import { hashPartitioning } from '../../partitioner/partitioning.js';
import type { RddNode } from '../rdd-node.js';
import { commonKeys, pairsByOtherSide } from '../task-functions/set-functions.js';
import { stepNode } from './create.js';
import { engineStep } from './engine-step.js';
import { cogroupOf } from './join.js';
import {
  choosePartitioning,
  type PartitioningChoice,
  type PartitionsArgument,
} from './partitioner-choice.js';

/** What is said, else the partitioner of the left side, else hashing into as many as it has. */
function leftChoice(
  n: PartitionsArgument,
  operator: string,
  callSite: CallSite,
): PartitioningChoice {
  if (n !== undefined) return choosePartitioning(n, operator, callSite);
  return ([left]) =>
    left!.facts.partitioning ?? hashPartitioning(Math.max(1, left!.partitionCount));
}

/** `subtractByKey` and `intersectByKey`: left pairs whose key the right side has not, or has. */
export function filterByOtherNode(
  left: RddNode,
  right: RddNode,
  n: PartitionsArgument,
  operator: 'subtractByKey' | 'intersectByKey' | 'subtract',
): RddNode {
  left.core.checkRunning();
  const callSite = captureCallSite(operator);
  const choice = leftChoice(n, operator, callSite);
  const present = operator === 'intersectByKey';
  return engineStep(cogroupOf([left, right], { choice, operator, callSite }), {
    callSite,
    kind: 'SubtractedRDD',
    form: 'flatMap',
    keepsPartitioner: true,
    function: () => pairsByOtherSide(present),
  });
}

function paired(parent: RddNode, callSite: CallSite): RddNode {
  return stepNode(parent, {
    callSite,
    keepsPartitioner: false,
    operator: () => ({ kind: 'pairWithNull' }),
  });
}

/** `subtract(other, n?)`: whole records are the keys. */
export function subtractNode(left: RddNode, right: RddNode, n: PartitionsArgument): RddNode {
  left.core.checkRunning();
  const callSite = captureCallSite('subtract');
  const kept = filterByOtherNode(paired(left, callSite), paired(right, callSite), n, 'subtract');
  return stepNode(kept, { callSite, keepsPartitioner: false, operator: () => ({ kind: 'keys' }) });
}

/** `intersection(other, n?)`: one of each record that both sides have. */
export function intersectionNode(left: RddNode, right: RddNode, n: PartitionsArgument): RddNode {
  left.core.checkRunning();
  const callSite = captureCallSite('intersection');
  const choice = leftChoice(n, 'intersection', callSite);
  const sides = [paired(left, callSite), paired(right, callSite)];
  return engineStep(cogroupOf(sides, { choice, operator: 'intersection', callSite }), {
    callSite,
    form: 'flatMap',
    function: () => commonKeys(),
  });
}
