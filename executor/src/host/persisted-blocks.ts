import type { Split, StagePlan } from 'heddle/internal';
import type { BlockId } from '../storage/block-memory.js';

/**
 * The blocks of persisted RDDs that a task may read or compute: follows the split through the plan
 * as the pipelines do, and on below persisted nodes, whose block may not be there.
 */
export function persistedBlocks(plan: StagePlan, split: Split): BlockId[] {
  const blocks: BlockId[] = [];
  const visit = (index: number, at: Split): void => {
    const node = plan.nodes[index]!;
    if (node.storageLevel !== undefined) {
      blocks.push({ rddId: node.rddId, partition: at.index });
    }
    if (at.parents !== undefined && hasParentSplits(node.operator.kind)) {
      for (const parent of at.parents) visit(node.inputs[parent.input]!, parent.split);
    } else {
      for (const input of node.inputs) visit(input, at);
    }
  };
  visit(plan.nodes.length - 1, split);
  return blocks;
}

/** Operators that choose their parents' partitions by the split; all others pass theirs on. */
function hasParentSplits(kind: string): boolean {
  return kind === 'union' || kind === 'coalesce' || kind === 'cogroup' || kind === 'join';
}
