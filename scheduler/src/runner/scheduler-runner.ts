import type { Logger } from '@heddle/common';
import { describeThrown, silentLogger, systemClock } from '@heddle/common';
import type {
  ExecutorStatus,
  HostBytes,
  JobInfo,
  JobRequest,
  JobRunner,
  StageInfo,
  StoredResult,
  TaskUpdate,
} from 'heddle/internal';
import { ContextStoppedError, plainCodeTable } from 'heddle/internal';
import { ExecutorSupply } from '../allocation/executor-supply.js';
import type { BackendEvents, CommitRequest, ExecutorLoss } from '../backend/scheduler-backend.js';
import { CommitCoordinator } from '../commit/commit-coordinator.js';
import type { JobSelection } from '../dag/dag-event.js';
import { DagScheduler } from '../dag/dag-scheduler.js';
import type { Listener } from '../listener/events.js';
import { ListenerBus } from '../listener/listener-bus.js';
import { StatusTracker } from '../listener/status-tracker.js';
import { TaskScheduler } from '../tasks/task-scheduler.js';
import { Announcer } from './announcer.js';
import { JobLedger } from './job-ledger.js';
import { cancelledError } from './pending-job.js';
import { SchedulerLoop } from './scheduler-loop.js';
import type { SchedulerOptions } from './scheduler-options.js';
import { dagOptions, systemTimers, taskOptions } from './scheduler-options.js';
import { StageBinaries } from './stage-binaries.js';
import { StoredResults } from './stored-results.js';
import { TaskStarter } from './task-starter.js';

/**
 * Runs jobs: the shell around the two schedulers, which decide and do nothing else. This class is
 * what the driver and the backend call; `SchedulerLoop` hands it all to the schedulers. Runs on the
 * event loop of the driver.
 */
export class SchedulerRunner implements JobRunner {
  readonly #options: SchedulerOptions;
  readonly #logger: Logger;
  readonly #dag: DagScheduler;
  readonly #tasks: TaskScheduler;
  readonly #commits = new CommitCoordinator();
  readonly #bus: ListenerBus;
  readonly #status: StatusTracker;
  readonly #announcer: Announcer;
  readonly #jobs: JobLedger;
  readonly #loop: SchedulerLoop;
  readonly #supply: ExecutorSupply;
  readonly #storedResults: StoredResults;
  #stopping: Promise<void> | undefined;
  /** Why jobs end that are cancelled now; the last word when nothing can run any more. */
  #failure: { readonly error: Error; readonly isFinal: boolean } | undefined;

