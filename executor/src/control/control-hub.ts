import { randomBytes } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { describeThrown, InternalError, toError, type Logger } from '@heddle/common';
import { WebSocketServer, type WebSocket } from 'ws';
import { executorExitCodes } from '../process/exit-codes.js';
import type { AttemptKey, AuthenticatedServer, UpgradeSession } from '../transport/index.js';
import { ControlChannel } from './control-channel.js';
import {
  binaryOf,
  CONTROL_PATH,
  GOODBYE_CLOSE_CODE,
  sendFrame,
  webSocketOptions,
} from './control-socket.js';
import { ControlProtocolError } from './errors.js';
import { decodeFrame, encodeFrame, FrameType } from './frame.js';
import { decodeHello, encodeHandshake, type Refusal } from './handshake.js';
import { decodeExecutorMessage, encodeDriverMessage } from './message-codec.js';
import type { DriverMessage, ExecutorMessage, Registration } from './messages.js';
import { helloKey, sessionKeys, welcomeKey, type SessionKeys } from './session-keys.js';

export interface ControlHubOptions {
  readonly key: AttemptKey;
  /** SHA-256 of the program that executors must have loaded, in hex. */
  readonly programHash: string;
  /** How long an executor may be silent before it is taken for lost. */
  readonly expiryMs: number;
  /** How long a broken connection may stay so. */
  readonly reconnectGraceMs: number;
  readonly maxMessageBytes: number;
  readonly logger: Logger;
}

/** Which executor may come under an id. */
export interface ExpectedExecutor {
  /** Name of the node that it was started on; a registration that names another one is refused. */
  readonly host?: string;
  /** Addresses that its connections may come from. @default any */
  readonly addresses?: readonly string[];
}

/** A registered executor, with the address that its connection came from. */
export interface RegisteredExecutor extends Registration {
  readonly remoteAddress: string;
}

/** How an executor's session ended. */
export type SessionEnd =
  /** It said goodbye. */
  | { readonly kind: 'goodbye'; readonly exitCode: number; readonly reason: string }
  /** Nothing was heard of it for the expiry time. */
  | { readonly kind: 'expired'; readonly reason: string }
  /** Its connection broke and was not made again in time. */
  | { readonly kind: 'disconnected'; readonly reason: string }
  /** It sent what it must not, or is not what was expected. */
  | { readonly kind: 'refused'; readonly exitCode: number; readonly reason: string };

/** What a hub tells its owner. Called on the event loop; must not throw. */
export interface ControlHubEvents {
  registered(executor: RegisteredExecutor): void;
  /** `bytes` is the message's encoding, for who passes it on; valid during the call. */
  received(executorId: string, message: ExecutorMessage, bytes: Uint8Array): void;
  /** The session is over; called once for each executor that was connected, and not after `remove`. */
  ended(executorId: string, end: SessionEnd): void;
}

const HELLO_TIMEOUT_MS = 10_000;
const TICK_MS = 1_000;
/** A timer that is so late tells of a blocked event loop, not of silent executors. */
const LAG_MS = 500;

/**
 * The hub's end of all control connections: takes executors that were announced to it, once each,
 * and keeps their sessions through broken connections. An id that is gone stays gone: whoever comes
 * with it is told to end (57).
 *
 * It knows nothing of how executors are started; local mode and YARN's ApplicationMaster use it alike.
 */
export class ControlHub {
  readonly #options: ControlHubOptions;
  readonly #events: ControlHubEvents;
  readonly #webSockets = new WebSocketServer({ noServer: true, ...webSocketOptions });
  readonly #expected = new Map<string, ExpectedExecutor>();
  readonly #sessions = new Map<string, HubSession>();
  readonly #gone = new Set<string>();
  readonly #timer: NodeJS.Timeout;
  #tickDueMs = performance.now() + TICK_MS;
  #closed = false;

  constructor(options: ControlHubOptions, events: ControlHubEvents) {
    this.#options = options;
    this.#events = events;
    this.#timer = setInterval(() => this.#tick(), TICK_MS);
    this.#timer.unref();
  }

  /** Takes the control connections that come to a server, which has authenticated them. */
  attach(server: AuthenticatedServer): void {
    server.onUpgrade(CONTROL_PATH, (request, socket, head, session) =>
      this.#upgrade(request, socket, head, session),
    );
  }

