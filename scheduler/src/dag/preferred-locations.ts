import type { LineageNode } from 'heddle/internal';
import type { MapOutputTracker } from '../shuffle/map-output-tracker.js';
import type { BlockTracker } from '../storage/block-tracker.js';
import type { TaskLocation } from '../tasks/locality.js';

/** Part of a reducer's input that a host must hold to be preferred (Spark's figure). */
const REDUCER_FRACTION = 0.2;
/** With more maps or reducers than this, finding where input lies costs more than it gives. */
const REDUCER_LIMIT = 1_000;

const NONE: readonly TaskLocation[] = [];

/**
 * Where a partition would best be computed: where it is cached, else where its source lies, else
 * where most of a reducer's input lies, else the same of its narrow parents, the first that has any.
 *
 * Source: Spark 4.0 `DAGScheduler.getPreferredLocs`, `ShuffledRDD.getPreferredLocations`.
 */
export function preferredLocations(
  node: LineageNode,
  partition: number,
  blocks: BlockTracker,
  outputs: MapOutputTracker,
): readonly TaskLocation[] {
  // Only branches can lead to the same place twice; plain chains need no memory of where they were.
  let seen: Set<string> | undefined;
  const stack: { readonly node: LineageNode; readonly partition: number }[] = [{ node, partition }];
  for (let step = stack.pop(); step !== undefined; step = stack.pop()) {
    const here = locationsOf(step.node, step.partition, blocks, outputs);
    if (here.length > 0) return here;
    const { dependencies } = step.node;
    if (dependencies.length > 1) seen ??= new Set();
    const from = stack.length;
    for (const dependency of dependencies) {
      if (dependency.kind !== 'narrow') continue;
      for (const parentPartition of dependency.parentPartitions(step.partition)) {
        if (seen !== undefined) {
          const key = `${dependency.parent.rddId}/${parentPartition}`;
          if (seen.has(key)) continue;
          seen.add(key);
        }
        stack.push({ node: dependency.parent, partition: parentPartition });
      }
    }
    // The stack gives the last one first: turn what was added so that the first parent comes first.
    if (stack.length - from > 1) stack.push(...stack.splice(from).reverse());
  }
  return NONE;
}

function locationsOf(
  node: LineageNode,
  partition: number,
  blocks: BlockTracker,
  outputs: MapOutputTracker,
): readonly TaskLocation[] {
  if (!blocks.isEmpty && node.storageLevel !== undefined) {
    const cached = blocks.locations(node.rddId, partition);
    if (cached.length > 0) return cached;
  }
  const hosts = node.preferredLocations(partition);
  if (hosts.length > 0) return hosts.map((host) => ({ host }));
  for (const dependency of node.dependencies) {
    if (dependency.kind !== 'shuffle') continue;
    const { shuffleId, numReducePartitions } = dependency.shuffle;
    if (numReducePartitions > REDUCER_LIMIT) continue;
    const holders = outputs.holdersOf(shuffleId, partition, REDUCER_FRACTION, REDUCER_LIMIT);
    if (holders.length > 0) return holders;
  }
  return NONE;
}
