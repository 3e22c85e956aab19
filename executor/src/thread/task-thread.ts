import { parentPort, type Transferable } from 'node:worker_threads';
import { assertNever, describeThrown, InternalError } from '@heddle/common';
import {
  plainCodeTable,
  setCurrentTaskContext,
  setFilesRootDirectory,
  WrongSideError,
} from 'heddle/internal';
import type { CodeTable, TaskMetrics, TaskResult } from 'heddle/internal';
import { SharedInput } from '../input/shared-input.js';
import { SharedOutput } from '../output/shared-output.js';
import { FetchRings } from '../shuffle/remote/fetched-parts.js';
import { PartsAhead } from '../shuffle/remote/parts-ahead.js';
import { ThreadBroadcasts } from './broadcasts.js';
import { ControlWords } from './control-words.js';
import { CodeMismatchError, TaskKilledError } from './errors.js';
import { HeapGuard } from './heap-guard.js';
import { EndedRuns } from './ended-runs.js';
import { expectReply, HostCalls } from './host-calls.js';
import type {
  EndedRun,
  HostMessage,
  TaskOutcome,
  ThreadMessage,
  ThreadSettings,
} from './messages.js';
import { guardProcess } from './process-guard.js';
import { type QueuedTask, unpackTasks } from './packed-runs.js';
import { StageCode } from './stage-code.js';
import { TaskAttempt } from './task-attempt.js';
import { captureOutput, TaskLog } from './task-console.js';
import { taskFailure } from './task-failure.js';
import { noMetrics, TaskStopwatch } from './task-metrics.js';
import type { ProgramLoader, ThreadProgram } from './thread-program.js';

/**
 * Makes this worker a task thread: waits for `init`, loads the program, then runs one task after
 * another as the host sends them. Everything between a task's start and its reply is synchronous,
 * except in stages that wait for the promises of an asynchronous map.
 */
export function startTaskThread(loadProgram: ProgramLoader): void {
  const port = parentPort;
  if (port === null) throw new InternalError('a task thread was not started as a worker');
  // Messages that arrive while the program loads wait their turn.
  const waiting: ThreadMessage[] = [];
  let thread: TaskThread | undefined;
  port.on('message', (message: ThreadMessage) => {
    if (thread !== undefined) thread.handle(message);
    else if (message.kind !== 'init') waiting.push(message);
    else {
      void TaskThread.load(message.settings, loadProgram, (reply, transfer) =>
        port.postMessage(reply, transfer),
      ).then((loaded) => {
        thread = loaded;
        for (const early of waiting.splice(0)) loaded.handle(early);
      });
    }
  });
}

/** The end of a task that was cancelled, or taken back, before its turn. */
const notBegun: TaskOutcome = {
  kind: 'failed',
  failure: { kind: 'killed', reason: 'cancelled before its turn', notBegun: true },
};

type Post = (message: HostMessage, transfer?: Transferable[]) => void;
type TaskMessage = Extract<ThreadMessage, { kind: 'task' }>;

class TaskThread {
  readonly #settings: ThreadSettings;
  readonly #program: ThreadProgram | { readonly loadError: unknown };
  readonly #post: Post;
  readonly #control: ControlWords;
  readonly #heap: HeapGuard;
  readonly #input: SharedInput;
  readonly #output: SharedOutput;
  readonly #fetches: FetchRings;
  readonly #ahead: PartsAhead;
  readonly #log: TaskLog;
  readonly #broadcasts: ThreadBroadcasts;
  readonly #calls: HostCalls;
  readonly #stages = new Map<string, StageCode>();
  readonly #ended: EndedRuns;
  /** Tasks that run after the present one. */
  readonly #queue: QueuedTask[] = [];
  readonly #cancelled = new Set<number>();
  /** The run whose reply has not been sent. */
  #run: number | undefined;
  /** What went wrong in asynchronous code of the task that runs, or has just run. */
  #strayError: { readonly error: unknown } | undefined;

  static async load(
    settings: ThreadSettings,
    loadProgram: ProgramLoader,
    post: Post,
  ): Promise<TaskThread> {
    let program: ThreadProgram | { readonly loadError: unknown };
    try {
      program = await loadProgram(settings.taskFile);
      const { expectedHash } = settings;
      if (expectedHash !== undefined && program.hash !== expectedHash) {
        throw new CodeMismatchError(settings.taskFile, expectedHash, program.hash);
      }
    } catch (error) {
      program = { loadError: error };
    }
    return new TaskThread(settings, program, post);
  }