  /** Lets an executor register under this id. An id is announced once, ever. */
  expect(executorId: string, expected: ExpectedExecutor = {}): void {
    if (this.#expected.has(executorId) || this.#gone.has(executorId)) {
      throw new InternalError(`the executor id ${executorId} was used twice`);
    }
    this.#expected.set(executorId, expected);
  }

  /** Sends a message; nothing happens for an executor that is not registered. */
  send(executorId: string, message: DriverMessage): void {
    this.sendEncoded(executorId, encodeDriverMessage(message));
  }

  /** The same for a message that is encoded already. */
  sendEncoded(executorId: string, message: Uint8Array): void {
    this.#sessions.get(executorId)?.channel.send(message);
  }

  /** Ends a session without `ended`: the executor is told to end (57), now or whenever it comes. */
  remove(executorId: string, reason: string): void {
    this.#expected.delete(executorId);
    this.#gone.add(executorId);
    const session = this.#sessions.get(executorId);
    if (session === undefined) return;
    this.#sessions.delete(executorId);
    session.close({ exitCode: executorExitCodes.fenced, reason });
  }

  /** Ends all sessions without a word to executors; idempotent. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    clearInterval(this.#timer);
    for (const session of this.#sessions.values()) session.close(undefined);
    this.#sessions.clear();
    this.#webSockets.close();
  }

  #upgrade(
    request: IncomingMessage,
    socket: Duplex,
    head: Buffer,
    { callerId, nonce, remoteAddress }: UpgradeSession,
  ): void {
    if (this.#closed) {
      socket.destroy();
      return;
    }
    // What waits for executors keeps the process alive, not their being there.
    if (socket instanceof Socket) socket.unref();
    this.#webSockets.handleUpgrade(request, socket, head, (webSocket) =>
      this.#greet(webSocket, callerId, nonce, remoteAddress),
    );
  }

  /** Waits for the first frame of a new connection and answers it. */
  #greet(socket: WebSocket, executorId: string, executorNonce: string, address: string): void {
    const timer = setTimeout(() => socket.terminate(), HELLO_TIMEOUT_MS);
    socket.on('error', () => undefined);
    socket.once('close', () => clearTimeout(timer));
    socket.once('message', (data, isBinary) => {
      clearTimeout(timer);
      const bytes = binaryOf(data, isBinary);
      const { key } = this.#options;
      const frame = bytes && decodeFrame(bytes, helloKey(key, executorId, executorNonce));
      const hello =
        typeof frame === 'object' && frame.type === FrameType.hello
          ? decodeHello(frame.payload)
          : undefined;
      if (hello === undefined || this.#closed) {
        socket.terminate();
        return;
      }
      const answerKey = welcomeKey(key, executorId, executorNonce);
      const refuse = (refusal: Refusal): void => refuseConnection(socket, answerKey, refusal);
      const session = this.#sessionFor(executorId, hello.sessionId, address);
      if (!(session instanceof HubSession)) {
        refuse(session);
        return;
      }
      const hubNonce = randomBytes(16).toString('base64url');
      const { received } = session.channel;
      const payload = encodeHandshake({ sessionId: session.sessionId, hubNonce, received });
      sendFrame(socket, encodeFrame(handshakeFrame(FrameType.welcome, payload), answerKey));
      const keys = sessionKeys(key, { executorId, executorNonce, hubNonce });
      session.connect(socket, keys, hello.received);
    });
  }

  #sessionFor(executorId: string, sessionId: string, address: string): HubSession | Refusal {
    const fenced = (reason: string): Refusal => ({ exitCode: executorExitCodes.fenced, reason });
    if (this.#gone.has(executorId)) return fenced(`executor ${executorId} was taken for lost`);
    const expected = this.#expected.get(executorId);
    if (expected === undefined) return fenced(`no executor ${executorId} was started`);
    if (expected.addresses !== undefined && !expected.addresses.includes(address)) {
      return fenced(`executor ${executorId} was not started at ${address}`);
    }
    const known = this.#sessions.get(executorId);
    if (known !== undefined && sessionId === '' && known.isUnheard) {
      // Our welcome was lost: the executor does not know of this session.
      this.#sessions.delete(executorId);
      known.close(undefined);
    } else if (known !== undefined) {
      return known.sessionId === sessionId
        ? known
        : fenced(`there is an executor ${executorId} already`);
    }
    if (sessionId !== '') return fenced(`there is no such session of executor ${executorId}`);
    const session = new HubSession(executorId, address, this.#options, {
      message: (bytes) => this.#message(session, bytes),
      failed: (error) =>
        this.#end(session, {
          kind: 'refused',
          exitCode: executorExitCodes.fenced,
          reason: error.message,
        }),
      disconnected: () =>
        this.#end(session, {
          kind: 'disconnected',
          reason: `its control connection broke and was not made again within ${this.#options.reconnectGraceMs} ms`,
        }),
    });
    this.#sessions.set(executorId, session);
    return session;
  }

  #message(session: HubSession, bytes: Buffer): void {
    if (this.#sessions.get(session.executorId) !== session) return;
    const message = decodeExecutorMessage(bytes, `executor ${session.executorId}`);
    switch (message.kind) {
      case 'register':
        this.#register(session, message);
        return;
      case 'goodbye':
        this.#end(session, {
          kind: 'goodbye',
          exitCode: message.exitCode,
          reason: message.reason,
        });
        return;
      default:
        if (!session.isRegistered) {
          throw new ControlProtocolError(
            `executor ${session.executorId}`,
            `a message ${message.kind} came before it registered`,
            'session',
          );
        }
        this.#events.received(session.executorId, message, bytes);
    }
  }

  #register(session: HubSession, registration: Registration): void {
    const { executorId } = session;
    // Asked again after a lost answer: it has one effect.
    if (session.isRegistered) return;
    const expectedHost = this.#expected.get(executorId)?.host;
    const refuse = (exitCode: number, reason: string): void =>
      this.#end(session, { kind: 'refused', exitCode, reason });
    if (registration.executorId !== executorId) {
      refuse(executorExitCodes.fenced, `it registered as ${registration.executorId.slice(0, 100)}`);
    } else if (registration.programHash !== this.#options.programHash) {
      refuse(
        executorExitCodes.codeMismatch,
        `it loaded another program than the driver's (SHA-256 ${registration.programHash.slice(0, 64)}, not ${this.#options.programHash})`,
      );
    } else if (expectedHost !== undefined && registration.host !== expectedHost) {
      refuse(
        executorExitCodes.fenced,
        `it registered from the node ${registration.host.slice(0, 200)}, and was started on ${expectedHost}`,
      );
    } else if (registration.slots < 1 || registration.slots > 1_024 || registration.port > 65_535) {
      refuse(executorExitCodes.fenced, 'its registration has impossible numbers');
    } else {
      session.isRegistered = true;
      session.channel.send(encodeDriverMessage({ kind: 'registered' }));
      this.#events.registered({
        executorId,
        host: registration.host,
        slots: registration.slots,
        pid: registration.pid,
        port: registration.port,
        programHash: registration.programHash,
        remoteAddress: session.address,
      });
    }
  }

  #end(session: HubSession, end: SessionEnd): void {
    const { executorId } = session;
    if (this.#sessions.get(executorId) !== session) return;
    this.#sessions.delete(executorId);
    this.#expected.delete(executorId);
    this.#gone.add(executorId);
    const exitCode = 'exitCode' in end ? end.exitCode : executorExitCodes.fenced;
    if (end.kind === 'goodbye') session.close(undefined, GOODBYE_CLOSE_CODE);
    else session.close({ exitCode, reason: end.reason });
    this.#options.logger.debug('a control session ended', { executorId, ...end });
    this.#events.ended(executorId, end);
  }

  /** Ends sessions of executors that are silent; waits longer when it was this process that slept. */
  #tick(): void {
    const nowMs = performance.now();
    const lagMs = nowMs - this.#tickDueMs;
    this.#tickDueMs = nowMs + TICK_MS;
    const { expiryMs } = this.#options;
    for (const session of [...this.#sessions.values()]) {
      if (lagMs > LAG_MS) session.heardAtMs += lagMs;
      if (nowMs - session.heardAtMs <= expiryMs) continue;
      const reason = `nothing was heard of it for ${Math.round(expiryMs / 1000)} s (heddle.network.timeout)`;
      this.#end(session, { kind: 'expired', reason });
    }
  }
}

