/**
 * How the number of executors follows the work. Source: Spark 4.0 `spark.dynamicAllocation.*`.
 */
export interface AllocationOptions {
  readonly minExecutors: number;
  /** Infinity: no limit. */
  readonly maxExecutors: number;
  readonly initialExecutors: number;
  /** Tasks that an executor runs at once. */
  readonly slotsPerExecutor: number;
  /** Part of the executors that would run all tasks at once which is asked for. */
  readonly ratio: number;
  /** How long tasks wait before the first executors are asked for, in milliseconds. */
  readonly backlogTimeoutMs: number;
  /** How long they wait before more are asked for, in milliseconds. */
  readonly sustainedBacklogTimeoutMs: number;
  /** How long an executor without tasks is kept, in milliseconds. */
  readonly idleTimeoutMs: number;
  /** The same for one with cached blocks; Infinity: for ever. */
  readonly cachedIdleTimeoutMs: number;
  /** The same for one with map outputs that nobody else serves; Infinity: for ever. */
  readonly shuffleIdleTimeoutMs: number;
  /** Map outputs outlive their executors: they are no reason to keep one. */
  readonly outputsAreServed: boolean;
}
