import type { Split, StagePlan } from 'heddle/internal';
import { inputsOf } from '../pipeline/split-inputs.js';
import type { BlockId } from '../storage/block-memory.js';

/**
 * The blocks of persisted RDDs that a task may read or compute: follows the split through the plan
 * as the pipelines do, and on below persisted nodes, whose block may not be there.
 */
export function persistedBlocks(plan: StagePlan, split: Split): BlockId[] {
  const blocks: BlockId[] = [];
  if (plan.nodes.every((node) => node.storageLevel === undefined)) return blocks;
  // Iterative and each place once: lineages are deep, and branches share what they read.
  const seen = new Map<number, Set<Split>>();
  const stack = [{ index: plan.nodes.length - 1, split }];
  for (let place = stack.pop(); place !== undefined; place = stack.pop()) {
    const { index, split: at } = place;
    let splits = seen.get(index);
    if (splits === undefined) seen.set(index, (splits = new Set()));
    if (splits.has(at)) continue;
    splits.add(at);
    const node = plan.nodes[index]!;
    if (node.storageLevel !== undefined) {
      blocks.push({ rddId: node.rddId, partition: at.index });
    }
    for (const [input, inputSplit] of inputsOf(node, at)) {
      stack.push({ index: input, split: inputSplit });
    }
  }
  return blocks;
}
