import type { Logger } from '@heddle/common';
import type { BlockStatus, StorageLevelSpec, TaskDescription, TaskUpdate } from 'heddle/internal';
import type { FileSystemRegistry } from '@heddle/webhdfs';
import type { FileStore } from '../files/file-store.js';
import type { FetchFeeder } from '../shuffle/remote/fetch-feeder.js';
import type { BlockId } from '../storage/block-memory.js';
import type { AvailableBlock } from '../storage/block-messages.js';
import type { BlockStore } from '../storage/block-store.js';
import type { ThreadSettings } from '../thread/messages.js';
import type { TaskSlot } from './task-slot.js';
import type { TaskWorker } from './task-worker.js';

/** What a slot uses of its executor. */
export interface SlotServices {
  readonly executorId: string;
  startWorker(): TaskWorker;
  /** Undefined when there are no other executors to fetch from. */
  newFetchFeeder(): FetchFeeder | undefined;
  readonly settings: Omit<ThreadSettings, 'control'>;
  readonly killGraceMs: number;
  readonly logger: Logger;
  readonly fileSystems: FileSystemRegistry;
  readonly blocks: BlockStore;
  readonly files: FileStore;
  /** Broadcast variables that are there, for a new thread. */
  broadcasts(): Iterable<readonly [number, SharedArrayBuffer]>;
  /** One that a thread needs and has not been given. */
  broadcast(id: number): Promise<SharedArrayBuffer>;
  /** A cached block that one of these other executors has, if it can be had. */
  remoteBlock(id: BlockId, executorIds: readonly string[]): Promise<AvailableBlock | undefined>;
  /** Places the copies of a new block that its level asks for; never rejects. */
  replicate(id: BlockId, level: StorageLevelSpec): Promise<void>;
  /** Blocks that the driver does not learn of by a task's update. */
  blocksChanged(statuses: readonly BlockStatus[]): void;
  mayCommit(task: TaskDescription, saveId: number): boolean | Promise<boolean>;
  update(update: TaskUpdate): void;
  /** The slot has no task. */
  idle(slot: TaskSlot): void;
  /** The slot's thread has loaded its code, for the first time. */
  ready(): void;
  /** No thread of the slot can be started. */
  failed(error: Error): void;
}
