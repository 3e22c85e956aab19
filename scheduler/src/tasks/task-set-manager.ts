import type { Verdict } from '../failure/verdict.js';
import { DelayScheduling } from './delay-scheduling.js';
import type { Locality, LocalityWaits, TaskLocation } from './locality.js';
import { ANY, NODE_LOCAL, NO_PREF, PROCESS_LOCAL, RACK_LOCAL } from './locality.js';
import type { ClusterView } from './pending-tasks.js';
import { PendingTasks } from './pending-tasks.js';
import { RetryQueue } from './retry-queue.js';
import type { TaskSet } from './task-set.js';

const PENDING = 0;
const RUNNING = 1;
const DONE = 2;

const NO_LOCATIONS: readonly TaskLocation[] = [];

export interface TaskSetOptions {
  /** Failures of one partition that fail the task set. */
  readonly maxTaskFailures: number;
  readonly localityWaits: LocalityWaits;
  /** How long a failed task waits for another executor than the one it failed on, in milliseconds. */
  readonly retryElsewhereWaitMs: number;
}

/** What a failed attempt means for its task set. */
export type FailureOutcome =
  | { readonly kind: 'retried' }
  /** The partition is done elsewhere, or the task set is over. */
  | { readonly kind: 'dropped' }
  /** `failures` attempts failed: the stage cannot finish. */
  | { readonly kind: 'fatal'; readonly failures: number };

/**
 * The tasks of one stage attempt: which wait, run and are done, how often each failed, and how long
 * to hold out for a nearby slot. Pure state; tasks are named by their index in `taskSet.partitions`.
 *
 * Source: Spark 4.0 `TaskSetManager`.
 */
export class TaskSetManager {
  readonly taskSet: TaskSet;
  readonly delay: DelayScheduling;
  readonly pending: PendingTasks;
  readonly #retries: RetryQueue;
  readonly #options: TaskSetOptions;
  readonly #cluster: ClusterView;
  readonly #status: Uint8Array;
  readonly #failures: Uint16Array;
  /** Attempts launched so far. */
  readonly #launches: Uint16Array;
  #indexOf: Map<number, number> | undefined;
  #pendingCount: number;
  #doneCount = 0;
  #runningAttempts = 0;
  #isSuspended = false;

