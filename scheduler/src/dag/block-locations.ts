import type { BlockLocations, LineageNode } from 'heddle/internal';
import type { BlockTracker } from '../storage/block-tracker.js';

/** Lineages of more steps are looked at no further: what lies there is found by computing. */
const MAX_STEPS = 1_000;

/**
 * Where the persisted blocks are that a task may read: of its partition and of those behind it, up
 * to the first that is held somewhere on each way.
 */
export function blockLocationsOf(
  node: LineageNode,
  partition: number,
  blocks: BlockTracker,
): readonly BlockLocations[] | undefined {
  const found: BlockLocations[] = [];
  const seen = new Set<string>();
  const stack: { readonly node: LineageNode; readonly partition: number }[] = [{ node, partition }];
  let steps = 0;
  for (let step = stack.pop(); step !== undefined; step = stack.pop()) {
    const { rddId } = step.node;
    const key = `${rddId}/${step.partition}`;
    if (seen.has(key) || ++steps > MAX_STEPS) continue;
    seen.add(key);
    if (step.node.storageLevel !== undefined) {
      const executorIds = blocks
        .locations(rddId, step.partition)
        .map(({ executorId }) => executorId);
      if (executorIds.length > 0) {
        found.push({ rddId, partition: step.partition, executorIds });
        continue;
      }
    }
    for (const dependency of step.node.dependencies) {
      if (dependency.kind !== 'narrow') continue;
      for (const parent of dependency.parentPartitions(step.partition)) {
        stack.push({ node: dependency.parent, partition: parent });
      }
    }
  }
  return found.length > 0 ? found : undefined;
}
