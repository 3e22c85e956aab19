import { ArgumentError } from '@heddle/common';
import { captureCallSite } from '../../closures/index.js';
import { samePartitioning } from '../../partitioner/partitioning.js';
import type { DriverCore } from '../../context/driver-core.js';
import { checkPartitionCount } from '../arguments.js';
import { RddNode, Shuffle, leastDeterminate, oneToOne, type PreparedFacts } from '../rdd-node.js';
import { afterShuffle, orderSensitive } from './create.js';

/**
 * All partitions of the first, then of the second, and so on; flat, however many there are. When all
 * have the same partitioner, partition i is partition i of each, and the partitioner stays.
 */
export function unionNode(core: DriverCore, parents: readonly RddNode[]): RddNode {
  core.checkRunning();
  if (parents.some((parent) => parent.core !== core)) {
    throw new ArgumentError('union: the RDDs are of different contexts');
  }
  return new RddNode(core, captureCallSite('union'), {
    kind: 'UnionRDD',
    parents,
    wide: false,
    prepare: () => {
      const [first] = parents;
      const aware =
        first?.facts.partitioning !== undefined &&
        parents.every((parent) =>
          samePartitioning(first.facts.partitioning, parent.facts.partitioning),
        );
      return aware ? alignedUnion(parents) : chainedUnion(parents);
    },
  });
}

function alignedUnion(parents: readonly RddNode[]): PreparedFacts {
  return {
    partitionCount: parents[0]!.partitionCount,
    partitioning: parents[0]!.facts.partitioning,
    // Not one to one: the split tree needs a level that names the inputs.
    dependencies: parents.map((parent) => ({ ...oneToOne(parent), oneToOne: false })),
    determinacy: leastDeterminate(parents.map((parent) => parent.determinacy)),
    operator: () => ({ kind: 'coalesce' }),
  };
}

function chainedUnion(parents: readonly RddNode[]): PreparedFacts {
  const starts: number[] = [];
  let partitionCount = 0;
  for (const parent of parents) {
    starts.push(partitionCount);
    partitionCount += parent.partitionCount;
  }
  const inputOf = (partition: number): number => {
    // The last input that starts at or before the partition; empty inputs share a start.
    let low = 0;
    let high = starts.length;
    while (high - low > 1) {
      const middle = (low + high) >>> 1;
      if (starts[middle]! <= partition) low = middle;
      else high = middle;
    }
    return low;
  };
  return {
    partitionCount,
    partitioning: undefined,
    dependencies: parents.map((parent, input) => ({
      kind: 'narrow',
      parent,
      oneToOne: false,
      parentPartitions: (partition) =>
        inputOf(partition) === input ? [partition - starts[input]!] : [],
    })),
    determinacy: leastDeterminate(parents.map((parent) => parent.determinacy)),
    operator: () => ({ kind: 'union' }),
    reads: (partition) => {
      const input = inputOf(partition);
      return [{ input, partition: partition - starts[input]! }];
    },
  };
}

/** `coalesce(n)`: neighbouring partitions of the parent become one; never more than there are. */
export function coalesceNode(parent: RddNode, n: number): RddNode {
  parent.core.checkRunning();
  checkPartitionCount(n, 'coalesce');
  return new RddNode(parent.core, captureCallSite('coalesce'), {
    kind: 'CoalescedRDD',
    parents: [parent],
    wide: false,
    prepare: () => {
      const before = parent.partitionCount;
      const partitionCount = Math.min(n, before);
      const start = (partition: number): number =>
        Math.floor((partition * before) / partitionCount);
      return {
        partitionCount,
        partitioning: undefined,
        dependencies: [
          {
            kind: 'narrow',
            parent,
            oneToOne: false,
            parentPartitions: (partition) => {
              const from = start(partition);
              return Array.from({ length: start(partition + 1) - from }, (_, i) => from + i);
            },
          },
        ],
        determinacy: parent.determinacy,
        operator: () => ({ kind: 'coalesce' }),
      };
    },
  });
}

/** `repartition(n)` and `coalesce(n, true)`: records are dealt out evenly through a shuffle. */
export function repartitionNode(
  parent: RddNode,
  n: number,
  operator: 'repartition' | 'coalesce',
): RddNode {
  parent.core.checkRunning();
  checkPartitionCount(n, operator);
  const callSite = captureCallSite(operator);
  return new RddNode(parent.core, callSite, {
    kind: 'ShuffledRDD',
    parents: [parent],
    wide: true,
    prepare: () => {
      const shuffle = new Shuffle(parent.core.ids.nextShuffle(), n, callSite, () => ({
        partitioner: { kind: 'roundRobin', numPartitions: n },
        mapSideCombine: false,
        keyed: false,
      }));
      return {
        partitionCount: n,
        partitioning: undefined,
        dependencies: [{ kind: 'shuffle', parent, shuffle }],
        // Where a record goes depends on its position (SPARK-23207).
        determinacy: afterShuffle(orderSensitive(parent.determinacy)),
        operator: () => ({ kind: 'shuffleRead', shuffleId: shuffle.shuffleId, keyed: false }),
      };
    },
  });
}
