import { describeThrown, type Logger } from '@heddle/common';
import { encodeError, plainCodeTable } from 'heddle/internal';
import type { BlockStatus, StageBinary, TaskDescription, TaskFailure } from 'heddle/internal';
import type { TaskUpdate } from 'heddle/internal';
import type { FileSystemRegistry } from '@heddle/webhdfs';
import { FileService } from '../input/file-service.js';
import type { BlockStore } from '../storage/block-store.js';
import { ControlWords } from '../thread/control-words.js';
import type { HostMessage, ThreadMessage, ThreadSettings } from '../thread/messages.js';
import { noMetrics } from '../thread/task-metrics.js';
import { ThreadStartError } from './errors.js';
import { persistedBlocks } from './persisted-blocks.js';
import type { TaskWorker, WorkerEnd } from './task-worker.js';

/** What a slot uses of its executor. */
export interface SlotServices {
  readonly executorId: string;
  startWorker(): TaskWorker;
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
  /** No thread of the slot can be started. */
  failed(error: Error): void;
}

/** Threads that end before they are ready, one after another, until the slot gives up. */
const maxFailedStarts = 3;

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
  /** The thread is about to end by the host's wish: it gets no other task. */
  #terminating = false;
  /** Threads in a row that ended before they were ready. */
  #failedStarts = 0;
  /** Why no more threads are started. */
  #startError: Error | undefined;
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
    if (this.#startError !== undefined) {
      this.#refuse(task, this.#startError);
      return;
    }
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
    // Only threads that work keep the process alive: a program that forgets to stop can end.
    this.#worker.ref();
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
      this.#terminate();
    }, this.#services.killGraceMs);
  }

  /** Ends the thread since it holds too much memory; its task fails. */
  endForMemory(summary: string): void {
    if (this.#running === undefined || this.#running.overMemory !== undefined) return;
    this.#running.overMemory = summary;
    this.#terminate();
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
    if (this.#startError !== undefined) return;
    const ended = new Promise<void>((resolve) => (this.#ended = resolve));
    if (this.#running !== undefined) this.#words.kill(this.#running.run);
    this.#worker.ref();
    void this.#worker.terminate();
    await ended;
  }

  #startWorker(): TaskWorker {
    const worker = this.#services.startWorker();
    worker.attach({
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
        this.#taskEnded(message);
        return;
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
        this.#words.answerCommit(may && this.#services.mayCommit(running.task, message.saveId));
        return;
      }
      case 'exiting':
        if (this.#running?.run === message.run) this.#running.exitCode = message.exitCode;
        return;
      case 'ready':
        this.#failedStarts = 0;
        if (this.#running === undefined) this.#worker.unref();
        this.#services.ready();
        return;
      default:
        // User code can post on the thread's port: nothing of ours, and no reason to fall over.
        this.#services.logger.warn('a task thread sent an unknown message', {
          executorId: this.#services.executorId,
        });
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
    this.#worker.unref();
    this.#services.update(update);
    if (!this.#stopping && !this.#terminating) this.#services.idle(this);
  }

  #terminate(): void {
    this.#terminating = true;
    void this.#worker.terminate();
  }

  #workerEnded(end: WorkerEnd): void {
    this.#files.close();
    if (this.#stopping) {
      this.#ended?.();
      return;
    }
    const { fileSystems, executorId, logger } = this.#services;
    const wasTerminated = this.#terminating;
    this.#terminating = false;
    this.#files = new FileService(fileSystems);
    this.#stages = new Set();
    const running = this.#running;
    if (!wasTerminated) this.#failedStarts++;
    if (this.#failedStarts < maxFailedStarts) {
      this.#worker = this.#startWorker();
    } else {
      this.#startError = new ThreadStartError(reasonOf(end), { cause: end.error });
      this.#services.failed(this.#startError);
    }
    if (running === undefined) {
      // Its last task ended while the thread was being ended.
      if (wasTerminated) this.#services.idle(this);
      else logger.warn('an idle task thread ended', { executorId, reason: reasonOf(end) });
      return;
    }
    const { taskAttemptId } = running.task;
    const failure = lostFailure(running, end);
    if (failure.kind !== 'killed') {
      logger.warn('a task thread was lost', { executorId, taskAttemptId, reason: reasonOf(end) });
    }
    const metrics = noMetrics;
    this.#finish(running, { kind: 'failed', taskAttemptId, executorId, failure, metrics });
  }

  /** Fails a task that no thread can run. Later, so that `launch` returns before. */
  #refuse({ taskAttemptId }: TaskDescription, error: Error): void {
    const { executorId } = this.#services;
    const failure: TaskFailure = {
      kind: 'exception',
      error: encodeError(error, plainCodeTable),
      summary: describeThrown(error),
      retryable: false,
    };
    setImmediate(() => {
      const metrics = noMetrics;
      this.#services.update({ kind: 'failed', taskAttemptId, executorId, failure, metrics });
      this.#services.idle(this);
    });
  }
}

function reasonOf(end: WorkerEnd): string {
  return end.error === undefined ? `exit code ${end.exitCode}` : describeThrown(end.error);
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
  return {
    kind: 'threadLost',
    reason: 'crash',
    summary: `the thread of the task ended unexpectedly: ${reasonOf(end)}`,
  };
}

function stageKey(stageId: number, stageAttempt: number): string {
  return `${stageId}.${stageAttempt}`;
}
