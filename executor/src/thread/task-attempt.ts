import { assertNever, callSiteShort } from '@heddle/common';
import { setCurrentTaskContext, TaskContext } from 'heddle/internal';
import type {
  AccumulatorUpdate,
  RootRef,
  Sink,
  StorageLevelSpec,
  TaskResult,
} from 'heddle/internal';
import { openFileSource } from '../input/open-file-source.js';
import type { SharedInput } from '../input/shared-input.js';
import type { SharedOutput } from '../output/shared-output.js';
import { AsyncResults } from '../pipeline/async-results.js';
import { FailureLabel } from '../pipeline/failure-label.js';
import type { PipelineServices } from '../pipeline/pipeline-services.js';
import type { PipelineTask } from '../pipeline/stage-pipelines.js';
import { openSink } from '../sinks/open-sink.js';
import type { PullSink, SinkServices, SinkTask, TaskSink } from '../sinks/task-sink.js';
import { openShuffleOperator } from '../shuffle/open-shuffle-operator.js';
import { keyedPartSeal } from '../shuffle/keyed-part-seal.js';
import type { FetchRings } from '../shuffle/remote/fetched-parts.js';
import { NetworkPartSource } from '../shuffle/remote/network-part-source.js';
import type { PartsAhead } from '../shuffle/remote/parts-ahead.js';
import type { AvailableBlock } from '../storage/block-messages.js';
import { openBlock } from '../storage/block-reader.js';
import { BlockWriter } from '../storage/block-writer.js';
import { openCheckpoint } from '../storage/checkpoint/checkpoint-source.js';
import type { BatchSource, TaskEnvironment } from '../task-environment.js';
import { CachingSource } from './caching-source.js';
import type { ControlWords } from './control-words.js';
import { CommitDeniedError, TaskKilledError } from './errors.js';
import type { HeapGuard } from './heap-guard.js';
import { expectReply, type HostCalls } from './host-calls.js';
import type { HostMessage, ThreadMessage, ThreadSettings } from './messages.js';
import { AttemptRoots, type StageCode } from './stage-code.js';
import { asError } from './task-failure.js';
import { newRecorder } from './task-metrics.js';

/** Longest wait before a killed attempt notices that nobody will answer it. */
const commitSliceMs = 50;

/** What an attempt uses of its thread. */
export interface AttemptServices {
  readonly settings: ThreadSettings;
  readonly control: ControlWords;
  readonly heap: HeapGuard;
  readonly input: SharedInput;
  readonly output: SharedOutput;
  readonly fetches: FetchRings;
  readonly ahead: PartsAhead;
  readonly calls: HostCalls;
  readonly post: (message: HostMessage) => void;
}

/** One attempt at one task: builds what it needs, runs the records through, and cleans up. */
export class TaskAttempt {
  readonly context: TaskContext;
  readonly failure = new FailureLabel();
  readonly metrics = newRecorder();
  readonly #message: Extract<ThreadMessage, { kind: 'task' }>;
  readonly #code: StageCode;
  readonly #services: AttemptServices;
  readonly #roots: AttemptRoots;
  readonly #ends: (() => void)[] = [];
  readonly #env: TaskEnvironment;
  /** Blocks that other executors gave this attempt. */
  readonly #remoteBlocks: AvailableBlock[] = [];
  #committed = false;

