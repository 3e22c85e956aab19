import { HeddleError } from '@heddle/common';

import { verdictOf, type RemoteVerdict } from './remote-exceptions.js';

/** Any failure of a Hadoop RPC connection or call; `instanceof` catches them all. */
export abstract class RpcError extends HeddleError {}

/** No connection, or it ended while calls were waiting. */
export class RpcConnectionError extends RpcError {
  readonly code = 'RPC_CONNECTION';

  constructor(
    readonly address: string,
    readonly reason: string,
    /** False when the call never left this machine, so that the server cannot have seen it. */
    readonly mayHaveBeenSent: boolean,
    options?: ErrorOptions,
  ) {
    super(
      `no connection to ${address}: ${reason}; check that the daemon runs and that the address is right`,
      options,
    );
  }
}

/** Bytes that break the protocol; the connection they came on is thrown away. */
export class RpcFramingError extends RpcError {
  readonly code = 'RPC_FRAMING';

  constructor(
    readonly reason: string,
    options?: ErrorOptions,
  ) {
    super(`not a Hadoop RPC answer: ${reason}`, options);
  }
}

/** A call got no answer within its deadline; the server may still have executed it. */
export class RpcTimeoutError extends RpcError {
  readonly code = 'RPC_TIMEOUT';

  constructor(
    readonly address: string,
    readonly method: string,
    readonly timeoutMs: number,
    readonly mayHaveBeenSent: boolean,
  ) {
    super(
      `${method} at ${address} had no answer within ${timeoutMs} ms: is the daemon overloaded?`,
    );
  }
}

/** The caller's AbortSignal ended a call; `cause` is the signal's reason. */
export class RpcAbortedError extends RpcError {
  readonly code = 'RPC_ABORTED';

  constructor(
    readonly method: string,
    options?: ErrorOptions,
  ) {
    super(`the call ${method} was aborted`, options);
  }
}

/** Client and server could not agree on a proof of identity, or the server's own proof was wrong. */
export class SaslError extends RpcError {
  readonly code = 'SASL';

  constructor(
    readonly reason: string,
    options?: ErrorOptions,
  ) {
    super(`authentication failed: ${reason}`, options);
  }
}

/** What the server said of a failed call or connection. */
export interface RemoteFailure {
  /** Java class, such as `org.apache.hadoop.yarn.exceptions.InvalidResourceRequestException`. */
  readonly className: string;
  /** Its text without the stack trace. */
  readonly message: string;
  /** The server's stack trace; may be empty. */
  readonly trace: string;
  /** `RpcErrorCodeProto` by name, or by number when unknown. */
  readonly detail: string | undefined;
  /** True when the server closes the connection. */
  readonly isFatal: boolean;
}

/** A Java exception of the server. */
export class RemoteError extends RpcError {
  readonly code = 'REMOTE';
  readonly className: string;
  readonly remoteMessage: string;
  readonly remoteTrace: string;
  readonly detail: string | undefined;
  /** What to do about it, from the one table in `remote-exceptions.ts`. */
  readonly verdict: RemoteVerdict;

  constructor(
    readonly address: string,
    /** The method that was called; undefined when the connection itself was refused. */
    readonly method: string | undefined,
    failure: RemoteFailure,
    advice = '',
    options?: ErrorOptions,
  ) {
    const simpleName = failure.className.replace(/^.*\./, '');
    super(
      `${method ?? 'connection'} refused by ${address}: ${simpleName}: ${failure.message}${advice}`,
      options,
    );
    this.className = failure.className;
    this.remoteMessage = failure.message;
    this.remoteTrace = failure.trace;
    this.detail = failure.detail;
    this.verdict = verdictOf(failure.className);
  }
}

/** A credentials file or a token's text is not what it should be. */
export class CredentialsFormatError extends RpcError {
  readonly code = 'CREDENTIALS_FORMAT';

  constructor(
    readonly reason: string,
    options?: ErrorOptions,
  ) {
    super(`these are not Hadoop credentials: ${reason}`, options);
  }
}

/** An answer that is a correct frame but not the message its method promises. */
export class RpcMessageError extends RpcError {
  readonly code = 'RPC_MESSAGE';

  constructor(
    readonly what: string,
    readonly reason: string,
    options?: ErrorOptions,
  ) {
    super(`${what} cannot be understood: ${reason}; does the server run another version?`, options);
  }
}
