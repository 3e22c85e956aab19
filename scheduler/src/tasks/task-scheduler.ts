import { assertNever } from '@heddle/common';
import type { TaskFailure, TaskUpdate } from 'heddle/internal';
import type { ExecutorInfo } from '../backend/scheduler-backend.js';
import { failureSummary, verdictOf } from '../failure/verdict.js';
import type { ExecutorState } from './cluster.js';
import { Cluster } from './cluster.js';
import { LOCALITY_NAMES } from './locality.js';
import type { Match } from './offering.js';
import { Offering } from './offering.js';
import type { PoolSpec, SchedulingMode } from './pool.js';
import { Pools } from './pool.js';
import type { TaskAttemptInfo, TaskEvent, TaskInstruction } from './task-event.js';
import type { TaskSet } from './task-set.js';
import type { TaskSetOptions } from './task-set-manager.js';
import { TaskSetManager } from './task-set-manager.js';

/** Names the pool of a job in its flow-local properties. */
export const POOL_PROPERTY = 'heddle.scheduler.pool';

export interface TaskSchedulerOptions extends TaskSetOptions {
  readonly mode: SchedulingMode;
  readonly pools: readonly PoolSpec[];
  readonly rackOf: (host: string) => string | undefined;
}

interface RunningTask {
  readonly info: TaskAttemptInfo;
  readonly manager: TaskSetManager;
  readonly index: number;
  readonly executor: ExecutorState;
  /** The executor was told to end it; its update is still to come. */
  isKilled: boolean;
}

/** Which executors could be of use after an event. */
type Scope =
  | { readonly kind: 'none' }
  | { readonly kind: 'all' }
  | { readonly kind: 'one'; readonly executor: ExecutorState };

const NOTHING: Scope = { kind: 'none' };
const EVERYTHING: Scope = { kind: 'all' };

/**
 * Decides which task runs on which free slot, and what becomes of tasks that fail.
 *
 * A pure state machine: no I/O, no clock, no randomness. A slot that becomes free is offered in the
 * same `handle` call; there are no ticks. Slots that were refused are offered again only when
 * something changed that could matter: new tasks, new executors, or a wait that is over.
 *
 * Source: Spark 4.0 `TaskSchedulerImpl`.
 */
export class TaskScheduler {
  readonly #options: TaskSchedulerOptions;
  readonly #cluster: Cluster;
  readonly #pools: Pools;
  /** stage → its task sets, of which at most one is not suspended */
  readonly #stages = new Map<number, TaskSetManager[]>();
  readonly #running = new Map<number, RunningTask>();
  #nextTaskAttemptId = 0;
  /** Since when some slot has been free without a break. */
  #idleSinceMs = Infinity;
  #wakeAtMs: number | undefined;

  constructor(options: TaskSchedulerOptions) {
    this.#options = options;
    this.#cluster = new Cluster(options.rackOf);
    this.#pools = new Pools(options.mode, options.pools);
  }

  /** @param nowMs monotonic time in milliseconds */
  handle(event: TaskEvent, nowMs: number): TaskInstruction[] {
    const out: TaskInstruction[] = [];
    const scope = this.#apply(event, nowMs, out);
    if (scope !== NOTHING) this.#offer(scope, nowMs, out);
    return out;
  }

  get executors(): Iterable<ExecutorState> {
    return this.#cluster.executors;
  }

  /** Whether the attempt is one of ours and not over: only such an attempt may commit. */
  runningTask(taskAttemptId: number): TaskAttemptInfo | undefined {
    return this.#running.get(taskAttemptId)?.info;
  }

  /** Nothing is left of any task set; for tests. */
  get isEmpty(): boolean {
    return this.#stages.size === 0 && this.#running.size === 0 && this.#pools.isEmpty;
  }

  /** Stack entries that looking for tasks has met in this stage's task sets; for tests. */
  visits(stageId: number): number {
    return (this.#stages.get(stageId) ?? []).reduce(
      (sum, manager) => sum + manager.pending.visits,
      0,
    );
  }

