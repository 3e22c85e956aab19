import type { LineageNode, ShuffleLineage } from 'heddle/internal';

/** A shuffle dependency: the end of one stage and the beginning of another. */
export interface ShuffleEdge {
  /** The RDD whose records are shuffled: the end of the map stage. */
  readonly parent: LineageNode;
  readonly shuffle: ShuffleLineage;
}

/**
 * The shuffles that a stage ending in `node` reads: everything reached without crossing one, each
 * once, in the order of dependencies.
 *
 * @param isCut nodes behind which nothing is needed, such as cached ones
 */
export function shufflesBehind(
  node: LineageNode,
  isCut: (node: LineageNode) => boolean = () => false,
): ShuffleEdge[] {
  const edges = new Map<number, ShuffleEdge>();
  forEachNarrow(node, (visited) => {
    if (isCut(visited)) return false;
    for (const dependency of visited.dependencies) {
      if (dependency.kind !== 'shuffle') continue;
      const { parent, shuffle } = dependency;
      if (!edges.has(shuffle.shuffleId)) edges.set(shuffle.shuffleId, { parent, shuffle });
    }
    return true;
  });
  return [...edges.values()];
}

/**
 * Visits `node` and everything behind narrow dependencies, each RDD once, nearest dependency first.
 * With a stack of its own: lineages of tens of thousands of nodes are ordinary.
 *
 * @param visit returns whether to go on behind the node
 */
export function forEachNarrow(node: LineageNode, visit: (node: LineageNode) => boolean): void {
  const seen = new Set<number>([node.rddId]);
  const stack = [node];
  for (let current = stack.pop(); current !== undefined; current = stack.pop()) {
    if (!visit(current)) continue;
    const { dependencies } = current;
    for (let position = dependencies.length - 1; position >= 0; position--) {
      const dependency = dependencies[position];
      if (dependency?.kind !== 'narrow' || seen.has(dependency.parent.rddId)) continue;
      seen.add(dependency.parent.rddId);
      stack.push(dependency.parent);
    }
  }
}
