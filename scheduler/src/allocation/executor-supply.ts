import type { Clock, Logger } from '@heddle/common';
import type { ExecutorWish, SchedulerBackend } from '../backend/scheduler-backend.js';
import type { DagScheduler } from '../dag/dag-scheduler.js';
import type { Timers } from '../runner/scheduler-options.js';
import type { HostBytes } from 'heddle/internal';
import type { TaskScheduler } from '../tasks/task-scheduler.js';
import type { AllocationOptions } from './allocation-options.js';
import { NoExecutorsError } from './errors.js';
import { ExecutorAllocation } from './executor-allocation.js';
import { heaviestFirst, hostWeights } from './host-weights.js';

/** Changes that come together are answered together, in milliseconds. */
const GATHER_MS = 50;
/** Executors that were asked for together come together, or later than is worth waiting for, in milliseconds. */
const AWAIT_MS = 3_000;
/** How long a first wish without hosts waits for a job, or for an input to be named, in milliseconds. */
const FIRST_INPUT_MS = 1_000;
/** And then for the place of the inputs that were named. */
const LOCATE_MS = 5_000;
/** Between two warnings that tasks wait and nothing runs, in milliseconds (Spark's figure). */
const WARN_EVERY_MS = 15_000;

export interface ExecutorSupplyOptions {
  readonly backend: SchedulerBackend;
  readonly dag: DagScheduler;
  readonly tasks: TaskScheduler;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly logger: Logger;
  /** Fixed number of executors, when they do not follow the work. */
  readonly executors: number | undefined;
  readonly allocation: AllocationOptions | undefined;
  /** Longest time without any executor while tasks wait; 0: no limit. */
  readonly waitTimeoutMs: number;
  /** Ends all jobs. */
  readonly failJobs: (error: Error) => void;
  /** Whether tasks prefer hosts at all. */
  readonly usesLocations: boolean;
  /** Executors are about to come on these hosts. */
  readonly awaitHosts: (hosts: readonly string[]) => void;
}

/**
 * Sees to it that there are executors: tells the backend how many are wanted and near which data,
 * lets idle ones go, and warns when tasks wait for executors in vain, in the end failing their jobs.
 */
export class ExecutorSupply {
  readonly #options: ExecutorSupplyOptions;
  readonly #allocation: ExecutorAllocation | undefined;
  #cancelTimer: (() => void) | undefined;
  #timerAtMs = Infinity;
  #toldWish = '';
  #firstLookMs: number | undefined;
  /** Since when tasks have waited while nothing runs. */
  #starvedSinceMs: number | undefined;
  #warnedMs = 0;
  /** Bytes of the inputs that the program has named, by host. */
  readonly #inputBytes = new Map<string, number>();
  /** Executors near data are awaited: at the start only. */
  #awaitsHosts = true;
  #awaited = '';
  #firstExecutorMs: number | undefined;
  /** Inputs that are being located, and how long the first wish waits for that. */
  #locating = 0;
  #locatingUntilMs: number | undefined;
  #isStopped = false;

  constructor(options: ExecutorSupplyOptions) {
    this.#options = options;
    this.#allocation = options.allocation && new ExecutorAllocation(options.allocation);
  }

  /** Something changed; looks at it soon. */
  changed(): void {
    this.#lookIn(GATHER_MS);
  }

