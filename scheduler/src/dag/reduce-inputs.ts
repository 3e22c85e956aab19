import type { LineageNode } from 'heddle/internal';
import type { MapOutputTracker } from '../shuffle/map-output-tracker.js';
import type { BlockTracker } from '../storage/block-tracker.js';
import { forEachNarrow } from './lineage-walk.js';
import type { PartitionInput } from './launch-plan.js';

/** Stages of more RDDs are left alone: looking behind each partition would cost more than it gives. */
const MAX_NODES = 200;

/**
 * What the partitions of a stage read, when all of it is map output or cached: how many bytes, and
 * where they must be read. Pure, but for the trackers that it asks.
 */
export class ReduceInputs {
  readonly #blocks: BlockTracker;
  readonly #outputs: MapOutputTracker;
  readonly #usesLocations: boolean;

  constructor(blocks: BlockTracker, outputs: MapOutputTracker, usesLocations: boolean) {
    this.#blocks = blocks;
    this.#outputs = outputs;
    this.#usesLocations = usesLocations;
  }

  /** @returns undefined when the stage reads something else, or nothing of which the size is known */
  of(node: LineageNode, partitions: readonly number[]): readonly PartitionInput[] | undefined {
    if (partitions.length < 2 || !this.#isReduceSide(node)) return undefined;
    const inputs: PartitionInput[] = [];
    for (const partition of partitions) {
      const input = this.#input(node, partition);
      if (input === undefined) return undefined;
      inputs.push(input);
    }
    return inputs;
  }

  /** Whether the stage reads a shuffle at all, and is not too large to look at. */
  #isReduceSide(node: LineageNode): boolean {
    const nodes: LineageNode[] = [];
    forEachNarrow(node, (visited) => {
      nodes.push(visited);
      return nodes.length <= MAX_NODES;
    });
    if (nodes.length > MAX_NODES) return false;
    return nodes.some(({ dependencies }) => dependencies.some(({ kind }) => kind === 'shuffle'));
  }

  #input(node: LineageNode, partition: number): PartitionInput | undefined {
    let sizeBytes = 0;
    let place: string | undefined;
    const stack: { readonly node: LineageNode; readonly partition: number }[] = [
      { node, partition },
    ];
    // Only branches can lead to the same place twice.
    let seen: Set<string> | undefined;
    for (let step = stack.pop(); step !== undefined; step = stack.pop()) {
      const cached = this.#cached(step.node, step.partition);
      if (cached !== undefined) {
        sizeBytes += cached.sizeBytes;
        place ??= cached.place;
        continue;
      }
      const { dependencies } = step.node;
      // A source: how much it reads is not known here, and it may have a place of its own.
      if (dependencies.length === 0) return undefined;
      if (dependencies.length > 1) seen ??= new Set();
      for (const dependency of dependencies) {
        if (dependency.kind === 'shuffle') {
          sizeBytes += this.#outputs.partBytes(dependency.shuffle.shuffleId, step.partition);
          continue;
        }
        for (const parentPartition of dependency.parentPartitions(step.partition)) {
          const key = `${dependency.parent.rddId}/${parentPartition}`;
          if (seen?.has(key) === true) continue;
          seen?.add(key);
          stack.push({ node: dependency.parent, partition: parentPartition });
        }
      }
    }
    return { partition, sizeBytes, place };
  }

  #cached(
    node: LineageNode,
    partition: number,
  ): { readonly sizeBytes: number; readonly place: string | undefined } | undefined {
    if (this.#blocks.isEmpty || node.storageLevel === undefined) return undefined;
    const copy = this.#blocks.largestCopy(node.rddId, partition);
    if (copy === undefined) return undefined;
    const place = this.#usesLocations ? copy.location.executorId : undefined;
    return { sizeBytes: copy.sizeBytes, place };
  }
}
