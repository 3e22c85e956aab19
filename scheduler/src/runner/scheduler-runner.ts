import type { Clock, Logger } from '@heddle/common';
import {
  assertNever,
  callSiteShort,
  describeThrown,
  silentLogger,
  systemClock,
  toError,
} from '@heddle/common';
import type {
  AccumulatorUpdate,
  ExecutorStatus,
  JobInfo,
  JobRequest,
  JobRunner,
  StageBinary,
  StageInfo,
} from 'heddle/internal';
import { ContextStoppedError, plainCodeTable } from 'heddle/internal';
import type { BackendEvents, CommitRequest } from '../backend/scheduler-backend.js';
import { CommitCoordinator } from '../commit/commit-coordinator.js';
import type { ActiveJob } from '../dag/active-job.js';
import type { DagEvent, JobSelection } from '../dag/dag-event.js';
import type { DagInstruction, JobOutcome } from '../dag/dag-instruction.js';
import { DagScheduler } from '../dag/dag-scheduler.js';
import type { Stage } from '../dag/stage.js';
import { stageName } from '../dag/stage.js';
import { stageGraphText } from '../dag/stage-graph-text.js';
import { failureSummary } from '../failure/verdict.js';
import type { Listener } from '../listener/events.js';
import { ListenerBus } from '../listener/listener-bus.js';
import { StatusTracker } from '../listener/status-tracker.js';
import type { LocalityWaits } from '../tasks/locality.js';
import type { TaskAttemptInfo, TaskEvent, TaskInstruction } from '../tasks/task-event.js';
import type { TaskSet } from '../tasks/task-set.js';
import { TaskScheduler } from '../tasks/task-scheduler.js';
import { Announcer } from './announcer.js';
import { jobError } from './job-failure.js';
import { PendingJob, cancelledError } from './pending-job.js';
import type { SchedulerOptions, Timers } from './scheduler-options.js';
import { systemTimers } from './scheduler-options.js';
import { StageBinaries } from './stage-binaries.js';

/** A job of more stages is not drawn in the log. */
const MAX_LOGGED_STAGES = 50;

/** Something from outside: one of the two schedulers is to hear of it. */
type Message =
  | { readonly to: 'dag'; readonly event: DagEvent }
  | { readonly to: 'tasks'; readonly event: TaskEvent };

/**
 * Runs jobs: the shell around the two schedulers, which decide and do nothing else.
 *
 * It hands them what happens, one message at a time, and does what they say: compiles stages, talks
 * to the backend, keeps timers, gives results to jobs and settles their promises. Messages that come
 * while one is being worked on wait in a queue, so nothing is ever handled inside something else.
 * Runs on the event loop and never awaits between a message and its consequences.
 */
export class SchedulerRunner implements JobRunner {
  readonly #options: SchedulerOptions;
  readonly #clock: Clock;
  readonly #timers: Timers;
  readonly #logger: Logger;
  readonly #dag: DagScheduler;
  readonly #tasks: TaskScheduler;
  readonly #commits = new CommitCoordinator();
  readonly #bus: ListenerBus;
  readonly #status: StatusTracker;
  readonly #announcer: Announcer;
  readonly #jobs = new Map<number, PendingJob>();
  readonly #binaries: StageBinaries;
  readonly #inbox: Message[] = [];
  #isBusy = false;
  #nextJobId = 0;
  #cancelWakeUp: (() => void) | undefined;
  #cancelResubmit: (() => void) | undefined;
  #stopping: Promise<void> | undefined;

