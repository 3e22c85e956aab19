import { checkKey } from '../../keys/index.js';
import type { ActionOptions } from '../arguments.js';
import { rootOf } from '../operators/narrow.js';
import type { RddNode } from '../rdd-node.js';
import { allPartitions, beginAction, captureFor, decodeRecords, runSink } from './run.js';

/**
 * `lookup(key)`: the values of a key, in partition order. With a partitioner only the key's
 * partition is run. Source: Spark 4.0 `PairRDDFunctions.lookup`.
 */
export async function lookup<K, V>(node: RddNode, key: K, options?: ActionOptions): Promise<V[]> {
  const call = beginAction(node.core, 'lookup', options);
  checkKey(key);
  const closure = captureFor(node.core, call, [key]);
  const parts = await runSink(
    node,
    call,
    (place) => ({ kind: 'lookup', key: rootOf(place, closure) }),
    decodeRecords<V>,
    (prepared) => {
      const partitioner = prepared.facts.partitioning?.partitioner;
      return partitioner === undefined || partitioner.numPartitions === 0
        ? allPartitions(prepared)
        : [partitioner.getPartition(key)];
    },
  );
  return parts.flat();
}
