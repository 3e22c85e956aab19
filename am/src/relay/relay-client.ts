import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from '@heddle/common';
import { HeddleError, describeThrown } from '@heddle/common';
import {
  ControlChannel,
  FrameType,
  PROTOCOL_VERSION,
  binaryOf,
  decodeFrame,
  decodeWelcome,
  encodeFrame,
  encodeHandshake,
  sendFrame,
  signRequest,
  webSocketOptions,
  type AttemptKey,
  type NetworkAddress,
} from '@heddle/executor';
import { WebSocket } from 'ws';
import {
  driverId,
  masterId,
  maxRelayMessageBytes,
  relayHelloKey,
  relayPath,
  relayRequestKey,
  relaySessionKeys,
  relayWelcomeKey,
} from './relay-keys.js';
import {
  decodeRelayMessage,
  encodeBroadcast,
  encodePassedMessage,
  encodeRelayMessage,
  type DriverRelayMessage,
  type MasterRelayMessage,
  type PassedMessage,
} from './relay-message.js';

/** The ApplicationMaster cannot be reached, or is not the right one; names it. */
export class MasterUnreachableError extends HeddleError {
  readonly code = 'MASTER_UNREACHABLE';

  constructor(
    readonly address: string,
    readonly reason: string,
    options?: ErrorOptions,
  ) {
    super(
      `the ApplicationMaster at ${address} cannot be reached: ${reason}. Its container may have ended ` +
        '(heddle status shows it), or a firewall keeps this machine from the nodes of the cluster; --deploy-mode cluster needs no connection to them',
      options,
    );
  }
}

export interface RelayClientOptions {
  readonly key: AttemptKey;
  readonly attemptId: string;
  readonly master: NetworkAddress;
  /** How long the first connection may take. */
  readonly connectTimeoutMs: number;
  /** How long a broken connection is tried again. */
  readonly reconnectTimeoutMs: number;
  readonly logger: Logger;
}

/** What the client tells its owner. Must not throw. */
export interface RelayClientEvents {
  message(message: MasterRelayMessage | PassedMessage): void;
  /** The ApplicationMaster is gone; called once, not after `close`. */
  lost(error: MasterUnreachableError): void;
}

const handshakeTimeoutMs = 10_000;
const beatMs = 5_000;
const silenceMs = 20_000;
const maxRetryMs = 1_000;
/** A port that refuses connections for so long after the session began belongs to nobody any more. */
const refusedGraceMs = 5_000;

type Attempt =
  | { readonly kind: 'connected' }
  | { readonly kind: 'failed'; readonly reason: string; readonly nobodyListens: boolean }
  | { readonly kind: 'refused'; readonly reason: string };

/** The driver's end of the channel to its ApplicationMaster: dials, and dials again. */
export class RelayClient {
  readonly #options: RelayClientOptions;
  readonly #events: RelayClientEvents;
  readonly #channel: ControlChannel;
  #socket: WebSocket | undefined;
  #sessionId = '';
  #beat = 0;
  #beatTimer: NodeJS.Timeout | undefined;
  #heardAtMs = 0;
  #done = false;

