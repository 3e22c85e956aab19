import { InternalError } from '@heddle/common';
import type { MapOutputStatus, StageBinary, TaskDescription, TaskUpdate } from 'heddle/internal';
import { removeMapOutput } from '../shuffle/map-output-files.js';
import { BlockStore } from '../storage/block-store.js';
import { noMetrics } from '../thread/task-metrics.js';
import type { ExecutorOptions } from './executor-options.js';
import { MemoryWatch } from './memory-watch.js';
import { TaskSlot, type SlotServices } from './task-slot.js';
import { TaskWorker } from './task-worker.js';
import { workerOptions } from './worker-options.js';

/** What an executor tells its owner; called on the event loop, must not throw. */
export interface ExecutorEvents {
  taskUpdate(update: TaskUpdate): void;
  mayCommit(task: TaskDescription, saveId: number): boolean;
}

/**
 * An executor: task threads, cached blocks and map outputs, whoever gives it tasks. All of its own
 * work is on the event loop of the thread that made it; user code runs only in its task threads.
 */
export class Executor {
  readonly executorId: string;
  readonly host: string;
  readonly slots: number;
  readonly #options: ExecutorOptions;
  readonly #events: ExecutorEvents;
  readonly #blocks: BlockStore;
  readonly #threads: TaskSlot[] = [];
  readonly #idle: TaskSlot[] = [];
  /** Tasks for which no thread is free: a slot was given away before its thread was replaced. */
  readonly #waiting: TaskDescription[] = [];
  readonly #stages = new Map<string, StageBinary>();
  readonly #broadcasts = new Map<number, SharedArrayBuffer>();
  readonly #mapOutputs = new Map<number, MapOutputStatus[]>();
  readonly #firstReady: Promise<undefined>;
  #memoryWatch: MemoryWatch | undefined;
  #stopped: Promise<void> | undefined;