  /**
   * The program has named an input: the first executors are asked for where it lies, before any job
   * says so. Afterwards waiting tasks say it better, and nothing is looked up.
   */
  inputNamed(locate: () => Promise<readonly HostBytes[]>): void {
    const { usesLocations, backend } = this.#options;
    if (!usesLocations || backend.wish === undefined || !this.#awaitsHosts) return;
    this.#locatingUntilMs ??= this.#options.clock.monotonicMs() + LOCATE_MS;
    this.#locating += 1;
    const located = locate().then(
      (hosts) => {
        for (const { host, bytes } of hosts) {
          this.#inputBytes.set(host, (this.#inputBytes.get(host) ?? 0) + bytes);
        }
      },
      // The action that reads it will say what is wrong with it.
      () => undefined,
    );
    void located.then(() => {
      this.#locating -= 1;
      this.changed();
    });
  }

  stop(): void {
    this.#isStopped = true;
    this.#cancelTimer?.();
  }

  #lookIn(delayMs: number): void {
    const atMs = this.#options.clock.monotonicMs() + delayMs;
    if (this.#isStopped || this.#timerAtMs <= atMs) return;
    this.#cancelTimer?.();
    this.#timerAtMs = atMs;
    this.#cancelTimer = this.#options.timers.start(delayMs, () => this.#look(), {
      isBackground: this.#starvedSinceMs === undefined,
    });
  }

  #look(): void {
    this.#timerAtMs = Infinity;
    this.#cancelTimer = undefined;
    if (this.#isStopped) return;
    const nowMs = this.#options.clock.monotonicMs();
    let pendingTasks = 0;
    let runningTasks = 0;
    for (const manager of this.#options.tasks.taskSets) {
      pendingTasks += manager.pendingCount;
      runningTasks += manager.runningAttempts;
    }
    const target = this.#target(pendingTasks, runningTasks, nowMs);
    this.#wish(target, pendingTasks, nowMs);
    this.#watchStarvation(pendingTasks, runningTasks, target, nowMs);
  }

  #target(pendingTasks: number, runningTasks: number, nowMs: number): number | undefined {
    const { executors: fixed, tasks, dag, backend, logger } = this.#options;
    if (this.#allocation === undefined) return fixed;
    const executors = [...tasks.executors]
      .filter(({ isDraining }) => !isDraining)
      .map(({ executorId, running, outputsAreServed }) => ({
        executorId,
        isBusy: running.size > 0,
        hasBlocks: dag.blocks.sizeBytesOf(executorId) > 0,
        hasOutputs: outputsAreServed !== true && dag.outputs.hasOutputsOf(executorId),
      }));
    const decision = this.#allocation.decide({ pendingTasks, runningTasks, executors }, nowMs);
    for (const executorId of decision.remove) {
      logger.info('an executor has been idle long enough and is sent away', { executorId });
      backend.drain?.(executorId);
    }
    if (decision.wakeAtMs !== undefined) this.#lookIn(Math.max(1, decision.wakeAtMs - nowMs));
    return decision.target;
  }

  /** Tells the backend when the wish is another one than before. */
  #wish(target: number | undefined, pendingTasks: number, nowMs: number): void {
    const { backend, tasks } = this.#options;
    if (target === undefined || backend.wish === undefined) return;
    const waiting = hostWeights(tasks.taskSets);
    const hosts = waiting.length > 0 ? waiting : heaviestFirst(this.#inputBytes);
    const heldMs = hosts.length > 0 ? 0 : this.#hostsWithinMs(pendingTasks, nowMs);
    if (heldMs > 0) {
      this.#lookIn(heldMs);
      return;
    }
    const wish: ExecutorWish = { target, hosts };
    this.#awaitHosts(wish, nowMs);
    const text = JSON.stringify(wish);
    if (text === this.#toldWish) return;
    this.#toldWish = text;
    backend.wish(wish);
  }

  /** How much longer a wish is held because hosts may become known; 0 or less: not at all. */
  #hostsWithinMs(pendingTasks: number, nowMs: number): number {
    this.#firstLookMs ??= nowMs;
    if (!this.#options.usesLocations) return 0;
    if (this.#locating > 0) return (this.#locatingUntilMs ?? nowMs) - nowMs;
    // Tasks that wait and name no hosts want none.
    if (pendingTasks > 0 || this.#toldWish !== '') return 0;
    return this.#firstLookMs + FIRST_INPUT_MS - nowMs;
  }

  /** Until as many executors are there as were asked for, or long enough since the first one came. */
  #awaitHosts({ target, hosts }: ExecutorWish, nowMs: number): void {
    if (!this.#awaitsHosts || target === 0) return;
    const executors = [...this.#options.tasks.executors].length;
    if (executors > 0) this.#firstExecutorMs ??= nowMs;
    const leftMs = (this.#firstExecutorMs ?? nowMs) + AWAIT_MS - nowMs;
    this.#awaitsHosts = executors < target && leftMs > 0;
    if (this.#awaitsHosts && this.#firstExecutorMs !== undefined) this.#lookIn(leftMs);
    const names = this.#awaitsHosts ? hosts.map(({ host }) => host) : [];
    if (names.join() === this.#awaited) return;
    this.#awaited = names.join();
    this.#options.awaitHosts(names);
  }

  #watchStarvation(
    pendingTasks: number,
    runningTasks: number,
    target: number | undefined,
    nowMs: number,
  ): void {
    const { logger, tasks, waitTimeoutMs, failJobs } = this.#options;
    if (pendingTasks === 0 || runningTasks > 0) {
      this.#starvedSinceMs = undefined;
      return;
    }
    this.#starvedSinceMs ??= nowMs;
    const waitedMs = nowMs - this.#starvedSinceMs;
    const executors = [...tasks.executors].length;
    if (executors === 0 && waitTimeoutMs > 0 && waitedMs >= waitTimeoutMs) {
      this.#starvedSinceMs = undefined;
      failJobs(new NoExecutorsError(waitedMs, pendingTasks, target));
      return;
    }
    if (waitedMs >= WARN_EVERY_MS && nowMs - this.#warnedMs >= WARN_EVERY_MS) {
      this.#warnedMs = nowMs;
      logger.warn(
        'tasks wait and none runs: look whether executors are registered and have free slots',
        {
          waitingTasks: pendingTasks,
          executors,
          waitedSeconds: Math.round(waitedMs / 1_000),
          ...(target !== undefined && { wanted: target }),
        },
      );
    }
    const nextMs = waitedMs < WARN_EVERY_MS ? WARN_EVERY_MS - waitedMs : WARN_EVERY_MS;
    const leftMs = waitTimeoutMs > 0 ? waitTimeoutMs - waitedMs : Infinity;
    this.#lookIn(Math.max(1, Math.min(nextMs, leftMs)));
  }
}
