import { join } from 'node:path';
import { InternalError } from '@heddle/common';
import { plainCodeTable } from 'heddle/internal';
import type { BlockStatus, StageBinary, TaskDescription, TaskUpdate } from 'heddle/internal';
import { FileStore } from '../files/file-store.js';
import { BroadcastStore } from '../broadcast/broadcast-store.js';
import { ExecutorShuffle } from '../shuffle/remote/executor-shuffle.js';
import { blockName } from '../storage/block-memory.js';
import { BlockStore } from '../storage/block-store.js';
import type { PeerAccess } from '../storage/remote/peers.js';
import { RemoteBlocks } from '../storage/remote/remote-blocks.js';
import { ResultStore } from '../results/result-store.js';
import { taskFailure } from '../thread/task-failure.js';
import { noMetrics } from '../thread/task-metrics.js';
import type { ExecutorOptions } from './executor-options.js';
import { MemoryWatch } from './memory-watch.js';
import { withSharedPartSizes } from './shared-part-sizes.js';
import type { SlotServices } from './slot-services.js';
import { TaskSlot } from './task-slot.js';
import { TaskWorker } from './task-worker.js';
import { workerOptions } from './worker-options.js';

/** What an executor tells its owner; called on the event loop, must not throw. */
export interface ExecutorEvents {
  taskUpdate(update: TaskUpdate): void;
  /** A promise where the answer comes from another process: it is bounded, and never rejects. */
  mayCommit(task: TaskDescription, saveId: number): boolean | Promise<boolean>;
  /** Cached blocks came, moved or went outside of a task's update. */
  blocksChanged?(statuses: readonly BlockStatus[]): void;
  /** A broadcast variable is complete here. */
  broadcastHeld?(id: number): void;
}

