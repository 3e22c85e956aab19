import { connect, type Socket } from 'node:net';

import { toError, type Clock, type Logger } from '@heddle/common';
import { formatSocketAddress, type SocketAddress } from '@heddle/hadoop-conf';

import {
  RemoteError,
  RpcAbortedError,
  RpcConnectionError,
  RpcFramingError,
  RpcTimeoutError,
} from '../errors.js';
import type { RpcAuthentication } from '../sasl/authentication.js';
import { careFor, type CareLimits } from './connection-care.js';
import { RpcSession, type SessionEvent } from './rpc-session.js';

/** The protocol of a connection's calls. */
export interface RpcProtocol {
  readonly name: string;
  readonly version: number;
}

/** How to open a connection. */
export interface ConnectionOptions {
  readonly address: SocketAddress;
  readonly authentication: RpcAuthentication;
  readonly clientId: Uint8Array;
  readonly protocol: RpcProtocol;
  readonly connectTimeoutMs: number;
  readonly maxResponseBytes: number;
  readonly care: CareLimits;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** One call on a connection. */
export interface ConnectionCall {
  readonly callId: number;
  readonly retryCount: number;
  readonly method: string;
  readonly request: Uint8Array;
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
}

interface PendingCall extends ConnectionCall {
  readonly resolve: (body: Uint8Array) => void;
  readonly reject: (error: Error) => void;
  readonly release: () => void;
  sentAtMs: number | undefined;
}

/**
 * A socket with many calls in flight, told apart by call id.
 *
 * Calls that come before authentication is done wait for it. Any error of the stream ends the connection
 * and every call on it: after a framing error nobody knows whose bytes come next. An answer whose caller
 * has given up is dropped.
 */
export class RpcConnection {
  readonly #options: ConnectionOptions;
  readonly #address: string;
  readonly #session: RpcSession;
  readonly #socket: Socket;
  readonly #pending = new Map<number, PendingCall>();
  /** Ids of calls that were given up after sending; their answers may still come. */
  readonly #abandoned = new Set<number>();
  readonly #setupTimer: NodeJS.Timeout;
  #careTimer: NodeJS.Timeout | undefined;
  #lastSentMs = 0;
  #lastReceivedMs = 0;
  #failure: Error | undefined;

