import type { Clock, Logger } from '@heddle/common';
import type { ExecutorWish, SchedulerBackend } from '../backend/scheduler-backend.js';
import type { DagScheduler } from '../dag/dag-scheduler.js';
import type { Timers } from '../runner/scheduler-options.js';
import type { TaskScheduler } from '../tasks/task-scheduler.js';
import type { AllocationOptions } from './allocation-options.js';
import { NoExecutorsError } from './errors.js';
import { ExecutorAllocation } from './executor-allocation.js';
import { hostWeights } from './host-weights.js';

/** Changes that come together are answered together, in milliseconds. */
const GATHER_MS = 50;
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
  /** Since when tasks have waited while nothing runs. */
  #starvedSinceMs: number | undefined;
  #warnedMs = 0;
  #isStopped = false;

  constructor(options: ExecutorSupplyOptions) {
    this.#options = options;
    this.#allocation = options.allocation && new ExecutorAllocation(options.allocation);
  }

  /** Something changed; looks at it soon. */
  changed(): void {
    this.#lookIn(GATHER_MS);
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
    this.#wish(target);
    this.#watchStarvation(pendingTasks, runningTasks, target, nowMs);
  }

  #target(pendingTasks: number, runningTasks: number, nowMs: number): number | undefined {
    const { executors: fixed, tasks, dag, backend, logger } = this.#options;
    if (this.#allocation === undefined) return fixed;
    const executors = [...tasks.executors]
      .filter(({ isDraining }) => !isDraining)
      .map(({ executorId, running }) => ({
        executorId,
        isBusy: running.size > 0,
        hasBlocks: dag.blocks.sizeBytesOf(executorId) > 0,
        hasOutputs: dag.outputs.hasOutputsOf(executorId),
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
  #wish(target: number | undefined): void {
    const { backend, tasks } = this.#options;
    if (target === undefined || backend.wish === undefined) return;
    const wish: ExecutorWish = { target, hosts: hostWeights(tasks.taskSets) };
    const text = JSON.stringify(wish);
    if (text === this.#toldWish) return;
    this.#toldWish = text;
    backend.wish(wish);
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
