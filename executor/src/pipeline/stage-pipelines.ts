import { assertNever, InternalError } from '@heddle/common';
import { CheckpointBlockLostError } from 'heddle/internal';
import type { Operator, OperatorNode, ParentSplit, Split, StagePlan } from 'heddle/internal';
import { LazySource } from '../shuffle/lazy-source.js';
import type { BatchSource, TaskEnvironment } from '../task-environment.js';
import { AsyncMap } from './async-map.js';
import type { AsyncResults } from './async-results.js';
import { CartesianSource } from './cartesian-source.js';
import { makeLoop, type Loop } from './compiled-loop.js';
import type { FailureLabel } from './failure-label.js';
import { iteratorOf, LoopHelpers, refuseAsyncFunction } from './loop-helpers.js';
import { LoopRun, type LoopSink } from './loop-run.js';
import { expands, type SinkForm, type StepForm } from './loop-shape.js';
import { ArrayPieces, BatchPieces, CursorPieces, RangePieces, type PieceSource } from './pieces.js';
import type { PipelineServices } from './pipeline-services.js';
import { RecordIterator } from './record-iterator.js';
import { SideBySide } from './side-by-side.js';
import { ConcatenatedSource, emptySource, encodedSource } from './sources.js';
import { inputOf, inputsOf } from './split-inputs.js';
import { isStep, stepForm, stepFunction, stepParameter } from './steps.js';

/**
 * Steps of one generated loop; behind them another begins. The text of a loop is nested as deep as it
 * has steps, and neither its writer nor V8's parser has stack for 10,000.
 */
const maxStepsOfLoop = 256;

/** What a partition function is called with. */
type PartitionFunction = (...args: readonly unknown[]) => unknown;

/** What one task attempt gives to the pipelines of its stage. */
export interface PipelineTask {
  readonly env: TaskEnvironment;
  readonly services: PipelineServices;
  readonly failure: FailureLabel;
  /** What asynchronous maps gave before the synchronous part of the task; only where there are some. */
  readonly asyncResults?: AsyncResults;
}

/** Steps between a border and whoever takes the records, in order of execution. */
interface Chain {
  readonly steps: readonly StepForm[];
  /** Parameter of each step in this attempt: a function, a sampler, an index. */
  readonly parameters: readonly unknown[];
  readonly labels: readonly string[];
  readonly sourceLabel: string;
  /** Nodes of the chain; with the forms of source and sink it names the generated loop. */
  readonly path: string;
  readonly border: Border;
}

/** Where a chain begins: batches of another part of the task, or pieces that only a loop can read. */
type Border =
  | { readonly kind: 'batches'; readonly source: BatchSource; readonly pairs: boolean }
  | { readonly kind: 'pieces'; readonly pieces: PieceSource };

/**
 * The pipelines of one stage in one thread. A stage's nodes are cut at its borders (sources, partition
 * functions, shuffle operators, persisted nodes, coalesce); what lies between two borders is one
 * generated loop. Loops are made at first use and kept for all later tasks of the stage.
 */
export class StagePipelines {
  readonly #plan: StagePlan;
  readonly #loops = new Map<string, Loop>();
  /** Whether the stage has steps that wait for promises: then its tasks run by `pushAsync` or after `prepare`. */
  readonly hasAsync: boolean;

  constructor(plan: StagePlan) {
    this.#plan = plan;
    this.hasAsync = plan.nodes.some(({ operator }) => operator.kind === 'mapAsync');
  }

  /** Runs the records of the task's partition into a sink, to the end or until it has enough. */
  push(task: PipelineTask, sink: LoopSink): void {
    const chain = this.#chain(task, this.#plan.nodes.length - 1, task.env.task.split, false);
    this.#run(task, chain, sink.form, sink.label).push(sink);
  }