  constructor(options: SchedulerOptions) {
    const clock = options.clock ?? systemClock;
    const timers = options.timers ?? systemTimers;
    const logger = options.logger ?? silentLogger;
    const { backend, compiler } = options;
    this.#options = options;
    this.#logger = logger;
    this.#dag = new DagScheduler(dagOptions(options, () => this.#tasks.slots));
    this.#tasks = new TaskScheduler(taskOptions(options));
    this.#bus = new ListenerBus(logger);
    this.#status = new StatusTracker(options.retainedJobs ?? 1_000);
    this.#bus.add(this.#status);
    for (const listener of options.listeners ?? []) this.#bus.add(listener);
    if (options.eventLog !== undefined) this.#bus.add(options.eventLog);
    this.#announcer = new Announcer(this.#bus, clock);
    this.#jobs = new JobLedger({
      announcer: this.#announcer,
      commits: this.#commits,
      logger,
      codeTable: options.codeTable ?? plainCodeTable,
      accumulators: options.accumulators,
      generalError: () => this.#generalError(),
      refused: (jobId, error) =>
        this.#loop.tell({ to: 'dag', event: { kind: 'resultRefused', jobId, error } }),
    });
    this.#storedResults = new StoredResults(backend, logger, {
      isWanted: ({ taskAttemptId }) => this.#tasks.isWanted(taskAttemptId),
      ended: (update) => this.#updated(update),
    });
    this.#supply = new ExecutorSupply({
      backend,
      dag: this.#dag,
      tasks: this.#tasks,
      clock,
      timers,
      logger,
      executors: options.executors,
      allocation: options.allocation,
      waitTimeoutMs: options.executorWaitTimeoutMs ?? 0,
      failJobs: (error) => this.#failJobs(error, false),
      usesLocations: options.usesLocations ?? false,
      awaitHosts: (hosts) =>
        this.#loop.tell({ to: 'tasks', event: { kind: 'hostsAwaited', hosts } }),
    });
    const binaries = new StageBinaries(
      compiler,
      this.#dag.outputs,
      logger,
      options.largeCaptureBytes ?? 1024 ** 2,
    );
    this.#loop = new SchedulerLoop({
      dag: this.#dag,
      tasks: this.#tasks,
      backend,
      jobs: this.#jobs,
      starter: new TaskStarter(backend, compiler, this.#dag, this.#jobs, binaries, this.#announcer),
      commits: this.#commits,
      announcer: this.#announcer,
      clock,
      timers,
      logger,
      resubmitDelayMs: options.resubmitDelayMs ?? 200,
      changed: () => this.#supply.changed(),
    });
  }

  /** Starts executors; resolves when the first one can take tasks. */
  async start(): Promise<void> {
    const { application, settings } = this.#options;
    if (application !== undefined) this.#announcer.applicationStarted(application, settings ?? {});
    await this.#options.backend.start(this.#backendEvents());
    this.#supply.changed();
  }

  addListener(listener: Listener): void {
    this.#bus.add(listener);
  }

  removeListener(listener: Listener): void {
    this.#bus.remove(listener);
  }

  runJob(request: JobRequest): Promise<void> {
    if (this.#stopping !== undefined) return Promise.reject(this.#stoppedError());
    if (this.#failure?.isFinal === true) return Promise.reject(this.#failure.error);
    const { signal } = request;
    if (signal?.aborted === true) {
      return Promise.reject(cancelledError(request, undefined, describeThrown(signal.reason)));
    }
    return new Promise<void>((resolve, reject) => {
      const abort = (id: number, reason: string): void =>
        this.#cancel({ by: 'id', jobId: id }, reason);
      const jobId = this.#jobs.open(request, resolve, reject, abort);
      this.#loop.tell({ to: 'dag', event: { kind: 'jobSubmitted', jobId, job: request } });
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

  inputNamed(locate: () => Promise<readonly HostBytes[]>): void {
    this.#supply.inputNamed(locate);
  }

  unpersist(rddId: number, blocking: boolean): Promise<void> {
    this.#loop.tell({ to: 'dag', event: { kind: 'rddUnpersisted', rddId } });
    this.#announcer.rddUnpersisted(rddId);
    this.#supply.changed();
    return this.#inBackground(this.#options.backend.removeRdd(rddId), blocking);
  }

  isFullyCached(rddId: number, partitionCount: number): boolean {
    return this.#dag.blocks.isFullyCached(rddId, partitionCount);
  }

  removeShuffle(shuffleId: number, blocking: boolean): Promise<void> {
    this.#loop.tell({ to: 'dag', event: { kind: 'shuffleRemoved', shuffleId } });
    this.#supply.changed();
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
      !this.#loop.isIdle && 'messages',
    ].filter((what) => what !== false);
    if (left.length > 0) throw new Error(`the runner still has ${left.join(', ')}`);
  }

  async #stop(): Promise<void> {
    // Jobs that end from here on end because of this: see #generalError.
    await Promise.resolve();
    this.#cancel({ by: 'all' }, 'the context was stopped');
    this.#supply.stop();
    this.#loop.stopTimers();
    try {
      await this.#options.backend.stop();
    } finally {
      this.#announcer.applicationEnded();
      await this.#options.eventLog?.close();
    }
  }

  #cancel(which: JobSelection, reason: string): void {
    this.#loop.tell({ to: 'dag', event: { kind: 'jobsCancelled', which, reason } });
  }

  #backendEvents(): BackendEvents {
    return {
      executorAdded: (executor) => {
        this.#logger.info('executor added', { ...executor });
        this.#announcer.executorAdded(executor);
        this.#loop.tell({ to: 'tasks', event: { kind: 'executorAdded', executor } });
        this.#supply.changed();
      },
      executorRemoved: (loss) => this.#executorRemoved(loss),
      executorDraining: (executorId) => {
        this.#logger.info('executor is leaving', { executorId });
        this.#loop.tell({ to: 'tasks', event: { kind: 'executorDraining', executorId } });
        this.#supply.changed();
      },
      blocksChanged: (executorId, statuses) => {
        const executor = this.#tasks.executor(executorId);
        // An executor that was given up holds nothing any more, whatever it says.
        if (executor === undefined) return;
        this.#announcer.blocksUpdated(executorId, statuses);
        const { host } = executor;
        this.#loop.tell({
          to: 'dag',
          event: { kind: 'blocksChanged', executorId, host, statuses },
        });
        this.#supply.changed();
      },
      taskUpdate: (update) => {
        if (update.kind === 'succeeded' && update.result.kind === 'stored') {
          this.#resultStored(update, update.result);
        } else {
          this.#updated(update);
        }
      },
      mayCommit: (request) => this.#mayCommit(request),
      backendFailed: (error) => this.#failJobs(error, true),
    };
  }

  /** Its size counts before a byte of it is fetched: the limit of results protects this process's memory. */
  #resultStored(update: Extract<TaskUpdate, { kind: 'succeeded' }>, stored: StoredResult): void {
    const task = this.#tasks.runningTask(update.taskAttemptId);
    if (task?.executorId === update.executorId) {
      const { stageId, generation, partition } = task;
      const { sizeBytes } = stored;
      this.#loop.tell({
        to: 'dag',
        event: { kind: 'resultAnnounced', stageId, generation, partition, sizeBytes },
      });
    }
    this.#storedResults.fetch(update, stored);
  }

  #updated(update: TaskUpdate): void {
    if (update.kind === 'running') return;
    this.#loop.tell({ to: 'tasks', event: { kind: 'taskUpdate', update } });
  }

  #executorRemoved(loss: ExecutorLoss): void {
    // Its end is told once, however many noticed it.
    if (this.#tasks.executor(loss.executorId) !== undefined) {
      this.#logger.warn('executor removed', { ...loss });
      this.#announcer.executorRemoved(loss.executorId, loss.reason);
    }
    this.#loop.tell({ to: 'tasks', event: { kind: 'executorRemoved', loss } });
    this.#supply.changed();
  }

  /** Ends all jobs with an error. @param isFinal no task will ever run again: later jobs end so too */
  #failJobs(error: Error, isFinal: boolean): void {
    if (this.#failure !== undefined) return;
    this.#failure = { error, isFinal };
    this.#logger.error('all jobs fail', { error: error.message });
    this.#cancel({ by: 'all' }, error.message);
    if (!isFinal) this.#failure = undefined;
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

  #generalError(): Error | undefined {
    return this.#stopping === undefined ? this.#failure?.error : this.#stoppedError();
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
