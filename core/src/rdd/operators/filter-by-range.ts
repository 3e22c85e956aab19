import { captureCallSite } from '../../closures/index.js';
import { checkKey } from '../../keys/index.js';
import { RangePartitioner } from '../../partitioner/range-partitioner.js';
import { captureRoots } from '../capture.js';
import { RddNode, oneToOne } from '../rdd-node.js';
import { keyInRange } from '../task-functions/set-functions.js';
import { engineStep } from './engine-step.js';

/**
 * `filterByRange(lower, upper)`: only the partitions that a range partitioner says may hold such keys
 * are read. Source: Spark 4.0 `OrderedRDDFunctions.filterByRange`.
 */
export function filterByRangeNode(parent: RddNode, lower: unknown, upper: unknown): RddNode {
  parent.core.checkRunning();
  checkKey(lower);
  checkKey(upper);
  const callSite = captureCallSite('filterByRange');
  const closure = captureRoots(parent.core, [keyInRange(lower, upper)], callSite);
  const pruned = new RddNode(parent.core, callSite, {
    kind: 'PartitionPruningRDD',
    parents: [parent],
    wide: false,
    prepare: () => {
      const partitioner = parent.facts.partitioning?.partitioner;
      const all = parent.partitionCount;
      let [from, to] = [0, all];
      if (partitioner instanceof RangePartitioner && all > 0) {
        const ends = [partitioner.getPartition(lower), partitioner.getPartition(upper)];
        [from, to] = [Math.min(...ends), Math.max(...ends) + 1];
      }
      return {
        partitionCount: to - from,
        // A part of its partitions is another partitioning.
        partitioning: to - from === all ? parent.facts.partitioning : undefined,
        dependencies: [
          {
            ...oneToOne(parent),
            oneToOne: false,
            parentPartitions: (partition) => [from + partition],
          },
        ],
        determinacy: parent.determinacy,
        operator: () => ({ kind: 'union' }),
      };
    },
  });
  return engineStep(pruned, {
    callSite,
    form: 'filter',
    keepsPartitioner: true,
    function: closure,
  });
}
