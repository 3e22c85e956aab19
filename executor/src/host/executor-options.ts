import type { Logger } from '@heddle/common';
import type { FileSystemRegistry } from '@heddle/webhdfs';
import type { ShuffleNetwork } from '../shuffle/remote/shuffle-network.js';
import type { PrestartedThreads } from './prestarted-threads.js';

/** Everything that an executor is made of; sizes in bytes unless the name says otherwise. */
export interface ExecutorOptions {
  readonly executorId: string;
  readonly host: string;
  readonly applicationId: string;
  readonly applicationAttemptId?: string;
  /** Tasks that run at once: one thread each. */
  readonly slots: number;
  /** Module that a task thread starts with. @default the engine's own `thread-main.js` */
  readonly threadEntry?: URL;
  /** Threads that were started before; those with the same entry and memory are used. */
  readonly prestarted?: PrestartedThreads;
  /** The task bundle of the program. */
  readonly program: ProgramFile;
  /** Private folders of this executor, prepared by `createLocalDirectories`; not empty. */
  readonly localDirectories: readonly string[];
  /** Private folders for everything but map outputs. @default `localDirectories` */
  readonly scratchDirectories?: readonly string[];
  readonly memory: ExecutorMemory;
  /** Largest encoded result of one task; 0 is no limit. */
  readonly maxResultBytes: number;
  /** Largest encoded result that goes with the news of a task's end; others are kept. @default any */
  readonly maxDirectResultBytes?: number;
  /** @default 'zstd' */
  readonly shuffleCompression?: 'none' | 'zstd';
  /** How map outputs of other executors are read and its own are served. @default it is alone in its process */
  readonly shuffle?: ShuffleNetwork;
  readonly logger: Logger;
  readonly fileSystems: FileSystemRegistry;
  /** Where `HeddleFiles` of tasks looks, and files are fetched to. @default `files` in the first private folder */
  readonly filesDirectory?: string;
  /** File descriptor that `console` of tasks writes to. @default 2, the process's stderr */
  readonly logDescriptor?: number;
  /** Stands before each of these lines, such as what erases a progress bar on a terminal. @default nothing */
  readonly logLineStart?: string;
  /** How long a killed attempt has to notice before its thread is ended. @default 200 ms */
  readonly killGraceMs?: number;
  /** How long threads have to end at `stop`. @default 5,000 ms */
  readonly stopTimeoutMs?: number;
}

/** The user's functions as a file that task threads load. */
export interface ProgramFile {
  readonly taskFile: string;
  /** Hash of the function table that the driver's closures refer to; undefined skips the comparison. */
  readonly hash?: string;
}

/** How the memory of an executor is divided. */
export interface ExecutorMemory {
  /**
   * What the objects of one task may take in the heap of its thread, in MiB. V8's own limit stands at
   * four times as much: a single large allocation that meets it ends the process, not the thread.
   */
  readonly threadHeapMb: number;
  /** The most that a thread may take before it is ended, in MiB: that of its whole process. @default no bound of its own */
  readonly mostHeapMb?: number;
  /** Young generation of each thread's heap, in MiB. @default 32 */
  readonly threadYoungMb?: number;
  /** Stack of each thread, in MiB. @default 4 */
  readonly threadStackMb?: number;
  /**
   * Address space that each thread reserves for compiled code, in MiB. YARN may count it, and ends
   * containers for it. @default V8's own, 512
   */
  readonly threadCodeRangeMb?: number;
  /** What sort, combine and group of one task may hold before they spill. */
  readonly taskBudgetBytes: number;
  /** Heap and buffers of one thread together, above which its task is ended; 0 does not watch. */
  readonly threadLimitBytes: number;
  /** Cached blocks of all threads. */
  readonly storageBytes: number;
}
