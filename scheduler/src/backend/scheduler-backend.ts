import type { HeddleError } from '@heddle/common';
import type {
  BlockStatus,
  StageBinary,
  StoredResult,
  TaskDescription,
  TaskUpdate,
} from 'heddle/internal';

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
  /**
   * Gives back the tasks that wait for their turn behind a running one, up to and including this
   * attempt: each ends as killed and `notBegun`. Those that have begun go on.
   */
  recall?(executorId: string, taskAttemptId: number): void;
  /**
   * Brings a result that stayed on its executor, which then forgets it. Rejects when it is gone or
   * does not come in time. Only backends whose executors keep results need this and the next one.
   */
  fetchResult?(executorId: string, result: StoredResult): Promise<Uint8Array>;
  /** Has the executor forget a result that nobody wants. */
  dropResult?(executorId: string, result: StoredResult): void;
  /** Drops all cached blocks of an RDD. */
  removeRdd(rddId: number): Promise<void>;
  /** Deletes the map outputs of a shuffle on every executor. */
  removeShuffle(shuffleId: number): Promise<void>;
  addBroadcast(broadcastId: number, bytes: SharedArrayBuffer): void;
  removeBroadcast(broadcastId: number): Promise<void>;
  setLogLevel(level: string): void;
  /**
   * How many executors are of use now, and near which data. Each wish replaces the one before; a
   * backend whose executors are fixed has none.
   */
  wish?(wish: ExecutorWish): void;
  /**
   * Lets an executor end what it runs and then leave, without blame. It is given no more tasks.
   */
  drain?(executorId: string): void;
  /** Ends all executors and removes everything they left; idempotent. */
  stop(): Promise<void>;
}

export interface ExecutorInfo {
  readonly executorId: string;
  readonly host: string;
  /** Tasks that it runs at once. */
  readonly slots: number;
  /** Whether its map outputs can be read when it is gone. @default as the backend's are in general */
  readonly outputsAreServed?: boolean;
}

/** How an executor ended, and what went with it. */
export interface ExecutorLoss {
  readonly executorId: string;
  readonly reason: string;
  /**
   * Whether its tasks are to blame as far as anybody knows. False when it was taken from us or sent
   * away: preemption, drain, end of the node.
   */
  readonly countsAsFailure: boolean;
  /** Everything on its host is gone with it. */
  readonly hostLost: boolean;
  /** `served`: the outputs that it wrote can still be read through its node's shuffle service. */
  readonly mapOutputs: 'lost' | 'served';
}

/** What a backend should ask its cluster for. */
export interface ExecutorWish {
  /** Executors in all, those that are there included. */
  readonly target: number;
  /** Hosts that hold data of waiting tasks; the larger `weight`, the more of it. Heaviest first. */
  readonly hosts: readonly { readonly host: string; readonly weight: number }[];
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
  /** An executor is gone for good; its id never comes back, and what it says later is not heard. */
  executorRemoved(loss: ExecutorLoss): void;
  /** The executor is about to leave: it finishes what it runs and takes no more tasks. */
  executorDraining(executorId: string): void;
  /** Cached blocks came, moved or went outside of a task (replication, eviction, a drain). */
  blocksChanged(executorId: string, statuses: readonly BlockStatus[]): void;
  taskUpdate(update: TaskUpdate): void;
  /** Whether this attempt may commit. The answer for a partition never changes once it is yes. */
  mayCommit(request: CommitRequest): boolean;
  /** Nothing can run any more: all jobs fail with this error, now and later. */
  backendFailed(error: HeddleError): void;
}