  constructor(taskSet: TaskSet, options: TaskSetOptions, cluster: ClusterView) {
    const size = taskSet.partitions.length;
    this.taskSet = taskSet;
    this.#options = options;
    this.#cluster = cluster;
    this.#status = new Uint8Array(size);
    this.#failures = new Uint16Array(size);
    this.#launches = new Uint16Array(size);
    this.#pendingCount = size;
    this.#retries = new RetryQueue(options.retryElsewhereWaitMs);
    this.pending = new PendingTasks(cluster, (index) => this.#status[index] === PENDING);
    this.delay = new DelayScheduling(options.localityWaits, (level) =>
      this.pending.hasTasksAt(level),
    );
    // Stacks give the last one first: low partitions run first.
    for (let index = size - 1; index >= 0; index--) this.#enqueue(index);
  }

  /** Attempts that run now, those of partitions that are done elsewhere included. */
  get runningAttempts(): number {
    return this.#runningAttempts;
  }

  /** Whether a free slot could be of use. */
  get isRunnable(): boolean {
    return this.#pendingCount > 0 && !this.#isSuspended;
  }

  /** Nothing runs and nothing will. */
  get isOver(): boolean {
    return (
      this.#runningAttempts === 0 && (this.#isSuspended || this.#doneCount === this.#status.length)
    );
  }

  /** No more launches; what runs may end. Spark calls such a task set a zombie. */
  suspend(): void {
    this.#isSuspended = true;
  }

  get isSuspended(): boolean {
    return this.#isSuspended;
  }

  /** Takes a waiting task that has this locality on the executor, and counts it as running. */
  take(level: Locality, executorId: string, host: string): number | undefined {
    return this.#started(this.pending.take(level, executorId, host));
  }

  get hasRetries(): boolean {
    return this.#retries.size > 0;
  }

  /** Takes a task that failed before, on another executor where possible. */
  takeRetry(executorId: string, isOnlyExecutor: boolean, nowMs: number): number | undefined {
    for (;;) {
      const index = this.#retries.take(executorId, isOnlyExecutor, nowMs);
      if (index === undefined || this.#status[index] === PENDING) return this.#started(index);
    }
  }

  /** Number of the attempt that `take` has just begun, from 0. */
  attemptNumber(index: number): number {
    return (this.#launches[index] ?? 1) - 1;
  }

  /** How near a task is on an executor, for people. */
  localityOn(index: number, executorId: string, host: string): Locality {
    const locations = this.#locations(index);
    if (locations.length === 0) return NO_PREF;
    let best: Locality = ANY;
    const rack = this.#cluster.rackOf(host);
    for (const location of locations) {
      if (location.executorId === executorId) return PROCESS_LOCAL;
      if (location.host === host) best = NODE_LOCAL;
      else if (best === ANY && rack !== undefined && this.#cluster.rackOf(location.host) === rack) {
        best = RACK_LOCAL;
      }
    }
    return best;
  }

  /** An attempt ended well. */
  succeeded(index: number): void {
    this.#runningAttempts--;
    this.#markDone(index);
  }

  /** @param executorId where the attempt ran */
  failed(index: number, verdict: Verdict, executorId: string, nowMs: number): FailureOutcome {
    this.#runningAttempts--;
    if (this.#status[index] === DONE) return { kind: 'dropped' };
    if (verdict.retry === 'newStageAttempt') {
      // The next stage attempt runs it, with new locations of its inputs.
      this.#markDone(index);
      this.#isSuspended = true;
      return { kind: 'dropped' };
    }
    if (this.#isSuspended) return { kind: 'dropped' };
    if (verdict.counts) this.#failures[index] = (this.#failures[index] ?? 0) + 1;
    const failures = this.#failures[index] ?? 0;
    if (verdict.retry === 'never' || failures >= this.#options.maxTaskFailures) {
      this.#isSuspended = true;
      return { kind: 'fatal', failures };
    }
    this.#status[index] = PENDING;
    this.#pendingCount++;
    if (verdict.avoidExecutor) {
      this.#retries.push(index, executorId, nowMs);
    } else {
      this.#enqueue(index);
      this.delay.restart();
    }
    return { kind: 'retried' };
  }

  /** Another stage attempt did this partition. @returns the task's index when it was not done here */
  partitionDone(partition: number): number | undefined {
    const index = this.#index(partition);
    if (index === undefined || this.#status[index] === DONE) return undefined;
    this.#markDone(index);
    return index;
  }

  /** The output of a partition that was done is gone: it is to run again. */
  partitionLost(partition: number): void {
    const index = this.#index(partition);
    if (index === undefined || this.#status[index] !== DONE) return;
    this.#doneCount--;
    this.#status[index] = PENDING;
    this.#pendingCount++;
    this.#enqueue(index);
    this.delay.restart();
  }

  executorAdded(executorId: string, host: string): void {
    if (this.pending.executorAdded(executorId, host)) this.delay.restart();
  }

  nextWakeMs(): number | undefined {
    const level = this.delay.nextWakeMs();
    const retry = this.#retries.nextWakeMs();
    if (level === undefined) return retry;
    return retry === undefined ? level : Math.min(level, retry);
  }

  #started(index: number | undefined): number | undefined {
    if (index === undefined) return undefined;
    this.#status[index] = RUNNING;
    this.#launches[index] = (this.#launches[index] ?? 0) + 1;
    this.#pendingCount--;
    this.#runningAttempts++;
    return index;
  }

  #markDone(index: number): void {
    if (this.#status[index] === DONE) return;
    if (this.#status[index] === PENDING) this.#pendingCount--;
    this.#status[index] = DONE;
    this.#doneCount++;
  }

  #enqueue(index: number): void {
    this.pending.push(index, this.#locations(index));
  }

  #locations(index: number): readonly TaskLocation[] {
    return this.taskSet.locations?.[index] ?? NO_LOCATIONS;
  }

  #index(partition: number): number | undefined {
    this.#indexOf ??= new Map(this.taskSet.partitions.map((each, index) => [each, index]));
    return this.#indexOf.get(partition);
  }
}