  #apply(event: TaskEvent, nowMs: number, out: TaskInstruction[]): Scope {
    switch (event.kind) {
      case 'taskSetSubmitted':
        return this.#submit(event.taskSet);
      case 'taskSetSuspended':
        for (const manager of this.#managers(event.stageId, event.stageAttempt)) {
          this.#suspend(manager);
          this.#endIfOver(manager, out);
        }
        return NOTHING;
      case 'stageCancelled':
        return this.#cancelStage(event.stageId, event.reason, out);
      case 'partitionDone':
        return this.#partitionDone(event.stageId, event.partition, out);
      case 'partitionsLost':
        for (const manager of this.#managers(event.stageId, event.stageAttempt)) {
          for (const partition of event.partitions) manager.partitionLost(partition);
          this.#pools.update(manager);
        }
        return EVERYTHING;
      case 'executorAdded':
        return this.#executorAdded(event.executor);
      case 'executorRemoved':
        return this.#executorRemoved(event, nowMs, out);
      case 'taskUpdate':
        return this.#taskUpdate(event.update, nowMs, out);
      case 'launchFailed': {
        const task = this.#running.get(event.taskAttemptId);
        if (task === undefined) return NOTHING;
        this.#failed(task, { kind: 'killed', reason: 'not launched' }, undefined, nowMs, out);
        return EVERYTHING;
      }
      case 'wokeUp':
        this.#wakeAtMs = undefined;
        return EVERYTHING;
      default:
        return assertNever(event, 'task event');
    }
  }

  #submit(taskSet: TaskSet): Scope {
    const manager = new TaskSetManager(taskSet, this.#options, this.#cluster);
    const managers = this.#stages.get(taskSet.stageId);
    if (managers === undefined) this.#stages.set(taskSet.stageId, [manager]);
    else managers.push(manager);
    this.#pools.add(manager, taskSet.properties[POOL_PROPERTY]);
    return EVERYTHING;
  }

  #cancelStage(stageId: number, reason: string, out: TaskInstruction[]): Scope {
    const managers = (this.#stages.get(stageId) ?? []).slice();
    for (const manager of managers) this.#suspend(manager);
    for (const task of this.#running.values()) {
      if (task.info.stageId === stageId) kill(task, reason, out);
    }
    for (const manager of managers) this.#endIfOver(manager, out);
    return NOTHING;
  }

  #partitionDone(stageId: number, partition: number, out: TaskInstruction[]): Scope {
    for (const manager of (this.#stages.get(stageId) ?? []).slice()) {
      const index = manager.partitionDone(partition);
      if (index === undefined) continue;
      for (const task of this.#running.values()) {
        if (task.manager === manager && task.index === index) {
          kill(task, 'another attempt finished the partition', out);
        }
      }
      this.#pools.update(manager);
      this.#endIfOver(manager, out);
    }
    return NOTHING;
  }

  #executorAdded(info: ExecutorInfo): Scope {
    if (this.#cluster.executor(info.executorId) !== undefined) return NOTHING;
    const executor = this.#cluster.add(info);
    for (const managers of this.#stages.values()) {
      for (const manager of managers) manager.executorAdded(info.executorId, info.host);
    }
    return { kind: 'one', executor };
  }

  #executorRemoved(
    event: Extract<TaskEvent, { kind: 'executorRemoved' }>,
    nowMs: number,
    out: TaskInstruction[],
  ): Scope {
    const executor = this.#cluster.executor(event.executorId);
    if (executor === undefined) return NOTHING;
    this.#cluster.remove(executor);
    for (const managers of this.#stages.values()) {
      for (const manager of managers) {
        manager.pending.executorRemoved(executor.executorId, executor.host);
      }
    }
    out.push({ kind: 'tellDag', event: { kind: 'executorLost', executorId: event.executorId } });
    const failure: TaskFailure = {
      kind: 'executorLost',
      reason: event.reason,
      countsAsFailure: event.countsAsFailure,
    };
    for (const taskAttemptId of [...executor.running]) {
      const task = this.#running.get(taskAttemptId);
      if (task !== undefined) this.#failed(task, failure, undefined, nowMs, out);
    }
    return EVERYTHING;
  }

  #taskUpdate(update: TaskUpdate, nowMs: number, out: TaskInstruction[]): Scope {
    if (update.kind === 'running') return NOTHING;
    // An attempt that is not known any more ran on an executor that was given up: too late.
    const task = this.#running.get(update.taskAttemptId);
    if (task === undefined) return NOTHING;
    if (update.kind === 'failed') {
      this.#failed(task, update.failure, update.metrics, nowMs, out);
      // A retry may fit on any executor; kills and ends of other kinds free just this slot.
      return task.manager.isRunnable ? EVERYTHING : { kind: 'one', executor: task.executor };
    }
    this.#release(task);
    const { info, manager } = task;
    manager.succeeded(task.index);
    out.push({ kind: 'taskEnded', task: info, failure: undefined, metrics: update.metrics });
    out.push({
      kind: 'tellDag',
      event: {
        kind: 'taskSucceeded',
        stageId: info.stageId,
        stageAttempt: info.stageAttempt,
        generation: info.generation,
        partition: info.partition,
        executorId: info.executorId,
        host: info.host,
        result: update.result,
        accumulators: update.accumulators,
        blocks: update.blocks,
      },
    });
    this.#endIfOver(manager, out);
    return { kind: 'one', executor: task.executor };
  }

  #failed(
    task: RunningTask,
    failure: TaskFailure,
    metrics: Extract<TaskUpdate, { kind: 'failed' }>['metrics'] | undefined,
    nowMs: number,
    out: TaskInstruction[],
  ): void {
    this.#release(task);
    const { info, manager } = task;
    const verdict = verdictOf(failure);
    const outcome = manager.failed(task.index, verdict, info.executorId, nowMs);
    this.#pools.update(manager);
    out.push({ kind: 'taskEnded', task: info, failure, metrics });
    const { stageId, stageAttempt, generation, partition } = info;
    if (verdict.lostOutput !== undefined) {
      const summary = failureSummary(failure);
      const lost = verdict.lostOutput;
      out.push({
        kind: 'tellDag',
        event: { kind: 'fetchFailed', stageId, stageAttempt, generation, partition, lost, summary },
      });
    } else if (outcome.kind === 'fatal') {
      const { failures } = outcome;
      out.push({
        kind: 'tellDag',
        event: { kind: 'taskSetFailed', stageId, stageAttempt, partition, failures, failure },
      });
    }
    this.#endIfOver(manager, out);
  }

  /** Gives free slots to task sets until none of them has a use for any. */
  #offer(scope: Scope, nowMs: number, out: TaskInstruction[]): void {
    const { freeSlots } = this.#cluster;
    if (freeSlots === 0) this.#idleSinceMs = Infinity;
    else if (this.#idleSinceMs === Infinity) this.#idleSinceMs = nowMs;
    let current = scope;
    while (current !== NOTHING && this.#cluster.freeSlots > 0) {
      current = this.#pass(current, nowMs, out) ? EVERYTHING : NOTHING;
    }
    if (this.#cluster.freeSlots === 0) this.#idleSinceMs = Infinity;
    this.#updateWakeUp(nowMs, out);
  }

  /** @returns whether executors outside the scope may fit now */
  #pass(scope: Scope, nowMs: number, out: TaskInstruction[]): boolean {
    const executors =
      scope.kind === 'one'
        ? scope.executor.freeSlots > 0
          ? [scope.executor]
          : []
        : [...this.#cluster.free];
    let slots = 0;
    for (const executor of executors) slots += executor.freeSlots;
    const offerings = new Map<TaskSetManager, Offering>();
    const exhausted = new Set<TaskSetManager>();
    while (slots > 0) {
      const manager = this.#pools.best(exhausted);
      if (manager === undefined) break;
      let offering = offerings.get(manager);
      if (offering === undefined) {
        const isOnly = this.#cluster.size === 1;
        offering = new Offering(manager, executors, isOnly, nowMs, this.#idleSinceMs);
        offerings.set(manager, offering);
      }
      const match = offering.next();
      if (match === undefined) {
        exhausted.add(manager);
        continue;
      }
      slots--;
      this.#launch(manager, match, nowMs, out);
    }
    if (scope.kind !== 'one' || this.#cluster.freeSlots === 0) return false;
    for (const [manager, offering] of offerings) {
      if (manager.isRunnable && offering.hasClimbed) return true;
    }
    return false;
  }

  #launch(manager: TaskSetManager, match: Match, nowMs: number, out: TaskInstruction[]): void {
    const { taskSet } = manager;
    const { index, executor, level } = match;
    const info: TaskAttemptInfo = {
      taskAttemptId: this.#nextTaskAttemptId++,
      stageId: taskSet.stageId,
      stageAttempt: taskSet.stageAttempt,
      generation: taskSet.generation,
      partition: taskSet.partitions[index] ?? 0,
      attemptNumber: manager.attemptNumber(index),
      executorId: executor.executorId,
      host: executor.host,
      locality: LOCALITY_NAMES[level],
      launchedMs: nowMs,
    };
    this.#running.set(info.taskAttemptId, { info, manager, index, executor, isKilled: false });
    this.#cluster.taskStarted(executor, info.taskAttemptId);
    this.#pools.taskStarted(manager);
    if (this.#cluster.freeSlots === 0 && !match.isRetry) manager.delay.filled(level);
    out.push({ kind: 'launch', task: info });
  }

  #release(task: RunningTask): void {
    this.#running.delete(task.info.taskAttemptId);
    this.#cluster.taskEnded(task.executor, task.info.taskAttemptId);
    this.#pools.taskEnded(task.manager);
  }

  #suspend(manager: TaskSetManager): void {
    manager.suspend();
    this.#pools.update(manager);
  }

  #endIfOver(manager: TaskSetManager, out: TaskInstruction[]): void {
    if (!manager.isOver) return;
    const { stageId, stageAttempt } = manager.taskSet;
    const managers = this.#stages.get(stageId);
    const position = managers?.indexOf(manager) ?? -1;
    if (managers === undefined || position < 0) return;
    managers.splice(position, 1);
    if (managers.length === 0) this.#stages.delete(stageId);
    this.#pools.remove(manager);
    out.push({ kind: 'taskSetEnded', stageId, stageAttempt });
  }

  #updateWakeUp(nowMs: number, out: TaskInstruction[]): void {
    let timeMs: number | undefined;
    if (this.#cluster.freeSlots > 0) {
      for (const manager of this.#pools.runnable()) {
        manager.delay.refused(nowMs);
        const wakeMs = manager.nextWakeMs();
        if (wakeMs !== undefined && (timeMs === undefined || wakeMs < timeMs)) timeMs = wakeMs;
      }
    }
    if (timeMs === this.#wakeAtMs) return;
    this.#wakeAtMs = timeMs;
    out.push({ kind: 'wakeAt', timeMs });
  }

  #managers(stageId: number, stageAttempt: number): TaskSetManager[] {
    return (this.#stages.get(stageId) ?? []).filter(
      ({ taskSet }) => taskSet.stageAttempt === stageAttempt,
    );
  }
}

function kill(task: RunningTask, reason: string, out: TaskInstruction[]): void {
  if (task.isKilled) return;
  task.isKilled = true;
  const { executorId, taskAttemptId } = task.info;
  out.push({ kind: 'kill', executorId, taskAttemptId, reason });
}
