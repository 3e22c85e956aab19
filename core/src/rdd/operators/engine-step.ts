import type { CallSite } from '@heddle/common';
import type { ClosureData } from '../../plan/index.js';
import { captureRoots } from '../capture.js';
import { RddNode, oneToOne } from '../rdd-node.js';
import { orderSensitive } from './create.js';
import { rootOf } from './narrow.js';

/** A step with a function of the engine. */
export interface EngineStepOptions {
  readonly callSite: CallSite;
  readonly kind?: string;
  readonly form: 'map' | 'filter' | 'flatMap' | 'partitions';
  readonly keepsPartitioner?: boolean;
  /** Records depend on the order of the parent's. @default for steps over whole partitions */
  readonly orderSensitive?: boolean;
  /** The function: captured at the user's call, or made when the parent is known. */
  readonly function: ClosureData | ((parent: RddNode) => unknown);
}

/** A narrow step whose function is the engine's own; one over partitions also gets their index. */
export function engineStep(parent: RddNode, options: EngineStepOptions): RddNode {
  const { callSite, form } = options;
  return new RddNode(parent.core, callSite, {
    kind: options.kind ?? 'MapPartitionsRDD',
    parents: [parent],
    wide: false,
    prepare: () => {
      const closure =
        typeof options.function === 'function'
          ? captureRoots(parent.core, [options.function(parent)], callSite)
          : options.function;
      const dependsOnOrder = options.orderSensitive ?? form === 'partitions';
      return {
        partitionCount: parent.partitionCount,
        partitioning: options.keepsPartitioner === true ? parent.facts.partitioning : undefined,
        dependencies: [oneToOne(parent)],
        determinacy: dependsOnOrder ? orderSensitive(parent.determinacy) : parent.determinacy,
        operator: (place) =>
          form === 'partitions'
            ? { kind: 'mapPartitions', function: rootOf(place, closure), withIndex: true }
            : { kind: form, function: rootOf(place, closure) },
      };
    },
  });
}
