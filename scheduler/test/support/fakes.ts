import type {
  JobRequest,
  JobSink,
  LineageNode,
  ShuffleLineage,
  Split,
  StageBinary,
  StageCompiler,
  StagePlan,
  StoredResult,
  TaskDescription,
  TaskFailure,
  TaskMetrics,
  TaskUpdate,
} from 'heddle/internal';
import type {
  BackendEvents,
  ExecutorLoss,
  ExecutorWish,
  SchedulerBackend,
} from '../../src/index.js';
import { site } from './lineage.js';

export const NO_METRICS: TaskMetrics = {
  deserializeMs: 0,
  runMs: 1,
  cpuMs: 1,
  resultSizeBytes: 0,
  inputBytes: 0,
  inputRecords: 0,
  outputBytes: 0,
  outputRecords: 0,
  shuffleReadLocalBytes: 0,
  shuffleReadRemoteBytes: 0,
  shuffleReadRecords: 0,
  shuffleWriteBytes: 0,
  shuffleWriteRecords: 0,
  spilledBytes: 0,
  spills: 0,
  peakHeapBytes: 0,
};

/** Plans with nothing in them but their kind. */
export class FakeCompiler implements StageCompiler {
  /** Bytes that each plan's one closure captured. */
  captureBytes = 0;
  splitError: Error | undefined;
  planError: Error | undefined;

  resultPlan(_node: LineageNode, sink: JobSink): StagePlan {
    return this.#plan(sink.build(() => 0));
  }

  shuffleMapPlan(_parent: LineageNode, shuffle: ShuffleLineage): StagePlan {
    return this.#plan({
      kind: 'shuffleWrite',
      write: {
        shuffleId: shuffle.shuffleId,
        partitioner: { kind: 'hash', numPartitions: shuffle.numReducePartitions },
        mapSideCombine: false,
        keyed: true,
      },
    });
  }

  split(_node: LineageNode, partition: number): Split {
    if (this.splitError !== undefined) throw this.splitError;
    return { index: partition };
  }

  #plan(sink: StagePlan['sink']): StagePlan {
    if (this.planError !== undefined) throw this.planError;
    const closure = {
      snapshot: new Uint8Array(this.captureBytes),
      rootCount: 0,
      callSite: site('filter', 7),
      broadcastIds: [],
      accumulatorIds: [],
    };
    return { nodes: [], closures: [closure], sink };
  }
}

/** What runs on an executor of a `FakeBackend`. */
export interface LaunchedTask {
  readonly executorId: string;
  readonly task: TaskDescription;
  readonly stage: StageBinary;
}

/** Executors that do nothing by themselves: a test, or `autoReply`, says how tasks end. */
export class FakeBackend implements SchedulerBackend {
  readonly running = new Map<number, LaunchedTask>();
  readonly stages = new Map<string, StageBinary>();
  readonly calls: string[] = [];
  readonly launched: LaunchedTask[] = [];
  events: BackendEvents | undefined;
  /** Ends tasks on the next turn of the event loop. */
  autoReply: ((launched: LaunchedTask) => TaskUpdate | undefined) | undefined;
  /** Results that stay on their executors; without one they are lost. */
  readonly kept = new Map<string, Promise<Uint8Array>>();
  #mapIds = 0;

  start(events: BackendEvents): Promise<void> {
    this.events = events;
    return Promise.resolve();
  }

  addExecutor(executorId: string, slots = 1, host = `host-${executorId}`): void {
    this.events?.executorAdded({ executorId, host, slots });
  }

  removeExecutor(
    executorId: string,
    countsAsFailure = true,
    loss: Partial<ExecutorLoss> = {},
  ): void {
    for (const [id, launched] of this.running) {
      if (launched.executorId === executorId) this.running.delete(id);
    }
    this.events?.executorRemoved({
      executorId,
      reason: 'it went away',
      countsAsFailure,
      hostLost: false,
      mapOutputs: 'lost',
      ...loss,
    });
  }

  registerStage(stage: StageBinary): void {
    this.stages.set(`${stage.stageId}.${stage.stageAttempt}`, stage);
  }

  unregisterStage(stageId: number, stageAttempt: number): void {
    this.stages.delete(`${stageId}.${stageAttempt}`);
  }

  launch(executorId: string, task: TaskDescription): void {
    const stage = this.stages.get(`${task.stageId}.${task.stageAttempt}`);
    if (stage === undefined) throw new Error('the stage was not registered');
    const { followers = [], ...first } = task;
    for (const each of [first, ...followers]) {
      const launched = { executorId, task: each, stage };
      this.running.set(each.taskAttemptId, launched);
      this.launched.push(launched);
      if (this.autoReply === undefined) continue;
      setImmediate(() => {
        if (!this.running.has(each.taskAttemptId)) return;
        const update = this.autoReply?.(launched);
        if (update !== undefined) this.reply(update);
      });
    }
  }

