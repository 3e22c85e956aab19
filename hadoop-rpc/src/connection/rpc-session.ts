import { hadoop } from '#protocol';

import { RemoteError, RpcFramingError, SaslError, type RemoteFailure } from '../errors.js';
import type { RpcAuthentication } from '../sasl/authentication.js';
import {
  SaslNegotiation,
  negotiateRequest,
  type NegotiationStep,
} from '../sasl/sasl-negotiation.js';
import type { SecurityLayer } from '../sasl/security-layer.js';
import { FrameSplitter } from '../wire/frame-splitter.js';
import {
  encodeCall,
  encodeConnectionContext,
  encodeConnectionHeader,
  encodePing,
  encodeSaslMessage,
  type CallHeader,
  type ConnectionUser,
  type SaslRequest,
} from '../wire/request-frames.js';
import { decodeServerFrame, type ServerMessage } from '../wire/response-frames.js';

const { SaslState } = hadoop.common.RpcSaslProto;

/** What a session is told once. */
export interface SessionOptions {
  readonly address: string;
  readonly authentication: RpcAuthentication;
  /** 16 bytes, the same for all connections of a client (retry cache). */
  readonly clientId: Uint8Array;
  /** Named in the connection context. */
  readonly protocolName: string;
  /** `ipc.maximum.response.length`. */
  readonly maxResponseBytes: number;
}

/** What happened, in order; the owner of the socket acts on it. */
export type SessionEvent =
  | { readonly kind: 'send'; readonly bytes: Uint8Array }
  /** A mechanism computes its answer: pass it to `continueWith`. */
  | { readonly kind: 'wait'; readonly message: Promise<SaslRequest> }
  /** Calls may be sent from now on. */
  | { readonly kind: 'ready' }
  | { readonly kind: 'response'; readonly callId: number; readonly body: Uint8Array }
  | { readonly kind: 'failure'; readonly callId: number; readonly failure: RemoteFailure }
  /** The session ended after the events before this one; otherwise `receive` throws the error itself. */
  | { readonly kind: 'broken'; readonly error: unknown };

/**
 * One connection of Hadoop RPC version 9 as bytes in and bytes out: no socket, no clock.
 *
 * Any error it throws ends the session: bytes after it have no meaning, and the socket must be closed.
 */
export class RpcSession {
  readonly #options: SessionOptions;
  readonly #negotiation: SaslNegotiation;
  readonly #frames: FrameSplitter;
  readonly #wrappedFrames: FrameSplitter;
  #phase: 'authenticating' | 'ready' = 'authenticating';
  #layer: SecurityLayer | undefined;

  constructor(options: SessionOptions) {
    this.#options = options;
    this.#negotiation = new SaslNegotiation(options.authentication);
    // A wrapped answer carries its header and its codes on top.
    this.#frames = new FrameSplitter(options.maxResponseBytes + 1024);
    this.#wrappedFrames = new FrameSplitter(options.maxResponseBytes);
  }

  get isReady(): boolean {
    return this.#phase === 'ready';
  }

  /** Bytes held of answers that are not complete. */
  get heldBytes(): number {
    return this.#frames.heldBytes + this.#wrappedFrames.heldBytes;
  }

