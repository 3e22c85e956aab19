import type { TaskLocation } from './locality.js';

/** The partitions of one stage attempt that are to run. Made by the DAG scheduler. */
export interface TaskSet {
  readonly stageId: number;
  readonly stageAttempt: number;
  readonly generation: number;
  /** The job that asked first: earlier jobs go first in FIFO order. */
  readonly jobId: number;
  /** Logical partitions, each once, ascending. */
  readonly partitions: readonly number[];
  /** Preferred locations for each entry of `partitions`, best first; `undefined` when none has any. */
  readonly locations: readonly (readonly TaskLocation[])[] | undefined;
  /**
   * Where in `partitions` each launch begins that runs several of them one after another, ascending,
   * from 0; `undefined` when every partition is launched by itself.
   */
  readonly launchStarts?: readonly number[];
  /** Input bytes for each entry of `partitions`, where they are known. */
  readonly inputBytes?: Float64Array;
  /** Flow-local properties of the job; `heddle.scheduler.pool` names its pool. */
  readonly properties: Readonly<Record<string, string>>;
}
