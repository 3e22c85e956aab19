import type { IncomingHttpHeaders } from 'node:http';
import type { PathParameters } from './route-table.js';

/** A genuine request, its body complete and verified. */
export interface AuthenticatedRequest {
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  readonly parameters: PathParameters;
  readonly query: URLSearchParams;
  /** Id of the process that asks, as it claims: all of an application attempt hold the same key. */
  readonly callerId: string;
  /** Of the connection's other end. */
  readonly remoteAddress: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  /** Aborted when the caller is gone before it has its answer. */
  readonly signal: AbortSignal;
}

/** An answer whose body is at hand; it is covered by the reply's MAC. */
export interface BodyReply {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** @default no body */
  readonly body?: Uint8Array;
}

/**
 * An answer that is made while it is sent, as fast as the caller takes it. The MAC covers status and
 * length only: the contents must carry seals of their own.
 */
export interface StreamReply {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly lengthBytes: number;
  /** Exactly `lengthBytes` in all. A chunk may be reused when the next one is asked for. */
  readonly stream: AsyncIterable<Uint8Array>;
}

export type ServerReply = BodyReply | StreamReply;

/** Answers one kind of request. What it throws becomes an empty 500. */
export type RequestHandler = (request: AuthenticatedRequest) => Promise<ServerReply> | ServerReply;

/** Who upgraded a connection. */
export interface UpgradeSession {
  readonly callerId: string;
  readonly remoteAddress: string;
  /** Random, of this upgrade alone: both ends may derive a session's key from it. */
  readonly nonce: string;
}

/** A reply whose body is a value as JSON. */
export function jsonReply(status: number, value: unknown): BodyReply {
  return {
    status,
    headers: { 'content-type': 'application/json' },
    body: Buffer.from(JSON.stringify(value)),
  };
}
