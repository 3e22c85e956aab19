import { assertNever } from '@heddle/common';
import type { TaskFailure, TaskUpdate } from 'heddle/internal';
import type { ExecutorInfo, ExecutorLoss } from '../backend/scheduler-backend.js';
import { ExclusionPolicy } from '../exclusion/exclusion-policy.js';
import { failureSummary, verdictOf } from '../failure/verdict.js';
import type { ExecutorState } from './cluster.js';
import { Cluster } from './cluster.js';
import { LOCALITY_NAMES } from './locality.js';
import type { Match } from './offering.js';
import type { PoolSpec, SchedulingMode } from './pool.js';
import { Pools } from './pool.js';
import type { Launch, RunningTask } from './running-tasks.js';
import { RunningTasks } from './running-tasks.js';
import type { OfferScope } from './slot-offers.js';
import { EVERYTHING, NOTHING, SlotOffers } from './slot-offers.js';
import type { TaskAttemptInfo, TaskEvent, TaskInstruction } from './task-event.js';
import type { TaskSet } from './task-set.js';
import type { TaskSetOptions } from './task-set-manager.js';
import { TaskSetManager } from './task-set-manager.js';
import { TaskSets } from './task-sets.js';
import { WaitingLaunches, waitingIn } from './waiting-launches.js';

/** Names the pool of a job in its flow-local properties. */
export const POOL_PROPERTY = 'heddle.scheduler.pool';

