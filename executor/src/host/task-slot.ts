import { rmSync } from 'node:fs';
import { describeThrown } from '@heddle/common';
import { encodeError, plainCodeTable } from 'heddle/internal';
import type { ApplicationFile, StageBinary, TaskDescription } from 'heddle/internal';
import type { TaskFailure, TaskMetrics, TaskUpdate } from 'heddle/internal';
import { FileService } from '../input/file-service.js';
import type { StoreBlockMessage } from '../storage/block-messages.js';
import type { FetchFeeder } from '../shuffle/remote/fetch-feeder.js';
import { ControlWords } from '../thread/control-words.js';
import { unpackEnds } from '../thread/ended-runs.js';
import { HostCallPort, type HostReply, type HostRequest } from '../thread/host-calls.js';
import type { EndedRun, HostMessage, ThreadMessage } from '../thread/messages.js';
import { packTasks, unpackMetrics } from '../thread/packed-runs.js';
import { noMetrics } from '../thread/task-metrics.js';
import { ThreadStartError } from './errors.js';
import { persistedBlocks } from './persisted-blocks.js';
import type { SlotServices } from './slot-services.js';
import type { SlotTask } from './slot-task.js';
import type { TaskWorker, WorkerEnd } from './task-worker.js';
import { lostFailure, reasonOf } from './thread-loss.js';

