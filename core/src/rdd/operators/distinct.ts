import { captureCallSite } from '../../closures/index.js';
import { RddNode, Shuffle, oneToOne } from '../rdd-node.js';
import { afterShuffle, stepNode } from './create.js';
import { choosePartitioning, type PartitionsArgument } from './partitioner-choice.js';

/**
 * `distinct(n?)`: whole records are the keys. A parent that is partitioned (its equal records are
 * together then) needs no shuffle, unless another number of partitions is asked for.
 * Source: Spark 4.0 `RDD.distinct`.
 */
export function distinctNode(parent: RddNode, n: PartitionsArgument): RddNode {
  parent.core.checkRunning();
  const callSite = captureCallSite('distinct');
  const choice = choosePartitioning(n, 'distinct', callSite);
  const isInPlace = (): boolean =>
    parent.facts.partitioning !== undefined && (n === undefined || n === parent.partitionCount);
  const paired = stepNode(parent, {
    callSite,
    keepsPartitioner: false,
    operator: () => ({ kind: 'pairWithNull' }),
  });
  return new RddNode(parent.core, callSite, {
    kind: 'ShuffledRDD',
    parents: [paired],
    wide: true,
    prepare: () => {
      const determinacy = afterShuffle(parent.determinacy);
      if (isInPlace()) {
        return {
          partitionCount: parent.partitionCount,
          partitioning: parent.facts.partitioning,
          dependencies: [oneToOne(paired)],
          determinacy,
          operator: () => ({ kind: 'combineInPlace', aggregator: { kind: 'distinct' } }),
        };
      }
      const partitioning = choice([paired]);
      const { numPartitions } = partitioning.partitioner;
      const shuffle = new Shuffle(
        parent.core.ids.nextShuffle(),
        numPartitions,
        callSite,
        (place) => ({
          partitioner: partitioning.spec(place),
          aggregator: { kind: 'distinct' },
          mapSideCombine: true,
          keyed: true,
        }),
      );
      return {
        partitionCount: numPartitions,
        partitioning: undefined,
        dependencies: [{ kind: 'shuffle', parent: paired, shuffle }],
        determinacy,
        operator: () => ({
          kind: 'shuffleCombine',
          shuffleId: shuffle.shuffleId,
          aggregator: { kind: 'distinct' },
          mapSideCombined: true,
        }),
      };
    },
  });
}
