import type { ExclusionOptions } from '../exclusion/exclusion-options.js';
import { TaskSetExclusion } from '../exclusion/task-set-exclusion.js';
import type { Verdict } from '../failure/verdict.js';
import { DelayScheduling } from './delay-scheduling.js';
import { LaunchGroups } from './launch-groups.js';
import type { SharingOptions } from './launch-sharing.js';
import { LaunchSharing } from './launch-sharing.js';
import type { Locality, LocalityWaits } from './locality.js';
import { NO_PREF } from './locality.js';
import type { ClusterView } from './pending-tasks.js';
import { PendingTasks } from './pending-tasks.js';
import { RetryQueue } from './retry-queue.js';
import type { SpeculationOptions } from './speculation.js';
import { Speculation } from './speculation.js';
import type { TaskSet } from './task-set.js';
import { TaskSetLocations } from './task-set-locations.js';

const PENDING = 0;
const RUNNING = 1;
const DONE = 2;

export interface TaskSetOptions {
  /** Failures of one partition that fail the task set. */
  readonly maxTaskFailures: number;
  readonly localityWaits: LocalityWaits;
  /** How long a failed task waits for another executor than the one it failed on, in milliseconds. */
  readonly retryElsewhereWaitMs: number;
  /** Left out: slow tasks get no second copy. */
  readonly speculation?: SpeculationOptions;
  /** Left out: executors are not excluded for failures. */
  readonly exclusion?: ExclusionOptions;
  /** Left out: every task is launched by itself, unless its stage planned otherwise. */
  readonly sharing?: SharingOptions;
}

