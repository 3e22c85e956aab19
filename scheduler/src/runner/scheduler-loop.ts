import type { Clock, Logger } from '@heddle/common';
import { assertNever, callSiteShort, describeThrown, toError } from '@heddle/common';
import type { SchedulerBackend } from '../backend/scheduler-backend.js';
import type { CommitCoordinator } from '../commit/commit-coordinator.js';
import type { ActiveJob } from '../dag/active-job.js';
import type { DagEvent } from '../dag/dag-event.js';
import type { DagInstruction } from '../dag/dag-instruction.js';
import type { DagScheduler } from '../dag/dag-scheduler.js';
import type { Stage } from '../dag/stage.js';
import { stageName } from '../dag/stage.js';
import { stageGraphText } from '../dag/stage-graph-text.js';
import { failureSummary } from '../failure/verdict.js';
import type { TaskEvent, TaskInstruction } from '../tasks/task-event.js';
import type { TaskScheduler } from '../tasks/task-scheduler.js';
import type { TaskSet } from '../tasks/task-set.js';
import type { Announcer } from './announcer.js';
import type { JobLedger } from './job-ledger.js';
import type { Timers } from './scheduler-options.js';
import type { TaskStarter } from './task-starter.js';

/** A job of more stages is not drawn in the log. */
const MAX_LOGGED_STAGES = 50;

/** Something from outside: one of the two schedulers is to hear of it. */
export type Message =
  | { readonly to: 'dag'; readonly event: DagEvent }
  | { readonly to: 'tasks'; readonly event: TaskEvent };

/** What the loop does things with. */
export interface SchedulerParts {
  readonly dag: DagScheduler;
  readonly tasks: TaskScheduler;
  readonly backend: SchedulerBackend;
  readonly jobs: JobLedger;
  readonly starter: TaskStarter;
  readonly commits: CommitCoordinator;
  readonly announcer: Announcer;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly logger: Logger;
  /** Pause that gathers fetch failures before stages are submitted again, in milliseconds. */
  readonly resubmitDelayMs: number;
  /** Work came or went, or executors did. */
  readonly changed: () => void;
}

/**
 * Hands the schedulers what happens, one message at a time, and does what they say. Messages that
 * come while one is being worked on wait in a queue, so nothing is ever handled inside something
 * else. Never awaits between a message and its consequences.
 */
export class SchedulerLoop {
  readonly #parts: SchedulerParts;
  readonly #inbox: Message[] = [];
  #isBusy = false;
  #cancelWakeUp: (() => void) | undefined;
  #cancelResubmit: (() => void) | undefined;

  constructor(parts: SchedulerParts) {
    this.#parts = parts;
  }

  get isIdle(): boolean {
    return this.#inbox.length === 0;
  }