/** Threads that end before they are ready, one after another, until the slot gives up. */
const maxFailedStarts = 3;

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
  #fetches: FetchFeeder | undefined;
  #calls: HostCallPort;
  #stages = new Set<string>();
  #running: SlotTask | undefined;
  /** Tasks that were launched with it and run after it. */
  #behind: SlotTask[] = [];
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
    this.#fetches = services.newFetchFeeder();
    this.#calls = this.#newCalls();
    this.#worker = this.#startWorker();
  }

  get task(): TaskDescription | undefined {
    return this.#running?.task;
  }

  /** Attempts that the slot has, those that wait for their turn included. */
  get tasks(): TaskDescription[] {
    return [this.#running, ...this.#behind].flatMap((each) => each?.task ?? []);
  }

  /**
   * Gives the thread a task and those that follow it; the slot must be idle. Its thread may still be
   * loading.
   */
  launch(stage: StageBinary, task: TaskDescription): void {
    const { executorId } = this.#services;
    const { followers = [], ...first } = task;
    if (this.#startError !== undefined) {
      this.#refuse([first, ...followers], this.#startError);
      return;
    }
    this.#behind = [first, ...followers].map((each) => this.#queued(stage, each));
    this.#services.update({ kind: 'running', taskAttemptId: task.taskAttemptId, executorId });
    this.#next();
  }

  #queued(stage: StageBinary, task: TaskDescription): SlotTask {
    const { blocks } = this.#services;
    const persisted = persistedBlocks(stage.plan, task.split);
    return {
      task,
      stage,
      run: ++this.#run,
      persisted,
      isSent: false,
      blocks: [],
      removals: new Map(persisted.map(({ rddId }) => [rddId, blocks.removalsOf(rddId)])),
      copies: [],
      temporaryFiles: [],
      killReason: undefined,
      killTimer: undefined,
      exitCode: undefined,
      overMemory: undefined,
    };
  }

  /** The next task's turn; without one the slot is idle. */
  #next(): void {
    const running = this.#behind.shift();
    if (running === undefined) {
      this.#services.idle(this);
      return;
    }
    this.#running = running;
    // Only threads that work keep the process alive: a program that forgets to stop can end.
    this.#worker.ref();
    if (running.isSent) return;
    const files = running.stage.plan.files ?? [];
    if (this.#services.files.hasAll(files)) this.#postTask(running);
    else void this.#fetchFiles(files, running);
  }

  /**
   * Asks an attempt to end; ends its thread when it does not notice in time.
   *
   * @returns whether the slot has it
   */
  kill(taskAttemptId: number, reason: string): boolean {
    const task = [this.#running, ...this.#behind].find(
      (each) => each?.task.taskAttemptId === taskAttemptId,
    );
    if (task === undefined) return false;
    if (task.killReason !== undefined) return true;
    task.killReason = reason;
    if (task === this.#running) {
      this.#words.kill(task.run);
    } else if (!task.isSent) {
      this.#behind.splice(this.#behind.indexOf(task), 1);
      this.#reportKilled(task, reason, true);
      return true;
    } else {
      this.#post({ kind: 'cancel', run: task.run });
    }
    this.#watchKill(task);
    return true;
  }

  /**
   * Takes back the tasks that wait behind the one that runs, up to and including this attempt; at
   * once, also when the thread is busy. Those that have begun go on.
   */
  recall(taskAttemptId: number): void {
    const last = this.#behind.find((each) => each.task.taskAttemptId === taskAttemptId);
    if (last === undefined) return;
    this.#words.recall(last.run);
    const { currentRun } = this.#words;
    const isTaken = ({ run, isSent }: SlotTask): boolean =>
      run <= last.run && (!isSent || run > currentRun);
    const taken = this.#behind.filter(isTaken);
    this.#behind = this.#behind.filter((each) => !isTaken(each));
    for (const each of taken) {
      clearTimeout(each.killTimer);
      this.#reportKilled(each, each.killReason ?? 'given back before its turn', true);
    }
  }

  /** Sees to it that a killed attempt ends, once it is its turn. */
  #watchKill(task: SlotTask): void {
    const wasCurrent = this.#words.currentRun === task.run;
    // It may have begun before its host heard of the end of the one before it.
    if (wasCurrent) this.#words.kill(task.run);
    task.killTimer = setTimeout(() => {
      // Over, and the news of it on their way.
      if (this.#words.currentRun > task.run) return;
      if (task !== this.#running && !wasCurrent) {
        this.#watchKill(task);
        return;
      }
      this.#services.logger.debug('ending the thread of a killed task', {
        taskAttemptId: task.task.taskAttemptId,
      });
      this.#terminate();
    }, this.#services.killGraceMs);
  }

  #reportKilled({ task }: SlotTask, reason: string, notBegun = false): void {
    const { executorId } = this.#services;
    const failure: TaskFailure = { kind: 'killed', reason, ...(notBegun && { notBegun }) };
    const { taskAttemptId } = task;
    const metrics = noMetrics;
    this.#services.update({ kind: 'failed', taskAttemptId, executorId, failure, metrics });
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
    for (const each of this.#behind.splice(0)) clearTimeout(each.killTimer);
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
        unpackEnds(message).forEach((ended, position) =>
          this.#taskEnded(ended, unpackMetrics(message.metrics, position)),
        );
        return;
      case 'openInput':
      case 'openOutput':
        this.#files.handle(message);
        return;
      case 'openFetch':
        this.#fetches?.handle(message);
        return;
      case 'storeBlock':
        this.#storeBlock(message);
        return;
      case 'openCalls':
      case 'call':
        this.#calls.handle(message);
        return;
      case 'blockDamaged':
        this.#services.blocks.handle(message);
        return;
      case 'mayCommit':
        this.#answerCommit(message);
        return;
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

  #answerCommit({ run, saveId }: Extract<HostMessage, { kind: 'mayCommit' }>): void {
    const running = this.#running;
    if (running?.run !== run || running.killReason !== undefined) {
      this.#words.answerCommit(false);
      return;
    }
    const answer = this.#services.mayCommit(running.task, saveId);
    if (typeof answer === 'boolean') {
      this.#words.answerCommit(answer);
      return;
    }
    void answer.then((may) => {
      // The thread may have another task by now.
      if (this.#running !== running) return;
      this.#words.answerCommit(may && running.killReason === undefined);
    });
  }

  #taskEnded({ run, outcome }: EndedRun, metrics: TaskMetrics): void {
    const running = this.#running;
    if (running?.run !== run) return;
    const { executorId } = this.#services;
    const { taskAttemptId } = running.task;
    if (outcome.kind === 'succeeded') {
      const { result, accumulators } = outcome;
      const succeed = (): void => {
        if (this.#running !== running) return;
        this.#finish(running, {
          kind: 'succeeded',
          taskAttemptId,
          executorId,
          result,
          metrics,
          accumulators,
          // Those that were evicted since are not there any more.
          blocks: this.#services.blocks.sizesOf(running.blocks.splice(0)),
        });
      };
      // A block counts as kept when its copies are where they belong.
      if (running.copies.length === 0) succeed();
      else void Promise.all(running.copies).then(succeed);
    } else {
      // A killed attempt may end in an error of its own that the kill caused.
      const failure: TaskFailure =
        running.killReason === undefined
          ? outcome.failure
          : { kind: 'killed', reason: running.killReason };
      this.#finish(running, { kind: 'failed', taskAttemptId, executorId, failure, metrics });
    }
  }

  #finish(running: SlotTask, update: TaskUpdate): void {
    clearTimeout(running.killTimer);
    this.#running = undefined;
    this.#worker.unref();
    for (const file of running.temporaryFiles) rmSync(file, { force: true });
    if (running.blocks.length > 0) {
      // The attempt failed; what it cached is there all the same.
      const { blocks } = this.#services;
      this.#services.blocksChanged(blocks.sizesOf(running.blocks));
    }
    this.#services.update(update);
    if (!this.#stopping && !this.#terminating) this.#next();
  }

  /** Gives the thread a task, and those behind it too when none of them has to do with blocks. */
  #postTask(running: SlotTask): void {
    const { blocks } = this.#services;
    const { stage, persisted, task, run } = running;
    const key = stageKey(task.stageId, task.stageAttempt);
    if (!this.#stages.has(key)) {
      this.#stages.add(key);
      this.#post({ kind: 'stage', stage });
    }
    const followers = persisted.length === 0 ? this.#behind : [];
    for (const each of [running, ...followers]) each.isSent = true;
    this.#post({
      kind: 'task',
      task,
      run,
      blocks: blocks.blocksFor(persisted),
      blockRoom: persisted.map(({ rddId }) => [rddId, blocks.roomFor(rddId)]),
      ...(followers.length > 0 && {
        followers: {
          ...packTasks(followers.map((each) => each.task)),
          runs: followers.map((each) => each.run),
        },
      }),
    });
  }

  /** The task begins when the application's files are here. */
  async #fetchFiles(files: readonly ApplicationFile[], running: SlotTask): Promise<void> {
    let failure: TaskFailure | undefined;
    try {
      await this.#services.files.ensure(files);
    } catch (error) {
      failure = {
        kind: 'exception',
        error: encodeError(error, plainCodeTable),
        summary: describeThrown(error),
        retryable: true,
      };
    }
    if (this.#running !== running || this.#stopping) return;
    if (running.killReason !== undefined) failure = { kind: 'killed', reason: running.killReason };
    if (failure === undefined) {
      this.#postTask(running);
      return;
    }
    const { executorId } = this.#services;
    const { taskAttemptId } = running.task;
    const metrics = noMetrics;
    this.#finish(running, { kind: 'failed', taskAttemptId, executorId, failure, metrics });
  }

  #storeBlock(message: StoreBlockMessage): void {
    const { blocks } = this.#services;
    const running = this.#running;
    const { rddId, partition, level } = message;
    const sizes = blocks.handle(message, running?.removals.get(rddId));
    if (sizes === undefined || running === undefined) return;
    running.blocks.push({ rddId, partition });
    if (level.replication > 1) {
      running.copies.push(this.#services.replicate({ rddId, partition }, level));
    }
  }

  #newCalls(): HostCallPort {
    return new HostCallPort((request, run) => this.#answer(request, run));
  }

  async #answer(request: HostRequest, run: number): Promise<HostReply> {
    if (request.kind === 'broadcast') {
      return { kind: 'broadcast', bytes: await this.#services.broadcast(request.id) };
    }
    const { rddId, partition } = request;
    const running = this.#running?.run === run ? this.#running : undefined;
    const known = running?.task.blockLocations?.find(
      (block) => block.rddId === rddId && block.partition === partition,
    );
    if (running === undefined || known === undefined) return { kind: 'block' };
    const block = await this.#services.remoteBlock({ rddId, partition }, known.executorIds);
    if (block?.disk !== undefined) {
      if (this.#running === running) running.temporaryFiles.push(block.disk.path);
      else rmSync(block.disk.path, { force: true });
    }
    return { kind: 'block', ...(block === undefined ? {} : { block }) };
  }

  #terminate(): void {
    this.#terminating = true;
    void this.#worker.terminate();
  }

  #workerEnded(end: WorkerEnd): void {
    this.#files.close();
    this.#fetches?.close();
    this.#calls.close();
    if (this.#stopping) {
      this.#ended?.();
      return;
    }
    const { fileSystems, executorId, logger } = this.#services;
    const wasTerminated = this.#terminating;
    this.#terminating = false;
    this.#files = new FileService(fileSystems);
    this.#fetches = this.#services.newFetchFeeder();
    this.#calls = this.#newCalls();
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
    this.#threadLost(running, end);
  }

  /** Ends the tasks that the thread had: one was at work, the others have nothing to do with it. */
  #threadLost(running: SlotTask, end: WorkerEnd): void {
    const { executorId, logger } = this.#services;
    const sent = [running, ...this.#behind.filter(({ isSent }) => isSent)];
    const behind = this.#behind.filter(({ isSent }) => !isSent);
    const current = sent.find(({ run }) => run === this.#words.currentRun) ?? running;
    current.overMemory ??= running.overMemory;
    // Results of short tasks before it were not told yet: those run again.
    this.#behind = [];
    for (const each of sent) {
      if (each === current) continue;
      clearTimeout(each.killTimer);
      this.#reportKilled(each, each.killReason ?? 'its thread ended before its result was told');
    }
    this.#running = current;
    this.#behind = behind;
    if (this.#startError !== undefined) {
      for (const each of this.#behind.splice(0))
        this.#reportKilled(each, 'no thread can be started');
    }
    const { taskAttemptId } = current.task;
    const failure = lostFailure(current, end);
    if (failure.kind !== 'killed') {
      logger.warn('a task thread was lost', { executorId, taskAttemptId, reason: reasonOf(end) });
    }
    const metrics = noMetrics;
    this.#finish(current, { kind: 'failed', taskAttemptId, executorId, failure, metrics });
  }

  /** Fails a task that no thread can run. Later, so that `launch` returns before. */
  #refuse(tasks: readonly TaskDescription[], error: Error): void {
    const { executorId } = this.#services;
    const failure: TaskFailure = {
      kind: 'exception',
      error: encodeError(error, plainCodeTable),
      summary: describeThrown(error),
      retryable: false,
    };
    setImmediate(() => {
      const metrics = noMetrics;
      for (const { taskAttemptId } of tasks) {
        this.#services.update({ kind: 'failed', taskAttemptId, executorId, failure, metrics });
      }
      this.#services.idle(this);
    });
  }
}

function stageKey(stageId: number, stageAttempt: number): string {
  return `${stageId}.${stageAttempt}`;
}