/** What a failed attempt means for its task set. */
export type FailureOutcome =
  | { readonly kind: 'retried' }
  /** The partition is done or runs elsewhere, or the task set is over. */
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
  readonly locations: TaskSetLocations;
  readonly speculation: Speculation | undefined;
  readonly exclusion: TaskSetExclusion | undefined;
  readonly sharing: LaunchSharing | undefined;
  /** Slots that its tasks have now; kept by `Pools`. */
  slotsInUse = 0;
  readonly #retries: RetryQueue;
  readonly #groups: LaunchGroups;
  readonly #options: TaskSetOptions;
  readonly #cluster: ClusterView;
  readonly #status: Uint8Array;
  readonly #failures: Uint16Array;
  /** Attempts launched so far. */
  readonly #launches: Uint16Array;
  /** Attempts of each task that run now. */
  readonly #copies: Uint8Array;
  readonly #isWaiting = (index: number): boolean => this.#status[index] === PENDING;
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
    this.#copies = new Uint8Array(size);
    this.#pendingCount = size;
    this.#retries = new RetryQueue(options.retryElsewhereWaitMs);
    this.#groups = new LaunchGroups(taskSet.launchStarts, size);
    this.locations = new TaskSetLocations(taskSet, cluster);
    this.pending = new PendingTasks(cluster, (entry) =>
      this.#groups.isPending(entry, this.#isWaiting),
    );
    this.delay = new DelayScheduling(options.localityWaits, (level) =>
      this.pending.hasTasksAt(level),
    );
    this.speculation = options.speculation && new Speculation(options.speculation, size);
    this.exclusion = options.exclusion && new TaskSetExclusion(options.exclusion);
    // A stage that planned its launches knows more than the time that tasks took so far.
    const isPlanned = taskSet.launchStarts !== undefined;
    this.sharing = isPlanned ? undefined : options.sharing && new LaunchSharing(options.sharing);
    // Stacks give the last one first: low partitions run first.
    for (const entry of this.#groups.entries(size).reverse()) this.#enqueue(entry);
  }

  /** Attempts that run now, those of partitions that are done elsewhere included. */
  get runningAttempts(): number {
    return this.#runningAttempts;
  }

  /** Tasks that wait for a slot. */
  get pendingCount(): number {
    return this.#isSuspended ? 0 : this.#pendingCount;
  }

  /** Whether a free slot could be of use. */
  get isRunnable(): boolean {
    if (this.#isSuspended) return false;
    return this.#pendingCount > 0 || this.speculation?.hasCandidates === true;
  }

  /** Nothing runs and nothing will. */
  get isOver(): boolean {
    return this.#runningAttempts === 0 && (this.#isSuspended || this.isDone);
  }

  /** Every partition is done. */
  get isDone(): boolean {
    return this.#doneCount === this.#status.length;
  }

  /** No more launches; what runs may end. Spark calls such a task set a zombie. */
  suspend(): void {
    this.#isSuspended = true;
  }

  get isSuspended(): boolean {
    return this.#isSuspended;
  }

  /**
   * Takes what waits and has this locality on the executor, and counts it as running: one task, or
   * those that are to run one after another.
   */
  take(level: Locality, executorId: string, host: string): readonly number[] | undefined {
    const atOnce = this.#tasksAtOnce(level);
    const indices = this.#takeEntry(level, executorId, host);
    while (indices !== undefined && indices.length < atOnce) {
      const more = this.#takeEntry(level, executorId, host);
      if (more === undefined) break;
      indices.push(...more);
    }
    return indices;
  }

  #takeEntry(level: Locality, executorId: string, host: string): number[] | undefined {
    const entry = this.pending.take(level, executorId, host);
    if (entry === undefined) return undefined;
    const indices = this.#groups.launch(entry, this.#isWaiting);
    for (const index of indices) this.#started(index);
    return indices;
  }

  /** Those that are away from their data go one by one: an executor near it may become free. */
  #tasksAtOnce(level: Locality): number {
    if (this.sharing === undefined || level > NO_PREF) return 1;
    return this.sharing.tasksAtOnce(this.#pendingCount, this.#cluster.slots);
  }

  get hasRetries(): boolean {
    return this.#retries.size > 0;
  }

  /** Takes a task that failed before, on another executor where possible. */
  takeRetry(
    executorId: string,
    host: string,
    isOnlyExecutor: boolean,
    nowMs: number,
  ): number | undefined {
    const { exclusion } = this;
    const mayRun =
      exclusion && ((index: number) => !exclusion.isExcludedFor(index, executorId, host));
    for (;;) {
      const index = this.#retries.take(executorId, isOnlyExecutor, nowMs, mayRun);
      if (index === undefined) return undefined;
      if (this.#status[index] === PENDING) return this.#started(index);
    }
  }

  /** Takes a slow task whose second copy may run there. */
  takeSlow(executorId: string, host: string, hasOtherHosts: boolean): number | undefined {
    const { speculation, exclusion } = this;
    if (speculation === undefined) return undefined;
    const index = speculation.take(executorId, host, hasOtherHosts);
    if (index === undefined || this.#status[index] !== RUNNING) return undefined;
    if (exclusion?.isExcludedFor(index, executorId, host) === true) return undefined;
    return this.#started(index);
  }

  /** Number of the attempt that `take` has just begun, from 0. */
  attemptNumber(index: number): number {
    return (this.#launches[index] ?? 1) - 1;
  }

  /** An attempt ended well. @returns whether it is the first one of its task */
  succeeded(index: number): boolean {
    this.#ended(index);
    const isFirst = this.#status[index] !== DONE;
    this.#markDone(index);
    return isFirst;
  }

  /** An attempt was given back before its turn: it does not count as one. */
  givenBack(index: number): void {
    this.#launches[index] = (this.#launches[index] ?? 1) - 1;
  }

  /** @param executorId where the attempt ran */
  failed(
    index: number,
    verdict: Verdict,
    executorId: string,
    host: string,
    nowMs: number,
  ): FailureOutcome {
    this.#ended(index);
    if (this.#status[index] === DONE) return { kind: 'dropped' };
    if (verdict.retry === 'newStageAttempt') {
      // The next stage attempt runs it, with new locations of its inputs.
      this.#markDone(index);
      this.#isSuspended = true;
      return { kind: 'dropped' };
    }
    if (this.#isSuspended) return { kind: 'dropped' };
    if (verdict.counts) {
      this.sharing?.doubted();
      this.#failures[index] = (this.#failures[index] ?? 0) + 1;
      this.exclusion?.failed(index, executorId, host, nowMs);
    }
    const failures = this.#failures[index] ?? 0;
    if (verdict.retry === 'never' || failures >= this.#options.maxTaskFailures) {
      this.#isSuspended = true;
      return { kind: 'fatal', failures };
    }
    // Its other copy goes on.
    if ((this.#copies[index] ?? 0) > 0) return { kind: 'dropped' };
    this.#status[index] = PENDING;
    this.#pendingCount++;
    if (verdict.avoidExecutor || this.exclusion?.hasFailed(index) === true) {
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

  nextWakeMs(nowMs: number): number | undefined {
    const level = this.delay.nextWakeMs();
    const retry = this.#retries.nextWakeMs(nowMs);
    if (level === undefined) return retry;
    return retry === undefined ? level : Math.min(level, retry);
  }

  /** A waiting task that no executor may run, since it or its task set failed on all of them. */
  unschedulable(
    executors: readonly { readonly executorId: string; readonly host: string }[],
  ): number | undefined {
    const { exclusion } = this;
    if (exclusion === undefined || this.pendingCount === 0) return undefined;
    const usable = executors.filter(
      ({ executorId, host }) => !exclusion.isExcluded(executorId, host),
    );
    if (usable.length === 0) return this.#status.findIndex((status) => status === PENDING);
    for (const index of this.#retries.indices()) {
      if (this.#status[index] !== PENDING) continue;
      const isExcluded = ({ executorId, host }: (typeof usable)[number]): boolean =>
        exclusion.isExcludedFor(index, executorId, host);
      if (usable.every(isExcluded)) return index;
    }
    return undefined;
  }

  /** Indices of the tasks that wait. */
  *waiting(): Generator<number> {
    if (this.#isSuspended || this.#pendingCount === 0) return;
    for (let index = 0; index < this.#status.length; index++) {
      if (this.#status[index] === PENDING) yield index;
    }
  }

  #started(index: number): number {
    if (this.#status[index] === PENDING) this.#pendingCount--;
    this.#status[index] = RUNNING;
    this.#launches[index] = (this.#launches[index] ?? 0) + 1;
    this.#copies[index] = (this.#copies[index] ?? 0) + 1;
    this.#runningAttempts++;
    return index;
  }

  #ended(index: number): void {
    this.#runningAttempts--;
    this.#copies[index] = (this.#copies[index] ?? 1) - 1;
  }

  #markDone(index: number): void {
    if (this.#status[index] === DONE) return;
    if (this.#status[index] === PENDING) this.#pendingCount--;
    this.#status[index] = DONE;
    this.#doneCount++;
  }

  #enqueue(entry: number): void {
    const [from, to] = this.#groups.range(entry);
    this.pending.push(entry, this.locations.ofRange(from, to));
  }

  #index(partition: number): number | undefined {
    this.#indexOf ??= new Map(this.taskSet.partitions.map((each, index) => [each, index]));
    return this.#indexOf.get(partition);
  }
}