  constructor(options: ConnectionOptions) {
    this.#options = options;
    this.#address = formatSocketAddress(options.address);
    this.#session = new RpcSession({
      address: this.#address,
      authentication: options.authentication,
      clientId: options.clientId,
      protocolName: options.protocol.name,
      maxResponseBytes: options.maxResponseBytes,
    });
    this.#socket = connect({ ...options.address, noDelay: true, keepAlive: true });
    this.#socket.on('connect', () => this.#guarded(() => this.#session.start()));
    this.#socket.on('data', (chunk) => {
      this.#lastReceivedMs = options.clock.monotonicMs();
      this.#guarded(() => this.#session.receive(chunk));
    });
    this.#socket.on('error', (error) => this.#fail(this.#lost(error.message, error)));
    this.#socket.on('close', () => this.#fail(this.#lost(this.#closeReason())));
    this.#setupTimer = setTimeout(() => {
      this.#fail(this.#lost(`not ready within ${options.connectTimeoutMs} ms`));
    }, options.connectTimeoutMs);
  }

  /** False once the connection has ended; it never comes back. */
  get isOpen(): boolean {
    return this.#failure === undefined;
  }

  /** Calls without an answer. */
  get pendingCalls(): number {
    return this.#pending.size;
  }

  /**
   * The answer's bytes.
   *
   * @throws RemoteError for an exception of the server, RpcTimeoutError, RpcAbortedError,
   *   RpcConnectionError, RpcFramingError, SaslError
   */
  call(call: ConnectionCall): Promise<Uint8Array> {
    return new Promise((resolve, reject) => {
      if (call.signal?.aborted === true) {
        reject(new RpcAbortedError(call.method, { cause: call.signal.reason }));
        return;
      }
      if (this.#failure !== undefined) {
        reject(this.#failureFor(this.#failure, false));
        return;
      }
      const timer = setTimeout(() => this.#timeOut(call.callId), call.timeoutMs);
      const onAbort = (): void => this.#abort(call.callId);
      call.signal?.addEventListener('abort', onAbort, { once: true });
      const release = (): void => {
        clearTimeout(timer);
        call.signal?.removeEventListener('abort', onAbort);
      };
      const pending = { ...call, resolve, reject, release, sentAtMs: undefined };
      this.#pending.set(call.callId, pending);
      if (this.#session.isReady) this.#send(pending);
    });
  }

  /** Ends the connection and every call on it. */
  close(): void {
    this.#fail(this.#lost('closed by this side'));
  }

  #send(call: PendingCall): void {
    const { protocol, clientId } = this.#options;
    const header = {
      callId: call.callId,
      clientId,
      retryCount: call.retryCount,
      protocolName: protocol.name,
      protocolVersion: protocol.version,
      method: call.method,
    };
    call.sentAtMs = this.#options.clock.monotonicMs();
    this.#lastSentMs = call.sentAtMs;
    this.#socket.write(this.#session.encodeCall(header, call.request));
  }

  #guarded(step: () => SessionEvent[]): void {
    if (this.#failure !== undefined) return;
    try {
      for (const event of step()) this.#handle(event);
    } catch (thrown) {
      this.#fail(toError(thrown));
    }
  }

  #handle(event: SessionEvent): void {
    switch (event.kind) {
      case 'send':
        this.#socket.write(event.bytes);
        return;
      case 'wait':
        event.message.then(
          (message) => this.#guarded(() => this.#session.continueWith(message)),
          (thrown: unknown) => this.#fail(toError(thrown)),
        );
        return;
      case 'ready':
        clearTimeout(this.#setupTimer);
        for (const call of this.#pending.values()) this.#send(call);
        this.#lastSentMs = this.#options.clock.monotonicMs();
        this.#takeCare();
        return;
      case 'response':
        this.#take(event.callId)?.resolve(event.body);
        return;
      case 'failure': {
        const call = this.#take(event.callId);
        call?.reject(new RemoteError(this.#address, call.method, event.failure));
        return;
      }
      case 'broken':
        throw toError(event.error);
    }
  }

  /** The waiting call of an answer; undefined when its caller has given up. */
  #take(callId: number): PendingCall | undefined {
    const call = this.#pending.get(callId);
    if (call?.sentAtMs === undefined) {
      if (this.#abandoned.delete(callId)) return undefined;
      throw new RpcFramingError(`an answer to the call ${callId}, which was not made`);
    }
    this.#pending.delete(callId);
    call.release();
    return call;
  }

  #giveUp(callId: number): PendingCall | undefined {
    const call = this.#pending.get(callId);
    if (call === undefined) return undefined;
    this.#pending.delete(callId);
    call.release();
    if (call.sentAtMs !== undefined) this.#abandoned.add(callId);
    return call;
  }

  #abort(callId: number): void {
    const call = this.#giveUp(callId);
    call?.reject(new RpcAbortedError(call.method, { cause: call.signal?.reason }));
  }

  #timeOut(callId: number): void {
    const call = this.#giveUp(callId);
    if (call === undefined) return;
    const { method, timeoutMs, sentAtMs } = call;
    call.reject(new RpcTimeoutError(this.#address, method, timeoutMs, sentAtMs !== undefined));
    // Nothing at all came since the call was sent: the other end is gone without a word.
    if (sentAtMs !== undefined && this.#lastReceivedMs < sentAtMs) {
      this.#fail(this.#lost(`silent for ${timeoutMs} ms`));
    }
  }

  /** Pings while calls wait in silence, closes without calls, and comes back when that may be due. */
  #takeCare(): void {
    if (this.#failure !== undefined) return;
    const { clock, care } = this.#options;
    const nowMs = clock.monotonicMs();
    const activity = { nowMs, lastSentMs: this.#lastSentMs, lastReceivedMs: this.#lastReceivedMs };
    const next = careFor({ ...activity, pendingCalls: this.#pending.size }, care);
    if (next.kind === 'close') {
      this.#fail(this.#lost('closed after idleness'));
      return;
    }
    if (next.kind === 'ping') {
      this.#socket.write(this.#session.encodePing());
      this.#lastSentMs = nowMs;
    }
    const delayMs = next.kind === 'wait' ? next.delayMs : care.pingIntervalMs;
    // A call that comes or ends meanwhile changes which limit holds: look at least that often.
    const soonestMs = Math.min(delayMs, care.pingIntervalMs, care.maxIdleMs);
    this.#careTimer = setTimeout(
      () => {
        this.#takeCare();
      },
      Math.max(1, soonestMs),
    );
    this.#careTimer.unref();
  }

  #fail(failure: Error): void {
    if (this.#failure !== undefined) return;
    this.#failure = failure;
    clearTimeout(this.#setupTimer);
    clearTimeout(this.#careTimer);
    this.#socket.destroy();
    this.#options.logger.debug('rpc connection ended', {
      address: this.#address,
      reason: failure.message,
      pendingCalls: this.#pending.size,
    });
    const calls = [...this.#pending.values()];
    this.#pending.clear();
    for (const call of calls) {
      call.release();
      call.reject(this.#failureFor(failure, call.sentAtMs !== undefined));
    }
  }

  #failureFor(failure: Error, mayHaveBeenSent: boolean): Error {
    if (!(failure instanceof RpcConnectionError)) return failure;
    return new RpcConnectionError(this.#address, failure.reason, mayHaveBeenSent, {
      cause: failure.cause,
    });
  }

  #closeReason(): string {
    // A token of another kind makes the server throw and close without a frame.
    return this.#session.isReady
      ? 'closed by the server'
      : 'closed by the server during authentication: is the token of the wrong kind?';
  }

  #lost(reason: string, cause?: unknown): RpcConnectionError {
    return new RpcConnectionError(
      this.#address,
      reason,
      false,
      cause === undefined ? undefined : { cause },
    );
  }
}
