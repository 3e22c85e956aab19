import type { CallSite } from '@heddle/common';
import type { JobSink, LineageNode } from '../plan/index.js';

/** One action, as the context hands it to whoever schedules jobs. */
export interface JobRequest {
  readonly finalNode: LineageNode;
  readonly sink: JobSink;
  /** Partitions of `finalNode` to run, in the order of the results; may repeat an index. */
  readonly partitions: readonly number[];
  readonly callSite: CallSite;
  readonly description: string | undefined;
  readonly jobGroup: string | undefined;
  readonly tags: readonly string[];
  /** Flow-local properties, such as the scheduler pool. */
  readonly properties: Readonly<Record<string, string>>;
  readonly signal: AbortSignal | undefined;
  /**
   * Give each result to `onResult` as soon as it is there, also when the lineage is indeterminate
   * (approximate actions). Otherwise results of such a job are held until it ends, so that losing a
   * map output can discard them; with this flag that loss fails the job.
   */
  readonly streamResults?: boolean;
  /**
   * Called once for each position of `partitions`, in any order, on the event loop. `bytes` is the
   * encoded result of the sink, to be read in the call: afterwards its memory is given back. What it
   * throws fails the job.
   */
  onResult(position: number, bytes: Uint8Array): void;
}

export interface JobInfo {
  readonly jobId: number;
  readonly status: 'RUNNING' | 'SUCCEEDED' | 'FAILED';
  readonly stageIds: readonly number[];
}

export interface StageInfo {
  readonly stageId: number;
  readonly attemptId: number;
  readonly name: string;
  readonly numTasks: number;
  readonly numActiveTasks: number;
  readonly numCompletedTasks: number;
  readonly numFailedTasks: number;
}

export interface ExecutorStatus {
  readonly executorId: string;
  readonly host: string;
  readonly cores: number;
  readonly runningTasks: number;
  readonly cacheBytes: number;
}

/** A host, and how many bytes of an input it holds. */
export interface HostBytes {
  readonly host: string;
  readonly bytes: number;
}

/** An accumulator's driver half, told of each task's update exactly once (for actions). */
export interface AccumulatorSink {
  /** `value` is the value encoding of a task's partial value. */
  merge(accumulatorId: number, value: Uint8Array): void;
}

/**
 * What `core` needs of the machinery that runs jobs. The launcher (client or am) installs one with
 * `installLauncher`; `core` never imports it.
 */
export interface JobRunner {
  /** Resolves when all partitions have been given to `onResult`; rejects with the job's typed error. */
  runJob(request: JobRequest): Promise<void>;
  /**
   * The program has named an input. A runner that asks for executors near data calls `locate` at
   * once; what that rejects with is for the action that reads the input to say.
   */
  inputNamed?(locate: () => Promise<readonly HostBytes[]>): void;
  cancelJobGroup(group: string, reason: string): void;
  cancelJobsWithTag(tag: string, reason: string): void;
  cancelAllJobs(reason: string): void;
  unpersist(rddId: number, blocking: boolean): Promise<void>;
  /** Whether each partition of a persisted RDD is held by some executor, as far as is known. */
  isFullyCached(rddId: number, partitionCount: number): boolean;
  removeShuffle(shuffleId: number, blocking: boolean): Promise<void>;
  addBroadcast(broadcastId: number, bytes: SharedArrayBuffer): void;
  removeBroadcast(broadcastId: number, blocking: boolean): Promise<void>;
  activeJobIds(): readonly number[];
  activeStageIds(): readonly number[];
  jobIdsForGroup(group: string | undefined): readonly number[];
  jobInfo(jobId: number): JobInfo | undefined;
  stageInfo(stageId: number): StageInfo | undefined;
  executors(): readonly ExecutorStatus[];
  setLogLevel(level: string): void;
  /** Fails what still runs, ends executors, closes the event log; idempotent. */
  stop(): Promise<void>;
}