  constructor(
    message: Extract<ThreadMessage, { kind: 'task' }>,
    code: StageCode,
    services: AttemptServices,
  ) {
    this.#message = message;
    this.#code = code;
    this.#services = services;
    this.#roots = new AttemptRoots(code);
    const { task } = message;
    const { settings } = services;
    this.#env = {
      stage: code.stage,
      task,
      executorId: settings.executorId,
      applicationId: settings.applicationId,
      ...(settings.applicationAttemptId === undefined
        ? {}
        : { applicationAttemptId: settings.applicationAttemptId }),
      shuffleCompression: settings.shuffleCompression,
      ...this.#shuffleEnvironment(),
      hostOutput: services.output,
      localDirectories: settings.localDirectories,
      ...(settings.scratchDirectories === undefined
        ? {}
        : { scratchDirectories: settings.scratchDirectories }),
      code: code.program.code,
      metrics: this.metrics,
      memoryBudgetBytes: settings.memoryBudgetBytes,
      root: (ref) => this.#roots.root(ref),
      freshRoot: (ref) => this.#roots.freshRoot(ref),
      checkInterrupted: () => this.#checkInterrupted(),
      onEnd: (action) => this.#ends.push(action),
    };
    this.context = new TaskContext({
      stageId: task.stageId,
      stageAttemptNumber: task.stageAttempt,
      partitionId: task.partition,
      attemptNumber: task.attemptNumber,
      taskAttemptId: task.taskAttemptId,
      executorId: settings.executorId,
      properties: code.stage.properties,
      isInterrupted: () => services.control.isKilled(message.run),
    });
  }

  /** Whether the driver let this attempt commit: from then on it has succeeded. */
  get committed(): boolean {
    return this.#committed;
  }

  /** What the attempt added to accumulators. */
  accumulatorUpdates(): AccumulatorUpdate[] {
    return this.#code.accumulators.updates(this.#env.code);
  }

  /** Whether the task waits for promises: then it runs by `runAsync`. */
  get isAsync(): boolean {
    return this.#code.pipelines.hasAsync;
  }

  /**
   * Runs the task to its result. User code sees the `TaskContext` until the caller ends that; the
   * listeners of the task's end have run when this returns or throws.
   */
  run(onDecoded: () => void): TaskResult {
    setCurrentTaskContext(this.context);
    let result: TaskResult;
    try {
      result = this.#execute(onDecoded);
    } catch (error) {
      this.#fail(error);
      throw error;
    }
    this.#end();
    TaskContext.finish(this.context, undefined);
    return result;
  }

  /** The same for a stage with asynchronous maps; nothing else may run in the thread meanwhile. */
  async runAsync(onDecoded: () => void): Promise<TaskResult> {
    setCurrentTaskContext(this.context);
    let result: TaskResult;
    try {
      result = await this.#executeAsync(onDecoded);
    } catch (error) {
      this.#fail(error);
      throw error;
    }
    this.#end();
    TaskContext.finish(this.context, undefined);
    return result;
  }

  #fail(error: unknown): void {
    this.#end();
    try {
      TaskContext.finish(this.context, asError(error));
    } catch {
      // The task's own error is the one to report.
    }
  }

  #execute(onDecoded: () => void): TaskResult {
    const { task, sink, label } = this.#open();
    onDecoded();
    if (sink.kind === 'pull') return this.#pull(task, sink, label);
    try {
      this.#code.pipelines.push(task, sink.loop);
      return sink.finish();
    } catch (error) {
      sink.abort();
      throw error;
    }
  }

  async #executeAsync(onDecoded: () => void): Promise<TaskResult> {
    const { pipelines } = this.#code;
    const opened = this.#open();
    const { sink, label } = opened;
    const asyncResults = new AsyncResults(
      this.#env,
      (rddId, partition) => this.#available(rddId, partition) !== undefined,
    );
    const task = { ...opened.task, asyncResults };
    onDecoded();
    if (sink.kind === 'pull') {
      await pipelines.prepare(task, false);
      return this.#pull(task, sink, label);
    }
    try {
      await pipelines.pushAsync(task, sink.loop);
      return sink.finish();
    } catch (error) {
      sink.abort();
      throw error;
    }
  }

  #open(): { readonly task: PipelineTask; readonly sink: TaskSink; readonly label: string } {
    const env = this.#env;
    const { plan } = this.#code.stage;
    this.#code.accumulators.begin(this.#roots);
    const label = sinkLabel(plan.sink, plan);
    const sinkTask: SinkTask = { env, services: this.#sinkServices(), label };
    const task = { env, services: this.#pipelineServices(), failure: this.failure };
    return { task, sink: openSink(sinkTask, plan.sink), label };
  }

  #pull(task: PipelineTask, sink: PullSink, label: string): TaskResult {
    const records = this.#code.pipelines.pull(task);
    try {
      return sink.run(records);
    } catch (error) {
      this.failure.note(error, label);
      throw error;
    } finally {
      records.close();
    }
  }

  /** How parts are sealed and found, where there are other executors. */
  #shuffleEnvironment(): Pick<TaskEnvironment, 'partSeal' | 'partSource'> {
    const { settings, fetches, ahead } = this.#services;
    const { shuffle, executorId, host, localDirectories } = settings;
    if (shuffle === undefined) return {};
    return {
      partSeal: keyedPartSeal(shuffle.partSealKey),
      partSource: new NetworkPartSource({
        rings: fetches,
        ahead,
        partition: this.#message.task.partition,
        executorId,
        host,
        localDirectories,
        readHostLocalDisk: shuffle.readHostLocalDisk,
        checkInterrupted: () => this.#checkInterrupted(),
      }),
    };
  }

  #pipelineServices(): PipelineServices {
    const env = this.#env;
    return {
      openFiles: (operator, pieces) => openFileSource(operator, pieces, env, this.#services.input),
      openCheckpoint: (split) => openCheckpoint(split, env, this.#services.input),
      openShuffle: (operator, inputs, reducePartition) =>
        openShuffleOperator(operator, inputs, reducePartition, env),
      openCached: (rddId, partition, level, compute) =>
        this.#openCached(rddId, partition, level, compute),
    };
  }

  #openCached(
    rddId: number,
    partition: number,
    level: StorageLevelSpec,
    compute: () => BatchSource,
  ): BatchSource {
    const { post, settings } = this.#services;
    const available = this.#available(rddId, partition);
    if (available !== undefined) {
      const source = openBlock(available, this.#env.code, post);
      if (source !== undefined) return source;
    }
    const room = this.#message.blockRoom.find(([id]) => id === rddId)?.[1] ?? 0;
    const writer = new BlockWriter({
      block: { rddId, partition },
      level,
      code: this.#env.code,
      memoryLimitBytes: room,
      localDirectories: settings.scratchDirectories ?? settings.localDirectories,
      taskAttemptId: this.#message.task.taskAttemptId,
      compression: settings.shuffleCompression,
    });
    this.#env.onEnd(() => writer.abort());
    return new CachingSource(compute(), writer, post, () => this.failure.hasFailed);
  }

  /** A block that this executor has, or was given by another one. */
  #available(rddId: number, partition: number): AvailableBlock | undefined {
    const matches = (block: AvailableBlock): boolean =>
      block.rddId === rddId && block.partition === partition;
    const found = this.#message.blocks.find(matches) ?? this.#remoteBlocks.find(matches);
    if (found !== undefined) return found;
    const remote = this.#remoteBlock(rddId, partition);
    if (remote !== undefined) this.#remoteBlocks.push(remote);
    return remote;
  }

  /** A block that this executor has not, when the driver knows of another one that has it. */
  #remoteBlock(rddId: number, partition: number): AvailableBlock | undefined {
    const { calls, settings } = this.#services;
    const isElsewhere = this.#message.task.blockLocations?.some(
      (block) =>
        block.rddId === rddId &&
        block.partition === partition &&
        block.executorIds.some((executorId) => executorId !== settings.executorId),
    );
    if (isElsewhere !== true) return undefined;
    const request = { kind: 'block', rddId, partition } as const;
    const reply = calls.ask(request, this.#message.run, () => this.#checkInterrupted());
    return expectReply(reply, 'block').block;
  }

  #sinkServices(): SinkServices {
    return {
      maxResultBytes: this.#services.settings.maxResultBytes,
      context: this.context,
      requestCommit: (saveId) => this.#requestCommit(saveId),
    };
  }

  #requestCommit(saveId: number): void {
    const { control, post } = this.#services;
    control.expectCommitAnswer();
    post({ kind: 'mayCommit', run: this.#message.run, saveId });
    for (;;) {
      const answer = control.waitForCommitAnswer(commitSliceMs);
      if (answer === true) {
        this.#committed = true;
        return;
      }
      if (answer === false) throw new CommitDeniedError(this.#message.task.partition);
      this.#checkInterrupted();
    }
  }

  #checkInterrupted(): void {
    if (this.#services.control.isKilled(this.#message.run)) throw new TaskKilledError();
    this.#services.heap.check();
  }

  /** Runs what was registered with `onEnd`; one that throws does not keep the others from running. */
  #end(): void {
    for (let action = this.#ends.pop(); action !== undefined; action = this.#ends.pop()) {
      try {
        action();
      } catch {
        // Cleaning up has no say in the task's outcome.
      }
    }
  }
}

