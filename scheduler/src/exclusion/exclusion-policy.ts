import type { Cluster, ExecutorState } from '../tasks/cluster.js';
import type { TaskInstruction } from '../tasks/task-event.js';
import type { TaskSetManager } from '../tasks/task-set-manager.js';
import type { ExclusionOptions } from './exclusion-options.js';
import type { HealthChange } from './health-tracker.js';
import { HealthTracker } from './health-tracker.js';

/** Task sets with a task that may run nowhere. */
export interface Unschedulable {
  /** Those that have waited too long. */
  readonly failed: readonly { readonly manager: TaskSetManager; readonly index: number }[];
  /** When the next one has. */
  readonly wakeMs: number | undefined;
}

/**
 * Exclusion for the whole application, and what to do about tasks that may run on none of the
 * executors: their idle excluded executors are offered for replacement, and the task set fails when
 * nothing has come of it in time. Pure state.
 *
 * Source: Spark 4.0 `TaskSchedulerImpl.resourceOffers` (completely excluded tasks).
 */
export class ExclusionPolicy {
  readonly #options: ExclusionOptions;
  readonly #cluster: Cluster;
  readonly #health: HealthTracker;
  readonly #deadlinesMs = new Map<TaskSetManager, number>();

  constructor(options: ExclusionOptions, cluster: Cluster) {
    this.#options = options;
    this.#cluster = cluster;
    this.#health = new HealthTracker(options);
  }

  isExcluded({ executorId, host }: ExecutorState): boolean {
    return this.#health.isExcluded(executorId, host);
  }

  executorRemoved(executorId: string): void {
    this.#health.executorRemoved(executorId);
  }

  /** Failures of task sets that ended well speak against executors, others do not. */
  taskSetEnded(manager: TaskSetManager, nowMs: number, out: TaskInstruction[]): void {
    this.#deadlinesMs.delete(manager);
    if (!manager.isDone || manager.isSuspended || manager.exclusion === undefined) return;
    const { stageId, stageAttempt } = manager.taskSet;
    const { failures } = manager.exclusion;
    announce(this.#health.taskSetSucceeded(stageId, stageAttempt, failures, nowMs), out);
  }

  /** Map outputs of an executor, or of the service of its host, could not be read. */
  fetchFailed(
    executorId: string,
    host: string,
    ofHost: boolean,
    nowMs: number,
    out: TaskInstruction[],
  ): void {
    announce(this.#health.fetchFailed(executorId, host, ofHost, nowMs), out);
  }

  /** @returns whether something is allowed again */
  expire(nowMs: number, out: TaskInstruction[]): boolean {
    const changes = this.#health.expire(nowMs);
    announce(changes, out);
    return changes.length > 0;
  }

  check(managers: Iterable<TaskSetManager>, nowMs: number, out: TaskInstruction[]): Unschedulable {
    const failed: { manager: TaskSetManager; index: number }[] = [];
    let wakeMs = this.#health.nextExpiryMs();
    if (this.#cluster.size === 0) return { failed, wakeMs };
    const usable = [...this.#cluster.executors].filter((executor) => !this.isExcluded(executor));
    for (const manager of managers) {
      const index = manager.unschedulable(usable);
      if (index === undefined) {
        this.#deadlinesMs.delete(manager);
        continue;
      }
      let deadlineMs = this.#deadlinesMs.get(manager);
      if (deadlineMs === undefined) {
        deadlineMs = nowMs + this.#options.unschedulableTimeoutMs;
        this.#deadlinesMs.set(manager, deadlineMs);
        out.push(this.#unschedulable(manager, index));
      }
      if (deadlineMs <= nowMs) failed.push({ manager, index });
      else wakeMs = Math.min(wakeMs ?? Infinity, deadlineMs);
    }
    return { failed, wakeMs };
  }

  #unschedulable(manager: TaskSetManager, index: number): TaskInstruction {
    const { stageId, partitions } = manager.taskSet;
    const idleExecutorIds = [...this.#cluster.executors]
      .filter(({ running, isDraining }) => running.size === 0 && !isDraining)
      .map(({ executorId }) => executorId);
    return { kind: 'unschedulable', stageId, partition: partitions[index] ?? 0, idleExecutorIds };
  }
}

function announce(changes: readonly HealthChange[], out: TaskInstruction[]): void {
  if (changes.length > 0) out.push({ kind: 'healthChanged', changes });
}
