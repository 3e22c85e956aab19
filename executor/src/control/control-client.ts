import { setTimeout as delay } from 'node:timers/promises';
import { describeThrown, toError, type Logger } from '@heddle/common';
import { WebSocket } from 'ws';
import { executorExitCodes } from '../process/exit-codes.js';
import { signRequest, type AttemptKey } from '../transport/index.js';
import { ControlChannel } from './control-channel.js';
import {
  binaryOf,
  CONTROL_PATH,
  GOODBYE_CLOSE_CODE,
  HUB_ID,
  sendFrame,
  webSocketOptions,
} from './control-socket.js';
import { ControlProtocolError } from './errors.js';
import { decodeFrame, encodeFrame, FrameType } from './frame.js';
import { decodeRefusal, decodeWelcome, encodeHandshake } from './handshake.js';
import { LeaseKeeper, type LeaseTimes } from './lease-keeper.js';
import { decodeDriverMessage, encodeExecutorMessage } from './message-codec.js';
import {
  PROTOCOL_VERSION,
  type DriverMessage,
  type ExecutorMessage,
  type NetworkAddress,
} from './messages.js';
import { helloKey, sessionKeys, welcomeKey } from './session-keys.js';

export interface ControlClientOptions {
  readonly key: AttemptKey;
  readonly attemptId: string;
  readonly executorId: string;
  readonly hub: NetworkAddress;
  readonly heartbeatMs: number;
  readonly lease: LeaseTimes;
  /** How long the first connection may take. */
  readonly connectTimeoutMs: number;
  readonly maxMessageBytes: number;
  /**
   * Whether the process of the hub certainly lives: while it does its silence is waited for, however
   * long. @default nobody knows, as on another node
   */
  readonly hubLives?: () => boolean;
  readonly logger: Logger;
}

/** Why a client is done, and how its process shall end. */
export interface ControlEnd {
  readonly exitCode: number;
  readonly reason: string;
}

/** What a client asks of and tells its owner. */
export interface ControlClientEvents {
  /** What the next heartbeat says. */
  heartbeat(): Extract<ExecutorMessage, { kind: 'heartbeat' }>;
  message(message: DriverMessage): void;
  /** Nothing can be sent any more; called once, not after `close`. */
  ended(end: ControlEnd): void;
}

const HANDSHAKE_TIMEOUT_MS = 5_000;
const MAX_RETRY_MS = 1_000;
/** A hub that was there and now refuses connections for so long is gone: nothing listens again. */
const REFUSED_GRACE_MS = 2_000;

/** What became of one attempt to connect. */
type Attempt =
  | { readonly kind: 'connected' }
  /** Another attempt may succeed. */
  | { readonly kind: 'failed'; readonly reason: string; readonly nobodyListens: boolean }
  | { readonly kind: 'refused'; readonly end: ControlEnd };

/**
 * An executor's end of its control connection: connects outwards, keeps the session through broken
 * connections, beats, and keeps the lease. All times are of a monotonic clock.
 */
export class ControlClient {
  readonly #options: ControlClientOptions;
  readonly #events: ControlClientEvents;
  readonly #channel: ControlChannel;
  readonly #lease: LeaseKeeper;
  #socket: WebSocket | undefined;
  #sessionId = '';
  #beatTimer: NodeJS.Timeout | undefined;
  #watchTimer: NodeJS.Timeout | undefined;
  #isSuspended = false;
  /** Settled when the hub has the last message. */
  #closing: PromiseWithResolvers<undefined> | undefined;
  #done = false;

