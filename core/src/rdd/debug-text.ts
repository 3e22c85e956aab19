import type { CheckpointState, RddNode } from './rdd-node.js';

interface OpenLine {
  readonly node: RddNode;
  readonly prefix: string;
  readonly isShuffle: boolean;
  readonly isLastChild: boolean;
}

/** Lines after which an RDD that was shown before is not expanded again: lattices of unions grow without bound. */
const maxRepeatedLines = 1_000;

/**
 * The lineage of a prepared node as indented text. Follows Spark 4.0 `RDD.toDebugString`, without
 * recursion.
 */
export function debugText(root: RddNode): string {
  const lines: string[] = [];
  const expanded = new Set<RddNode>();
  const stack: OpenLine[] = [];

  const openParents = (node: RddNode, prefix: string): void => {
    const isRepeated = expanded.has(node) && lines.length > maxRepeatedLines;
    expanded.add(node);
    if (isRepeated) return;
    if (node.checkpoint?.isDone === true) lines.push(`${prefix}${checkpointText(node.checkpoint)}`);
    const { dependencies } = node.facts;
    for (let i = dependencies.length - 1; i >= 0; i -= 1) {
      const { parent, kind } = dependencies[i]!;
      stack.push({
        node: parent,
        prefix,
        isShuffle: kind === 'shuffle',
        isLastChild: i === dependencies.length - 1,
      });
    }
  };

  const count = `(${root.partitionCount})`;
  lines.push(`${count} ${selfText(root)}`);
  openParents(root, indentBelow(count));
  for (let top = stack.pop(); top !== undefined; top = stack.pop()) {
    const { node, prefix, isShuffle, isLastChild } = top;
    if (!isShuffle) {
      lines.push(`${prefix}${selfText(node)}`);
      openParents(node, prefix);
      continue;
    }
    const thisPrefix = prefix.replace(/\|\s+$/, '');
    const label = `(${node.partitionCount})`;
    lines.push(`${thisPrefix}+-${label} ${selfText(node)}`);
    openParents(node, `${thisPrefix}${isLastChild ? '  ' : '| '}${indentBelow(label)}`);
  }
  return lines.join('\n');
}

/** A bar below the middle of a partition count. */
function indentBelow(count: string): string {
  const left = Math.floor((count.length - 1) / 2);
  return `${' '.repeat(left)}|${' '.repeat(count.length - left)}`;
}

function checkpointText({ kind, directory }: CheckpointState): string {
  return kind === 'local' ? 'LocalCheckpointRDD []' : `ReliableCheckpointRDD at ${directory!} []`;
}

function selfText(node: RddNode): string {
  const level = node.storageLevel === undefined ? '' : node.storageLevel.toString();
  return `${node.toString()} [${level}]`;
}