  private constructor(
    settings: ThreadSettings,
    program: ThreadProgram | { readonly loadError: unknown },
    post: Post,
  ) {
    this.#settings = settings;
    this.#program = program;
    this.#ended = new EndedRuns(post);
    this.#post = (message, transfer) => {
      this.#ended.flush();
      post(message, transfer);
    };
    this.#control = new ControlWords(settings.control);
    this.#heap = new HeapGuard(settings.heapLimitBytes, settings.totalLimitBytes);
    this.#input = new SharedInput((message) => this.#post(message));
    this.#output = new SharedOutput((message) => this.#post(message));
    this.#fetches = new FetchRings((message) => this.#post(message));
    this.#ahead = new PartsAhead(this.#fetches, () =>
      this.#queue.map(({ task }) => task.partition),
    );
    this.#log = new TaskLog(settings.logDescriptor, settings.logLineStart);
    this.#calls = new HostCalls((message, transfer) => this.#post(message, transfer));
    this.#broadcasts = new ThreadBroadcasts(
      () => this.#broadcastCode(),
      (id) => this.#fetchBroadcast(id),
    );
    captureOutput(this.#log);
    setFilesRootDirectory(settings.filesDirectory);
    guardProcess((exitCode) => this.#post({ kind: 'exiting', run: this.#run ?? -1, exitCode }));
    process.on('unhandledRejection', (error) => this.#stray(error));
    process.on('uncaughtException', (error) => this.#stray(error));
    post({ kind: 'ready' });
  }

  handle(message: ThreadMessage): void {
    switch (message.kind) {
      case 'task':
        if (message.followers !== undefined) {
          const { runs, ...packed } = message.followers;
          unpackTasks(packed, message.task).forEach((task, i) => {
            this.#queue.push({ task, run: runs[i]! });
          });
        }
        this.#runTask(message);
        return;
      case 'cancel':
        if (this.#queue.some(({ run }) => run === message.run)) this.#cancelled.add(message.run);
        return;
      case 'stage': {
        if ('loadError' in this.#program) return;
        const { stage } = message;
        this.#stages.set(
          stageKey(stage.stageId, stage.stageAttempt),
          new StageCode(stage, this.#program, this.#broadcasts),
        );
        return;
      }
      case 'dropStage':
        this.#stages.delete(stageKey(message.stageId, message.stageAttempt));
        return;
      case 'broadcast':
        this.#broadcasts.add(message.id, message.bytes);
        return;
      case 'dropBroadcast':
        this.#broadcasts.drop(message.id);
        return;
      case 'init':
        throw new InternalError('a task thread was set up twice');
      default:
        assertNever(message, 'thread message');
    }
  }

  #runTask(message: TaskMessage): void {
    const { task, run } = message;
    if ('loadError' in this.#program) {
      const failure = taskFailure(this.#program.loadError, undefined, plainCodeTable);
      this.#tell({ run, outcome: { kind: 'failed', failure } }, noMetrics, true);
      return;
    }
    this.#control.begin(run);
    this.#run = run;
    this.#strayError = undefined;
    this.#log.begin(
      `[task ${task.taskAttemptId} stage ${task.stageId} partition ${task.partition}] `,
    );
    const stopwatch = new TaskStopwatch();
    let attempt: TaskAttempt | undefined;
    try {
      const code = this.#stages.get(stageKey(task.stageId, task.stageAttempt));
      if (code === undefined) {
        throw new InternalError(`stage ${task.stageId} is not known in this task thread`);
      }
      const begun = new TaskAttempt(message, code, {
        settings: this.#settings,
        control: this.#control,
        heap: this.#heap,
        input: this.#input,
        output: this.#output,
        fetches: this.#fetches,
        ahead: this.#ahead,
        calls: this.#calls,
        post: this.#post,
      });
      attempt = begun;
      if (begun.isAsync) {
        void begun
          .runAsync(() => stopwatch.decoded())
          .then((result) => this.#succeed(run, begun, result, stopwatch))
          .catch((error: unknown) => this.#fail(run, begun, error, stopwatch));
        return;
      }
      this.#succeed(
        run,
        begun,
        begun.run(() => stopwatch.decoded()),
        stopwatch,
      );
    } catch (error) {
      this.#fail(run, attempt, error, stopwatch);
    }
  }

  #succeed(run: number, attempt: TaskAttempt, result: TaskResult, stopwatch: TaskStopwatch): void {
    const sizeBytes = result.kind === 'value' ? result.bytes.length : 0;
    const outcome: TaskOutcome = {
      kind: 'succeeded',
      result,
      accumulators: attempt.accumulatorUpdates(),
    };
    this.#replySoon(run, outcome, stopwatch.finish(attempt.metrics, sizeBytes), attempt);
  }

  #fail(
    run: number,
    attempt: TaskAttempt | undefined,
    error: unknown,
    stopwatch: TaskStopwatch,
  ): void {
    const metrics = attempt === undefined ? noMetrics : stopwatch.finish(attempt.metrics, 0);
    this.#replySoon(run, this.#failed(error, attempt), metrics, attempt);
  }

  /** Promises that the task's code left rejected are told before the next turn of the loop. */
  #replySoon(
    run: number,
    outcome: TaskOutcome,
    metrics: TaskMetrics,
    attempt: TaskAttempt | undefined,
  ): void {
    setImmediate(() => this.#reply(run, outcome, metrics, attempt));
  }

  #reply(
    run: number,
    ended: TaskOutcome,
    metrics: TaskMetrics,
    attempt: TaskAttempt | undefined,
  ): void {
    let outcome = ended;
    if (
      this.#strayError !== undefined &&
      ended.kind === 'succeeded' &&
      attempt?.committed !== true
    ) {
      outcome = this.#failed(this.#strayError.error, undefined);
    }
    this.#run = undefined;
    this.#strayError = undefined;
    this.#log.end();
    setCurrentTaskContext(undefined);
    // Others wait to know what became of a commit, or of a task that they will have to run again.
    const isUrgent = outcome.kind === 'failed' || attempt?.committed === true;
    // The inputs of all tasks of the stage are being made again.
    if (outcome.kind === 'failed' && outcome.failure.kind === 'fetchFailed') this.#cancelAll();
    this.#tell({ run, outcome }, metrics, isUrgent);
  }

  /** Reports the end of a run and goes on with the next one. */
  #tell(ended: EndedRun, metrics: TaskMetrics, isUrgent: boolean): void {
    this.#ended.add(ended, metrics, isUrgent || this.#queue.length === 0);
    const next = this.#queue.shift();
    if (next === undefined) {
      this.#ahead.drop();
      return;
    }
    this.#control.begin(next.run);
    if (this.#cancelled.delete(next.run) || this.#control.isRecalled(next.run)) {
      this.#tell({ run: next.run, outcome: notBegun }, noMetrics, false);
    } else {
      this.#runTask({ kind: 'task', ...next, blocks: [], blockRoom: [] });
    }
  }

  #cancelAll(): void {
    for (const { run } of this.#queue) this.#cancelled.add(run);
  }

  #failed(error: unknown, attempt: TaskAttempt | undefined): TaskOutcome {
    const label = attempt?.failure.labelOf(error);
    return { kind: 'failed', failure: taskFailure(error, label, this.#code()) };
  }

  /** The value of a variable may hold others. */
  #broadcastCode(): CodeTable {
    const code = this.#code();
    if ('loadError' in this.#program) return code;
    const accumulator = (): never => {
      throw new WrongSideError('an accumulator in the value of a broadcast cannot be added to');
    };
    const broadcast = (id: number): unknown => this.#broadcasts.find(id);
    return this.#program.codeWith?.({ broadcast, accumulator }) ?? code;
  }

  #fetchBroadcast(id: number): SharedArrayBuffer {
    const run = this.#run ?? -1;
    const reply = this.#calls.ask({ kind: 'broadcast', id }, run, () => {
      if (this.#control.isKilled(run)) throw new TaskKilledError();
    });
    return expectReply(reply, 'broadcast').bytes;
  }

  #stray(error: unknown): void {
    if (this.#run !== undefined) {
      this.#strayError ??= { error };
    } else {
      this.#log.write(`asynchronous code of an ended task failed: ${describeThrown(error)}\n`);
    }
  }

  #code(): CodeTable {
    return 'loadError' in this.#program ? plainCodeTable : this.#program.code;
  }
}

function stageKey(stageId: number, stageAttempt: number): string {
  return `${stageId}.${stageAttempt}`;
}
