import { ArgumentError } from '@heddle/common';
import type { LineageNode } from 'heddle/internal';
import type { MapOutputTracker } from '../shuffle/map-output-tracker.js';
import type { BlockTracker } from '../storage/block-tracker.js';
import type { TaskSet } from '../tasks/task-set.js';
import type { ActiveJob } from './active-job.js';
import type { JobSpec } from './dag-event.js';
import type { ShuffleEdge } from './lineage-walk.js';
import { shufflesBehind } from './lineage-walk.js';
import { preferredLocations } from './preferred-locations.js';
import type { ResultStage, ShuffleMapStage, Stage } from './stage.js';
import type { StageRegistry } from './stage-registry.js';

/** A stage on the way of `makeStages`. */
interface Step {
  /** What the parents are for; undefined for the result stage. */
  readonly edge: ShuffleEdge | undefined;
  readonly parents: readonly ShuffleEdge[];
  readonly needed: ReadonlySet<number>;
  next: number;
}

/**
 * What is missing: which stages a job needs, and which partitions of a stage, given the map outputs
 * and cached blocks that exist. Makes stages, and changes nothing else.
 */
export class MissingWork {
  readonly #stages: StageRegistry;
  readonly #outputs: MapOutputTracker;
  readonly #blocks: BlockTracker;
  readonly #usesLocations: boolean;

  constructor(
    stages: StageRegistry,
    outputs: MapOutputTracker,
    blocks: BlockTracker,
    usesLocations: boolean,
  ) {
    this.#stages = stages;
    this.#outputs = outputs;
    this.#blocks = blocks;
    this.#usesLocations = usesLocations;
  }

  /**
   * Makes the stages that the job needs and those it skips, parents first. Behind a stage that is
   * skipped nothing is made.
   *
   * @throws ArgumentError when a partition does not exist
   */
  makeStages(job: ActiveJob): ResultStage {
    checkPartitions(job.spec);
    const step = (node: LineageNode, edge: ShuffleEdge | undefined): Step => ({
      edge,
      parents: shufflesBehind(node),
      needed: new Set(this.#missingBehind(node).map(({ shuffle }) => shuffle.shuffleId)),
      next: 0,
    });
    const root = step(job.spec.finalNode, undefined);
    const entered = new Set<number>();
    const steps = [root];
    for (let current = steps.at(-1); current !== undefined; current = steps.at(-1)) {
      const edge = current.parents[current.next++];
      if (edge === undefined) {
        if (current.edge !== undefined) this.#stages.mapStage(current.edge, job, current.parents);
        steps.pop();
      } else if (!current.needed.has(edge.shuffle.shuffleId)) {
        this.#stages.mapStage(edge, job);
      } else if (!entered.has(edge.shuffle.shuffleId)) {
        entered.add(edge.shuffle.shuffleId);
        steps.push(step(edge.parent, edge));
      }
    }
    return this.#stages.resultStage(job, root.parents);
  }

  /** Whether all that the stage is to make is there. */
  isComplete(stage: Stage): boolean {
    return stage.kind === 'shuffleMap'
      ? this.#outputs.isComplete(stage.shuffle.shuffleId)
      : stage.job.unfinished.size === 0;
  }

  /** Ascending. */
  missingPartitions(stage: Stage): number[] {
    if (stage.kind === 'shuffleMap') return this.#outputs.missing(stage.shuffle.shuffleId);
    return [...stage.job.unfinished].sort((left, right) => left - right);
  }

  /** The stages that must run before this one, made if they are not there, linked to its jobs. */
  missingParents(stage: Stage): ShuffleMapStage[] {
    const edges = stage.distrustsCache
      ? stage.parents.filter(({ shuffle }) => !this.#outputs.isComplete(shuffle.shuffleId))
      : this.#missingBehind(stage.node, stage.parents);
    return edges.flatMap((edge) => {
      let parent: ShuffleMapStage | undefined;
      for (const job of stage.jobs) parent = this.#stages.mapStage(edge, job);
      return parent ?? [];
    });
  }

  /** Whether a job waits for the stage; it may just show it as skipped. */
  needs(job: ActiveJob, stage: Stage): boolean {
    const seen = new Set<Stage>();
    const stack = this.#stages.stagesOf(job).filter(({ kind }) => kind === 'result');
    for (let current = stack.pop(); current !== undefined; current = stack.pop()) {
      if (current === stage) return true;
      // A running stage has its inputs; should it miss one, it will say so.
      if (seen.has(current) || current.state.kind === 'running') continue;
      seen.add(current);
      const { state } = current;
      for (const { shuffle } of current.parents) {
        if (this.#outputs.isComplete(shuffle.shuffleId)) continue;
        if (state.kind === 'waiting' && !state.shuffleIds.has(shuffle.shuffleId)) continue;
        const parent = this.#stages.writer(shuffle.shuffleId);
        if (parent !== undefined) stack.push(parent);
      }
    }
    return false;
  }

  /** Shuffles that must run before the last RDD of a stage can be computed. */
  #missingBehind(node: LineageNode, all?: readonly ShuffleEdge[]): ShuffleEdge[] {
    const edges =
      this.#blocks.isEmpty && all !== undefined
        ? all
        : shufflesBehind(node, (visited) => this.#isCached(visited));
    return edges.filter(({ shuffle }) => !this.#outputs.isComplete(shuffle.shuffleId));
  }

  #isCached(node: LineageNode): boolean {
    return (
      !this.#blocks.isEmpty &&
      node.storageLevel !== undefined &&
      this.#blocks.isFullyCached(node.rddId, node.partitionCount)
    );
  }

  /** Where each partition would best run; undefined when it does not matter for any. */
  locationsOf(node: LineageNode, partitions: readonly number[]): TaskSet['locations'] {
    if (!this.#usesLocations) return undefined;
    const locations = partitions.map((partition) =>
      preferredLocations(node, partition, this.#blocks, this.#outputs),
    );
    return locations.some((found) => found.length > 0) ? locations : undefined;
  }
}

function checkPartitions({ finalNode, partitions }: JobSpec): void {
  for (const partition of partitions) {
    if (Number.isInteger(partition) && partition >= 0 && partition < finalNode.partitionCount)
      continue;
    throw new ArgumentError(
      `partition ${partition} does not exist: RDD ${finalNode.rddId} has partitions 0 to ${finalNode.partitionCount - 1}`,
    );
  }
}
