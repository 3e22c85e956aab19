import { ArgumentError } from '@heddle/common';
import { captureCallSite } from '../../closures/index.js';
import { checkFinite } from '../arguments.js';
import type { RddNode } from '../rdd-node.js';
import { cellOfRecords } from '../task-functions/sampling-functions.js';
import { engineStep } from './engine-step.js';
import { checkSeed } from './narrow.js';

/** `randomSplit(weights, seed?)`: one node for each weight. Source: Spark 4.0 `RDD.randomSplit`. */
export function randomSplitNodes(
  parent: RddNode,
  weights: readonly number[],
  seed: number | undefined,
): RddNode[] {
  parent.core.checkRunning();
  if (!(weights instanceof Array) || weights.length === 0) {
    throw new ArgumentError('randomSplit: weights is a list of at least one number');
  }
  for (const [i, weight] of weights.entries()) {
    if (checkFinite(weight, 'randomSplit', `weights[${i}]`) < 0) {
      throw new ArgumentError(`randomSplit: weights[${i}] must not be negative, and is ${weight}`);
    }
  }
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  if (!(total > 0)) throw new ArgumentError('randomSplit: the weights add up to 0');
  const chosenSeed = checkSeed(seed, 'randomSplit');
  const callSite = captureCallSite('randomSplit');
  let reached = 0;
  return weights.map((weight, i) => {
    const from = reached / total;
    reached += weight;
    // The last cell is closed by 1 itself, whatever the sum of the fractions rounds to.
    const to = i === weights.length - 1 ? 1 : reached / total;
    return engineStep(parent, {
      callSite,
      kind: 'PartitionwiseSampledRDD',
      form: 'partitions',
      keepsPartitioner: true,
      function: () => cellOfRecords(chosenSeed, from, to),
    });
  });
}