  constructor(options: RelayClientOptions, events: RelayClientEvents) {
    this.#options = options;
    this.#events = events;
    this.#channel = new ControlChannel({
      peer: `the ApplicationMaster at ${this.#address}`,
      maxMessageBytes: maxRelayMessageBytes,
      message: (bytes) => this.#message(bytes),
      beatMessage: () => undefined,
      beat: () => undefined,
    });
  }

  /** Makes the first connection. @throws MasterUnreachableError */
  async connect(): Promise<void> {
    const error = await this.#connectWithin(this.#options.connectTimeoutMs);
    if (error !== undefined) {
      this.close();
      throw error;
    }
    this.#beatTimer = setInterval(() => this.#tick(), beatMs);
    this.#beatTimer.unref();
  }

  send(message: DriverRelayMessage): void {
    if (!this.#done) this.#channel.send(encodeRelayMessage(message));
  }

  /** Brings a broadcast variable to the cluster's side. */
  broadcast(id: number, bytes: Uint8Array): void {
    if (!this.#done) this.#channel.send(encodeBroadcast(id, bytes));
  }

  /** Passes a message on to an executor. */
  pass(executorId: string, bytes: Uint8Array): void {
    if (!this.#done) this.#channel.send(encodePassedMessage(executorId, bytes));
  }

  close(): void {
    if (this.#done) return;
    this.#channel.flush();
    this.#done = true;
    clearInterval(this.#beatTimer);
    const socket = this.#socket;
    this.#socket = undefined;
    socket?.close();
    if (socket !== undefined) setTimeout(() => socket.terminate(), 1_000).unref();
  }

  get #address(): string {
    const { host, port } = this.#options.master;
    return `${host.includes(':') ? `[${host}]` : host}:${port}`;
  }

  async #connectWithin(timeoutMs: number): Promise<MasterUnreachableError | undefined> {
    const startedMs = performance.now();
    let waitMs = 20;
    for (;;) {
      const attempt = await this.#tryToConnect();
      if (this.#isClosed() || attempt.kind === 'connected') return undefined;
      const elapsedMs = performance.now() - startedMs;
      const isGone =
        attempt.kind === 'failed' &&
        attempt.nobodyListens &&
        this.#sessionId !== '' &&
        elapsedMs > refusedGraceMs;
      if (attempt.kind === 'refused' || isGone || elapsedMs + waitMs > timeoutMs) {
        return new MasterUnreachableError(this.#address, attempt.reason);
      }
      await delay(waitMs);
      if (this.#isClosed()) return undefined;
      waitMs = Math.min(maxRetryMs, waitMs * 2);
    }
  }

  /** Asked again after each wait: the owner may have closed this meanwhile. */
  #isClosed(): boolean {
    return this.#done;
  }

  #tryToConnect(): Promise<Attempt> {
    const { key, attemptId } = this.#options;
    const signed = signRequest(
      { key: relayRequestKey(key), attemptId, callerId: driverId },
      { method: 'GET', path: relayPath, targetId: masterId },
    );
    const socket = new WebSocket(`ws://${this.#address}${relayPath}`, {
      ...webSocketOptions,
      headers: signed.headers,
      handshakeTimeout: handshakeTimeoutMs,
      followRedirects: false,
    });
    return new Promise<Attempt>((resolve) => {
      let settled = false;
      const settle = (attempt: Attempt): void => {
        if (settled) return;
        settled = true;
        clearTimeout(timer);
        if (attempt.kind !== 'connected') socket.terminate();
        resolve(attempt);
      };
      const fail = (reason: string, nobodyListens = false): void =>
        settle({ kind: 'failed', reason, nobodyListens });
      const timer = setTimeout(() => fail('it did not answer in time'), handshakeTimeoutMs);
      socket.on('error', (error: NodeJS.ErrnoException) =>
        fail(describeThrown(error), error.code === 'ECONNREFUSED'),
      );
      socket.once('close', () => fail('it closed the connection'));
      socket.once('unexpected-response', (_request, response) => {
        response.resume();
        const status = response.statusCode ?? 0;
        if (status === 401 || status === 410) {
          const reason = `it refused this application's credentials (status ${status}); another process may have its port`;
          settle({ kind: 'refused', reason });
        } else fail(`it answered with status ${status}`);
      });
      // A program that has nothing more to do ends, whether it has stopped its context or not.
      socket.once('upgrade', (response) => response.socket.unref());
      socket.once('open', () => {
        const hello = {
          protocolVersion: PROTOCOL_VERSION,
          sessionId: this.#sessionId,
          received: this.#channel.received,
        };
        const payload = encodeHandshake(hello);
        const frame = { type: FrameType.hello, sequence: 0, acknowledged: 0, beat: 0, payload };
        sendFrame(socket, encodeFrame(frame, relayHelloKey(key, signed.nonce)));
      });
      socket.once('message', (data, isBinary) => {
        if (this.#done) fail('it is not needed any more');
        else settle(this.#welcomed(socket, signed.nonce, binaryOf(data, isBinary)));
      });
    });
  }

  #welcomed(socket: WebSocket, driverNonce: string, bytes: Buffer | undefined): Attempt {
    const { key } = this.#options;
    const frame = bytes && decodeFrame(bytes, relayWelcomeKey(key, driverNonce));
    const welcome =
      typeof frame === 'object' && frame.type === FrameType.welcome
        ? decodeWelcome(frame.payload)
        : undefined;
    if (welcome === undefined) {
      return { kind: 'refused', reason: 'it could not prove that it belongs to this application' };
    }
    this.#sessionId = welcome.sessionId;
    this.#socket = socket;
    this.#heardAtMs = performance.now();
    socket.on('message', (data, isBinary) => {
      if (this.#socket === socket) this.#received(socket, binaryOf(data, isBinary));
    });
    socket.once('close', () => void this.#disconnected(socket));
    const keys = relaySessionKeys(key, driverNonce, welcome.hubNonce);
    this.#channel.attach(
      {
        sendKey: keys.fromDriver,
        receiveKey: keys.fromMaster,
        send: (frameBytes) => sendFrame(socket, frameBytes),
      },
      welcome.received,
    );
    return { kind: 'connected' };
  }

  #received(socket: WebSocket, bytes: Buffer | undefined): void {
    this.#heardAtMs = performance.now();
    try {
      if (bytes === undefined) socket.terminate();
      else this.#channel.receive(bytes);
    } catch (error) {
      this.#options.logger.warn('the connection to the ApplicationMaster was closed', {
        error: describeThrown(error),
      });
      socket.terminate();
    }
  }

  #message(bytes: Buffer): void {
    if (this.#done) return;
    const message = decodeRelayMessage<MasterRelayMessage>(bytes, 'the ApplicationMaster');
    // Variables go to the cluster's side only.
    if (message.kind !== 'broadcast') this.#events.message(message);
  }

  #tick(): void {
    if (!this.#channel.isConnected) return;
    if (performance.now() - this.#heardAtMs > silenceMs) this.#socket?.terminate();
    else this.#channel.sendBeat(++this.#beat);
  }

  async #disconnected(socket: WebSocket): Promise<void> {
    if (this.#socket !== socket) return;
    this.#socket = undefined;
    this.#channel.detach();
    if (this.#done) return;
    this.#options.logger.info('the connection to the ApplicationMaster broke: dialling again');
    const error = await this.#connectWithin(this.#options.reconnectTimeoutMs);
    if (error === undefined || this.#isClosed()) return;
    this.close();
    this.#events.lost(error);
  }
}
