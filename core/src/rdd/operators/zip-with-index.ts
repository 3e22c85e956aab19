import { captureCallSite, driverCodeTable } from '../../closures/index.js';
import { decodeValue } from '../../codec/index.js';
import type { ActionCall } from '../../context/driver-core.js';
import { RddNode, oneToOne, type PreparedFacts } from '../rdd-node.js';
import { orderSensitive } from './create.js';

/**
 * `zipWithIndex()`: positions in partition order. All partitions but the last are counted first, by a
 * job, when there are several. Source: Spark 4.0 `ZippedWithIndexRDD`.
 */
export function zipWithIndexNode(parent: RddNode): RddNode {
  const { core } = parent;
  core.checkRunning();
  const callSite = captureCallSite('zipWithIndex');
  return new RddNode(core, callSite, {
    kind: 'ZippedWithIndexRDD',
    parents: [parent],
    wide: false,
    needsWork: () => parent.partitionCount > 1,
    prepare: (run) => {
      if (parent.partitionCount <= 1) return zippedFacts(parent, [0]);
      const call = { callSite, flow: core.flow.current, signal: run.signal };
      return countOffsets(parent, call).then((offsets) => zippedFacts(parent, offsets));
    },
  });
}

function zippedFacts(parent: RddNode, offsets: readonly number[]): PreparedFacts {
  return {
    partitionCount: parent.partitionCount,
    partitioning: undefined,
    dependencies: [oneToOne(parent)],
    determinacy: orderSensitive(parent.determinacy),
    operator: () => ({ kind: 'zipWithIndex', offsets }),
  };
}

async function countOffsets(parent: RddNode, call: ActionCall): Promise<number[]> {
  const partitions = Array.from({ length: parent.partitionCount - 1 }, (_, i) => i);
  const counts = new Array<number>(partitions.length);
  await parent.core.runJob(
    {
      node: parent,
      partitions,
      sink: { build: () => ({ kind: 'count' }) },
      onResult: (position, bytes) => {
        counts[position] = decodeValue(bytes, driverCodeTable()) as number;
      },
    },
    call,
  );
  const offsets = [0];
  for (const count of counts) offsets.push(offsets.at(-1)! + count);
  return offsets;
}