interface HubSessionEvents {
  message(bytes: Buffer): void;
  failed(error: Error): void;
  disconnected(): void;
}

/** One executor's session, over one connection after another. */
class HubSession {
  readonly sessionId = randomBytes(16).toString('base64url');
  readonly channel: ControlChannel;
  isRegistered = false;
  heardAtMs = performance.now();
  readonly #options: ControlHubOptions;
  readonly #events: HubSessionEvents;
  #socket: WebSocket | undefined;
  #grace: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(
    readonly executorId: string,
    readonly address: string,
    options: ControlHubOptions,
    events: HubSessionEvents,
  ) {
    this.#options = options;
    this.#events = events;
    this.channel = new ControlChannel({
      peer: `executor ${executorId}`,
      maxMessageBytes: options.maxMessageBytes,
      message: (bytes) => events.message(bytes),
      beatMessage: (bytes) => events.message(bytes),
      beat: (beat) => this.channel.sendBeat(beat),
    });
  }

  /** Whether the executor has never said anything in it. */
  get isUnheard(): boolean {
    return this.channel.received === 0;
  }

  /** Goes on over a new connection; one that is there still is given up. */
  connect(socket: WebSocket, keys: SessionKeys, peerReceived: number): void {
    clearTimeout(this.#grace);
    this.#socket?.terminate();
    this.#socket = socket;
    this.heardAtMs = performance.now();
    socket.on('message', (data, isBinary) => {
      if (this.#socket !== socket) return;
      this.heardAtMs = performance.now();
      this.#guard(() => {
        const bytes = binaryOf(data, isBinary);
        if (bytes === undefined)
          throw new ControlProtocolError(this.#name, 'it sent text', 'connection');
        this.channel.receive(bytes);
      });
    });
    socket.once('close', () => this.#disconnected(socket));
    this.#guard(() =>
      this.channel.attach(
        {
          sendKey: keys.fromHub,
          receiveKey: keys.fromExecutor,
          send: (frame) => sendFrame(socket, frame),
        },
        peerReceived,
      ),
    );
  }

  close(refusal: Refusal | undefined, closeCode?: number): void {
    this.#closed = true;
    clearTimeout(this.#grace);
    if (refusal !== undefined) {
      // What does not get through is said when the executor connects again.
      this.channel.send(encodeDriverMessage({ kind: 'refused', ...refusal }));
    }
    this.channel.flush();
    this.channel.detach();
    const socket = this.#socket;
    this.#socket = undefined;
    if (socket === undefined) return;
    socket.close(closeCode);
    setTimeout(() => socket.terminate(), 1_000).unref();
  }

  get #name(): string {
    return `executor ${this.executorId}`;
  }

  /**
   * What breaks a frame's rules ends this connection, since something lies between us and the
   * executor that may have done it; what breaks a message's rules ends the session.
   */
  #guard(action: () => void): void {
    try {
      action();
    } catch (error) {
      this.#options.logger.warn('a control connection was closed', {
        executorId: this.executorId,
        error: describeThrown(error),
      });
      if (error instanceof ControlProtocolError && error.scope === 'connection') {
        this.#socket?.terminate();
      } else {
        this.#events.failed(toError(error));
      }
    }
  }

  #disconnected(socket: WebSocket): void {
    if (this.#socket !== socket) return;
    this.#socket = undefined;
    this.channel.detach();
    if (this.#closed) return;
    this.#grace = setTimeout(() => this.#events.disconnected(), this.#options.reconnectGraceMs);
    this.#grace.unref();
  }
}

function refuseConnection(socket: WebSocket, key: Buffer, refusal: Refusal): void {
  const payload = encodeHandshake({ ...refusal, reason: refusal.reason.slice(0, 1_000) });
  sendFrame(socket, encodeFrame(handshakeFrame(FrameType.refused, payload), key));
  socket.close();
  setTimeout(() => socket.terminate(), 1_000).unref();
}

function handshakeFrame(
  type: FrameType,
  payload: Buffer,
): { type: FrameType; sequence: 0; acknowledged: 0; beat: 0; payload: Buffer } {
  return { type, sequence: 0, acknowledged: 0, beat: 0, payload };
}
