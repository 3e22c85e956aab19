import type { ExecutorEnd, JoinedExecutor, LinkWish, PeerInfo } from '@heddle/executor';
import { ControlProtocolError } from '@heddle/executor';
import { decodeValue, encodeValue, plainCodeTable } from 'heddle/internal';

/** How a program ended, as its driver tells it. */
export interface ProgramOutcome {
  readonly status: 'succeeded' | 'failed' | 'killed';
  /** Exit code of the driver's process. */
  readonly exitCode: number;
  /** For YARN's pages and reports; empty when there is nothing to say. */
  readonly diagnostics: string;
}

/** What a driver says to its ApplicationMaster. */
export type DriverRelayMessage =
  /** First: the settings that the application runs with, the program's own included. */
  | { readonly kind: 'configure'; readonly settings: Readonly<Record<string, string>> }
  | ({ readonly kind: 'wish' } & LinkWish)
  | { readonly kind: 'end'; readonly executorId: string; readonly reason: string }
  | { readonly kind: 'peers'; readonly executors: readonly PeerInfo[] }
  /** A snapshot for the status page, as JSON, and how far the work is (0 … 1). */
  | { readonly kind: 'status'; readonly json: string; readonly progress: number }
  | { readonly kind: 'removeBroadcast'; readonly id: number }
  /** Answered with `resultRange`; the end is not included. */
  | {
      readonly kind: 'readResult';
      readonly requestId: number;
      readonly executorId: string;
      readonly resultId: string;
      readonly fromByte: number;
      readonly toByte: number;
    }
  /** The context is stopped and the program goes on: executors go, another context may come. */
  | { readonly kind: 'stopExecutors' }
  /** Last: nothing else follows. */
  | ({ readonly kind: 'finish' } & ProgramOutcome);

/** What an ApplicationMaster says to its driver. */
export type MasterRelayMessage =
  | { readonly kind: 'joined'; readonly executor: JoinedExecutor }
  | { readonly kind: 'left'; readonly executorId: string; readonly end: ExecutorEnd }
  /** Nothing can run any more. */
  | { readonly kind: 'failed'; readonly reason: string; readonly exitCode: number }
  /** Answers `readResult`: the bytes, or why there are none. */
  | {
      readonly kind: 'resultRange';
      readonly requestId: number;
      readonly bytes?: Uint8Array;
      readonly reason?: string;
    }
  /** A line for the log of the driver. */
  | { readonly kind: 'note'; readonly level: 'info' | 'warn'; readonly text: string }
  /** Answers `stopExecutors`. */
  | { readonly kind: 'executorsStopped' }
  /** The end was noted by YARN: the driver may go. */
  | { readonly kind: 'finished' };

/** A message to or from one executor, passed on as it is. */
export interface PassedMessage {
  readonly kind: 'passed';
  readonly executorId: string;
  /** As `encodeDriverMessage` and `encodeExecutorMessage` make them. */
  readonly bytes: Uint8Array;
}

/** A broadcast variable: crosses once, and is served to executors from the cluster's side. */
export interface BroadcastMessage {
  readonly kind: 'broadcast';
  readonly id: number;
  readonly bytes: Uint8Array;
}

const valueMark = 0;
const passedMark = 1;
const broadcastMark = 2;

/** A value's encoding behind a zero byte. */
export function encodeRelayMessage(message: DriverRelayMessage | MasterRelayMessage): Buffer {
  return Buffer.concat([Buffer.of(valueMark), encodeValue(message, plainCodeTable)]);
}

/**
 * ```
 * 1 u8 | length of the id u8 | id | bytes of the message
 * ```
 */
export function encodePassedMessage(executorId: string, bytes: Uint8Array): Buffer {
  const id = Buffer.from(executorId, 'latin1');
  return Buffer.concat([Buffer.of(passedMark, id.length), id, bytes]);
}

/**
 * ```
 * 2 u8 | id u32 | bytes of the variable
 * ```
 */
export function encodeBroadcast(id: number, bytes: Uint8Array): Buffer {
  const head = Buffer.alloc(5);
  head[0] = broadcastMark;
  head.writeUInt32BE(id, 1);
  return Buffer.concat([head, bytes]);
}

/** @throws ControlProtocolError for anything else */
export function decodeRelayMessage<M extends DriverRelayMessage | MasterRelayMessage>(
  bytes: Buffer,
  peer: string,
): M | PassedMessage | BroadcastMessage {
  if (bytes[0] === broadcastMark && bytes.length >= 5) {
    return { kind: 'broadcast', id: bytes.readUInt32BE(1), bytes: bytes.subarray(5) };
  }
  if (bytes[0] === passedMark && bytes.length >= 2) {
    const end = 2 + bytes[1]!;
    if (bytes.length >= end) {
      const executorId = bytes.toString('latin1', 2, end);
      return { kind: 'passed', executorId, bytes: bytes.subarray(end) };
    }
  } else if (bytes[0] === valueMark) {
    try {
      const value = decodeValue(bytes.subarray(1), plainCodeTable);
      if (typeof value === 'object' && value !== null && 'kind' in value) return value as M;
    } catch (error) {
      throw new ControlProtocolError(peer, 'a message cannot be decoded', 'session', {
        cause: error,
      });
    }
  }
  throw new ControlProtocolError(peer, 'a message is of no known form', 'session');
}
