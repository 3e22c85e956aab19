import { InternalError, callSiteShort } from '@heddle/common';
import type { DriverCore } from '../context/driver-core.js';
import type {
  AccumulatorSpec,
  ClosureData,
  JobSink,
  LineageNode,
  OperatorNode,
  ShuffleLineage,
  Sink,
  Split,
  StageCompiler,
  StagePlan,
} from '../plan/index.js';
import { shuffleWriterOf } from '../plan/shuffle-writer-choice.js';
import { RddNode, Shuffle, readsOf } from './rdd-node.js';
import { StageView, viewOfPlan } from './stage-view.js';

/** Turns the lineage of RDDs into what executors run. Everything in it is iterative and linear. */
export const stageCompiler: StageCompiler = {
  resultPlan: (node, sink) => planStage(node, (place) => sink.build(place)),

  shuffleMapPlan(parent: LineageNode, shuffle: ShuffleLineage): StagePlan {
    if (!(shuffle instanceof Shuffle)) throw new InternalError('a shuffle of another engine copy');
    return planStage(parent, (place) => {
      const write = shuffle.build(place);
      const { writer, reason } = shuffleWriterOf(write);
      asRddNode(parent).core.logger.debug('shuffle writer', {
        shuffleId: shuffle.shuffleId,
        call: callSiteShort(shuffle.callSite),
        writer,
        reason,
      });
      return { kind: 'shuffleWrite', write };
    });
  },

  split(node, partition, plan): Split {
    const final = asRddNode(node);
    const view = plan === undefined ? undefined : viewOfPlan(plan);
    return splitOf(view ?? new StageView(stageOrder(final)), final, partition);
  },
};

function asRddNode(node: LineageNode): RddNode {
  if (!(node instanceof RddNode)) throw new InternalError('a lineage node of another engine copy');
  return node;
}

function planStage(final: LineageNode, buildSink: JobSink['build']): StagePlan {
  const closures: ClosureData[] = [];
  const indexOfClosure = new Map<ClosureData, number>();
  const place = (closure: ClosureData): number => {
    let index = indexOfClosure.get(closure);
    if (index === undefined) {
      index = closures.push(closure) - 1;
      indexOfClosure.set(closure, index);
    }
    return index;
  };

  const order = stageOrder(asRddNode(final));
  const indexOfNode = new Map(order.map((node, index) => [node, index]));
  const nodes = order.map((node): OperatorNode => {
    const { storageLevel } = node;
    return {
      rddId: node.rddId,
      operator: node.facts.operator(place),
      inputs: node.narrowDependencies.map((dependency) => indexOfNode.get(dependency.parent)!),
      ...(storageLevel === undefined ? {} : { storageLevel: storageLevel.toJSON() }),
      label: callSiteShort(node.callSite),
    };
  });
  const sink: Sink = buildSink(place);
  const { core } = asRddNode(final);
  const accumulators = accumulatorsOf(core, closures, place);
  const files = core.files.forExecutors;
  const plan = {
    nodes,
    closures,
    sink,
    ...(accumulators.length === 0 ? {} : { accumulators }),
    ...(files.length === 0 ? {} : { files }),
  };
  new StageView(order).belongTo(plan);
  return plan;
}

/** The accumulators that the closures reach; their own closures may reach more. */
function accumulatorsOf(
  core: DriverCore,
  closures: readonly ClosureData[],
  place: (closure: ClosureData) => number,
): AccumulatorSpec[] {
  const specs = new Map<number, AccumulatorSpec>();
  for (let i = 0; i < closures.length; i += 1) {
    for (const id of closures[i]!.accumulatorIds) {
      if (specs.has(id)) continue;
      const accumulator = core.accumulators.find(id);
      if (accumulator === undefined) throw new InternalError(`accumulator ${id} is not known`);
      specs.set(id, accumulator.spec(place));
    }
  }
  return [...specs.values()];
}

/** The nodes that are reached from `final` without crossing a shuffle, parents before children. */
function stageOrder(final: RddNode): RddNode[] {
  const order: RddNode[] = [];
  const entered = new Set<RddNode>();
  const stack: { node: RddNode; parents: readonly RddNode[]; next: number }[] = [];
  const enter = (node: RddNode): void => {
    if (entered.has(node)) return;
    entered.add(node);
    const parents = node.narrowDependencies.map((dependency) => dependency.parent);
    stack.push({ node, parents, next: 0 });
  };
  enter(final);
  for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
    const parent = top.parents[top.next];
    if (parent === undefined) {
      order.push(top.node);
      stack.pop();
    } else {
      top.next += 1;
      enter(parent);
    }
  }
  return order;
}

interface OpenSplit {
  readonly node: RddNode;
  readonly partition: number;
  readonly reads: readonly { input: number; partition: number }[];
  readonly parents: { input: number; split: Split }[];
}

/**
 * The compact tree of what a partition reads. Parents that several branches share are one object,
 * so that a lattice of unions stays as small as its nodes.
 */
function splitOf(view: StageView, node: RddNode, partition: number): Split {
  const done = new Map<RddNode, Map<number, Split>>();
  const lookUp = (at: RddNode, index: number): Split | undefined => done.get(at)?.get(index);
  const stack: OpenSplit[] = [];
  const open = (at: RddNode, index: number): void => {
    const { facts, narrow } = view.of(at);
    const reads = readsOf(facts, narrow, index);
    stack.push({ node: at, partition: index, reads, parents: [] });
  };
  const root = view.of(node).readsNode;
  open(root, partition);
  for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
    const read = top.reads[top.parents.length];
    if (read !== undefined) {
      const { parent } = view.of(top.node).narrow[read.input]!;
      const { readsNode } = view.of(parent);
      const split = lookUp(readsNode, read.partition);
      if (split === undefined) open(readsNode, read.partition);
      else top.parents.push({ input: read.input, split });
      continue;
    }
    stack.pop();
    let splits = done.get(top.node);
    if (splits === undefined) done.set(top.node, (splits = new Map<number, Split>()));
    splits.set(top.partition, closeSplit(view, top));
  }
  return lookUp(root, partition)!;
}

function closeSplit(view: StageView, { node, partition, parents }: OpenSplit): Split {
  const { facts, narrow } = view.of(node);
  const source = facts.source?.(partition);
  return {
    index: partition,
    ...(source === undefined ? {} : { source }),
    ...(narrow.length > 0 ? { parents } : {}),
  };
}
