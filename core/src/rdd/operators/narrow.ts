import { ArgumentError, type CallSite } from '@heddle/common';
import { captureCallSite } from '../../closures/index.js';
import type { ClosureData, Operator, RootRef } from '../../plan/index.js';
import { checkBoolean, checkFinite, checkFunction } from '../arguments.js';
import type { RddNode } from '../rdd-node.js';
import { captureCall, stepNode } from './create.js';

type FunctionStep = 'map' | 'filter' | 'flatMap' | 'keyBy' | 'mapValues' | 'flatMapValues';

/** A fused step with one function of the user. */
export function functionStep(
  parent: RddNode,
  operator: FunctionStep,
  f: unknown,
  keepsPartitioner: boolean,
): RddNode {
  parent.core.checkRunning();
  checkFunction(f, operator);
  const { callSite, closure } = captureCall(parent.core, operator, [f]);
  return stepNode(parent, {
    callSite,
    keepsPartitioner,
    operator: (place): Operator => ({ kind: operator, function: rootOf(place, closure) }),
  });
}

/** A fused step without a function. */
export function plainStep(
  parent: RddNode,
  operator: 'keys' | 'values' | 'glom',
  options: { keepsPartitioner: boolean; orderSensitive?: boolean },
): RddNode {
  parent.core.checkRunning();
  return stepNode(parent, {
    callSite: captureCallSite(operator),
    ...options,
    operator: () => ({ kind: operator }),
  });
}

/** `mapPartitions` and `mapPartitionsWithIndex`. */
export function partitionStep(
  parent: RddNode,
  operator: 'mapPartitions' | 'mapPartitionsWithIndex',
  f: unknown,
  keepsPartitioner: boolean,
): RddNode {
  parent.core.checkRunning();
  checkFunction(f, operator);
  const { callSite, closure } = captureCall(parent.core, operator, [f]);
  return stepNode(parent, {
    callSite,
    keepsPartitioner,
    // The function may count, cut or pair up what it sees.
    orderSensitive: true,
    operator: (place) => ({
      kind: 'mapPartitions',
      function: rootOf(place, closure),
      withIndex: operator === 'mapPartitionsWithIndex',
    }),
  });
}

/** `mapAsync`: promises, several at once, in the order of the records. */
export function asyncStep(parent: RddNode, f: unknown, concurrency: number): RddNode {
  parent.core.checkRunning();
  checkFunction(f, 'mapAsync');
  if (!Number.isSafeInteger(concurrency) || concurrency < 1) {
    throw new ArgumentError(
      `mapAsync: concurrency must be a whole number from 1, and is ${String(concurrency)}`,
    );
  }
  const { callSite, closure } = captureCall(parent.core, 'mapAsync', [f]);
  return stepNode(parent, {
    callSite,
    keepsPartitioner: false,
    operator: (place) => ({ kind: 'mapAsync', function: rootOf(place, closure), concurrency }),
  });
}

/** `sample`: the same records for the same seed, whatever runs where. */
export function sampleStep(
  parent: RddNode,
  withReplacement: boolean,
  fraction: number,
  seed: number | undefined,
  callSite: CallSite = captureCallSite('sample'),
): RddNode {
  parent.core.checkRunning();
  checkBoolean(withReplacement, 'sample', 'withReplacement');
  checkFinite(fraction, 'sample', 'fraction');
  if (fraction < 0) {
    throw new ArgumentError(`sample: fraction must not be negative, and is ${fraction}`);
  }
  if (!withReplacement && fraction > 1) {
    throw new ArgumentError(
      `sample: without replacement fraction is a probability, at most 1, and is ${fraction}`,
    );
  }
  const chosenSeed = checkSeed(seed, 'sample');
  return stepNode(parent, {
    callSite,
    kind: 'PartitionwiseSampledRDD',
    keepsPartitioner: true,
    orderSensitive: true,
    operator: () => ({ kind: 'sample', withReplacement, fraction, seed: chosenSeed }),
  });
}

/** The seed that was given, or a random one that is fixed from now on. @throws ArgumentError */
export function checkSeed(seed: number | undefined, operator: string): number {
  if (seed === undefined) return Math.floor(Math.random() * 2 ** 32);
  return checkFinite(seed, operator, 'seed');
}

/** The first root of a captured closure, placed in a plan. */
export function rootOf(
  place: (closure: ClosureData) => number,
  closure: ClosureData,
  root = 0,
): RootRef {
  return { closure: place(closure), root };
}