  constructor(options: SchedulerOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#timers = options.timers ?? systemTimers;
    this.#logger = options.logger ?? silentLogger;
    this.#dag = new DagScheduler({
      maxStageAttempts: options.maxStageAttempts ?? 4,
      maxResultSizeBytes: options.maxResultSizeBytes ?? 1024 ** 3,
      usesLocations: options.usesLocations ?? true,
    });
    this.#tasks = new TaskScheduler({
      maxTaskFailures: options.maxTaskFailures ?? 4,
      localityWaits: localityWaits(options.localityWaitMs ?? 3_000),
      retryElsewhereWaitMs: options.retryElsewhereWaitMs ?? 3_000,
      mode: options.schedulingMode ?? 'FIFO',
      pools: options.pools ?? [],
      rackOf: options.rackOf ?? (() => undefined),
    });
    this.#binaries = new StageBinaries(
      options.compiler,
      this.#dag.outputs,
      this.#logger,
      options.largeCaptureBytes ?? 1024 ** 2,
    );
    this.#bus = new ListenerBus(this.#logger);
    this.#status = new StatusTracker(options.retainedJobs ?? 1_000);
    this.#bus.add(this.#status);
    for (const listener of options.listeners ?? []) this.#bus.add(listener);
    if (options.eventLog !== undefined) this.#bus.add(options.eventLog);
    this.#announcer = new Announcer(this.#bus, this.#clock);
  }

  /** Starts executors; resolves when the first one can take tasks. */
  async start(): Promise<void> {
    const { application, settings } = this.#options;
    if (application !== undefined) this.#announcer.applicationStarted(application, settings ?? {});
    await this.#options.backend.start(this.#backendEvents());
  }

  addListener(listener: Listener): void {
    this.#bus.add(listener);
  }

  removeListener(listener: Listener): void {
    this.#bus.remove(listener);
  }

  runJob(request: JobRequest): Promise<void> {
    if (this.#stopping !== undefined) return Promise.reject(this.#stoppedError());
    const { signal } = request;
    if (signal?.aborted === true) {
      return Promise.reject(cancelledError(request, undefined, describeThrown(signal.reason)));
    }
    return new Promise<void>((resolve, reject) => {
      const jobId = this.#nextJobId++;
      const abort = (reason: string): void => this.#cancel({ by: 'id', jobId }, reason);
      this.#jobs.set(jobId, new PendingJob(request, resolve, reject, abort));
      this.#tell({ to: 'dag', event: { kind: 'jobSubmitted', jobId, job: request } });
    });
  }

  cancelJobGroup(group: string, reason: string): void {
    this.#cancel({ by: 'group', group }, reason);
  }

  cancelJobsWithTag(tag: string, reason: string): void {
    this.#cancel({ by: 'tag', tag }, reason);
  }

  cancelAllJobs(reason: string): void {
    this.#cancel({ by: 'all' }, reason);
  }

  unpersist(rddId: number, blocking: boolean): Promise<void> {
    this.#tell({ to: 'dag', event: { kind: 'rddUnpersisted', rddId } });
    this.#announcer.rddUnpersisted(rddId);
    return this.#inBackground(this.#options.backend.removeRdd(rddId), blocking);
  }

  removeShuffle(shuffleId: number, blocking: boolean): Promise<void> {
    this.#tell({ to: 'dag', event: { kind: 'shuffleRemoved', shuffleId } });
    return this.#inBackground(this.#options.backend.removeShuffle(shuffleId), blocking);
  }

  addBroadcast(broadcastId: number, bytes: SharedArrayBuffer): void {
    this.#options.backend.addBroadcast(broadcastId, bytes);
  }

  removeBroadcast(broadcastId: number, blocking: boolean): Promise<void> {
    return this.#inBackground(this.#options.backend.removeBroadcast(broadcastId), blocking);
  }

  activeJobIds(): readonly number[] {
    return this.#status.activeJobIds();
  }

  activeStageIds(): readonly number[] {
    return this.#status.activeStageIds();
  }

  jobIdsForGroup(group: string | undefined): readonly number[] {
    return this.#status.jobIdsForGroup(group);
  }

  jobInfo(jobId: number): JobInfo | undefined {
    return this.#status.jobInfo(jobId);
  }

  stageInfo(stageId: number): StageInfo | undefined {
    return this.#status.stageInfo(stageId);
  }

  executors(): readonly ExecutorStatus[] {
    return Array.from(this.#tasks.executors, ({ executorId, host, slots, running }) => ({
      executorId,
      host,
      cores: slots,
      runningTasks: running.size,
      cacheBytes: this.#dag.blocks.sizeBytesOf(executorId),
    }));
  }

  setLogLevel(level: string): void {
    this.#options.backend.setLogLevel(level);
  }

  stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  /** For tests: throws when anything is left of jobs that ended. */
  assertEmpty(): void {
    this.#dag.assertEmpty();
    const left = [
      !this.#tasks.isEmpty && 'task sets',
      !this.#commits.isEmpty && 'commits',
      this.#jobs.size > 0 && 'jobs',
      this.#inbox.length > 0 && 'messages',
    ].filter((what) => what !== false);
    if (left.length > 0) throw new Error(`the runner still has ${left.join(', ')}`);
  }

  async #stop(): Promise<void> {
    // Jobs that end from here on end because of this: see #outcomeError.
    await Promise.resolve();
    this.#cancel({ by: 'all' }, 'the context was stopped');
    this.#cancelWakeUp?.();
    this.#cancelResubmit?.();
    try {
      await this.#options.backend.stop();
    } finally {
      this.#announcer.applicationEnded();
      await this.#options.eventLog?.close();
    }
  }

  #cancel(which: JobSelection, reason: string): void {
    this.#tell({ to: 'dag', event: { kind: 'jobsCancelled', which, reason } });
  }

  #backendEvents(): BackendEvents {
    return {
      executorAdded: (executor) => {
        this.#logger.info('executor added', { ...executor });
        this.#announcer.executorAdded(executor);
        this.#tell({ to: 'tasks', event: { kind: 'executorAdded', executor } });
      },
      executorRemoved: (executorId, reason, countsAsFailure) => {
        this.#logger.warn('executor removed', { executorId, reason, countsAsFailure });
        this.#announcer.executorRemoved(executorId, reason);
        this.#tell({
          to: 'tasks',
          event: { kind: 'executorRemoved', executorId, reason, countsAsFailure },
        });
      },
      taskUpdate: (update) => {
        if (update.kind === 'running') return;
        this.#tell({ to: 'tasks', event: { kind: 'taskUpdate', update } });
      },
      mayCommit: (request) => this.#mayCommit(request),
    };
  }

  /** Only an attempt that still runs, for a job that still wants it, may ask at all. */
  #mayCommit(request: CommitRequest): boolean {
    const task = this.#tasks.runningTask(request.taskAttemptId);
    const stage = task && this.#dag.stage(task.stageId);
    if (task === undefined || stage === undefined) return false;
    if (task.partition !== request.partition || task.generation !== request.generation)
      return false;
    if (this.#dag.generationOf(stage) !== request.generation) return false;
    return this.#commits.mayCommit(request);
  }

  // ── Messages ──────────────────────────────────────────────────────────────────────────────────

  #tell(message: Message): void {
    this.#inbox.push(message);
    if (this.#isBusy) return;
    this.#isBusy = true;
    try {
      // Messages are added at the end meanwhile; the queue is emptied in one go.
      for (let position = 0; position < this.#inbox.length; position++) {
        const next = this.#inbox[position];
        if (next !== undefined) this.#handle(next);
      }
    } finally {
      this.#inbox.length = 0;
      this.#isBusy = false;
    }
  }

  #handle(message: Message): void {
    try {
      if (message.to === 'dag') this.#tellDag(message.event);
      else this.#tellTasks(message.event);
    } catch (thrown) {
      // A broken invariant: jobs must not hang on it.
      const error = toError(thrown);
      this.#logger.error('the scheduler failed', {
        event: message.event.kind,
        error: error.stack ?? error.message,
      });
      for (const jobId of [...this.#jobs.keys()]) this.#settle(jobId, error);
    }
  }

  #tellDag(event: DagEvent): void {
    for (const instruction of this.#dag.handle(event)) this.#doForDag(instruction);
  }

  #tellTasks(event: TaskEvent): void {
    for (const instruction of this.#tasks.handle(event, this.#clock.monotonicMs())) {
      this.#doForTasks(instruction);
    }
  }

  #doForDag(instruction: DagInstruction): void {
    switch (instruction.kind) {
      case 'jobStarted':
        this.#jobStarted(instruction.job, instruction.stages);
        break;
      case 'submitTaskSet':
        this.#submit(instruction.stage, instruction.taskSet);
        break;
      case 'suspendTaskSet': {
        const { stageId, stageAttempt } = instruction;
        this.#tellTasks({ kind: 'taskSetSuspended', stageId, stageAttempt });
        break;
      }
      case 'cancelStage': {
        const { stageId, reason } = instruction;
        this.#tellTasks({ kind: 'stageCancelled', stageId, reason });
        break;
      }
      case 'partitionDone':
      case 'partitionsLost':
        this.#tellTasks(instruction);
        break;
      case 'stageAttemptEnded':
        this.#stageAttemptEnded(instruction);
        break;
      case 'deliverResult':
        this.#deliver(instruction);
        break;
      case 'mergeAccumulators':
        this.#merge(instruction.updates);
        break;
      case 'dropCachedRdd':
        void this.#inBackground(this.#options.backend.removeRdd(instruction.rddId), false);
        break;
      case 'scheduleResubmit':
        this.#cancelResubmit = this.#timers.start(this.#options.resubmitDelayMs ?? 200, () =>
          this.#tell({ to: 'dag', event: { kind: 'resubmitDue' } }),
        );
        break;
      case 'endJob':
        this.#endJob(instruction.job, instruction.outcome);
        break;
      default:
        assertNever(instruction, 'DAG instruction');
    }
  }

  #doForTasks(instruction: TaskInstruction): void {
    switch (instruction.kind) {
      case 'launch':
        this.#launch(instruction.task);
        break;
      case 'kill': {
        const { executorId, taskAttemptId, reason } = instruction;
        this.#options.backend.kill(executorId, taskAttemptId, reason);
        break;
      }
      case 'taskEnded':
        this.#taskEnded(instruction);
        break;
      case 'tellDag':
        if (instruction.event.kind === 'taskSucceeded' && instruction.event.blocks.length > 0) {
          this.#announcer.blocksUpdated(instruction.event.executorId, instruction.event.blocks);
        }
        this.#tellDag(instruction.event);
        break;
      case 'taskSetEnded':
        this.#options.backend.unregisterStage(instruction.stageId, instruction.stageAttempt);
        break;
      case 'wakeAt':
        this.#wakeAt(instruction.timeMs);
        break;
      default:
        assertNever(instruction, 'task instruction');
    }
  }

  // ── Stages and tasks ──────────────────────────────────────────────────────────────────────────

  #submit(stage: Stage, taskSet: TaskSet): void {
    const job = stage.kind === 'result' ? this.#jobs.get(stage.job.id) : undefined;
    let binary: StageBinary;
    try {
      binary = this.#binaries.make(stage, taskSet, job?.request.sink);
    } catch (error) {
      this.#tell({ to: 'dag', event: { kind: 'stageBroken', stageId: stage.id, error } });
      return;
    }
    const { sink } = binary.plan;
    if (job !== undefined && sink.kind === 'saveAsTextFile') job.saveId = sink.output.saveId;
    this.#options.backend.registerStage(binary);
    this.#announcer.stageSubmitted(stage, taskSet.stageAttempt, taskSet.partitions.length);
    this.#tellTasks({ kind: 'taskSetSubmitted', taskSet });
  }

  #launch(task: TaskAttemptInfo): void {
    const { stageId, taskAttemptId, executorId, partition } = task;
    this.#announcer.taskStarted(task);
    const stage = this.#dag.stage(stageId);
    try {
      if (stage === undefined) throw new Error(`stage ${stageId} is gone`);
      this.#options.backend.launch(executorId, {
        taskAttemptId,
        stageId,
        stageAttempt: task.stageAttempt,
        generation: task.generation,
        partition,
        attemptNumber: task.attemptNumber,
        split: this.#options.compiler.split(stage.node, partition),
      });
    } catch (error) {
      // What a partition reads could not be found out: no attempt can run. The slot comes back.
      this.#tell({ to: 'dag', event: { kind: 'stageBroken', stageId, error } });
      this.#tell({ to: 'tasks', event: { kind: 'launchFailed', taskAttemptId } });
    }
  }

  #taskEnded({ task, failure, metrics }: Extract<TaskInstruction, { kind: 'taskEnded' }>): void {
    if (failure !== undefined) {
      this.#commits.attemptFailed(task.taskAttemptId);
      if (failure.kind !== 'killed') {
        this.#logger.warn('task failed', {
          stage: task.stageId,
          stageAttempt: task.stageAttempt,
          partition: task.partition,
          attempt: task.attemptNumber,
          executor: task.executorId,
          kind: failure.kind,
          error: failureSummary(failure).slice(0, 2_000),
        });
      }
    }
    this.#announcer.taskEnded(task, failure, metrics);
  }

  #stageAttemptEnded({
    stage,
    stageAttempt,
    failure,
  }: Extract<DagInstruction, { kind: 'stageAttemptEnded' }>): void {
    const fields = { stage: stage.id, attempt: stageAttempt, name: stageName(stage) };
    if (failure === undefined) this.#logger.info('stage finished', fields);
    else this.#logger.warn('stage did not finish', { ...fields, reason: failure.slice(0, 2_000) });
    this.#announcer.stageCompleted(stage, stageAttempt, failure);
  }

  #wakeAt(timeMs: number | undefined): void {
    this.#cancelWakeUp?.();
    this.#cancelWakeUp = undefined;
    if (timeMs === undefined) return;
    const delayMs = Math.max(0, Math.ceil(timeMs - this.#clock.monotonicMs()));
    this.#cancelWakeUp = this.#timers.start(delayMs, () =>
      this.#tell({ to: 'tasks', event: { kind: 'wokeUp' } }),
    );
  }

  // ── Jobs ──────────────────────────────────────────────────────────────────────────────────────

  #jobStarted(job: ActiveJob, stages: readonly Stage[]): void {
    const isComplete = (shuffleId: number): boolean => this.#dag.outputs.isComplete(shuffleId);
    this.#logger.info('job started', {
      job: job.id,
      name: callSiteShort(job.spec.callSite),
      stages: stages.length,
      tasks: job.partitions.length,
    });
    if (stages.length <= MAX_LOGGED_STAGES) {
      this.#logger.debug('stages', { job: job.id, graph: stageGraphText(stages, isComplete) });
    }
    this.#announcer.jobStarted(job, stages);
  }

  #deliver({ jobId, position, bytes }: Extract<DagInstruction, { kind: 'deliverResult' }>): void {
    const job = this.#jobs.get(jobId);
    if (job === undefined || job.refusal !== undefined) return;
    try {
      job.request.onResult(position, bytes);
    } catch (error) {
      // The job may end in this very list of instructions: remember it for #endJob.
      job.refusal = { error };
      this.#tell({ to: 'dag', event: { kind: 'resultRefused', jobId, error } });
    }
  }

  #merge(updates: readonly AccumulatorUpdate[]): void {
    const sink = this.#options.accumulators;
    if (sink === undefined) return;
    for (const { accumulatorId, value } of updates) {
      try {
        sink.merge(accumulatorId, value);
      } catch (error) {
        // As in Spark: an accumulator that misbehaves does not take the job with it.
        this.#logger.error('an accumulator could not merge an update', {
          accumulator: accumulatorId,
          error: describeThrown(error),
        });
      }
    }
  }

  #endJob(job: ActiveJob, outcome: JobOutcome): void {
    const pending = this.#jobs.get(job.id);
    if (pending?.saveId !== undefined) this.#commits.saveEnded(pending.saveId);
    const error = this.#outcomeError(job, pending, outcome);
    const actual: JobOutcome =
      outcome.kind === 'succeeded' && pending?.refusal !== undefined
        ? { kind: 'failed', failure: { kind: 'resultRefused', error: pending.refusal.error } }
        : outcome;
    this.#announcer.jobEnded(job, actual, error?.message.slice(0, 64 * 1024));
    this.#logger.info('job ended', {
      job: job.id,
      name: callSiteShort(job.spec.callSite),
      outcome: actual.kind,
    });
    this.#settle(job.id, error);
  }

  #outcomeError(
    job: ActiveJob,
    pending: PendingJob | undefined,
    outcome: JobOutcome,
  ): Error | undefined {
    switch (outcome.kind) {
      case 'succeeded':
        return pending?.refusal && toError(pending.refusal.error);
      case 'failed':
        return jobError(
          job,
          outcome.failure,
          this.#options.codeTable ?? plainCodeTable,
          this.#logger,
        );
      case 'cancelled':
        if (this.#stopping !== undefined) return this.#stoppedError();
        return pending && cancelledError(pending.request, job.id, outcome.reason);
      default:
        return assertNever(outcome, 'outcome of a job');
    }
  }

  #settle(jobId: number, error: Error | undefined): void {
    const pending = this.#jobs.get(jobId);
    this.#jobs.delete(jobId);
    pending?.settle(error);
  }

  #stoppedError(): ContextStoppedError {
    return new ContextStoppedError(this.#options.application?.applicationId ?? 'this application');
  }

  /** Waits for it, or reports its error and goes on. */
  #inBackground(work: Promise<void>, blocking: boolean): Promise<void> {
    if (blocking) return work;
    work.catch((error: unknown) =>
      this.#logger.warn('cleaning up on executors failed', { error: describeThrown(error) }),
    );
    return Promise.resolve();
  }
}

function localityWaits(wait: number | LocalityWaits): LocalityWaits {
  return typeof wait === 'number' ? { processMs: wait, nodeMs: wait, rackMs: wait } : wait;
}