export interface TaskSchedulerOptions extends TaskSetOptions {
  readonly mode: SchedulingMode;
  readonly pools: readonly PoolSpec[];
  readonly rackOf: (host: string) => string | undefined;
  /** Map outputs are named by these ids: contexts that share an application must not share ids. @default 0 */
  readonly firstTaskAttemptId?: number;
}

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
  readonly #sets: TaskSets;
  readonly #running = new RunningTasks();
  readonly #offers: SlotOffers;
  readonly #exclusion: ExclusionPolicy | undefined;
  readonly #waiting: WaitingLaunches | undefined;
  /** Executors that were given up: their ids never come back. */
  readonly #gone = new Set<string>();
  #nextTaskAttemptId: number;
  #wakeAtMs: number | undefined;
  #out: TaskInstruction[] = [];

  constructor(options: TaskSchedulerOptions) {
    this.#options = options;
    this.#nextTaskAttemptId = options.firstTaskAttemptId ?? 0;
    this.#cluster = new Cluster(options.rackOf);
    const pools = new Pools(options.mode, options.pools);
    this.#sets = new TaskSets(pools);
    this.#exclusion = options.exclusion && new ExclusionPolicy(options.exclusion, this.#cluster);
    const { sharing } = options;
    this.#waiting = sharing && new WaitingLaunches(sharing.patienceMs);
    this.#offers = new SlotOffers(
      this.#cluster,
      pools,
      (executor) => this.#exclusion?.isExcluded(executor) === true,
      (manager, match, nowMs) => this.#launch(manager, match, nowMs),
    );
  }

  /** @param nowMs monotonic time in milliseconds */
  handle(event: TaskEvent, nowMs: number): TaskInstruction[] {
    this.#out = [];
    this.#offer(this.#apply(event, nowMs), nowMs);
    return this.#out;
  }

  get executors(): Iterable<ExecutorState> {
    return this.#cluster.executors;
  }

  executor(executorId: string): ExecutorState | undefined {
    return this.#cluster.executor(executorId);
  }

  /** Slots of the executors that are to stay. */
  get slots(): number {
    return this.#cluster.slots;
  }

  /** The task sets that are not over. */
  get taskSets(): Iterable<TaskSetManager> {
    return this.#sets.all();
  }

  /** Whether the attempt is one of ours and not over: only such an attempt may commit. */
  runningTask(taskAttemptId: number): TaskAttemptInfo | undefined {
    return this.#running.get(taskAttemptId)?.info;
  }

  /** Whether the attempt is one of ours, and nobody has asked to end it. */
  isWanted(taskAttemptId: number): boolean {
    return this.#running.get(taskAttemptId)?.isKilled === false;
  }

  /** Nothing is left of any task set; for tests. */
  get isEmpty(): boolean {
    return this.#sets.isEmpty && this.#running.size === 0;
  }

  /** Stack entries that looking for tasks has met in this stage's task sets; for tests. */
  visits(stageId: number): number {
    return this.#sets.ofStage(stageId).reduce((sum, manager) => sum + manager.pending.visits, 0);
  }

  #apply(event: TaskEvent, nowMs: number): OfferScope {
    switch (event.kind) {
      case 'taskSetSubmitted':
        return this.#submit(event.taskSet);
      case 'taskSetSuspended':
        for (const manager of this.#sets.ofAttempt(event.stageId, event.stageAttempt)) {
          this.#suspend(manager);
          this.#endIfOver(manager, nowMs);
        }
        return NOTHING;
      case 'stageCancelled':
        return this.#cancelStage(event.stageId, event.reason, nowMs);
      case 'partitionDone':
        return this.#partitionDone(event.stageId, event.partition, nowMs);
      case 'partitionsLost':
        for (const manager of this.#sets.ofAttempt(event.stageId, event.stageAttempt)) {
          for (const partition of event.partitions) manager.partitionLost(partition);
          this.#sets.update(manager);
        }
        return EVERYTHING;
      case 'executorAdded':
        return this.#executorAdded(event.executor);
      case 'executorRemoved':
        return this.#executorRemoved(event.loss, nowMs);
      case 'executorDraining': {
        const executor = this.#cluster.executor(event.executorId);
        if (executor !== undefined) this.#cluster.drain(executor);
        this.#recallFrom(event.executorId);
        return NOTHING;
      }
      case 'hostsAwaited':
        this.#cluster.awaitHosts(new Set(event.hosts));
        for (const manager of this.#sets.all()) manager.pending.hostsAwaited(event.hosts);
        return EVERYTHING;
      case 'taskUpdate':
        return this.#taskUpdate(event.update, nowMs);
      case 'launchFailed': {
        const task = this.#running.get(event.taskAttemptId);
        if (task === undefined) return NOTHING;
        this.#failed(task, { kind: 'killed', reason: 'not launched' }, undefined, nowMs);
        return EVERYTHING;
      }
      case 'outputsUnreadable':
        this.#exclusion?.fetchFailed(event.executorId, event.host, event.ofHost, nowMs, this.#out);
        return NOTHING;
      case 'wokeUp':
        this.#wakeAtMs = undefined;
        return EVERYTHING;
      default:
        return assertNever(event, 'task event');
    }
  }

  // ── Task sets ─────────────────────────────────────────────────────────────────────────────────

  #submit(taskSet: TaskSet): OfferScope {
    const manager = new TaskSetManager(taskSet, this.#options, this.#cluster);
    this.#sets.add(manager, taskSet.properties[POOL_PROPERTY]);
    return EVERYTHING;
  }

  #cancelStage(stageId: number, reason: string, nowMs: number): OfferScope {
    const managers = this.#sets.ofStage(stageId);
    for (const manager of managers) this.#suspend(manager);
    for (const task of this.#running.values()) {
      if (task.info.stageId === stageId) this.#kill(task, reason);
    }
    for (const manager of managers) this.#endIfOver(manager, nowMs);
    return NOTHING;
  }

  #partitionDone(stageId: number, partition: number, nowMs: number): OfferScope {
    for (const manager of this.#sets.ofStage(stageId)) {
      const index = manager.partitionDone(partition);
      if (index === undefined) continue;
      this.#killAttempts(manager, index);
      this.#sets.update(manager);
      this.#endIfOver(manager, nowMs);
    }
    return NOTHING;
  }

  #suspend(manager: TaskSetManager): void {
    manager.suspend();
    this.#sets.update(manager);
  }

  #endIfOver(manager: TaskSetManager, nowMs: number): void {
    if (!manager.isOver || !this.#sets.remove(manager)) return;
    const { stageId, stageAttempt } = manager.taskSet;
    this.#out.push({ kind: 'taskSetEnded', stageId, stageAttempt });
    this.#exclusion?.taskSetEnded(manager, nowMs, this.#out);
  }

  // ── Executors ─────────────────────────────────────────────────────────────────────────────────

  #executorAdded(info: ExecutorInfo): OfferScope {
    if (this.#cluster.executor(info.executorId) !== undefined) return NOTHING;
    if (this.#gone.has(info.executorId)) return NOTHING;
    const executor = this.#cluster.add(info);
    for (const manager of this.#sets.all()) manager.executorAdded(info.executorId, info.host);
    return { kind: 'one', executor };
  }

  /** The one way in which an executor ends, whoever noticed it. */
  #executorRemoved(loss: ExecutorLoss, nowMs: number): OfferScope {
    this.#gone.add(loss.executorId);
    const executor = this.#cluster.executor(loss.executorId);
    if (executor === undefined) return NOTHING;
    this.#cluster.remove(executor);
    this.#exclusion?.executorRemoved(loss.executorId);
    for (const manager of this.#sets.all()) {
      manager.pending.executorRemoved(executor.executorId, executor.host);
    }
    this.#out.push({ kind: 'tellDag', event: { kind: 'executorLost', loss, host: executor.host } });
    const { reason, countsAsFailure } = loss;
    const lost = Array.from(executor.running, (id) => this.#running.get(id));
    // Those that waited for their turn have nothing to do with it.
    const counted = new Set(lost.filter((task) => task && this.#running.isCurrent(task)));
    for (const task of lost) {
      if (task === undefined) continue;
      const counts = countsAsFailure && counted.has(task);
      this.#failed(
        task,
        { kind: 'executorLost', reason, countsAsFailure: counts },
        undefined,
        nowMs,
      );
    }
    return EVERYTHING;
  }

  // ── Tasks ─────────────────────────────────────────────────────────────────────────────────────

  #taskUpdate(update: TaskUpdate, nowMs: number): OfferScope {
    if (update.kind === 'running') return NOTHING;
    // An attempt that is not known any more ran on an executor that was given up: too late.
    const task = this.#running.get(update.taskAttemptId);
    if (task === undefined || task.info.executorId !== update.executorId) return NOTHING;
    if (update.kind === 'failed') {
      const slotFree = this.#failed(task, update.failure, update.metrics, nowMs);
      // A retry may fit on any executor; kills and ends of other kinds free just this slot.
      if (task.manager.isRunnable) return EVERYTHING;
      return slotFree ? { kind: 'one', executor: task.executor } : NOTHING;
    }
    const slotFree = this.#release(task, true, nowMs);
    const { info, manager } = task;
    const { deserializeMs, runMs } = update.metrics;
    manager.sharing?.ended(deserializeMs + runMs);
    const isFirst = manager.succeeded(task.index);
    if (isFirst && manager.speculation !== undefined) this.#killAttempts(manager, task.index);
    this.#out.push({
      kind: 'taskEnded',
      task: info,
      hasBegun: true,
      failure: undefined,
      metrics: update.metrics,
    });
    this.#out.push({
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
    this.#endIfOver(manager, nowMs);
    return slotFree ? { kind: 'one', executor: task.executor } : NOTHING;
  }

  /** @returns whether its slot is free now */
  #failed(
    task: RunningTask,
    failure: TaskFailure,
    metrics: Extract<TaskUpdate, { kind: 'failed' }>['metrics'] | undefined,
    nowMs: number,
  ): boolean {
    const hasBegun = this.#running.isCurrent(task);
    const slotFree = this.#release(task, false, nowMs);
    const { info, manager } = task;
    const verdict = verdictOf(failure);
    if (failure.kind === 'killed' && failure.notBegun === true) manager.givenBack(task.index);
    const outcome = manager.failed(task.index, verdict, info.executorId, info.host, nowMs);
    this.#sets.update(manager);
    // Tasks that wait there would not have been sent there now.
    if (verdict.counts && manager.exclusion?.isExcluded(info.executorId, info.host) === true) {
      this.#recallFrom(info.executorId);
    }
    this.#out.push({ kind: 'taskEnded', task: info, hasBegun, failure, metrics });
    const { stageId, stageAttempt, generation, partition } = info;
    if (verdict.lostOutput !== undefined) {
      const summary = failureSummary(failure);
      const lost = verdict.lostOutput;
      this.#out.push({
        kind: 'tellDag',
        event: { kind: 'fetchFailed', stageId, stageAttempt, generation, partition, lost, summary },
      });
    } else if (outcome.kind === 'fatal') {
      const { failures } = outcome;
      this.#out.push({
        kind: 'tellDag',
        event: { kind: 'taskSetFailed', stageId, stageAttempt, partition, failures, failure },
      });
    } else if (failure.kind === 'executorLost' && failure.countsAsFailure) {
      this.#out.push({
        kind: 'tellDag',
        event: { kind: 'executorDiedUnder', stageId, stageAttempt, partition, failure },
      });
    }
    this.#endIfOver(manager, nowMs);
    return slotFree;
  }

  #launch(manager: TaskSetManager, match: Match, nowMs: number): void {
    const { executor } = match;
    const launch: Launch = { tasks: [], position: 0 };
    for (const index of match.indices) {
      const info = this.#attemptInfo(manager, index, match, nowMs);
      this.#running.add({
        info,
        manager,
        index,
        executor,
        launch,
        isKilled: false,
        hasEnded: false,
      });
      const startedMs = launch.tasks.length === 1 ? nowMs : Infinity;
      const { taskAttemptId, executorId, host } = info;
      manager.speculation?.started(index, taskAttemptId, executorId, host, startedMs);
    }
    const [task, ...followers] = launch.tasks.map(({ info }) => info);
    if (task === undefined) return;
    this.#cluster.slotTaken(
      executor,
      launch.tasks.map(({ info }) => info.taskAttemptId),
    );
    this.#sets.pools.slotTaken(manager);
    this.#waiting?.launched(launch, nowMs);
    this.#out.push({ kind: 'launch', task, followers });
  }

  #attemptInfo(
    manager: TaskSetManager,
    index: number,
    match: Match,
    nowMs: number,
  ): TaskAttemptInfo {
    const { taskSet } = manager;
    return {
      taskAttemptId: this.#nextTaskAttemptId++,
      stageId: taskSet.stageId,
      stageAttempt: taskSet.stageAttempt,
      generation: taskSet.generation,
      partition: taskSet.partitions[index] ?? 0,
      attemptNumber: manager.attemptNumber(index),
      executorId: match.executor.executorId,
      host: match.executor.host,
      locality: LOCALITY_NAMES[match.level],
      launchedMs: nowMs,
      isSpeculative: match.isSpeculative,
    };
  }

  /** @returns whether its slot is free now */
  #release(task: RunningTask, succeeded: boolean, nowMs: number): boolean {
    const { manager, index, info } = task;
    const { slotFree, began } = this.#running.end(task);
    this.#waiting?.advanced(task.launch);
    manager.speculation?.ended(index, info.taskAttemptId, succeeded, nowMs);
    if (slotFree) {
      this.#cluster.slotFreed(task.executor);
      this.#sets.pools.slotFreed(manager);
    } else if (began !== undefined) {
      began.info = { ...began.info, launchedMs: nowMs };
      began.manager.speculation?.began(began.index, began.info.taskAttemptId, nowMs);
      this.#out.push({ kind: 'taskBegan', task: began.info });
    }
    return slotFree;
  }

  #killAttempts(manager: TaskSetManager, index: number): void {
    for (const task of this.#running.attemptsAt(manager, index)) {
      this.#kill(task, 'another attempt finished the partition');
    }
  }

  #kill(task: RunningTask, reason: string): void {
    if (task.isKilled) return;
    task.isKilled = true;
    const { executorId, taskAttemptId } = task.info;
    this.#out.push({ kind: 'kill', executorId, taskAttemptId, reason });
  }

  /** Has what waits behind the launch's present task given back. */
  #recall(launch: Launch): void {
    const last = waitingIn(launch);
    if (last === undefined) return;
    last.manager.sharing?.doubted();
    const { executorId, taskAttemptId } = last.info;
    this.#out.push({ kind: 'recall', executorId, taskAttemptId });
  }

  #recallFrom(executorId: string): void {
    for (const launch of this.#waiting?.takeThoseOf(executorId) ?? []) this.#recall(launch);
  }

  // ── Offers ────────────────────────────────────────────────────────────────────────────────────

  #offer(scope: OfferScope, nowMs: number): void {
    if (scope === NOTHING) return;
    let offered = scope;
    for (const launch of this.#waiting?.overdue(nowMs) ?? []) this.#recall(launch);
    if (this.#exclusion?.expire(nowMs, this.#out) === true) offered = EVERYTHING;
    const speculationMs = this.#lookForSlowTasks(nowMs);
    this.#offers.offer(speculationMs.found ? EVERYTHING : offered, nowMs);
    const unschedulable = this.#exclusion?.check(this.#sets.all(), nowMs, this.#out);
    const timeMs = earliest(
      this.#offers.nextWakeMs(nowMs),
      this.#waiting?.wakeMs,
      speculationMs.wakeMs,
      unschedulable?.wakeMs,
    );
    for (const failed of unschedulable?.failed ?? [])
      this.#abort(failed.manager, failed.index, nowMs);
    if (timeMs === this.#wakeAtMs) return;
    this.#wakeAtMs = timeMs;
    this.#out.push({ kind: 'wakeAt', timeMs });
  }

  #lookForSlowTasks(nowMs: number): { readonly found: boolean; readonly wakeMs?: number } {
    if (this.#options.speculation === undefined || this.#cluster.freeSlots === 0) {
      return { found: false };
    }
    let found = false;
    let wakeMs: number | undefined;
    for (const manager of this.#sets.all()) {
      if (manager.speculation === undefined || manager.isSuspended) continue;
      manager.speculation.check(nowMs);
      this.#sets.update(manager);
      if (manager.speculation.hasCandidates) found = true;
      wakeMs = earliest(wakeMs, manager.speculation.nextWakeMs(nowMs));
    }
    return { found, ...(wakeMs !== undefined && { wakeMs }) };
  }

  /** A task that may run nowhere has waited long enough for an executor that it may run on. */
  #abort(manager: TaskSetManager, index: number, nowMs: number): void {
    const { stageId, stageAttempt, partitions } = manager.taskSet;
    const partition = partitions[index] ?? 0;
    this.#suspend(manager);
    this.#out.push({
      kind: 'tellDag',
      event: { kind: 'taskSetUnschedulable', stageId, stageAttempt, partition },
    });
    this.#endIfOver(manager, nowMs);
  }
}

function earliest(...timesMs: readonly (number | undefined)[]): number | undefined {
  let first: number | undefined;
  for (const timeMs of timesMs) {
    if (timeMs !== undefined && (first === undefined || timeMs < first)) first = timeMs;
  }
  return first;
}
