/**
 * After how many failures an executor or a host gets no more tasks.
 * Source: Spark 4.0 `spark.excludeOnFailure.*`, with its defaults.
 */
export interface ExclusionOptions {
  /** How long an executor or host stays excluded for the whole application, in milliseconds. */
  readonly timeoutMs: number;
  /** Failures of one task on an executor after which it does not run there again. @default 1 */
  readonly maxTaskAttemptsPerExecutor: number;
  /** Failures of one task on a host after which it does not run there again. @default 2 */
  readonly maxTaskAttemptsPerHost: number;
  /** Tasks of a stage that failed on an executor before the stage avoids it. @default 2 */
  readonly stageMaxFailedTasksPerExecutor: number;
  /** Executors of a host that a stage avoids before it avoids the host. @default 2 */
  readonly stageMaxFailedExecutorsPerHost: number;
  /** Failed tasks of stages that ended well before everybody avoids an executor. @default 2 */
  readonly applicationMaxFailedTasksPerExecutor: number;
  /** Excluded executors of a host before everybody avoids the host. @default 2 */
  readonly applicationMaxFailedExecutorsPerHost: number;
  /** An executor or host whose map outputs could not be read is avoided at once. @default false */
  readonly onFetchFailure: boolean;
  /** How long a task that may run nowhere waits for a new executor, in milliseconds. @default 120,000 */
  readonly unschedulableTimeoutMs: number;
}

/** Spark's defaults. */
export const DEFAULT_EXCLUSION: ExclusionOptions = {
  timeoutMs: 3_600_000,
  maxTaskAttemptsPerExecutor: 1,
  maxTaskAttemptsPerHost: 2,
  stageMaxFailedTasksPerExecutor: 2,
  stageMaxFailedExecutorsPerHost: 2,
  applicationMaxFailedTasksPerExecutor: 2,
  applicationMaxFailedExecutorsPerHost: 2,
  onFetchFailure: false,
  unschedulableTimeoutMs: 120_000,
};
