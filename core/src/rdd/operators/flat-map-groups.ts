import { samePartitioning } from '../../partitioner/partitioning.js';
import { checkFunction } from '../arguments.js';
import { RddNode, Shuffle, oneToOne } from '../rdd-node.js';
import { afterShuffle, captureCall, orderSensitive } from './create.js';
import { rootOf } from './narrow.js';
import { choosePartitioning, type PartitionsArgument } from './partitioner-choice.js';

/** `flatMapGroups(f, n?)`: groups of any size, streamed over sorted runs. */
export function flatMapGroupsNode(parent: RddNode, f: unknown, n: PartitionsArgument): RddNode {
  parent.core.checkRunning();
  checkFunction(f, 'flatMapGroups');
  const { callSite, closure } = captureCall(parent.core, 'flatMapGroups', [f]);
  const choice = choosePartitioning(n, 'flatMapGroups', callSite);
  return new RddNode(parent.core, callSite, {
    kind: 'ShuffledRDD',
    parents: [parent],
    wide: true,
    prepare: () => {
      const partitioning = choice([parent]);
      const base = {
        partitionCount: partitioning.partitioner.numPartitions,
        partitioning: undefined,
        // The function may cut what it sees of a group.
        determinacy: afterShuffle(orderSensitive(parent.determinacy)),
      };
      if (samePartitioning(partitioning, parent.facts.partitioning)) {
        return {
          ...base,
          dependencies: [oneToOne(parent)],
          operator: (place) => ({
            kind: 'flatMapGroupsInPlace',
            function: rootOf(place, closure),
          }),
        };
      }
      const shuffle = new Shuffle(
        parent.core.ids.nextShuffle(),
        base.partitionCount,
        callSite,
        (place) => ({
          partitioner: partitioning.spec(place),
          mapSideCombine: false,
          keyed: true,
        }),
      );
      return {
        ...base,
        dependencies: [{ kind: 'shuffle', parent, shuffle }],
        operator: (place) => ({
          kind: 'flatMapGroups',
          shuffleId: shuffle.shuffleId,
          function: rootOf(place, closure),
        }),
      };
    },
  });
}