/** How error messages call the end of the pipeline. */
function sinkLabel(sink: Sink, plan: StageCode['stage']['plan']): string {
  const ref = sinkFunction(sink);
  const closure = ref === undefined ? undefined : plan.closures[ref.closure];
  if (closure !== undefined) return callSiteShort(closure.callSite);
  if (sink.kind === 'shuffleWrite') return `the shuffle after ${plan.nodes.at(-1)?.label ?? ''}`;
  return sink.kind;
}

function sinkFunction(sink: Sink): RootRef | undefined {
  switch (sink.kind) {
    case 'reduce':
    case 'foreach':
    case 'foreachPartition':
    case 'run':
      return sink.function;
    case 'aggregate':
      return sink.seqOp;
    case 'takeOrdered':
    case 'sampleKeys':
      return sink.keyFunction;
    case 'reduceLocally':
      return sink.merge;
    case 'shuffleWrite': {
      const { aggregator } = sink.write;
      switch (aggregator?.kind) {
        case 'reduce':
        case 'fold':
          return aggregator.merge;
        case 'aggregate':
          return aggregator.seqOp;
        case 'combine':
          return aggregator.createCombiner;
        default:
          return undefined;
      }
    }
    case 'lookup':
      return sink.key;
    case 'collect':
    case 'count':
    case 'take':
    case 'countBy':
    case 'stats':
    case 'sum':
    case 'saveAsTextFile':
    case 'saveAsSequenceFile':
    case 'checkpoint':
      return undefined;
    default:
      return assertNever(sink, 'sink');
  }
}