  /**
   * As `push`, for stages with asynchronous maps. The last one is read as it gives results, when only
   * fused steps stand between it and the sink; what others give is kept first.
   */
  async pushAsync(task: PipelineTask, sink: LoopSink): Promise<void> {
    await this.prepare(task, true);
    const chain = this.#chain(task, this.#plan.nodes.length - 1, task.env.task.split, false);
    const source = chain.border.kind === 'batches' ? chain.border.source : undefined;
    const run = this.#run(task, chain, sink.form, sink.label);
    if (!(source instanceof AsyncMap)) {
      run.push(sink);
      return;
    }
    await run.pushAsync(sink, () => this.#fill(task, source, chain.sourceLabel));
  }

  /**
   * Runs the asynchronous maps of the task's partition and keeps their results, so that all else can
   * be synchronous.
   *
   * @param streamsLast leaves out the one that `pushAsync` reads as it goes
   */
  async prepare(task: PipelineTask, streamsLast: boolean): Promise<void> {
    await this.#prepare(task, this.#plan.nodes.length - 1, task.env.task.split, streamsLast);
  }

  async #prepare(
    task: PipelineTask,
    node: number,
    split: Split,
    mayStream: boolean,
  ): Promise<void> {
    let index = node;
    let read = split;
    let streams = mayStream;
    // A loop that must be cut cannot wait for the one below it.
    for (let steps = 0; ;) {
      const at = this.#node(index);
      if (at.storageLevel !== undefined) {
        if (task.asyncResults?.hasBlock(at, read) === true) return;
        // A block is made by pulling.
        streams = false;
      }
      if (isStep(at.operator)) {
        steps += 1;
        index = inputOf(at, 0);
      } else if (at.operator.kind === 'union') {
        const parent = onlyParent(at, read);
        index = inputOf(at, parent.input);
        read = parent.split;
      } else {
        for (const [input, inputSplit] of inputsOf(at, read)) {
          await this.#prepare(task, input, inputSplit, false);
        }
        const isStreamed = streams && steps < maxStepsOfLoop;
        if (at.operator.kind === 'mapAsync' && !isStreamed) {
          await this.#keepAsync(task, index, read);
        }
        return;
      }
    }
  }