  /** Starts the threads at once: they load their code while the owner does other things. */
  constructor(options: ExecutorOptions, events: ExecutorEvents) {
    this.#options = options;
    this.#events = events;
    this.executorId = options.executorId;
    this.host = options.host;
    this.slots = options.slots;
    this.#blocks = new BlockStore({
      memoryLimitBytes: options.memory.storageBytes,
      localDirectories: options.localDirectories,
      logger: options.logger,
      compression: options.shuffleCompression ?? 'zstd',
    });
    const ready = Promise.withResolvers<undefined>();
    this.#firstReady = ready.promise;
    // Whoever never calls `start` shall not have an unhandled rejection.
    ready.promise.catch(() => undefined);
    const services = this.#slotServices(
      () => ready.resolve(undefined),
      (error) => ready.reject(error),
    );
    for (let i = 0; i < options.slots; i++) {
      const slot = new TaskSlot(services);
      this.#threads.push(slot);
      this.#idle.push(slot);
    }
    const { threadHeapMb, threadLimitBytes } = options.memory;
    if (threadLimitBytes > 0) {
      // What a thread itself finds over its limits between two batches has been collected by then;
      // from outside garbage counts too, so that only much more is a reason.
      const limitBytes = Math.max(threadLimitBytes, 2 * threadHeapMb * 2 ** 20);
      this.#memoryWatch = new MemoryWatch(this.#threads, limitBytes);
    }
  }

  /** Resolves when the first thread has loaded its code. @throws ThreadStartError */
  async start(): Promise<void> {
    await this.#firstReady;
  }

  /** Bytes of cached blocks in memory. */
  get cacheBytes(): number {
    return this.#blocks.memoryBytes;
  }

  get runningTasks(): number {
    return this.#threads.filter((slot) => slot.task !== undefined).length;
  }

  /** Makes a stage attempt known; its code goes to a thread with its first task there. */
  registerStage(stage: StageBinary): void {
    this.#stages.set(stageKey(stage.stageId, stage.stageAttempt), stage);
  }

  unregisterStage(stageId: number, stageAttempt: number): void {
    this.#stages.delete(stageKey(stageId, stageAttempt));
    for (const slot of this.#threads) slot.dropStage(stageId, stageAttempt);
  }

  /** Runs a task of a registered stage; more than `slots` at once wait for a thread. */
  launch(task: TaskDescription): void {
    const slot = this.#idle.shift();
    if (slot === undefined) this.#waiting.push(task);
    else this.#launchOn(slot, task);
  }

  /** Ends an attempt wherever it is; its `failed` update of the kind `killed` follows. */
  kill(taskAttemptId: number, reason: string): void {
    const slot = this.#threads.find((thread) => thread.task?.taskAttemptId === taskAttemptId);
    slot?.kill(reason);
    const waiting = this.#waiting.findIndex((task) => task.taskAttemptId === taskAttemptId);
    if (waiting < 0) return;
    this.#waiting.splice(waiting, 1);
    this.#events.taskUpdate({
      kind: 'failed',
      taskAttemptId,
      executorId: this.executorId,
      failure: { kind: 'killed', reason },
      metrics: noMetrics,
    });
  }

  removeRdd(rddId: number): void {
    this.#blocks.removeRdd(rddId);
  }

  /** Deletes the map outputs that this executor wrote for a shuffle. */
  removeShuffle(shuffleId: number): void {
    const outputs = this.#mapOutputs.get(shuffleId) ?? [];
    this.#mapOutputs.delete(shuffleId);
    for (const { localDirectory, mapId } of outputs) removeMapOutput(localDirectory, mapId);
  }

  addBroadcast(id: number, bytes: SharedArrayBuffer): void {
    this.#broadcasts.set(id, bytes);
    for (const slot of this.#threads) slot.addBroadcast(id, bytes);
  }

  removeBroadcast(id: number): void {
    this.#broadcasts.delete(id);
    for (const slot of this.#threads) slot.dropBroadcast(id);
  }

  /** Ends all threads and drops all blocks, within `stopTimeoutMs`; idempotent. Tasks get no update. */
  async stop(): Promise<void> {
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }

  async #stop(): Promise<void> {
    this.#memoryWatch?.stop();
    this.#waiting.length = 0;
    const ended = Promise.all([
      ...this.#threads.map((slot) => slot.stop()),
      this.#blocks.close(),
    ]).then(() => true);
    const timer = Promise.withResolvers<boolean>();
    const timeout = setTimeout(() => timer.resolve(false), this.#options.stopTimeoutMs ?? 5_000);
    if (!(await Promise.race([ended, timer.promise]))) {
      this.#options.logger.warn('task threads did not end in time', {
        executorId: this.executorId,
      });
    }
    clearTimeout(timeout);
  }

  #launchOn(slot: TaskSlot, task: TaskDescription): void {
    const stage = this.#stages.get(stageKey(task.stageId, task.stageAttempt));
    if (stage === undefined) {
      throw new InternalError(
        `task ${task.taskAttemptId} came before its stage ${task.stageId}.${task.stageAttempt}`,
      );
    }
    slot.launch(stage, task);
  }

  #slotServices(ready: () => void, failed: (error: Error) => void): SlotServices {
    const { memory, program } = this.#options;
    const { executorId, applicationId, applicationAttemptId, filesDirectory } = this.#options;
    return {
      executorId,
      startWorker: () => {
        const worker = workerOptions(this.#options);
        return this.#options.prestarted?.take(worker) ?? new TaskWorker(worker);
      },
      settings: {
        executorId,
        applicationId,
        ...(applicationAttemptId === undefined ? {} : { applicationAttemptId }),
        taskFile: program.taskFile,
        ...(program.hash === undefined ? {} : { expectedHash: program.hash }),
        localDirectories: this.#options.localDirectories,
        memoryBudgetBytes: memory.taskBudgetBytes,
        heapLimitBytes: memory.threadHeapMb * 2 ** 20,
        totalLimitBytes: memory.threadLimitBytes,
        maxResultBytes: this.#options.maxResultBytes,
        shuffleCompression: this.#options.shuffleCompression ?? 'zstd',
        ...(filesDirectory === undefined ? {} : { filesDirectory }),
        logDescriptor: this.#options.logDescriptor ?? 2,
        logLineStart: this.#options.logLineStart ?? '',
      },
      killGraceMs: this.#options.killGraceMs ?? 200,
      logger: this.#options.logger,
      fileSystems: this.#options.fileSystems,
      blocks: this.#blocks,
      broadcasts: () => this.#broadcasts,
      mayCommit: (task, saveId) => this.#events.mayCommit(task, saveId),
      update: (update) => this.#update(update),
      idle: (slot) => this.#slotIdle(slot),
      ready,
      failed,
    };
  }

  #update(update: TaskUpdate): void {
    if (update.kind === 'succeeded' && update.result.kind === 'mapOutput') {
      const { status } = update.result;
      const outputs = this.#mapOutputs.get(status.shuffleId);
      if (outputs === undefined) this.#mapOutputs.set(status.shuffleId, [status]);
      else outputs.push(status);
    }
    this.#events.taskUpdate(update);
  }

  #slotIdle(slot: TaskSlot): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#idle.push(slot);
    else this.#launchOn(slot, next);
  }
}

function stageKey(stageId: number, stageAttempt: number): string {
  return `${stageId}.${stageAttempt}`;
}
