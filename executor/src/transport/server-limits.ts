/** What one peer, and all of them, may take of a server's memory and time. */
export interface ServerLimits {
  /** Bytes of a request's line and headers. */
  readonly headerBytes: number;
  readonly headerCount: number;
  /** Body of a request, unless its route says otherwise. */
  readonly bodyBytes: number;
  readonly connections: number;
  /** Connections of one address that have not sent a genuine request yet. */
  readonly strangersPerAddress: number;
  /** Requests that are being answered; more are told to come again. */
  readonly activeRequests: number;
  /** Refused requests after which a connection is closed. */
  readonly refusalsPerConnection: number;
  /** Until the headers of a request are complete. */
  readonly headersMs: number;
  /** Without any byte in either direction. */
  readonly idleMs: number;
  /** From the first byte of a request to the last byte of its answer. */
  readonly requestMs: number;
}

export const defaultServerLimits: ServerLimits = {
  headerBytes: 16 * 1024,
  headerCount: 64,
  bodyBytes: 1024 * 1024,
  connections: 1_000,
  strangersPerAddress: 64,
  activeRequests: 256,
  refusalsPerConnection: 3,
  headersMs: 10_000,
  idleMs: 60_000,
  requestMs: 300_000,
};
