import type { CallSite } from '@heddle/common';
import { ArgumentError } from '@heddle/common';
import { captureCallSite } from '../../closures/index.js';
import { samePartitioning, type Partitioning } from '../../partitioner/partitioning.js';
import type { CogroupSide, JoinType, Operator } from '../../plan/index.js';
import { RddNode, Shuffle, oneToOne, type NodeDependency } from '../rdd-node.js';
import { afterShuffle } from './create.js';
import {
  choosePartitioning,
  type PartitioningChoice,
  type PartitionsArgument,
} from './partitioner-choice.js';

/** How operators over several parents differ. */
interface SidesOptions {
  readonly choice: PartitioningChoice;
  readonly operator: string;
  readonly callSite: CallSite;
}

/** Several parents, brought together by key: each side shuffled, or narrow when it is partitioned so already. */
function sidesNode(
  parents: readonly RddNode[],
  kind: string,
  { choice, operator, callSite }: SidesOptions,
  build: (sides: readonly CogroupSide[]) => Operator,
): RddNode {
  const { core } = parents[0]!;
  if (parents.some((parent) => parent.core !== core)) {
    throw new ArgumentError(`${operator}: the RDDs are of different contexts`);
  }
  return new RddNode(core, callSite, {
    kind,
    parents,
    wide: true,
    prepare: () => {
      const partitioning = choice(parents);
      const { dependencies, sides } = bringTogether(parents, partitioning, callSite);
      const built = build(sides);
      return {
        partitionCount: partitioning.partitioner.numPartitions,
        partitioning,
        dependencies,
        determinacy: afterShuffle(...parents.map((parent) => parent.determinacy)),
        operator: () => built,
      };
    },
  });
}

function bringTogether(
  parents: readonly RddNode[],
  partitioning: Partitioning,
  callSite: CallSite,
): { dependencies: NodeDependency[]; sides: CogroupSide[] } {
  const dependencies: NodeDependency[] = [];
  const sides: CogroupSide[] = [];
  let narrowInputs = 0;
  for (const parent of parents) {
    if (samePartitioning(partitioning, parent.facts.partitioning)) {
      dependencies.push({ ...oneToOne(parent), oneToOne: false });
      sides.push({ kind: 'narrow', input: narrowInputs });
      narrowInputs += 1;
    } else {
      const shuffle = new Shuffle(
        parent.core.ids.nextShuffle(),
        partitioning.partitioner.numPartitions,
        callSite,
        (place) => ({ partitioner: partitioning.spec(place), mapSideCombine: false, keyed: true }),
      );
      dependencies.push({ kind: 'shuffle', parent, shuffle });
      sides.push({ kind: 'shuffle', shuffleId: shuffle.shuffleId });
    }
  }
  return { dependencies, sides };
}

const joinTypeOf = {
  join: 'inner',
  leftOuterJoin: 'left',
  rightOuterJoin: 'right',
  fullOuterJoin: 'full',
} as const satisfies Record<string, JoinType>;

/** `join`, `leftOuterJoin`, `rightOuterJoin`, `fullOuterJoin`. */
export function joinNode(
  left: RddNode,
  right: RddNode,
  n: PartitionsArgument,
  operator: keyof typeof joinTypeOf,
): RddNode {
  left.core.checkRunning();
  const callSite = captureCallSite(operator);
  const choice = choosePartitioning(n, operator, callSite);
  return sidesNode([left, right], 'JoinedRDD', { choice, operator, callSite }, (sides) => ({
    kind: 'join',
    joinType: joinTypeOf[operator],
    sides: [sides[0]!, sides[1]!],
  }));
}

/** `cogroup(o1[, o2[, o3]], n?)`. */
export function cogroupNode(
  parents: readonly RddNode[],
  n: PartitionsArgument,
  operator: 'cogroup' | 'groupWith',
): RddNode {
  parents[0]!.core.checkRunning();
  const callSite = captureCallSite(operator);
  return cogroupOf(parents, {
    choice: choosePartitioning(n, operator, callSite),
    operator,
    callSite,
  });
}

/** `[key, [values of each parent]]`, for operators that are made of it. */
export function cogroupOf(parents: readonly RddNode[], options: SidesOptions): RddNode {
  return sidesNode(parents, 'CoGroupedRDD', options, (sides) => ({ kind: 'cogroup', sides }));
}
