import type { Clock } from '@heddle/common';
import { callSiteShort } from '@heddle/common';
import type { BlockStatus, TaskFailure, TaskMetrics } from 'heddle/internal';
import type { ExecutorInfo } from '../backend/scheduler-backend.js';
import type { ActiveJob } from '../dag/active-job.js';
import type { JobOutcome } from '../dag/dag-instruction.js';
import type { Stage } from '../dag/stage.js';
import { stageName } from '../dag/stage.js';
import type { HealthChange } from '../exclusion/health-tracker.js';
import { failureSummary } from '../failure/verdict.js';
import type { ApplicationInfo, StageDescription, TaskDescriptionInfo } from '../listener/events.js';
import type { ListenerBus } from '../listener/listener-bus.js';
import { redactSettings } from '../listener/redact.js';
import type { TaskAttemptInfo } from '../tasks/task-event.js';

const MAX_SUMMARY = 64 * 1024;

/** Makes the listeners' events of what the schedulers do, and puts the time on them. */
export class Announcer {
  readonly #bus: ListenerBus;
  readonly #clock: Clock;
  /** What to add to monotonic times, on which tasks are launched, to get times for people. */
  readonly #epochOffsetMs: number;

  constructor(bus: ListenerBus, clock: Clock) {
    this.#bus = bus;
    this.#clock = clock;
    this.#epochOffsetMs = clock.nowMs() - clock.monotonicMs();
  }

  applicationStarted(
    application: ApplicationInfo,
    settings: Readonly<Record<string, string>>,
  ): void {
    this.#bus.post({ kind: 'applicationStart', application });
    this.#bus.post({ kind: 'environmentUpdate', settings: redactSettings(settings) });
  }

  applicationEnded(): void {
    this.#bus.post({ kind: 'applicationEnd', timeMs: this.#clock.nowMs() });
  }

  executorAdded({ executorId, host, slots }: ExecutorInfo): void {
    this.#bus.post({ kind: 'executorAdded', timeMs: this.#clock.nowMs(), executorId, host, slots });
  }

  executorRemoved(executorId: string, reason: string): void {
    this.#bus.post({ kind: 'executorRemoved', timeMs: this.#clock.nowMs(), executorId, reason });
  }

  jobStarted(job: ActiveJob, stages: readonly Stage[]): void {
    if (!this.#bus.hasListeners) return;
    const { callSite, description, jobGroup, tags, properties } = job.spec;
    this.#bus.post({
      kind: 'jobStart',
      timeMs: this.#clock.nowMs(),
      jobId: job.id,
      name: callSiteShort(callSite),
      ...(description !== undefined && { description }),
      ...(jobGroup !== undefined && { jobGroup }),
      tags,
      stages: stages.map(describeStage),
      properties: redactSettings(properties),
    });
  }

  jobEnded(job: ActiveJob, outcome: JobOutcome, reason: string | undefined): void {
    this.#bus.post({
      kind: 'jobEnd',
      timeMs: this.#clock.nowMs(),
      jobId: job.id,
      outcome: outcome.kind,
      ...(reason !== undefined && { reason }),
    });
  }

  stageSubmitted(stage: Stage, stageAttempt: number, numTasks: number): void {
    if (!this.#bus.hasListeners) return;
    this.#bus.post({
      kind: 'stageSubmitted',
      timeMs: this.#clock.nowMs(),
      stage: describeStage(stage),
      stageAttempt,
      jobIds: Array.from(stage.jobs, ({ id }) => id),
      numTasks,
    });
  }

  stageCompleted(stage: Stage, stageAttempt: number, failure: string | undefined): void {
    this.#bus.post({
      kind: 'stageCompleted',
      timeMs: this.#clock.nowMs(),
      stageId: stage.id,
      stageAttempt,
      ...(failure !== undefined && { failure: failure.slice(0, MAX_SUMMARY) }),
    });
  }

  skewFound(stageId: number, partition: number, sizeBytes: number, medianBytes: number): void {
    const timeMs = this.#clock.nowMs();
    this.#bus.post({ kind: 'skewFound', timeMs, stageId, partition, sizeBytes, medianBytes });
  }

  healthChanged(changes: readonly HealthChange[]): void {
    for (const change of changes) this.#bus.post({ ...change, timeMs: this.#clock.nowMs() });
  }

  taskStarted(task: TaskAttemptInfo): void {
    if (!this.#bus.hasListeners) return;
    this.#bus.post({ kind: 'taskStart', task: this.#describeTask(task) });
  }

  taskEnded(
    task: TaskAttemptInfo,
    failure: TaskFailure | undefined,
    metrics: TaskMetrics | undefined,
  ): void {
    if (!this.#bus.hasListeners) return;
    this.#bus.post({
      kind: 'taskEnd',
      timeMs: this.#clock.nowMs(),
      task: this.#describeTask(task),
      ...(failure !== undefined && {
        failure: { kind: failure.kind, summary: failureSummary(failure).slice(0, MAX_SUMMARY) },
      }),
      ...(metrics !== undefined && { metrics }),
    });
  }

  blocksUpdated(executorId: string, blocks: readonly BlockStatus[]): void {
    if (!this.#bus.hasListeners) return;
    for (const { rddId, partition, memoryBytes, diskBytes, isGone } of blocks) {
      const timeMs = this.#clock.nowMs();
      this.#bus.post({
        kind: 'blockUpdated',
        timeMs,
        executorId,
        rddId,
        partition,
        memoryBytes,
        diskBytes,
        ...(isGone === true && { isGone }),
      });
    }
  }

  rddUnpersisted(rddId: number): void {
    this.#bus.post({ kind: 'unpersistRdd', timeMs: this.#clock.nowMs(), rddId });
  }

  #describeTask(task: TaskAttemptInfo): TaskDescriptionInfo {
    return {
      taskAttemptId: task.taskAttemptId,
      stageId: task.stageId,
      stageAttempt: task.stageAttempt,
      partition: task.partition,
      attemptNumber: task.attemptNumber,
      executorId: task.executorId,
      host: task.host,
      locality: task.locality,
      ...(task.isSpeculative && { isSpeculative: true }),
      launchTimeMs: Math.round(task.launchedMs + this.#epochOffsetMs),
    };
  }
}

function describeStage(stage: Stage): StageDescription {
  return {
    stageId: stage.id,
    kind: stage.kind,
    name: stageName(stage),
    numTasks: stage.kind === 'result' ? stage.job.partitions.length : stage.node.partitionCount,
    rddId: stage.node.rddId,
    parentShuffleIds: stage.parents.map(({ shuffle }) => shuffle.shuffleId),
    ...(stage.kind === 'shuffleMap' && { shuffleId: stage.shuffle.shuffleId }),
  };
}