  async #keepAsync(task: PipelineTask, index: number, split: Split): Promise<void> {
    const { asyncResults } = task;
    if (asyncResults === undefined || asyncResults.has(index, split)) return;
    const { label } = this.#node(index);
    const source = this.#asyncMap(task, this.#node(index), split);
    const kept = asyncResults.keep(index, split);
    try {
      for (;;) {
        await this.#fill(task, source, label);
        const batch = source.next();
        if (batch === undefined) break;
        kept.add(batch);
      }
      kept.complete();
    } finally {
      source.close();
    }
  }

  async #fill(task: PipelineTask, source: AsyncMap, label: string): Promise<void> {
    try {
      await source.fill();
    } catch (error) {
      task.failure.note(error, label);
      throw error;
    }
  }

  #asyncMap(task: PipelineTask, node: OperatorNode, split: Split): AsyncMap {
    const { operator } = node;
    if (operator.kind !== 'mapAsync') throw new InternalError(`${node.label} is no mapAsync`);
    const userFunction = task.env.root(operator.function) as (record: unknown) => unknown;
    return new AsyncMap(this.#pull(task, inputOf(node, 0), split, false), userFunction, {
      concurrency: operator.concurrency,
      checkInterrupted: () => task.env.checkInterrupted(),
    });
  }

  /** The records of the task's partition as batches, for sinks that pull. */
  pull(task: PipelineTask): BatchSource {
    return this.#pull(task, this.#plan.nodes.length - 1, task.env.task.split, false);
  }

  #pull(task: PipelineTask, node: number, split: Split, computed: boolean): BatchSource {
    const chain = this.#chain(task, node, split, computed);
    if (chain.steps.length === 0 && chain.border.kind === 'batches') return chain.border.source;
    const generate = expands(chain.steps);
    const run = this.#run(task, chain, generate ? 'generate' : 'pull', chain.sourceLabel);
    return generate ? run.generate() : run;
  }

  #run(task: PipelineTask, chain: Chain, sink: SinkForm, sinkLabel: string): LoopRun {
    const pieces =
      chain.border.kind === 'pieces'
        ? chain.border.pieces
        : new BatchPieces(chain.border.source, chain.border.pairs);
    const name = `${chain.path}:${pieces.form}:${sink}`;
    let loop = this.#loops.get(name);
    if (loop === undefined) {
      loop = makeLoop({ source: pieces.form, steps: chain.steps, sink });
      this.#loops.set(name, loop);
    }
    const helpers = new LoopHelpers(chain.sourceLabel, chain.labels, sinkLabel, task.failure);
    return new LoopRun(loop, helpers, pieces, chain.steps, chain.parameters, () =>
      task.env.checkInterrupted(),
    );
  }

  /** `computed`: the last node is persisted, and this is the computing of its block. */
  #chain(task: PipelineTask, last: number, lastSplit: Split, computed: boolean): Chain {
    const steps: StepForm[] = [];
    const parameters: unknown[] = [];
    const labels: string[] = [];
    const path: number[] = [];
    let index = last;
    let split = lastSplit;
    for (;;) {
      const node = this.#node(index);
      path.push(index);
      const { operator } = node;
      if (steps.length >= maxStepsOfLoop) {
        return {
          steps: steps.reverse(),
          parameters: parameters.reverse(),
          labels: labels.reverse(),
          sourceLabel: node.label,
          path: path.join('.'),
          border: { kind: 'batches', source: this.#pull(task, index, split, false), pairs: false },
        };
      }
      const persisted = node.storageLevel !== undefined && !(computed && index === last);
      if (persisted || (!isStep(operator) && operator.kind !== 'union')) {
        const at = index;
        const border = persisted
          ? this.#cached(task, at, node, split)
          : labelled(task, node.label, () => this.#border(task, node, operator, split));
        return {
          steps: steps.reverse(),
          parameters: parameters.reverse(),
          labels: labels.reverse(),
          sourceLabel: node.label,
          path: path.join('.'),
          border,
        };
      }
      if (isStep(operator)) {
        const ref = stepFunction(operator);
        const parameter =
          ref === undefined ? stepParameter(operator, split.index) : task.env.root(ref);
        if (ref !== undefined) {
          labelled(task, node.label, () => refuseAsyncFunction(parameter, node.label));
        }
        steps.push(stepForm(operator));
        parameters.push(parameter);
        labels.push(node.label);
        index = inputOf(node, 0);
      } else {
        const parent = onlyParent(node, split);
        index = inputOf(node, parent.input);
        split = parent.split;
      }
    }
  }

  #cached(task: PipelineTask, index: number, node: OperatorNode, split: Split): Border {
    const source = task.services.openCached(node.rddId, split.index, node.storageLevel!, () =>
      this.#pull(task, index, split, true),
    );
    return { kind: 'batches', source, pairs: false };
  }

  #border(task: PipelineTask, node: OperatorNode, operator: Operator, split: Split): Border {
    const { env, services } = task;
    switch (operator.kind) {
      case 'empty':
        return { kind: 'batches', source: emptySource, pairs: false };
      case 'parallelize': {
        if (split.source?.kind !== 'parallelize') throw wrongSplit(node, 'parallelize');
        const source = encodedSource(split.source.batches, env.code);
        return { kind: 'batches', source, pairs: false };
      }
      case 'range': {
        if (split.source?.kind !== 'range') throw wrongSplit(node, 'range');
        const { start, step, count } = split.source;
        return { kind: 'pieces', pieces: new RangePieces(start, step, count) };
      }
      case 'textFile':
      case 'wholeTextFiles':
      case 'binaryFiles':
      case 'binaryRecords':
      case 'sequenceFile': {
        if (split.source?.kind !== 'file') throw wrongSplit(node, 'file');
        const source = services.openFiles(operator, split.source.pieces);
        const pairs = operator.kind !== 'textFile' && operator.kind !== 'binaryRecords';
        return { kind: 'batches', source, pairs };
      }
      case 'checkpoint': {
        if (split.source?.kind !== 'checkpoint') throw wrongSplit(node, 'checkpoint');
        const source = services.openCheckpoint(split.source);
        return { kind: 'batches', source, pairs: false };
      }
      case 'localCheckpoint':
        // Its block was looked for before, here and on other executors.
        throw new CheckpointBlockLostError(node.rddId, split.index);
      case 'coalesce': {
        const open = this.#inputs(task, node, split);
        return { kind: 'batches', source: new ConcatenatedSource(open), pairs: false };
      }
      case 'mapPartitions':
        return { kind: 'pieces', pieces: this.#partitionFunction(task, node, operator, split) };
      case 'zipPartitions':
        return { kind: 'pieces', pieces: this.#zipPartitions(task, node, operator, split) };
      case 'cartesian': {
        const [left, right] = this.#inputs(task, node, split);
        if (left === undefined || right === undefined) {
          throw new InternalError(`${node.label} has not two inputs`);
        }
        const source = new CartesianSource(new LazySource(left), new LazySource(right), env);
        return { kind: 'batches', source, pairs: true };
      }
      case 'mapAsync': {
        const kept = task.asyncResults?.open(this.#plan.nodes.indexOf(node), split);
        return {
          kind: 'batches',
          source: kept ?? this.#asyncMap(task, node, split),
          pairs: false,
        };
      }
      case 'shuffleRead':
      case 'shuffleCombine':
      case 'shuffleSort':
      case 'flatMapGroups':
      case 'combineInPlace':
      case 'flatMapGroupsInPlace':
      case 'cogroup':
      case 'join': {
        const inputs = this.#inputs(task, node, split);
        const source = services.openShuffle(operator, inputs, split.index);
        return { kind: 'batches', source, pairs: yieldsPairs(operator) };
      }
      case 'union':
      case 'map':
      case 'filter':
      case 'flatMap':
      case 'keyBy':
      case 'mapValues':
      case 'flatMapValues':
      case 'keys':
      case 'values':
      case 'pairWithNull':
      case 'sample':
      case 'zipWithIndex':
      case 'glom':
        throw new InternalError(`${operator.kind} is no border between loops`);
      default:
        return assertNever(operator, 'operator');
    }
  }

  /** Each input of a node that reads one partition of each. */
  #inputs(task: PipelineTask, node: OperatorNode, split: Split): (() => BatchSource)[] {
    return inputsOf(node, split).map(
      ([input, inputSplit]) =>
        () =>
          this.#pull(task, input, inputSplit, false),
    );
  }

  #zipPartitions(
    task: PipelineTask,
    node: OperatorNode,
    operator: Extract<Operator, { kind: 'zipPartitions' }>,
    split: Split,
  ): PieceSource {
    const userFunction = task.env.root(operator.function) as PartitionFunction;
    refuseAsyncFunction(userFunction, node.label);
    const sides = new SideBySide(this.#inputs(task, node, split));
    try {
      const returned = operator.withIndex
        ? userFunction(split.index, ...sides.iterators)
        : userFunction(...sides.iterators);
      return Array.isArray(returned)
        ? new ArrayPieces(returned, sides)
        : new CursorPieces(iteratorOf(returned, node.label), sides);
    } catch (error) {
      sides.close();
      throw error;
    }
  }

  #partitionFunction(
    task: PipelineTask,
    node: OperatorNode,
    operator: Extract<Operator, { kind: 'mapPartitions' }>,
    split: Split,
  ): PieceSource {
    const userFunction = task.env.root(operator.function) as PartitionFunction;
    refuseAsyncFunction(userFunction, node.label);
    const input = this.#pull(task, inputOf(node, 0), split, false);
    let returned: unknown;
    try {
      const records = new RecordIterator(input);
      returned = operator.withIndex ? userFunction(split.index, records) : userFunction(records);
      return Array.isArray(returned)
        ? new ArrayPieces(returned, input)
        : new CursorPieces(iteratorOf(returned, node.label), input);
    } catch (error) {
      input.close();
      throw error;
    }
  }

  #node(index: number): OperatorNode {
    const node = this.#plan.nodes[index];
    if (node === undefined) throw new InternalError(`the stage's plan has no node ${index}`);
    return node;
  }
}

/** Runs the opening of an operator; what it throws carries the operator's label. */
function labelled<T>(task: PipelineTask, label: string, open: () => T): T {
  try {
    return open();
  } catch (error) {
    task.failure.note(error, label);
    throw error;
  }
}

function yieldsPairs(operator: Operator): boolean {
  switch (operator.kind) {
    case 'shuffleRead':
      return operator.keyed;
    case 'shuffleCombine':
    case 'combineInPlace':
      return operator.aggregator.kind !== 'distinct';
    case 'shuffleSort':
    case 'cogroup':
    case 'join':
      return true;
    default:
      return false;
  }
}

function onlyParent(node: OperatorNode, split: Split): ParentSplit {
  const parent = split.parents?.[0];
  if (parent === undefined) throw new InternalError(`a split of ${node.label} names no parent`);
  return parent;
}

function wrongSplit(node: OperatorNode, expected: string): InternalError {
  return new InternalError(`the split of ${node.label} is not of the kind ${expected}`);
}