  /** The first flight: header and NEGOTIATE, or under SIMPLE header and context. */
  start(): SessionEvent[] {
    const { mechanisms, simpleUser } = this.#options.authentication;
    if (mechanisms.length === 0 && simpleUser !== undefined) {
      return [{ kind: 'send', bytes: encodeConnectionHeader('none') }, ...this.#enter(simpleUser)];
    }
    const bytes = Buffer.concat([
      encodeConnectionHeader('sasl'),
      encodeSaslMessage(negotiateRequest),
    ]);
    return [{ kind: 'send', bytes }];
  }

  /**
   * @throws RpcFramingError for bytes that are no protocol
   * @throws SaslError when authentication cannot succeed
   * @throws RemoteError when the server refuses the connection
   */
  receive(chunk: Uint8Array): SessionEvent[] {
    const events: SessionEvent[] = [];
    try {
      for (const frame of this.#frames.push(chunk)) this.#frame(frame, events);
    } catch (error) {
      // Answers that came before the error in the same chunk are still answers.
      if (events.length === 0) throw error;
      events.push({ kind: 'broken', error });
    }
    return events;
  }

  /** A message that `wait` promised. */
  continueWith(message: SaslRequest): SessionEvent[] {
    return [{ kind: 'send', bytes: encodeSaslMessage(message) }];
  }

  /** The bytes of a call; the session must be ready. */
  encodeCall(header: CallHeader, request: Uint8Array): Uint8Array {
    return this.#protect(encodeCall(header, request));
  }

  /** The bytes of a ping, which is never answered; the session must be ready. */
  encodePing(): Uint8Array {
    return this.#protect(encodePing(this.#options.clientId));
  }

  #frame(frame: Uint8Array, events: SessionEvent[]): void {
    const message = decodeServerFrame(frame);
    if (message.kind === 'sasl') this.#sasl(message, events);
    // Refusals may come unwrapped: the server has given up on the connection.
    else if (this.#layer === undefined || isFatal(message)) this.#plain(message, events);
    else throw new RpcFramingError('an answer without the agreed protection');
  }

  #sasl(message: Extract<ServerMessage, { kind: 'sasl' }>, events: SessionEvent[]): void {
    if (this.#phase === 'authenticating') {
      this.#step(this.#negotiation.receive(message), events);
      return;
    }
    if (message.state !== SaslState.WRAP || this.#layer === undefined) {
      throw new RpcFramingError('a SASL message after authentication');
    }
    const plain = this.#layer.unwrap(message.token ?? new Uint8Array(0));
    for (const frame of this.#wrappedFrames.push(plain)) {
      const inner = decodeServerFrame(frame);
      if (inner.kind === 'sasl') throw new RpcFramingError('a SASL message inside another');
      this.#plain(inner, events);
    }
  }

  #plain(message: Exclude<ServerMessage, { kind: 'sasl' }>, events: SessionEvent[]): void {
    if (message.kind === 'failure') {
      const { failure, callId } = message;
      if (failure.isFatal || callId < 0) throw this.#refusal(failure);
    }
    if (this.#phase === 'authenticating') {
      throw new RpcFramingError('an answer to a call before authentication');
    }
    events.push(message);
  }

  #refusal(failure: RemoteFailure): RemoteError {
    const { mechanisms } = this.#options.authentication;
    const isCredential =
      this.#phase === 'authenticating' && mechanisms.some(({ method }) => method === 'TOKEN');
    // A wrong password is a SaslException, an unknown token an InvalidToken: both are refused credentials.
    const advice = isCredential
      ? '; the token is unknown there, expired, or not meant for this server'
      : '';
    return new RemoteError(this.#options.address, undefined, failure, advice);
  }

  #step(step: NegotiationStep, events: SessionEvent[]): void {
    if (step.kind === 'wait') events.push({ kind: 'wait', message: step.message });
    else if (step.kind === 'send') events.push(...this.continueWith(step.message));
    else {
      if (step.message !== undefined) events.push(...this.continueWith(step.message));
      this.#layer = step.layer;
      events.push(...this.#enter(step.user));
    }
  }

  /** Sends the context, which is protected already, and lets calls follow. */
  #enter(user: ConnectionUser): SessionEvent[] {
    this.#phase = 'ready';
    const { clientId, protocolName } = this.#options;
    const context = this.#protect(encodeConnectionContext(clientId, protocolName, user));
    return [{ kind: 'send', bytes: context }, { kind: 'ready' }];
  }

  /** Wraps a frame, in pieces of the size that the server takes. */
  #protect(frame: Uint8Array): Uint8Array {
    if (this.#phase !== 'ready') throw new SaslError('a call before authentication');
    if (this.#layer === undefined) return frame;
    const pieces: Uint8Array[] = [];
    for (let at = 0; at < frame.length; at += this.#layer.maxPlainBytes) {
      const token = this.#layer.wrap(frame.subarray(at, at + this.#layer.maxPlainBytes));
      pieces.push(encodeSaslMessage({ state: SaslState.WRAP, token }));
    }
    return Buffer.concat(pieces);
  }
}

function isFatal(message: ServerMessage): boolean {
  return message.kind === 'failure' && message.failure.isFatal;
}
