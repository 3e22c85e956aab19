import type { TaskFailure, TaskUpdate } from 'heddle/internal';
import type { TaskLocation } from '../../src/tasks/locality.js';
import type { TaskAttemptInfo, TaskEvent, TaskInstruction } from '../../src/tasks/task-event.js';
import type { TaskSet } from '../../src/tasks/task-set.js';
import type { TaskSchedulerOptions } from '../../src/tasks/task-scheduler.js';
import { TaskScheduler } from '../../src/tasks/task-scheduler.js';
import { NO_METRICS, failedUpdate } from './fakes.js';

export const BOOM: Extract<TaskFailure, { kind: 'exception' }> = {
  kind: 'exception',
  error: new Uint8Array(0),
  summary: 'Error: boom',
  retryable: true,
};

interface Submission {
  readonly jobId?: number;
  readonly stageAttempt?: number;
  readonly partitions?: readonly number[];
  /** `host`, or `executor@host`, for each partition. */
  readonly near?: readonly (readonly string[])[];
  readonly pool?: string;
  readonly launchStarts?: readonly number[];
  readonly inputBytes?: Float64Array;
}

/** A task scheduler, a clock that tests move, and a short text of all it wants done. */
export class TaskStory {
  readonly scheduler: TaskScheduler;
  /** Attempts that run, by id. */
  readonly running = new Map<number, TaskAttemptInfo>();
  readonly launched: TaskAttemptInfo[] = [];
  nowMs = 0;
  wakeAtMs: number | undefined;

  constructor(options: Partial<TaskSchedulerOptions> = {}) {
    this.scheduler = new TaskScheduler({
      maxTaskFailures: 4,
      localityWaits: { processMs: 3_000, nodeMs: 3_000, rackMs: 3_000 },
      retryElsewhereWaitMs: 3_000,
      mode: 'FIFO',
      pools: [],
      rackOf: () => undefined,
      ...options,
    });
  }

  handle(event: TaskEvent): string[] {
    return this.scheduler
      .handle(event, this.nowMs)
      .map((instruction) => this.#text(instruction))
      .filter((text) => text !== '');
  }

  executor(executorId: string, slots = 1, host = `host-${executorId}`): string[] {
    return this.handle({ kind: 'executorAdded', executor: { executorId, host, slots } });
  }

  loseExecutor(executorId: string, countsAsFailure = true): string[] {
    for (const [id, task] of this.running)
      if (task.executorId === executorId) this.running.delete(id);
    return this.handle({
      kind: 'executorRemoved',
      loss: { executorId, reason: 'gone', countsAsFailure, hostLost: false, mapOutputs: 'lost' },
    });
  }

  submit(stageId: number, count: number, submission: Submission = {}): string[] {
    const partitions = submission.partitions ?? Array.from({ length: count }, (_, index) => index);
    const taskSet: TaskSet = {
      stageId,
      stageAttempt: submission.stageAttempt ?? 0,
      generation: 0,
      jobId: submission.jobId ?? stageId,
      partitions,
      locations: submission.near?.map((places) => places.map(location)),
      ...(submission.inputBytes !== undefined && { inputBytes: submission.inputBytes }),
      ...(submission.launchStarts !== undefined && { launchStarts: submission.launchStarts }),
      properties: submission.pool === undefined ? {} : { 'heddle.scheduler.pool': submission.pool },
    };
    return this.handle({ kind: 'taskSetSubmitted', taskSet });
  }

  /** The attempt of a partition that runs now; `what`: `stage.attempt`. */
  attempt(what: string, partition: number): TaskAttemptInfo {
    for (const task of this.running.values()) {
      if (`${task.stageId}.${task.stageAttempt}` === what && task.partition === partition)
        return task;
    }
    throw new Error(`partition ${partition} of ${what} does not run`);
  }

  succeed(what: string, partition: number, runMs = NO_METRICS.runMs): string[] {
    const task = this.attempt(what, partition);
    this.running.delete(task.taskAttemptId);
    const update: TaskUpdate = {
      kind: 'succeeded',
      taskAttemptId: task.taskAttemptId,
      executorId: task.executorId,
      result: { kind: 'value', bytes: new Uint8Array(0) },
      metrics: { ...NO_METRICS, runMs },
      accumulators: [],
      blocks: [],
    };
    return this.handle({ kind: 'taskUpdate', update });
  }

  fail(what: string, partition: number, failure: TaskFailure = BOOM): string[] {
    const task = this.attempt(what, partition);
    this.running.delete(task.taskAttemptId);
    const update = failedUpdate(task.taskAttemptId, task.executorId, failure);
    return this.handle({ kind: 'taskUpdate', update });
  }

  /** Lets time pass and wakes the scheduler up if it asked for that meanwhile. */
  pass(durationMs: number): string[] {
    this.nowMs += durationMs;
    if (this.wakeAtMs === undefined || this.wakeAtMs > this.nowMs) return [];
    this.wakeAtMs = undefined;
    return this.handle({ kind: 'wokeUp' });
  }

  #text(instruction: TaskInstruction): string {
    switch (instruction.kind) {
      case 'launch': {
        const { task, followers } = instruction;
        for (const each of [task, ...followers]) {
          this.running.set(each.taskAttemptId, each);
          this.launched.push(each);
        }
        const behind =
          followers.length === 0
            ? ''
            : ` then ${followers.map((each) => each.partition).join(' ')}`;
        const copy = task.isSpeculative ? ' copy' : '';
        const attempt = task.attemptNumber > 0 ? ` try ${task.attemptNumber}` : '';
        const locality = task.locality === 'NO_PREF' ? '' : ` ${task.locality}`;
        return `${task.stageId}.${task.stageAttempt}[${task.partition}] on ${task.executorId}${attempt}${locality}${copy}${behind}`;
      }
      case 'kill':
        return `kill ${instruction.taskAttemptId} on ${instruction.executorId}`;
      case 'recall':
        return `recall ${instruction.taskAttemptId} on ${instruction.executorId}`;
      case 'taskEnded':
        return '';
      case 'taskBegan': {
        const { stageId, stageAttempt, partition } = instruction.task;
        return `${stageId}.${stageAttempt}[${partition}] begins`;
      }
      case 'healthChanged':
        return instruction.changes
          .map(
            (change) =>
              `${change.kind} ${'executorId' in change ? change.executorId : change.host}`,
          )
          .join(', ');
      case 'unschedulable':
        return `${instruction.stageId}[${instruction.partition}] has no place, idle: ${instruction.idleExecutorIds.join(' ')}`;
      case 'tellDag': {
        const { kind } = instruction.event;
        return kind === 'taskSucceeded' || kind === 'executorDiedUnder' ? '' : `dag: ${kind}`;
      }
      case 'taskSetEnded':
        return `${instruction.stageId}.${instruction.stageAttempt} over`;
      case 'wakeAt':
        this.wakeAtMs = instruction.timeMs;
        return instruction.timeMs === undefined ? '' : `wake at ${instruction.timeMs}`;
    }
  }
}

function location(place: string): TaskLocation {
  const [executorId, host] = place.split('@');
  return host === undefined ? { host: place } : { host, executorId: executorId ?? '' };
}