  kill(executorId: string, taskAttemptId: number, reason: string): void {
    this.calls.push(`kill ${taskAttemptId}: ${reason}`);
    setImmediate(() => {
      if (!this.running.has(taskAttemptId)) return;
      this.reply(failedUpdate(taskAttemptId, executorId, { kind: 'killed', reason }));
    });
  }

  recall(executorId: string, taskAttemptId: number): void {
    this.calls.push(`recall ${taskAttemptId} on ${executorId}`);
  }

  reply(update: TaskUpdate): void {
    this.running.delete(update.taskAttemptId);
    this.events?.taskUpdate(update);
  }

  /** The update of a task that did its work. */
  success({ executorId, task, stage }: LaunchedTask, bytes = new Uint8Array(0)): TaskUpdate {
    const { sink } = stage.plan;
    return {
      kind: 'succeeded',
      taskAttemptId: task.taskAttemptId,
      executorId,
      result:
        sink.kind === 'shuffleWrite'
          ? {
              kind: 'mapOutput',
              status: {
                mapId: `map-${this.#mapIds++}`,
                shuffleId: sink.write.shuffleId,
                mapPartition: task.partition,
                generation: task.generation,
                localDirectory: '/tmp',
                partSizesBytes: new Float64Array(sink.write.partitioner.numPartitions).fill(1),
                records: 1,
              },
            }
          : { kind: 'value', bytes },
      metrics: NO_METRICS,
      accumulators: [],
      blocks: [],
    };
  }

  /** The update of a task whose result waits to be fetched. */
  successKept(
    launched: LaunchedTask,
    bytes: Uint8Array | Promise<Uint8Array>,
    sizeBytes: number,
  ): TaskUpdate {
    const resultId = `r${launched.task.taskAttemptId}`;
    this.kept.set(resultId, Promise.resolve(bytes));
    const update = this.success(launched) as Extract<TaskUpdate, { kind: 'succeeded' }>;
    return { ...update, result: { kind: 'stored', resultId, sizeBytes } };
  }

  async fetchResult(_executorId: string, { resultId }: StoredResult): Promise<Uint8Array> {
    this.calls.push(`fetchResult ${resultId}`);
    const bytes = await this.kept.get(resultId);
    this.kept.delete(resultId);
    if (bytes === undefined) throw new Error('it is gone');
    return bytes;
  }

  dropResult(_executorId: string, { resultId }: StoredResult): void {
    this.calls.push(`dropResult ${resultId}`);
    this.kept.delete(resultId);
  }

  removeRdd(rddId: number): Promise<void> {
    this.calls.push(`removeRdd ${rddId}`);
    return Promise.resolve();
  }

  removeShuffle(shuffleId: number): Promise<void> {
    this.calls.push(`removeShuffle ${shuffleId}`);
    return Promise.resolve();
  }

  addBroadcast(broadcastId: number): void {
    this.calls.push(`addBroadcast ${broadcastId}`);
  }

  removeBroadcast(broadcastId: number): Promise<void> {
    this.calls.push(`removeBroadcast ${broadcastId}`);
    return Promise.resolve();
  }

  wish({ target, hosts }: ExecutorWish): void {
    const near = hosts.map(({ host, weight }) => ` ${host}:${weight}`).join('');
    this.calls.push(`wish ${target}${near}`);
  }

  drain(executorId: string): void {
    this.calls.push(`drain ${executorId}`);
  }

  setLogLevel(level: string): void {
    this.calls.push(`setLogLevel ${level}`);
  }

  stop(): Promise<void> {
    this.calls.push('stop');
    return Promise.resolve();
  }
}

export function failedUpdate(
  taskAttemptId: number,
  executorId: string,
  failure: TaskFailure,
): TaskUpdate {
  return { kind: 'failed', taskAttemptId, executorId, failure, metrics: NO_METRICS };
}

/** A job over all partitions, whose results are kept by position. */
export function jobRequest(
  finalNode: LineageNode,
  overrides: Partial<JobRequest> = {},
): JobRequest & { readonly results: (Uint8Array | undefined)[] } {
  const results: (Uint8Array | undefined)[] = [];
  return {
    finalNode,
    sink: { build: () => ({ kind: 'count' }) },
    partitions: Array.from({ length: finalNode.partitionCount }, (_, index) => index),
    callSite: site('collect', 99),
    description: undefined,
    jobGroup: undefined,
    tags: [],
    properties: {},
    signal: undefined,
    onResult: (position, bytes) => {
      results[position] = bytes;
    },
    ...overrides,
    results,
  };
}
