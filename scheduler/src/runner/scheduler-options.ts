import type { Clock, Logger } from '@heddle/common';
import type { AccumulatorSink, CodeTable, StageCompiler } from 'heddle/internal';
import type { SchedulerBackend } from '../backend/scheduler-backend.js';
import type { EventLog } from '../listener/event-log.js';
import type { ApplicationInfo, Listener } from '../listener/events.js';
import type { AllocationOptions } from '../allocation/allocation-options.js';
import type { DagSchedulerOptions } from '../dag/dag-scheduler.js';
import type { ExclusionOptions } from '../exclusion/exclusion-options.js';
import type { SharingOptions } from '../tasks/launch-sharing.js';
import type { LocalityWaits } from '../tasks/locality.js';
import type { SpeculationOptions } from '../tasks/speculation.js';
import type { TaskSchedulerOptions } from '../tasks/task-scheduler.js';
import type { PoolSpec, SchedulingMode } from '../tasks/pool.js';

/** Starts one-shot timers; tests pass their own. */
export interface Timers {
  /**
   * @param options `isBackground`: the process may end before
   * @returns what stops the timer
   */
  start(
    delayMs: number,
    action: () => void,
    options?: { readonly isBackground: boolean },
  ): () => void;
}

export const systemTimers: Timers = {
  start(delayMs, action, options) {
    const timer = setTimeout(action, delayMs);
    if (options?.isBackground === true) timer.unref();
    return () => clearTimeout(timer);
  },
};

/** What a `SchedulerRunner` is made of. Only `backend` and `compiler` have no default. */
export interface SchedulerOptions {
  readonly backend: SchedulerBackend;
  readonly compiler: StageCompiler;
  /** Told of each accumulator update once per partition. */
  readonly accumulators?: AccumulatorSink;
  readonly application?: ApplicationInfo;
  /** Settings for the environment event; secrets are replaced. */
  readonly settings?: Readonly<Record<string, string>>;
  /** @default the system's */
  readonly clock?: Clock;
  /** @default the system's */
  readonly timers?: Timers;
  readonly logger?: Logger;
  readonly listeners?: readonly Listener[];
  /** Hears every event; closed by `stop`. */
  readonly eventLog?: EventLog;
  /** Names the user's classes in errors of tasks. @default `plainCodeTable`, which knows the engine's only */
  readonly codeTable?: CodeTable;
  /** `heddle.task.maxFailures`. @default 4 */
  readonly maxTaskFailures?: number;
  /** `heddle.stage.maxConsecutiveAttempts`. @default 4 */
  readonly maxStageAttempts?: number;
  /** `heddle.scheduler.mode`. @default FIFO */
  readonly schedulingMode?: SchedulingMode;
  /** @default none: every pool has weight 1, no minimum, FIFO */
  readonly pools?: readonly PoolSpec[];
  /** `heddle.locality.wait`, for all levels or for each. @default 3,000 */
  readonly localityWaitMs?: number | LocalityWaits;
  /** How long a failed task waits for another executor than the one it failed on. @default 3,000 */
  readonly retryElsewhereWaitMs?: number;
  /** Pause that gathers fetch failures before stages are submitted again. @default 200 */
  readonly resubmitDelayMs?: number;
  /** `heddle.driver.maxResultSize`; 0: no limit. @default 1 GiB */
  readonly maxResultSizeBytes?: number;
  /** Captured data of one stage above which a warning is due. @default 1 MiB */
  readonly largeCaptureBytes?: number;
  /** False when there is one executor for good (`local[N]`): spares looking for near ones. @default true */
  readonly usesLocations?: boolean;
  /** `heddle.adaptive.targetSize`, in bytes. @default none: every partition is launched by itself */
  readonly adaptiveTargetBytes?: number;
  /** How tasks that prove to be short share launches. @default none: each is launched by itself */
  readonly sharing?: SharingOptions;
  /** `heddle.speculation.*`. @default none: no second copies */
  readonly speculation?: SpeculationOptions;
  /** `heddle.excludeOnFailure.*`. @default none: nothing is excluded */
  readonly exclusion?: ExclusionOptions;
  /** `heddle.scheduler.executorWaitTimeout`; 0: for ever. @default 0 */
  readonly executorWaitTimeoutMs?: number;
  /** Executors that the backend is asked for, when they do not follow the work. @default no wish is told */
  readonly executors?: number;
  /** Above all ids of tasks that an earlier context of the application has run. @default 0 */
  readonly firstTaskAttemptId?: number;
  /** `heddle.dynamicAllocation.*`. @default none: the backend has its number of executors */
  readonly allocation?: AllocationOptions;
  /** Rack of a host. @default none known */
  readonly rackOf?: (host: string) => string | undefined;
  /** Jobs, and stages, that `jobInfo` and `stageInfo` know after their end. @default 1,000 */
  readonly retainedJobs?: number;
}

/** What of it concerns stages. @param slots task slots of all executors */
export function dagOptions(options: SchedulerOptions, slots: () => number): DagSchedulerOptions {
  return {
    maxStageAttempts: options.maxStageAttempts ?? 4,
    maxResultSizeBytes: options.maxResultSizeBytes ?? 1024 ** 3,
    usesLocations: options.usesLocations ?? true,
    maxExecutorDeaths: options.maxTaskFailures ?? 4,
    ...(options.adaptiveTargetBytes !== undefined && {
      adaptive: { targetBytes: options.adaptiveTargetBytes, slots },
    }),
  };
}

/** What of it concerns tasks. */
export function taskOptions(options: SchedulerOptions): TaskSchedulerOptions {
  return {
    maxTaskFailures: options.maxTaskFailures ?? 4,
    localityWaits: localityWaits(options.localityWaitMs ?? 3_000),
    retryElsewhereWaitMs: options.retryElsewhereWaitMs ?? 3_000,
    mode: options.schedulingMode ?? 'FIFO',
    pools: options.pools ?? [],
    rackOf: options.rackOf ?? (() => undefined),
    firstTaskAttemptId: options.firstTaskAttemptId ?? 0,
    ...(options.speculation !== undefined && { speculation: options.speculation }),
    ...(options.exclusion !== undefined && { exclusion: options.exclusion }),
    ...(options.sharing !== undefined && { sharing: options.sharing }),
  };
}

function localityWaits(wait: number | LocalityWaits): LocalityWaits {
  return typeof wait === 'number' ? { processMs: wait, nodeMs: wait, rackMs: wait } : wait;
}
