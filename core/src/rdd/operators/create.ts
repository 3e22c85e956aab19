import type { CallSite } from '@heddle/common';
import { captureCallSite } from '../../closures/index.js';
import type { DriverCore } from '../../context/driver-core.js';
import type { ClosureData, Operator } from '../../plan/index.js';
import type { PlaceClosure } from '../../partitioner/partitioning.js';
import { captureRoots } from '../capture.js';
import { RddNode, leastDeterminate, oneToOne, type Determinacy } from '../rdd-node.js';

/** A user's call of an operator: where it was, and what its functions captured. */
export interface OperatorCall {
  readonly callSite: CallSite;
  readonly closure: ClosureData;
}

/**
 * Captures the functions and values of a call, as they are now.
 *
 * @throws ClosureError naming the variable that cannot travel
 */
export function captureCall(
  core: DriverCore,
  operator: string,
  roots: readonly unknown[],
): OperatorCall {
  const callSite = captureCallSite(operator);
  return { callSite, closure: captureRoots(core, roots, callSite) };
}

/** How a narrow step over one parent differs from the others. */
export interface StepOptions {
  readonly callSite: CallSite;
  readonly kind?: string;
  readonly keepsPartitioner: boolean;
  /** Records depend on the order of the parent's: over unordered input the result is indeterminate. */
  readonly orderSensitive?: boolean;
  operator(place: PlaceClosure): Operator;
}

/** A step that turns partition i of the parent into partition i of the result. */
export function stepNode(parent: RddNode, options: StepOptions): RddNode {
  return new RddNode(parent.core, options.callSite, {
    kind: options.kind ?? 'MapPartitionsRDD',
    parents: [parent],
    wide: false,
    prepare: () => ({
      partitionCount: parent.partitionCount,
      partitioning: options.keepsPartitioner ? parent.facts.partitioning : undefined,
      dependencies: [oneToOne(parent)],
      determinacy:
        options.orderSensitive === true ? orderSensitive(parent.determinacy) : parent.determinacy,
      operator: (place) => options.operator(place),
    }),
  });
}

/** What becomes of records that depend on the order of their input. */
export function orderSensitive(input: Determinacy): Determinacy {
  return input === 'unordered' ? 'indeterminate' : input;
}

/** What comes out of a shuffle: the same records in an order that may differ. */
export function afterShuffle(...inputs: readonly Determinacy[]): Determinacy {
  return leastDeterminate(['unordered', ...inputs]);
}