/** Cached blocks keep at least this share of their memory, however much broadcast variables take. */
const leastBlockShare = 0.25;
/** Results that wait for the driver take no more than this share of that memory; others go to files. */
const mostResultShare = 0.5;
/** Memory of a block that a task reads from another executor; a larger one goes through a file. */
const remoteBlockBytes = 32 * 1024 * 1024;

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
  readonly #broadcasts: BroadcastStore;
  readonly #results: ResultStore;
  #resultBytes = 0;
  /** Blocks that changed in this turn of the loop: told together. */
  readonly #changedBlocks = new Map<string, BlockStatus>();
  #remoteBlocks: RemoteBlocks | undefined;
  readonly #shuffle: ExecutorShuffle;
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
      localDirectories: this.#scratchDirectories,
      logger: options.logger,
      compression: options.shuffleCompression ?? 'zstd',
      onChanged: (sizes) => this.#blockChanged(sizes),
    });
    this.#broadcasts = new BroadcastStore({
      executorId: options.executorId,
      changed: (id, bytes) => this.#broadcastChanged(id, bytes),
    });
    this.#results = new ResultStore({
      directories: this.#scratchDirectories,
      memoryLimitBytes: options.memory.storageBytes * mostResultShare,
      memoryChanged: (usedBytes) => {
        this.#resultBytes = usedBytes;
        this.#shareMemory();
      },
    });
    this.#shuffle = new ExecutorShuffle(options);
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
    const { threadHeapMb, threadLimitBytes, mostHeapMb = Infinity } = options.memory;
    if (threadLimitBytes > 0) {
      // What a thread itself finds over its limits between two batches has been collected by then;
      // from outside garbage counts too, so that only much more is a reason.
      const heapBytes = Math.min(2 * threadHeapMb, mostHeapMb) * 2 ** 20;
      const limitBytes = Math.max(threadLimitBytes, heapBytes);
      this.#memoryWatch = new MemoryWatch(this.#threads, limitBytes);
    }
  }

  /**
   * Connects it to the other executors and the hub: blocks and broadcast variables are served to
   * them, and read from them. Call it once, before the first task; without it the executor is alone.
   */
  connect(access: PeerAccess): void {
    const { executorId, host, memory, logger } = this.#options;
    this.#broadcasts.connect(access);
    this.#broadcasts.install(access.routes);
    this.#results.install(access.routes);
    this.#remoteBlocks = new RemoteBlocks({
      executorId,
      host,
      store: this.#blocks,
      access,
      localDirectories: this.#scratchDirectories,
      compression: this.#options.shuffleCompression ?? 'zstd',
      taskMemoryBytes: Math.min(remoteBlockBytes, memory.taskBudgetBytes),
      logger,
    });
    this.#remoteBlocks.install();
  }

  /** For everything but map outputs. */
  get #scratchDirectories(): readonly string[] {
    return this.#options.scratchDirectories ?? this.#options.localDirectories;
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

  /** Attempts that run or wait for a thread. */
  runningTaskIds(): number[] {
    const waiting = this.#waiting.flatMap((task) => [task, ...(task.followers ?? [])]);
    const tasks = [...this.#threads.flatMap((slot) => slot.tasks), ...waiting];
    return tasks.map((task) => task.taskAttemptId);
  }

  /** Makes a stage attempt known; its code goes to a thread with its first task there. */
  registerStage(stage: StageBinary): void {
    const key = stageKey(stage.stageId, stage.stageAttempt);
    this.#stages.set(key, withSharedPartSizes(stage));
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
    if (this.#threads.some((slot) => slot.kill(taskAttemptId, reason))) return;
    const place = this.#waiting.findIndex((task) => hasAttempt(task, taskAttemptId));
    const waiting = this.#waiting[place];
    if (waiting === undefined) return;
    const rest = withoutAttempt(waiting, taskAttemptId);
    this.#waiting.splice(place, 1, ...(rest === undefined ? [] : [rest]));
    this.#events.taskUpdate({
      kind: 'failed',
      taskAttemptId,
      executorId: this.executorId,
      failure: { kind: 'killed', reason, notBegun: true },
      metrics: noMetrics,
    });
  }

  /** Gives back what waits behind a running task: see `SchedulerBackend.recall`. */
  recall(taskAttemptId: number): void {
    for (const slot of this.#threads) slot.recall(taskAttemptId);
    const launch = this.#waiting.find((task) => hasAttempt(task, taskAttemptId));
    for (const each of launch?.followers ?? []) {
      this.kill(each.taskAttemptId, 'given back before its turn');
    }
  }

  removeRdd(rddId: number): void {
    this.#blocks.removeRdd(rddId);
  }

  /**
   * Deletes the map outputs that this executor wrote for a shuffle, and those of its host whose
   * executors are gone. Never rejects.
   */
  async removeShuffle(shuffleId: number): Promise<void> {
    await this.#shuffle.removeShuffle(shuffleId);
  }

  /** Gives it a broadcast variable of this very process. */
  addBroadcast(id: number, bytes: SharedArrayBuffer): void {
    this.#broadcasts.add(id, bytes);
  }

  /** Drops its copy; fetched again from the hub when a task needs it, if the hub has it. */
  removeBroadcast(id: number): void {
    this.#broadcasts.remove(id);
    // Also when the host has none: a thread may have got it before.
    for (const slot of this.#threads) slot.dropBroadcast(id);
  }

  /** Forgets a result that was kept for the driver. */
  dropResult(resultId: string): void {
    this.#results.drop(resultId);
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
    const { executorId, applicationId, applicationAttemptId } = this.#options;
    const filesDirectory =
      this.#options.filesDirectory ?? join(this.#scratchDirectories[0]!, 'files');
    return {
      executorId,
      newFetchFeeder: () => this.#shuffle.newFeeder(),
      startWorker: () => {
        const worker = workerOptions(this.#options);
        return this.#options.prestarted?.take(worker) ?? new TaskWorker(worker);
      },
      settings: {
        executorId,
        host: this.host,
        ...(this.#shuffle.threadSettings === undefined
          ? {}
          : { shuffle: this.#shuffle.threadSettings }),
        applicationId,
        ...(applicationAttemptId === undefined ? {} : { applicationAttemptId }),
        taskFile: program.taskFile,
        ...(program.hash === undefined ? {} : { expectedHash: program.hash }),
        localDirectories: this.#options.localDirectories,
        ...(this.#options.scratchDirectories === undefined
          ? {}
          : { scratchDirectories: this.#options.scratchDirectories }),
        memoryBudgetBytes: memory.taskBudgetBytes,
        heapLimitBytes: memory.threadHeapMb * 2 ** 20,
        totalLimitBytes: memory.threadLimitBytes,
        maxResultBytes: this.#options.maxResultBytes,
        shuffleCompression: this.#options.shuffleCompression ?? 'zstd',
        filesDirectory,
        logDescriptor: this.#options.logDescriptor ?? 2,
        logLineStart: this.#options.logLineStart ?? '',
      },
      killGraceMs: this.#options.killGraceMs ?? 200,
      logger: this.#options.logger,
      fileSystems: this.#options.fileSystems,
      blocks: this.#blocks,
      files: new FileStore(filesDirectory, this.#options.fileSystems),
      broadcasts: () => this.#broadcasts.complete(),
      broadcast: (id) => this.#broadcasts.get(id),
      remoteBlock: async (id, executorIds) => this.#remoteBlocks?.fetch(id, executorIds),
      replicate: async (id, level) => this.#remoteBlocks?.replicate(id, level),
      blocksChanged: (statuses) => {
        for (const status of statuses) this.#blockChanged(status);
      },
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
      this.#shuffle.add(status);
    }
    this.#events.taskUpdate(this.#withoutLargeResult(update));
  }

  /** A result that is too large for a message stays here until the driver fetches it. */
  #withoutLargeResult(update: TaskUpdate): TaskUpdate {
    const { maxDirectResultBytes = Infinity } = this.#options;
    if (update.kind !== 'succeeded' || update.result.kind !== 'value') return update;
    const { bytes } = update.result;
    if (bytes.byteLength <= maxDirectResultBytes) return update;
    try {
      return { ...update, result: this.#results.keep(bytes) };
    } catch (error) {
      const { taskAttemptId, executorId, metrics } = update;
      const failure = taskFailure(error, undefined, plainCodeTable);
      return { kind: 'failed', taskAttemptId, executorId, failure, metrics };
    }
  }

  #blockChanged(status: BlockStatus): void {
    if (this.#changedBlocks.size === 0) {
      setImmediate(() => {
        const statuses = [...this.#changedBlocks.values()];
        this.#changedBlocks.clear();
        if (this.#stopped === undefined) this.#events.blocksChanged?.(statuses);
      });
    }
    this.#changedBlocks.set(blockName(status), status);
  }

  #broadcastChanged(id: number, bytes: SharedArrayBuffer | undefined): void {
    for (const slot of this.#threads) {
      if (bytes === undefined) slot.dropBroadcast(id);
      else slot.addBroadcast(id, bytes);
    }
    this.#shareMemory();
    if (bytes !== undefined) this.#events.broadcastHeld?.(id);
  }

  /** Cached blocks have what broadcast variables and waiting results leave. */
  #shareMemory(): void {
    const { storageBytes } = this.#options.memory;
    const taken = this.#broadcasts.sizeBytes + this.#resultBytes;
    this.#blocks.setMemoryLimit(Math.max(storageBytes * leastBlockShare, storageBytes - taken));
  }

  #slotIdle(slot: TaskSlot): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#idle.push(slot);
    else this.#launchOn(slot, next);
  }
}

function hasAttempt(task: TaskDescription, taskAttemptId: number): boolean {
  return [task, ...(task.followers ?? [])].some((each) => each.taskAttemptId === taskAttemptId);
}

/** What is left of a launch when one of its tasks shall not run. */
function withoutAttempt(task: TaskDescription, taskAttemptId: number): TaskDescription | undefined {
  const { followers = [], ...alone } = task;
  const [first, ...rest] = [alone, ...followers].filter(
    (each) => each.taskAttemptId !== taskAttemptId,
  );
  return first === undefined || rest.length === 0 ? first : { ...first, followers: rest };
}

function stageKey(stageId: number, stageAttempt: number): string {
  return `${stageId}.${stageAttempt}`;
}