  tell(message: Message): void {
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

  stopTimers(): void {
    this.#cancelWakeUp?.();
    this.#cancelResubmit?.();
  }

  #handle(message: Message): void {
    try {
      if (message.to === 'dag') this.#tellDag(message.event);
      else this.#tellTasks(message.event);
    } catch (thrown) {
      // A broken invariant: jobs must not hang on it.
      const error = toError(thrown);
      this.#parts.logger.error('the scheduler failed', {
        event: message.event.kind,
        error: error.stack ?? error.message,
      });
      this.#parts.jobs.failAll(error);
    }
  }

  #tellDag(event: DagEvent): void {
    for (const instruction of this.#parts.dag.handle(event)) this.#doForDag(instruction);
  }

  #tellTasks(event: TaskEvent): void {
    const { tasks, clock } = this.#parts;
    for (const instruction of tasks.handle(event, clock.monotonicMs())) {
      this.#doForTasks(instruction);
    }
  }

  #doForDag(instruction: DagInstruction): void {
    const { backend, jobs, timers } = this.#parts;
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
      case 'outputsUnreadable':
      case 'partitionDone':
      case 'partitionsLost':
        this.#tellTasks(instruction);
        break;
      case 'stageAttemptEnded':
        this.#stageAttemptEnded(instruction);
        break;
      case 'deliverResult':
        jobs.deliver(instruction);
        break;
      case 'mergeAccumulators':
        jobs.merge(instruction.updates);
        break;
      case 'dropCachedRdd':
        backend.removeRdd(instruction.rddId).catch((error: unknown) => {
          const { logger } = this.#parts;
          logger.warn('cleaning up on executors failed', { error: describeThrown(error) });
        });
        break;
      case 'skewFound':
        this.#skewFound(instruction);
        break;
      case 'scheduleResubmit':
        this.#cancelResubmit = timers.start(this.#parts.resubmitDelayMs, () =>
          this.tell({ to: 'dag', event: { kind: 'resubmitDue' } }),
        );
        break;
      case 'endJob':
        jobs.end(instruction.job, instruction.outcome);
        break;
      default:
        assertNever(instruction, 'DAG instruction');
    }
  }

  #doForTasks(instruction: TaskInstruction): void {
    const { backend, announcer, logger } = this.#parts;
    switch (instruction.kind) {
      case 'launch':
        this.#launch(instruction);
        break;
      case 'taskBegan':
        announcer.taskStarted(instruction.task);
        break;
      case 'kill': {
        const { executorId, taskAttemptId, reason } = instruction;
        backend.kill(executorId, taskAttemptId, reason);
        break;
      }
      case 'recall':
        backend.recall?.(instruction.executorId, instruction.taskAttemptId);
        break;
      case 'taskEnded':
        this.#taskEnded(instruction);
        break;
      case 'tellDag':
        if (instruction.event.kind === 'taskSucceeded' && instruction.event.blocks.length > 0) {
          announcer.blocksUpdated(instruction.event.executorId, instruction.event.blocks);
        }
        this.#tellDag(instruction.event);
        break;
      case 'taskSetEnded':
        backend.unregisterStage(instruction.stageId, instruction.stageAttempt);
        this.#parts.changed();
        break;
      case 'healthChanged':
        for (const change of instruction.changes) {
          logger.warn('failures of tasks changed which executors are used', { ...change });
        }
        announcer.healthChanged(instruction.changes);
        break;
      case 'unschedulable':
        this.#unschedulable(instruction);
        break;
      case 'wakeAt':
        this.#wakeAt(instruction.timeMs);
        break;
      default:
        assertNever(instruction, 'task instruction');
    }
  }

  #jobStarted(job: ActiveJob, stages: readonly Stage[]): void {
    const { dag, logger, announcer } = this.#parts;
    const isComplete = (shuffleId: number): boolean => dag.outputs.isComplete(shuffleId);
    logger.info('job started', {
      job: job.id,
      name: callSiteShort(job.spec.callSite),
      stages: stages.length,
      tasks: job.partitions.length,
    });
    if (stages.length <= MAX_LOGGED_STAGES) {
      logger.debug('stages', { job: job.id, graph: stageGraphText(stages, isComplete) });
    }
    announcer.jobStarted(job, stages);
  }

  #submit(stage: Stage, taskSet: TaskSet): void {
    try {
      this.#parts.starter.registerStage(stage, taskSet);
    } catch (error) {
      this.tell({ to: 'dag', event: { kind: 'stageBroken', stageId: stage.id, error } });
      return;
    }
    this.#tellTasks({ kind: 'taskSetSubmitted', taskSet });
    this.#parts.changed();
  }

  #launch({ task, followers }: Extract<TaskInstruction, { kind: 'launch' }>): void {
    try {
      this.#parts.starter.launch(task, followers);
    } catch (error) {
      // What a partition reads could not be found out: no attempt can run. The slot comes back.
      this.tell({ to: 'dag', event: { kind: 'stageBroken', stageId: task.stageId, error } });
      for (const { taskAttemptId } of [task, ...followers]) {
        this.tell({ to: 'tasks', event: { kind: 'launchFailed', taskAttemptId } });
      }
    }
  }

  #taskEnded({
    task,
    hasBegun,
    failure,
    metrics,
  }: Extract<TaskInstruction, { kind: 'taskEnded' }>): void {
    const { commits, logger, announcer } = this.#parts;
    if (failure !== undefined) {
      commits.attemptFailed(task.taskAttemptId);
      if (failure.kind !== 'killed') {
        logger.warn('task failed', {
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
    // Nobody heard of a follower whose turn never came.
    if (hasBegun) announcer.taskEnded(task, failure, metrics);
  }

  #stageAttemptEnded({
    stage,
    stageAttempt,
    failure,
  }: Extract<DagInstruction, { kind: 'stageAttemptEnded' }>): void {
    const { logger, announcer } = this.#parts;
    const fields = { stage: stage.id, attempt: stageAttempt, name: stageName(stage) };
    if (failure === undefined) logger.info('stage finished', fields);
    else logger.warn('stage did not finish', { ...fields, reason: failure.slice(0, 2_000) });
    announcer.stageCompleted(stage, stageAttempt, failure);
  }

  #skewFound({
    stage,
    partition,
    sizeBytes,
    medianBytes,
  }: Extract<DagInstruction, { kind: 'skewFound' }>): void {
    const fields = { stage: stage.id, name: stageName(stage), partition, sizeBytes, medianBytes };
    this.#parts.logger.warn('a partition is much larger than the others of its stage', fields);
    this.#parts.announcer.skewFound(stage.id, partition, sizeBytes, medianBytes);
  }

  #unschedulable({
    stageId,
    partition,
    idleExecutorIds,
  }: Extract<TaskInstruction, { kind: 'unschedulable' }>): void {
    const { logger, backend } = this.#parts;
    const idle = idleExecutorIds[0];
    logger.warn('a task may run on none of the executors, since tasks failed on all of them', {
      stage: stageId,
      partition,
      ...(idle !== undefined && { idleExecutor: idle }),
    });
    // An idle one makes room for one that may have the task.
    if (idle !== undefined) backend.drain?.(idle);
  }

  #wakeAt(timeMs: number | undefined): void {
    const { clock, timers } = this.#parts;
    this.#cancelWakeUp?.();
    this.#cancelWakeUp = undefined;
    if (timeMs === undefined) return;
    const delayMs = Math.max(0, Math.ceil(timeMs - clock.monotonicMs()));
    this.#cancelWakeUp = timers.start(delayMs, () =>
      this.tell({ to: 'tasks', event: { kind: 'wokeUp' } }),
    );
  }
}
