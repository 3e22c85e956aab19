import type { StageBinary, TaskDescription } from 'heddle/internal';
import type { BlockId } from '../storage/block-memory.js';

/** A task that a slot has: it runs, or waits for its turn. */
export interface SlotTask {
  readonly task: TaskDescription;
  readonly stage: StageBinary;
  readonly run: number;
  /** Blocks of persisted RDDs that it may read or store. */
  readonly persisted: readonly BlockId[];
  /** The thread has it, perhaps behind others. */
  isSent: boolean;
  /** Blocks that it stored. */
  readonly blocks: BlockId[];
  /** `BlockStore.removalsOf` of the RDDs whose blocks it may store, when it began. */
  readonly removals: ReadonlyMap<number, number>;
  /** Copies of its blocks that are being placed. */
  readonly copies: Promise<void>[];
  /** Files that were fetched for it alone. */
  readonly temporaryFiles: string[];
  killReason: string | undefined;
  killTimer: NodeJS.Timeout | undefined;
  /** Set by `process.exit` of the task. */
  exitCode: string | undefined;
  /** Why the host ends the thread, when it does so because of its memory. */
  overMemory: string | undefined;
}
