import type { CallSite } from '@heddle/common';
import { captureCallSite } from '../../closures/index.js';
import { rangePartitioning } from '../../partitioner/partitioning.js';
import {
  KeyedRangePartitioner,
  RangePartitioner,
  setBoundsSampler,
} from '../../partitioner/range-partitioner.js';
import type { ClosureData } from '../../plan/index.js';
import { beginAction } from '../actions/run.js';
import { checkBoolean, checkFunction, checkPartitionCount } from '../arguments.js';
import { sampleRangeBounds } from '../range-bounds.js';
import { RddNode, Shuffle } from '../rdd-node.js';
import { nodeOf } from '../rdd-metadata.js';
import type { RDD } from '../rdd.js';
import { captureCall, stepNode } from './create.js';
import { rootOf } from './narrow.js';

interface SortOptions {
  readonly callSite: CallSite;
  readonly ascending: boolean;
  readonly n: number | undefined;
  /** `sortByKey`'s third argument: what is compared, from the key. */
  readonly key?: { readonly function: (key: unknown) => unknown; readonly closure: ClosureData };
}

/** A range partitioner by sampled bounds, then a sort within each partition. */
function sortNode(parent: RddNode, { callSite, ascending, n, key }: SortOptions): RddNode {
  const { core } = parent;
  const wanted = (): number => n ?? core.configuredParallelism ?? parent.partitionCount;
  return new RddNode(core, callSite, {
    kind: 'ShuffledRDD',
    parents: [parent],
    wide: true,
    needsWork: () => wanted() > 1 && parent.partitionCount > 0,
    prepare: (run) => {
      const settle = (bounds: readonly unknown[]): ReturnType<typeof sortedFacts> =>
        sortedFacts(parent, { callSite, ascending, n, ...(key && { key }) }, bounds);
      if (wanted() <= 1 || parent.partitionCount === 0) return settle([]);
      const call = { callSite, flow: core.flow.current, signal: run.signal };
      return sampleRangeBounds(parent, wanted(), key?.closure, call).then(settle);
    },
  });
}

function sortedFacts(
  parent: RddNode,
  { callSite, ascending, key }: SortOptions,
  bounds: readonly unknown[],
): Awaited<ReturnType<RddNode['definition']['prepare']>> {
  const partitioner =
    key === undefined
      ? new RangePartitioner(bounds, ascending)
      : new KeyedRangePartitioner(bounds, ascending, key.function);
  const partitioning = rangePartitioning(partitioner, key?.closure);
  const shuffle = new Shuffle(
    parent.core.ids.nextShuffle(),
    partitioner.numPartitions,
    callSite,
    (place) => ({ partitioner: partitioning.spec(place), mapSideCombine: false, keyed: true }),
  );
  return {
    partitionCount: partitioner.numPartitions,
    partitioning,
    dependencies: [{ kind: 'shuffle', parent, shuffle }],
    // Ties keep map order, which is as determinate as the parent.
    determinacy: parent.determinacy,
    operator: (place) => ({
      kind: 'shuffleSort',
      shuffleId: shuffle.shuffleId,
      ascending,
      ...(key === undefined ? {} : { keyFunction: rootOf(place, key.closure) }),
    }),
  };
}

// `RangePartitioner.of` cannot import what runs jobs: that imports partitioners.
setBoundsSampler(
  async <K>(rdd: RDD<[K, unknown]>, numPartitions: number): Promise<readonly K[]> => {
    const node = nodeOf(rdd, 'RangePartitioner.of: rdd');
    checkPartitionCount(numPartitions, 'RangePartitioner.of', 'numPartitions');
    const call = beginAction(node.core, 'RangePartitioner.of', undefined);
    await node.core.prepare(node, call);
    return (await sampleRangeBounds(node, numPartitions, undefined, call)) as K[];
  },
);

/** `sortByKey(ascending, n?, key?)`. */
export function sortByKeyNode(
  parent: RddNode,
  ascending: boolean,
  n: number | undefined,
  key: unknown,
): RddNode {
  parent.core.checkRunning();
  checkBoolean(ascending, 'sortByKey', 'ascending');
  if (n !== undefined) checkPartitionCount(n, 'sortByKey');
  if (key === undefined) {
    return sortNode(parent, { callSite: captureCallSite('sortByKey'), ascending, n });
  }
  checkFunction(key, 'sortByKey', 'key');
  const { callSite, closure } = captureCall(parent.core, 'sortByKey', [key]);
  return sortNode(parent, {
    callSite,
    ascending,
    n,
    key: { function: key as (key: unknown) => unknown, closure },
  });
}

/** `sortBy(key, ascending, n?)`: keyed, sorted, and the keys dropped again. */
export function sortByNode(
  parent: RddNode,
  key: unknown,
  ascending: boolean,
  n: number | undefined,
): RddNode {
  parent.core.checkRunning();
  checkFunction(key, 'sortBy', 'key');
  checkBoolean(ascending, 'sortBy', 'ascending');
  if (n !== undefined) checkPartitionCount(n, 'sortBy');
  const { callSite, closure } = captureCall(parent.core, 'sortBy', [key]);
  const keyed = stepNode(parent, {
    callSite,
    keepsPartitioner: false,
    operator: (place) => ({ kind: 'keyBy', function: rootOf(place, closure) }),
  });
  return stepNode(sortNode(keyed, { callSite, ascending, n }), {
    callSite,
    keepsPartitioner: false,
    operator: () => ({ kind: 'values' }),
  });
}
