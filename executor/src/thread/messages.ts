import type {
  AccumulatorUpdate,
  StageBinary,
  TaskDescription,
  TaskFailure,
  TaskResult,
} from 'heddle/internal';
import type { FileMessage } from '../input/messages.js';
import type { AvailableBlock, BlockMessage } from '../storage/block-messages.js';
import type { ThreadShuffleSettings } from '../shuffle/remote/executor-shuffle.js';
import type { OpenFetchMessage } from '../shuffle/remote/fetch-messages.js';
import type { CallMessage } from './host-calls.js';
import type { PackedEnds } from './ended-runs.js';
import type { PackedTasks } from './packed-runs.js';

/** What a thread is told once, before its first task. Plain data, structured-clonable. */
export interface ThreadSettings {
  readonly executorId: string;
  /** Name of the node, as locations of map outputs have it. */
  readonly host: string;
  /** Left out when all map outputs are of this process. */
  readonly shuffle?: ThreadShuffleSettings;
  readonly applicationId: string;
  readonly applicationAttemptId?: string;
  /** The task bundle: the user's functions, without the program's top level. */
  readonly taskFile: string;
  /** Hash that the bundle's function table must have; undefined skips the comparison. */
  readonly expectedHash?: string;
  readonly localDirectories: readonly string[];
  /** For everything but map outputs. @default `localDirectories` */
  readonly scratchDirectories?: readonly string[];
  readonly memoryBudgetBytes: number;
  /** What the objects of a task may take in the thread's heap, and together with buffers (0: any). */
  readonly heapLimitBytes: number;
  readonly totalLimitBytes: number;
  readonly maxResultBytes: number;
  readonly shuffleCompression: 'none' | 'zstd';
  /** Where `HeddleFiles` finds the application's files. */
  readonly filesDirectory?: string;
  /** File descriptor that `console` of tasks writes to. */
  readonly logDescriptor: number;
  /** Stands before each of these lines, such as what erases a progress bar on a terminal. */
  readonly logLineStart?: string;
  /** `ControlWords` of this thread. */
  readonly control: SharedArrayBuffer;
}

/** Host → thread. */
export type ThreadMessage =
  | { readonly kind: 'init'; readonly settings: ThreadSettings }
  | { readonly kind: 'stage'; readonly stage: StageBinary }
  | { readonly kind: 'dropStage'; readonly stageId: number; readonly stageAttempt: number }
  | {
      readonly kind: 'task';
      readonly task: TaskDescription;
      /** Names this run to `ControlWords`; counts up in each thread. */
      readonly run: number;
      /** Cached blocks that the executor has of what the task reads. */
      readonly blocks: readonly AvailableBlock[];
      /** Bytes that a new block of each persisted RDD may take in memory. */
      readonly blockRoom: readonly (readonly [rddId: number, bytes: number])[];
      /** Tasks of the same stage that run after it, one after another; none of them reads blocks. */
      readonly followers?: PackedTasks & { readonly runs: readonly number[] };
    }
  /** A follower that has not begun shall not. */
  | { readonly kind: 'cancel'; readonly run: number }
  | { readonly kind: 'broadcast'; readonly id: number; readonly bytes: SharedArrayBuffer }
  | { readonly kind: 'dropBroadcast'; readonly id: number };

/** The end of one run. */
export interface EndedRun {
  readonly run: number;
  readonly outcome: TaskOutcome;
}

/** How an attempt ended, as the thread saw it. */
export type TaskOutcome =
  | {
      readonly kind: 'succeeded';
      readonly result: TaskResult;
      readonly accumulators: readonly AccumulatorUpdate[];
    }
  | { readonly kind: 'failed'; readonly failure: TaskFailure };

/** Thread → host, besides what input and storage send. */
export type HostMessage =
  /** The thread has loaded its code and takes tasks. */
  | { readonly kind: 'ready' }
  | ({ readonly kind: 'ended' } & PackedEnds)
  /** Answered through `ControlWords`. */
  | { readonly kind: 'mayCommit'; readonly run: number; readonly saveId: number }
  /** The task called `process.exit`; the thread ends now. */
  | { readonly kind: 'exiting'; readonly run: number; readonly exitCode: string }
  | FileMessage
  | OpenFetchMessage
  | BlockMessage
  | CallMessage;
