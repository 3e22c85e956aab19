import type { StageBinary, TaskDescription, TaskUpdate } from 'heddle/internal';

/**
 * What the task scheduler knows of executors: offers to start, tell and end them, whatever they are
 * (threads of this process, processes of this host, YARN containers).
 *
 * Calls return at once unless they return a promise; every promise has a bound.
 * Source: Spark 4.0 `SchedulerBackend`.
 */
export interface SchedulerBackend {
  /** Starts executors; resolves when the first one can take tasks. Events may come before that. */
  start(events: BackendEvents): Promise<void>;
  /** Makes a stage attempt known to an executor before its first task; idempotent. */
  registerStage(stage: StageBinary): void;
  /** No more tasks of this stage attempt will be launched; its code and inputs may be dropped. */
  unregisterStage(stageId: number, stageAttempt: number): void;
  launch(executorId: string, task: TaskDescription): void;
  /** Ends a running attempt; its `killed` update follows, also when the thread must be replaced. */
  kill(executorId: string, taskAttemptId: number, reason: string): void;
  /** Drops all cached blocks of an RDD. */
  removeRdd(rddId: number): Promise<void>;
  /** Deletes the map outputs of a shuffle on every executor. */
  removeShuffle(shuffleId: number): Promise<void>;
  addBroadcast(broadcastId: number, bytes: SharedArrayBuffer): void;
  removeBroadcast(broadcastId: number): Promise<void>;
  setLogLevel(level: string): void;
  /** Ends all executors and removes everything they left; idempotent. */
  stop(): Promise<void>;
}

export interface ExecutorInfo {
  readonly executorId: string;
  readonly host: string;
  /** Tasks that it runs at once. */
  readonly slots: number;
}

/** Ask of a task attempt to be the one that commits its partition. */
export interface CommitRequest {
  readonly saveId: number;
  readonly generation: number;
  readonly partition: number;
  readonly taskAttemptId: number;
}

/** What a backend tells its owner. Called on the event loop; must not throw. */
export interface BackendEvents {
  executorAdded(executor: ExecutorInfo): void;
  executorRemoved(executorId: string, reason: string, countsAsFailure: boolean): void;
  taskUpdate(update: TaskUpdate): void;
  /** Whether this attempt may commit. The answer for a partition never changes once it is yes. */
  mayCommit(request: CommitRequest): boolean;
}
