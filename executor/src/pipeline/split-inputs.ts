import { InternalError } from '@heddle/common';
import type { Operator, OperatorNode, Split } from 'heddle/internal';

/** A place in a stage: a node of its plan, by index, and what is read of it. */
export type SplitInput = readonly [node: number, split: Split];

/** The inputs of a node that one of its partitions reads, each with its own split, in order. */
export function inputsOf(node: OperatorNode, split: Split): SplitInput[] {
  if (!choosesParents(node.operator.kind)) return node.inputs.map((input) => [input, split]);
  return (split.parents ?? []).map((parent) => [inputOf(node, parent.input), parent.split]);
}

/** The index of an input of a node. */
export function inputOf(node: OperatorNode, position: number): number {
  const input = node.inputs[position];
  if (input === undefined) throw new InternalError(`${node.label} has no input ${position}`);
  return input;
}

/**
 * Whether the split of a node says what is read of its parents. All others pass theirs on: what
 * parents it has are those of a node below.
 */
function choosesParents(kind: Operator['kind']): boolean {
  switch (kind) {
    case 'union':
    case 'coalesce':
    case 'zipPartitions':
    case 'cartesian':
    case 'cogroup':
    case 'join':
      return true;
    default:
      return false;
  }
}
