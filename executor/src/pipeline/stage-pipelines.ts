import { assertNever, InternalError } from '@heddle/common';
import { CheckpointBlockLostError } from 'heddle/internal';
import type { Operator, OperatorNode, ParentSplit, Split, StagePlan } from 'heddle/internal';
import type { BatchSource, TaskEnvironment } from '../task-environment.js';
import { makeLoop, type Loop } from './compiled-loop.js';
import type { FailureLabel } from './failure-label.js';
import { iteratorOf, LoopHelpers, refuseAsyncFunction } from './loop-helpers.js';
import { LoopRun, type LoopSink } from './loop-run.js';
import { expands, type SinkForm, type StepForm } from './loop-shape.js';
import { ArrayPieces, BatchPieces, CursorPieces, RangePieces, type PieceSource } from './pieces.js';
import type { PipelineServices } from './pipeline-services.js';
import { RecordIterator } from './record-iterator.js';
import { ConcatenatedSource, emptySource, encodedSource } from './sources.js';
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

  constructor(plan: StagePlan) {
    this.#plan = plan;
  }

  /** Runs the records of the task's partition into a sink, to the end or until it has enough. */
  push(task: PipelineTask, sink: LoopSink): void {
    const chain = this.#chain(task, this.#plan.nodes.length - 1, task.env.task.split, false);
    this.#run(task, chain, sink.form, sink.label).push(sink);
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
        const open = (split.parents ?? []).map(
          (parent) => () => this.#pull(task, inputOf(node, parent.input), parent.split, false),
        );
        return { kind: 'batches', source: new ConcatenatedSource(open), pairs: false };
      }
      case 'mapPartitions':
        return { kind: 'pieces', pieces: this.#partitionFunction(task, node, operator, split) };
      case 'shuffleRead':
      case 'shuffleCombine':
      case 'shuffleSort':
      case 'flatMapGroups':
      case 'combineInPlace':
      case 'flatMapGroupsInPlace':
      case 'cogroup':
      case 'join': {
        const inputs = node.inputs.map((input, position) => () => {
          const parent = split.parents?.find((candidate) => candidate.input === position);
          return this.#pull(task, input, parent?.split ?? split, false);
        });
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

function inputOf(node: OperatorNode, position: number): number {
  const input = node.inputs[position];
  if (input === undefined) throw new InternalError(`${node.label} has no input ${position}`);
  return input;
}

function onlyParent(node: OperatorNode, split: Split): ParentSplit {
  const parent = split.parents?.[0];
  if (parent === undefined) throw new InternalError(`a split of ${node.label} names no parent`);
  return parent;
}

function wrongSplit(node: OperatorNode, expected: string): InternalError {
  return new InternalError(`the split of ${node.label} is not of the kind ${expected}`);
}
