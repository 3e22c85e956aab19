import { InternalError } from '@heddle/common';
import type { StagePlan } from '../plan/index.js';
import {
  narrowOf,
  onlyParentOf,
  type NarrowDependency,
  type PreparedFacts,
  type RddNode,
} from './rdd-node.js';

/** One node as it was when a stage was planned. */
export interface NodeView {
  readonly facts: PreparedFacts;
  readonly narrow: readonly NarrowDependency[];
  /** `RddNode.readsNode` of that time. */
  readonly readsNode: RddNode;
}

const views = new WeakMap<StagePlan, StageView>();

/**
 * The lineage of one stage as it was when its plan was made: a checkpoint may cut it while the stage
 * runs, and what its tasks read must go with the plan that they have.
 *
 * Source: the lock of Spark 4.0 `DAGScheduler.submitMissingTasks` around task binary and partitions.
 */
export class StageView {
  readonly #nodes = new Map<RddNode, NodeView>();

  /** @param order parents before children */
  constructor(order: readonly RddNode[]) {
    for (const node of order) {
      const { facts } = node;
      const only = onlyParentOf(facts);
      const readsNode = only === undefined ? node : this.of(only).readsNode;
      this.#nodes.set(node, { facts, narrow: narrowOf(facts), readsNode });
    }
  }

  /** The view of a plan's splits from now on. */
  belongTo(plan: StagePlan): void {
    views.set(plan, this);
  }

  of(node: RddNode): NodeView {
    const view = this.#nodes.get(node);
    if (view === undefined) throw new InternalError(`${node.toString()} is not in the stage`);
    return view;
  }
}

/** The lineage that a plan was made of; undefined when it was not made here. */
export function viewOfPlan(plan: StagePlan): StageView | undefined {
  return views.get(plan);
}
