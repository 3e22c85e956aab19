import type { BlockStatus, StageBinary, TaskDescription } from 'heddle/internal';
import type { PackedTasks } from '../thread/packed-runs.js';
import type { PackedUpdates } from './task-updates.js';

/** Version of everything in this folder; both sides of a connection must agree on it. */
export const PROTOCOL_VERSION = 1;

/** Where something listens. */
export interface NetworkAddress {
  readonly host: string;
  readonly port: number;
}

/** An executor as the hub's registry knows it: the only place where others learn its address. */
export interface PeerInfo extends NetworkAddress {
  readonly executorId: string;
  /** False when it is gone: its outputs may still be served by the node's shuffle service. */
  readonly alive: boolean;
  readonly shuffleService?: NetworkAddress;
}

/** What the driver says to an executor. Each message is handled once, in the order of sending. */
export type DriverMessage =
  /** The executor belongs to the application now. */
  | { readonly kind: 'registered' }
  /** It does not; it ends with this exit code. */
  | { readonly kind: 'refused'; readonly exitCode: number; readonly reason: string }
  | { readonly kind: 'registerStage'; readonly stage: StageBinary }
  | { readonly kind: 'unregisterStage'; readonly stageId: number; readonly stageAttempt: number }
  | {
      readonly kind: 'launch';
      readonly task: Omit<TaskDescription, 'followers'>;
      readonly followers?: PackedTasks;
    }
  | { readonly kind: 'kill'; readonly taskAttemptId: number; readonly reason: string }
  /** Give back what waits behind a running task, up to and including this attempt. */
  | { readonly kind: 'recall'; readonly taskAttemptId: number }
  | { readonly kind: 'commitAnswer'; readonly requestId: number; readonly may: boolean }
  /** Answered with `done`, as the other removals are. */
  | { readonly kind: 'removeRdd'; readonly requestId: number; readonly rddId: number }
  | { readonly kind: 'removeShuffle'; readonly requestId: number; readonly shuffleId: number }
  | { readonly kind: 'removeBroadcast'; readonly requestId: number; readonly id: number }
  /** The driver has a result that was kept for it, or wants it no more. */
  | { readonly kind: 'dropResult'; readonly resultId: string }
  /** All executors of the application; replaces what was known. */
  | { readonly kind: 'peers'; readonly executors: readonly PeerInfo[] }
  | { readonly kind: 'setLogLevel'; readonly level: string }
  /** Finish what runs, take no more, then leave. */
  /** To leave: at once when idle, or after the grace time if only it can serve its map outputs. */
  | { readonly kind: 'drain'; readonly servesOutputs: boolean }
  | { readonly kind: 'stop' };

/** What an executor says of itself when it comes. */
export interface Registration {
  readonly executorId: string;
  /** Name of its node, for locality. */
  readonly host: string;
  readonly slots: number;
  readonly pid: number;
  /** Where its server for shuffle parts and blocks listens; 0 when it has none. */
  readonly port: number;
  /** SHA-256 of the program that it loaded, in hex. */
  readonly programHash: string;
}

/** What an executor says to the driver. */
export type ExecutorMessage =
  | ({ readonly kind: 'register' } & Registration)
  /** Sent outside of the order: it overtakes what waits. */
  | {
      readonly kind: 'heartbeat';
      readonly runningTasks: readonly number[];
      readonly cacheBytes: number;
    }
  | ({ readonly kind: 'taskUpdates' } & PackedUpdates)
  | {
      readonly kind: 'mayCommit';
      readonly requestId: number;
      readonly saveId: number;
      readonly generation: number;
      readonly partition: number;
      readonly taskAttemptId: number;
    }
  | { readonly kind: 'blocksChanged'; readonly statuses: readonly BlockStatus[] }
  /** A removal is complete. */
  | { readonly kind: 'done'; readonly requestId: number }
  | { readonly kind: 'draining'; readonly reason: string }
  /** The last message: the executor ends with this exit code. */
  | { readonly kind: 'goodbye'; readonly exitCode: number; readonly reason: string };
