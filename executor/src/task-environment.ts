import type { CodeTable, RootRef, StageBinary, TaskDescription } from 'heddle/internal';
import type { SharedOutput } from './output/shared-output.js';
import type { PartSeal } from './shuffle/part-seal.js';
import type { PartSource } from './shuffle/part-source.js';

/**
 * Records of one partition, pulled in batches. Runs in a task thread: synchronous, no promises.
 * A returned array is never empty, and is the caller's own until it calls `next` again.
 */
export interface BatchSource {
  next(): unknown[] | undefined;
  /** Frees files and memory; idempotent; also called after an early end or an error. */
  close(): void;
}

/** Counters of one task attempt; anything in the thread adds to them. */
export interface TaskMetricsRecorder {
  inputBytes: number;
  inputRecords: number;
  outputBytes: number;
  outputRecords: number;
  shuffleReadLocalBytes: number;
  shuffleReadRemoteBytes: number;
  shuffleReadRecords: number;
  shuffleWriteBytes: number;
  shuffleWriteRecords: number;
  spilledBytes: number;
  spills: number;
}

/** Everything that the parts of a running task need of the thread around them. */
export interface TaskEnvironment {
  readonly stage: StageBinary;
  readonly task: TaskDescription;
  readonly executorId: string;
  /** Id of the application, with its start time in it: makes names of map outputs unique for ever. */
  readonly applicationId?: string;
  /** Number of the ApplicationMaster's attempt, where there is one. */
  readonly applicationAttemptId?: string;
  /** How shuffle data and spills are compressed (`heddle.shuffle.compress`). @default 'zstd' */
  readonly shuffleCompression?: 'none' | 'zstd';
  /** Proves that a shuffled part is what a map task wrote. @default a CRC-32, which suffices in one process */
  readonly partSeal?: PartSeal;
  /** Where parts of map outputs come from. @default the files under `MapOutputLocation.localDirectory` */
  readonly partSource?: PartSource;
  /** Writes the part files that a thread cannot write itself: compressed ones, remote ones. */
  readonly hostOutput?: SharedOutput;
  /** Scratch directories of the executor; the first one with room is used. */
  readonly localDirectories: readonly string[];
  /** Where spills go. @default `localDirectories` */
  readonly scratchDirectories?: readonly string[];
  /** Names classes and functions of the user's program in encoded values. */
  readonly code: CodeTable;
  readonly metrics: TaskMetricsRecorder;
  /** Bytes that sort, combine and group may hold in memory in this task before they spill. */
  readonly memoryBudgetBytes: number;
  /** A captured function or value of the stage, made for this attempt. */
  root(ref: RootRef): unknown;
  /** Another copy of a captured value, as independent as a first decoding (zero elements). */
  freshRoot(ref: RootRef): unknown;
  /** Throws when the attempt was killed; cheap enough for every batch. */
  checkInterrupted(): void;
  /** Runs at the end of the attempt, whatever it was; last registered first. */
  onEnd(action: () => void): void;
}