  constructor(options: ControlClientOptions, events: ControlClientEvents) {
    this.#options = options;
    this.#events = events;
    this.#lease = new LeaseKeeper(options.lease, undefined, options.hubLives);
    this.#channel = new ControlChannel({
      peer: this.#hubName,
      maxMessageBytes: options.maxMessageBytes,
      message: (bytes) => this.#message(bytes),
      beatMessage: () => undefined,
      beat: (echo) => {
        this.#lease.echoed(echo);
        this.#look();
      },
    });
  }

  /** Makes the first connection; what goes wrong is told through `ended`. */
  start(): void {
    void this.#connectUntil(performance.now() + this.#options.connectTimeoutMs, 'never answered');
    this.#beatTimer = setInterval(() => this.#beat(), this.#options.heartbeatMs);
    this.#watchTimer = setInterval(() => this.#look(), Math.min(1_000, this.#options.heartbeatMs));
  }

  /** Queues a message. While the lease is not valid nothing leaves; the driver may never get it. */
  send(message: ExecutorMessage): void {
    this.#look();
    if (!this.#done && this.#closing === undefined) {
      this.#channel.send(encodeExecutorMessage(message));
    }
  }

  /** Whether this executor certainly belongs to the application at this moment. */
  get mayAct(): boolean {
    return this.#look();
  }

  /**
   * Sends a last message and waits, for a short time, until the hub has it; a connection that breaks
   * meanwhile is made again.
   */
  async close(
    last: Extract<ExecutorMessage, { kind: 'goodbye' }>,
    timeoutMs = 1_000,
  ): Promise<void> {
    if (this.#done || this.#closing !== undefined) return;
    this.#channel.send(encodeExecutorMessage(last));
    this.#channel.flush();
    if (this.#sessionId !== '') {
      this.#closing = Promise.withResolvers<undefined>();
      await Promise.race([this.#closing.promise, delay(timeoutMs, undefined, { ref: false })]);
    }
    const socket = this.#socket;
    this.#finish();
    socket?.terminate();
  }

  get #hubName(): string {
    const { host, port } = this.#options.hub;
    return `the driver's hub at ${host}:${port}`;
  }

  async #connectUntil(deadlineMs: number, what: string): Promise<void> {
    const startedMs = performance.now();
    let waitMs = 25;
    for (;;) {
      const attempt = await this.#tryToConnect();
      if (this.#done) return;
      switch (attempt.kind) {
        case 'connected':
          return;
        case 'refused':
          this.#end(attempt.end);
          return;
        case 'failed': {
          const nowMs = performance.now();
          const isGone =
            attempt.nobodyListens && this.#sessionId !== '' && nowMs - startedMs > REFUSED_GRACE_MS;
          // A process that lives and listens is busy: it will answer, or end.
          const isBusy = !attempt.nobodyListens && this.#options.hubLives?.() === true;
          if (isGone || (nowMs + waitMs > deadlineMs && !isBusy)) {
            this.#end({
              exitCode: executorExitCodes.driverGone,
              reason: `${this.#hubName} ${what}: ${attempt.reason}`,
            });
            return;
          }
        }
      }
      await delay(waitMs);
      if (this.#isDone()) return;
      waitMs = Math.min(MAX_RETRY_MS, waitMs * 2);
    }
  }

  /** Asked anew after each wait: meanwhile it may have become true. */
  #isDone(): boolean {
    return this.#done;
  }

  #tryToConnect(): Promise<Attempt> {
    const { key, attemptId, executorId, hub } = this.#options;
    const signed = signRequest(
      { key: key.derive('control'), attemptId, callerId: executorId },
      { method: 'GET', path: CONTROL_PATH, targetId: HUB_ID },
    );
    const host = hub.host.includes(':') ? `[${hub.host}]` : hub.host;
    const socket = new WebSocket(`ws://${host}:${hub.port}${CONTROL_PATH}`, {
      ...webSocketOptions,
      headers: signed.headers,
      handshakeTimeout: HANDSHAKE_TIMEOUT_MS,
      followRedirects: false,
    });
    return new Promise<Attempt>((resolve) => {
      const timer = setTimeout(() => {
        fail('it did not answer in time', false);
      }, HANDSHAKE_TIMEOUT_MS);
      const settle = (attempt: Attempt): void => {
        clearTimeout(timer);
        resolve(attempt);
        if (attempt.kind !== 'connected') socket.terminate();
      };
      const fail = (reason: string, nobodyListens: boolean): void =>
        settle({ kind: 'failed', reason, nobodyListens });
      socket.on('error', (error: NodeJS.ErrnoException) =>
        fail(describeThrown(error), error.code === 'ECONNREFUSED'),
      );
      socket.once('close', () => fail('the connection was closed', false));
      socket.once('unexpected-response', (_request, response) => {
        response.resume();
        settle(refusedByServer(response.statusCode ?? 0, this.#hubName));
      });
      socket.once('open', () =>
        sendFrame(
          socket,
          encodeFrame(
            {
              type: FrameType.hello,
              sequence: 0,
              acknowledged: 0,
              beat: 0,
              payload: encodeHandshake({
                protocolVersion: PROTOCOL_VERSION,
                sessionId: this.#sessionId,
                received: this.#channel.received,
              }),
            },
            helloKey(key, executorId, signed.nonce),
          ),
        ),
      );
      socket.once('message', (data, isBinary) => {
        if (this.#done) fail('it is not needed any more', false);
        else settle(this.#welcomed(socket, signed.nonce, binaryOf(data, isBinary)));
      });
    });
  }

  /** Judges the hub's first frame, and goes on with the session when it is genuine. */
  #welcomed(socket: WebSocket, executorNonce: string, bytes: Buffer | undefined): Attempt {
    const { key, executorId } = this.#options;
    const frame = bytes && decodeFrame(bytes, welcomeKey(key, executorId, executorNonce));
    if (typeof frame !== 'object') {
      const reason = `${this.#hubName} could not prove that it belongs to this application attempt`;
      return { kind: 'refused', end: { exitCode: executorExitCodes.badCredentials, reason } };
    }
    if (frame.type === FrameType.refused) {
      const end = decodeRefusal(frame.payload) ?? {
        exitCode: executorExitCodes.fenced,
        reason: `${this.#hubName} refused this executor`,
      };
      return { kind: 'refused', end };
    }
    const welcome = frame.type === FrameType.welcome ? decodeWelcome(frame.payload) : undefined;
    if (welcome === undefined) {
      return { kind: 'failed', reason: 'its first frame is no welcome', nobodyListens: false };
    }
    this.#sessionId = welcome.sessionId;
    const keys = sessionKeys(key, { executorId, executorNonce, hubNonce: welcome.hubNonce });
    this.#socket = socket;
    socket.on('message', (data, isBinary) => {
      if (this.#socket === socket) this.#received(binaryOf(data, isBinary));
    });
    socket.once('close', (code) => this.#disconnected(socket, code));
    try {
      this.#channel.attach(
        {
          sendKey: keys.fromExecutor,
          receiveKey: keys.fromHub,
          send: (bytesToSend) => sendFrame(socket, bytesToSend),
        },
        welcome.received,
      );
    } catch (error) {
      this.#socket = undefined;
      const end = { exitCode: executorExitCodes.fenced, reason: describeThrown(error) };
      return { kind: 'refused', end };
    }
    this.#beat();
    return { kind: 'connected' };
  }

  #received(bytes: Buffer | undefined): void {
    try {
      if (bytes === undefined) {
        throw new ControlProtocolError(this.#hubName, 'it sent text', 'connection');
      }
      this.#channel.receive(bytes);
    } catch (error) {
      if (error instanceof ControlProtocolError && error.scope === 'connection') {
        this.#options.logger.warn('the control connection was closed', { error: error.message });
        this.#socket?.terminate();
        return;
      }
      const exitCode =
        error instanceof ControlProtocolError
          ? executorExitCodes.fenced
          : executorExitCodes.uncaught;
      this.#end({ exitCode, reason: toError(error).stack ?? describeThrown(error) });
    }
  }

  #message(bytes: Buffer): void {
    if (this.#done || this.#closing !== undefined) return;
    const message = decodeDriverMessage(bytes, this.#hubName);
    if (message.kind === 'refused') {
      this.#end({ exitCode: message.exitCode, reason: message.reason });
    } else {
      this.#events.message(message);
    }
  }

  #disconnected(socket: WebSocket, code: number): void {
    if (this.#socket !== socket) return;
    this.#socket = undefined;
    this.#channel.detach();
    if (this.#done) return;
    if (code === GOODBYE_CLOSE_CODE && this.#closing !== undefined) {
      this.#closing.resolve(undefined);
      return;
    }
    const deadlineMs = performance.now() + this.#lease.remainingMs();
    void this.#connectUntil(deadlineMs, 'is gone');
  }

  #beat(): void {
    if (!this.#look() && this.#done) return;
    if (!this.#channel.isConnected) return;
    const beat = this.#lease.begin();
    this.#channel.sendBeat(beat, encodeExecutorMessage(this.#events.heartbeat()));
  }

  /**
   * Looks at the lease: holds back what would be seen while it is not valid, and asks at once whether
   * it still is when this process has not run for a while.
   */
  #look(): boolean {
    if (this.#done) return false;
    const state = this.#lease.look();
    switch (state.kind) {
      case 'valid':
        this.#isSuspended = false;
        this.#channel.hold(false);
        return true;
      case 'suspended': {
        this.#channel.hold(true);
        const isNew = !this.#isSuspended;
        this.#isSuspended = true;
        if (isNew) {
          const { silentMs, sleptMs } = state;
          this.#options.logger.warn('the lease has run out; asking the driver', {
            silentMs: Math.round(silentMs),
            sleptMs: Math.round(sleptMs),
          });
          this.#beat();
        }
        return false;
      }
      case 'abandoned':
        this.#end({
          exitCode: executorExitCodes.driverGone,
          reason: `${this.#hubName} has not answered for ${Math.round(state.silentMs)} ms`,
        });
        return false;
    }
  }

  #end(end: ControlEnd): void {
    if (this.#done) return;
    if (this.#closing !== undefined) {
      // It ends in any case; the hub that knows no such executor any more has its last message.
      this.#closing.resolve(undefined);
      return;
    }
    const socket = this.#socket;
    this.#finish();
    socket?.terminate();
    this.#events.ended(end);
  }

  #finish(): void {
    this.#done = true;
    clearInterval(this.#beatTimer);
    clearInterval(this.#watchTimer);
    this.#channel.detach();
    this.#socket = undefined;
  }
}

function refusedByServer(status: number, hub: string): Attempt {
  switch (status) {
    case 401: {
      const reason = `${hub} refused this executor's credentials`;
      return { kind: 'refused', end: { exitCode: executorExitCodes.badCredentials, reason } };
    }
    case 410: {
      const reason = `another process answers at the address of ${hub}`;
      return { kind: 'refused', end: { exitCode: executorExitCodes.fenced, reason } };
    }
    default:
      return { kind: 'failed', reason: `it answered with status ${status}`, nobodyListens: false };
  }
}
