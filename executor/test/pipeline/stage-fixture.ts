import type {
  AggregatorSpec,
  CodeTable,
  Operator,
  OperatorNode,
  RootRef,
  Sink,
  Split,
  StagePlan,
} from 'heddle/internal';
import { decodeBatches, decodeValue, encodeBatches, plainCodeTable } from 'heddle/internal';
import { FailureLabel } from '../../src/pipeline/failure-label.js';
import type { PipelineServices } from '../../src/pipeline/pipeline-services.js';
import { StagePipelines, type PipelineTask } from '../../src/pipeline/stage-pipelines.js';
import { openSink } from '../../src/sinks/open-sink.js';
import type { BatchSource, TaskEnvironment } from '../../src/task-environment.js';
import { newRecorder } from '../../src/thread/task-metrics.js';

/** A plan in the making, whose functions are given directly instead of captured. */
export class PlanBuilder {
  readonly nodes: OperatorNode[] = [];
  readonly roots: unknown[] = [];

  /** A place in the plan for a function or value. */
  ref(value: unknown): RootRef {
    this.roots.push(value);
    return { closure: 0, root: this.roots.length - 1 };
  }

  /** Adds a node over the last one (or over `inputs`), named `<kind> at test.ts:<position>`. */
  add(operator: Operator, extra: Partial<OperatorNode> = {}): this {
    const position = this.nodes.length;
    const inputs = position === 0 ? [] : [position - 1];
    const label = `${operator.kind} at test.ts:${position}`;
    this.nodes.push({ rddId: position, operator, inputs, label, ...extra });
    return this;
  }

  map(f: unknown): this {
    return this.add({ kind: 'map', function: this.ref(f) });
  }

  filter(f: unknown): this {
    return this.add({ kind: 'filter', function: this.ref(f) });
  }

  flatMap(f: unknown): this {
    return this.add({ kind: 'flatMap', function: this.ref(f) });
  }

  mapValues(f: unknown): this {
    return this.add({ kind: 'mapValues', function: this.ref(f) });
  }

  mapPartitions(f: unknown, withIndex = false): this {
    return this.add({ kind: 'mapPartitions', function: this.ref(f), withIndex });
  }

  plan(sink: Sink): StagePlan {
    return { nodes: this.nodes, closures: [], sink };
  }
}

/** What a test may replace. */
export interface FixtureOptions {
  readonly split?: Split;
  readonly services?: Partial<PipelineServices>;
  readonly checkInterrupted?: () => void;
  readonly maxResultBytes?: number;
  readonly code?: CodeTable;
  readonly failure?: FailureLabel;
  readonly pipelines?: StagePipelines;
}

/** A split of a `parallelize` source. */
export function parallelizeSplit(records: readonly unknown[], index = 0): Split {
  const batches = encodeBatches(records, plainCodeTable);
  return { index, source: { kind: 'parallelize', batches, count: records.length } };
}

export function rangeSplit(start: number, count: number, step = 1, index = 0): Split {
  return { index, source: { kind: 'range', start, step, count } };
}

/** A task over a plan whose functions are `builder.roots`. */
export function pipelineTask(
  builder: PlanBuilder,
  sink: Sink,
  options: FixtureOptions = {},
): { task: PipelineTask; pipelines: StagePipelines; plan: StagePlan } {
  const plan = builder.plan(sink);
  const split = options.split ?? parallelizeSplit([]);
  const env: TaskEnvironment = {
    stage: {
      stageId: 1,
      stageAttempt: 0,
      jobId: 1,
      plan,
      shuffleInputs: [],
      properties: {},
    },
    task: {
      taskAttemptId: 1,
      stageId: 1,
      stageAttempt: 0,
      generation: 0,
      partition: split.index,
      attemptNumber: 0,
      split,
    },
    executorId: 'test',
    localDirectories: [],
    code: options.code ?? plainCodeTable,
    metrics: newRecorder(),
    memoryBudgetBytes: 1 << 20,
    root: (ref) => builder.roots[ref.root],
    freshRoot: (ref) => structuredClone(builder.roots[ref.root]),
    checkInterrupted: options.checkInterrupted ?? (() => undefined),
    onEnd: () => undefined,
  };
  const refuse = (): never => {
    throw new Error('the test has no such service');
  };
  const services: PipelineServices = {
    openFiles: refuse,
    openCheckpoint: refuse,
    openShuffle: refuse,
    openCached: refuse,
    ...options.services,
  };
  const task = { env, services, failure: options.failure ?? new FailureLabel() };
  return { task, pipelines: options.pipelines ?? new StagePipelines(plan), plan };
}

/** Runs a plan into a sink and gives the decoded result. */
export function runSink(builder: PlanBuilder, sink: Sink, options: FixtureOptions = {}): unknown {
  const { task, pipelines } = pipelineTask(builder, sink, options);
  const services = {
    maxResultBytes: options.maxResultBytes ?? 0,
    context: 'the context',
    requestCommit: () => undefined,
  };
  const opened = openSink({ env: task.env, services, label: `${sink.kind} at test.ts:99` }, sink);
  let result;
  if (opened.kind === 'push') {
    pipelines.push(task, opened.loop);
    result = opened.finish();
  } else {
    const records = pipelines.pull(task);
    result = opened.run(records);
    records.close();
  }
  if (result.kind !== 'value') throw new Error('the sink gave a map output');
  return sink.kind === 'collect' || sink.kind === 'take' || sink.kind === 'lookup'
    ? [...decodeBatches(result.bytes, task.env.code)].flat()
    : decodeValue(result.bytes, task.env.code);
}

/** The records of a plan, through the pull form. */
export function pullAll(builder: PlanBuilder, options: FixtureOptions = {}): unknown[] {
  const { task, pipelines } = pipelineTask(builder, { kind: 'count' }, options);
  return drain(pipelines.pull(task));
}

export function drain(source: BatchSource): unknown[] {
  const records: unknown[] = [];
  for (let batch = source.next(); batch !== undefined; batch = source.next()) {
    if (batch.length === 0) throw new Error('a source gave an empty batch');
    records.push(...batch);
  }
  source.close();
  return records;
}

export type { AggregatorSpec };
