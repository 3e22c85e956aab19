import { assertNever, type Logger } from '@heddle/common';
import type { BlockStatus, StageBinary, TaskDescription, TaskFailure } from 'heddle/internal';
import type { TaskUpdate } from 'heddle/internal';
import type { FileSystemRegistry } from '@heddle/webhdfs';
import { FileService } from '../input/file-service.js';
import type { BlockStore } from '../storage/block-store.js';
import { ControlWords } from '../thread/control-words.js';
import type { HostMessage, ThreadMessage, ThreadSettings } from '../thread/messages.js';
import { noMetrics } from '../thread/task-metrics.js';
import { persistedBlocks } from './persisted-blocks.js';
import { TaskWorker, type TaskWorkerOptions, type WorkerEnd } from './task-worker.js';

/** What a slot uses of its executor. */
export interface SlotServices {
  readonly executorId: string;
  readonly worker: TaskWorkerOptions;
  readonly settings: Omit<ThreadSettings, 'control'>;
  readonly killGraceMs: number;
  readonly logger: Logger;
  readonly fileSystems: FileSystemRegistry;
  readonly blocks: BlockStore;
  /** Broadcast variables that are there, for a new thread. */
  broadcasts(): Iterable<readonly [number, SharedArrayBuffer]>;
  mayCommit(task: TaskDescription, saveId: number): boolean;
  update(update: TaskUpdate): void;
  /** The slot has no task. */
  idle(slot: TaskSlot): void;
  /** The slot's thread has loaded its code, for the first time. */
  ready(): void;
}

/** The task that a slot's thread has. */
interface Running {
  readonly task: TaskDescription;
  readonly run: number;
  readonly blocks: BlockStatus[];
  killReason: string | undefined;
  killTimer: NodeJS.Timeout | undefined;
  /** Set by `process.exit` of the task. */
  exitCode: string | undefined;
  /** Why the host ends the thread, when it does so because of its memory. */
  overMemory: string | undefined;
}

/**
 * One task slot: a thread and what it runs. A thread that dies takes its task with it and nothing
 * else; the slot starts another one.
 */
export class TaskSlot {
  readonly #services: SlotServices;
  readonly #control = ControlWords.allocate();
  readonly #words = new ControlWords(this.#control);
  #worker: TaskWorker;
  #files: FileService;
  #stages = new Set<string>();
  #running: Running | undefined;
  #run = 0;
  #stopping = false;
  /** Resolves when the last thread has ended; set by `stop`. */
  #ended: (() => void) | undefined;

  constructor(services: SlotServices) {
    this.#services = services;
    this.#files = new FileService(services.fileSystems);
    this.#worker = this.#startWorker();
  }

  get task(): TaskDescription | undefined {
    return this.#running?.task;
  }

  /** Gives the thread a task; the slot must be idle. Its thread may still be loading. */
  launch(stage: StageBinary, task: TaskDescription): void {
    const { blocks, executorId } = this.#services;
    this.#run++;
    this.#running = {
      task,
      run: this.#run,
      blocks: [],
      killReason: undefined,
      killTimer: undefined,
      exitCode: undefined,
      overMemory: undefined,
    };
    const key = stageKey(task.stageId, task.stageAttempt);
    if (!this.#stages.has(key)) {
      this.#stages.add(key);
      this.#post({ kind: 'stage', stage });
    }
    const persisted = persistedBlocks(stage.plan, task.split);
    this.#services.update({ kind: 'running', taskAttemptId: task.taskAttemptId, executorId });
    this.#post({
      kind: 'task',
      task,
      run: this.#run,
      blocks: blocks.blocksFor(persisted),
      blockRoom: persisted.map(({ rddId }) => [rddId, blocks.roomFor(rddId)]),
    });
  }

  /** Asks the running attempt to end; ends its thread when it does not notice in time. */
  kill(reason: string): void {
    const running = this.#running;
    if (running === undefined || running.killReason !== undefined) return;
    running.killReason = reason;
    this.#words.kill(running.run);
    running.killTimer = setTimeout(() => {
      this.#services.logger.debug('ending the thread of a killed task', {
        taskAttemptId: running.task.taskAttemptId,
      });
      void this.#worker.terminate();
    }, this.#services.killGraceMs);
  }

  /** Ends the thread since it holds too much memory; its task fails. */
  endForMemory(summary: string): void {
    if (this.#running === undefined || this.#running.overMemory !== undefined) return;
    this.#running.overMemory = summary;
    void this.#worker.terminate();
  }

  async usedBytes(): Promise<number> {
    return this.#worker.usedBytes();
  }

  dropStage(stageId: number, stageAttempt: number): void {
    if (this.#stages.delete(stageKey(stageId, stageAttempt))) {
      this.#post({ kind: 'dropStage', stageId, stageAttempt });
    }
  }

  addBroadcast(id: number, bytes: SharedArrayBuffer): void {
    this.#post({ kind: 'broadcast', id, bytes });
  }

  dropBroadcast(id: number): void {
    this.#post({ kind: 'dropBroadcast', id });
  }

  /** Ends the thread for good; a task that runs gets no update any more. Idempotent. */
  async stop(): Promise<void> {
    if (this.#stopping) return;
    this.#stopping = true;
    clearTimeout(this.#running?.killTimer);
    const ended = new Promise<void>((resolve) => (this.#ended = resolve));
    if (this.#running !== undefined) this.#words.kill(this.#running.run);
    void this.#worker.terminate();
    await ended;
  }

  #startWorker(): TaskWorker {
    const worker = new TaskWorker(this.#services.worker, {
      message: (message) => this.#handle(message),
      ended: (end) => this.#workerEnded(end),
    });
    const { settings } = this.#services;
    worker.post({ kind: 'init', settings: { ...settings, control: this.#control } });
    for (const [id, bytes] of this.#services.broadcasts()) {
      worker.post({ kind: 'broadcast', id, bytes });
    }
    return worker;
  }

  #post(message: ThreadMessage): void {
    this.#worker.post(message);
  }

  #handle(message: HostMessage): void {
    switch (message.kind) {
      case 'ended':
        return this.#taskEnded(message);
      case 'openInput':
      case 'openOutput':
        this.#files.handle(message);
        return;
      case 'storeBlock': {
        const sizes = this.#services.blocks.handle(message);
        if (sizes !== undefined) this.#running?.blocks.push(sizes);
        return;
      }
      case 'blockDamaged':
        this.#services.blocks.handle(message);
        return;
      case 'mayCommit': {
        const running = this.#running;
        const may = running?.run === message.run && running.killReason === undefined;
        this.#words.answerCommit(
          may && this.#services.mayCommit(running.task, message.saveId),
        );
        return;
      }
      case 'exiting':
        if (this.#running?.run === message.run) this.#running.exitCode = message.exitCode;
        return;
      case 'ready':
        this.#services.ready();
        return;
      default:
        assertNever(message, 'message of a task thread');
    }
  }

  #taskEnded(message: Extract<HostMessage, { kind: 'ended' }>): void {
    const running = this.#running;
    if (running?.run !== message.run) return;
    const { executorId } = this.#services;
    const { taskAttemptId } = running.task;
    const { outcome, metrics } = message;
    if (outcome.kind === 'succeeded') {
      const { result, accumulators } = outcome;
      const { blocks } = running;
      this.#finish(running, {
        kind: 'succeeded',
        taskAttemptId,
        executorId,
        result,
        metrics,
        accumulators,
        blocks,
      });
    } else {
      // A killed attempt may end in an error of its own that the kill caused.
      const failure: TaskFailure =
        running.killReason === undefined
          ? outcome.failure
          : { kind: 'killed', reason: running.killReason };
      this.#finish(running, { kind: 'failed', taskAttemptId, executorId, failure, metrics });
    }
  }

  #finish(running: Running, update: TaskUpdate): void {
    clearTimeout(running.killTimer);
    this.#running = undefined;
    this.#services.update(update);
    if (!this.#stopping) this.#services.idle(this);
  }

  #workerEnded(end: WorkerEnd): void {
    this.#files.close();
    if (this.#stopping) {
      this.#ended?.();
      return;
    }
    const { fileSystems, executorId, logger } = this.#services;
    this.#files = new FileService(fileSystems);
    this.#stages = new Set();
    this.#worker = this.#startWorker();
    const running = this.#running;
    if (running === undefined) {
      logger.warn('an idle task thread ended and was replaced', {
        executorId,
        reason: end.error?.message ?? `exit code ${end.exitCode}`,
      });
      return;
    }
    const { taskAttemptId } = running.task;
    const failure = lostFailure(running, end);
    if (failure.kind !== 'killed') {
      logger.warn('a task thread was lost and replaced', { executorId, taskAttemptId });
    }
    this.#finish(running, {
      kind: 'failed',
      taskAttemptId,
      executorId,
      failure,
      metrics: noMetrics,
    });
  }
}

/** Why a task failed whose thread ended under it. */
function lostFailure(running: Running, end: WorkerEnd): TaskFailure {
  if (running.overMemory !== undefined) {
    return { kind: 'threadLost', reason: 'heapLimit', summary: running.overMemory };
  }
  if (running.killReason !== undefined) return { kind: 'killed', reason: running.killReason };
  if (running.exitCode !== undefined) {
    const summary =
      `the task called process.exit(${running.exitCode}), which ended its thread; ` +
      'throw an error to fail a task, return to end it';
    return { kind: 'threadLost', reason: 'exit', summary };
  }
  const code = (end.error as NodeJS.ErrnoException | undefined)?.code;
  if (code === 'ERR_WORKER_OUT_OF_MEMORY') {
    const summary =
      'the task needed more memory than its thread may use; use more partitions, or operators that ' +
      'spill (reduceByKey, aggregateByKey, flatMapGroups), or raise heddle.executor.memory';
    return { kind: 'threadLost', reason: 'heapLimit', summary };
  }
  const reason = end.error?.message ?? `exit code ${end.exitCode}`;
  return {
    kind: 'threadLost',
    reason: 'crash',
    summary: `the thread of the task ended unexpectedly: ${reason}`,
  };
}

function stageKey(stageId: number, stageAttempt: number): string {
  return `${stageId}.${stageAttempt}`;
}
