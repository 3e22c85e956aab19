import { randomBytes } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Logger } from '@heddle/common';
import { describeThrown } from '@heddle/common';
import {
  AuthenticatedServer,
  ControlChannel,
  FrameType,
  binaryOf,
  decodeFrame,
  decodeHello,
  encodeFrame,
  encodeHandshake,
  sendFrame,
  webSocketOptions,
  type AttemptKey,
  type NetworkAddress,
} from '@heddle/executor';
import { WebSocketServer, type WebSocket } from 'ws';
import {
  maxRelayMessageBytes,
  masterId,
  relayHelloKey,
  relayPath,
  relayRequestKey,
  relaySessionKeys,
  relayWelcomeKey,
} from './relay-keys.js';
import {
  decodeRelayMessage,
  encodePassedMessage,
  encodeRelayMessage,
  type BroadcastMessage,
  type DriverRelayMessage,
  type MasterRelayMessage,
  type PassedMessage,
} from './relay-message.js';

export interface RelayServerOptions {
  readonly key: AttemptKey;
  readonly attemptId: string;
  /** How long a driver may stay away once it was here. */
  readonly reconnectTimeoutMs: number;
  readonly logger: Logger;
}

/** What the relay tells its owner. Must not throw. */
export interface RelayServerEvents {
  /** The driver is here, for the first time. */
  connected(): void;
  message(message: DriverRelayMessage | PassedMessage | BroadcastMessage): void;
  /** The driver stayed away for too long, or sent what it must not. */
  lost(reason: string): void;
}

const helloTimeoutMs = 10_000;
const beatMs = 5_000;
/** Silence after which a connection is taken for broken, though nothing said so. */
const silenceMs = 20_000;

/**
 * The ApplicationMaster's end of the channel to its driver. The driver dials; messages are numbered
 * and acknowledged in both directions, so that a connection may break and be made again, from another
 * network even, without loss and without anything happening twice.
 */
export class RelayServer {
  readonly #options: RelayServerOptions;
  readonly #events: RelayServerEvents;
  readonly #server: AuthenticatedServer;
  readonly #webSockets = new WebSocketServer({ noServer: true, ...webSocketOptions });
  readonly #channel: ControlChannel;
  readonly #sessionId = randomBytes(16).toString('base64url');
  #socket: WebSocket | undefined;
  #hasBegun = false;
  #away: NodeJS.Timeout | undefined;
  #beat = 0;
  #beatTimer: NodeJS.Timeout | undefined;
  #heardAtMs = 0;
  #closed = false;
  #reconnectTimeoutMs: number;

  constructor(options: RelayServerOptions, events: RelayServerEvents) {
    this.#options = options;
    this.#events = events;
    this.#reconnectTimeoutMs = options.reconnectTimeoutMs;
    this.#server = new AuthenticatedServer({
      key: relayRequestKey(options.key),
      attemptId: options.attemptId,
      targetId: masterId,
      logger: options.logger,
    });
    this.#server.onUpgrade(relayPath, (request, socket, head, session) =>
      this.#upgrade(request, socket, head, session.nonce),
    );
    this.#channel = new ControlChannel({
      peer: 'the driver',
      maxMessageBytes: maxRelayMessageBytes,
      message: (bytes) => this.#message(bytes),
      beatMessage: () => undefined,
      beat: () => undefined,
    });
  }

  async listen(host: string): Promise<NetworkAddress> {
    return this.#server.listen(host);
  }

  /** The driver's settings may say something else than the submission did. */
  set reconnectTimeoutMs(value: number) {
    this.#reconnectTimeoutMs = value;
  }

  send(message: MasterRelayMessage): void {
    if (!this.#closed) this.#channel.send(encodeRelayMessage(message));
  }

  /** Passes a message of an executor on. */
  pass(executorId: string, bytes: Uint8Array): void {
    if (!this.#closed) this.#channel.send(encodePassedMessage(executorId, bytes));
  }

  /** Waits, within bounds, until the driver has what was sent, and closes. */
  async close(graceMs = 2_000): Promise<void> {
    if (this.#closed) return;
    this.#channel.flush();
    this.#closed = true;
    clearTimeout(this.#away);
    clearInterval(this.#beatTimer);
    const socket = this.#socket;
    this.#socket = undefined;
    if (socket !== undefined) {
      const ended = new Promise<void>((resolve) => socket.once('close', () => resolve()));
      socket.close();
      const timer = setTimeout(() => socket.terminate(), graceMs);
      await ended;
      clearTimeout(timer);
    }
    this.#webSockets.close();
    await this.#server.close();
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer, nonce: string): void {
    this.#webSockets.handleUpgrade(request, socket, head, (webSocket) =>
      this.#greet(webSocket, nonce),
    );
  }

  #greet(socket: WebSocket, driverNonce: string): void {
    const timer = setTimeout(() => socket.terminate(), helloTimeoutMs);
    socket.on('error', () => undefined);
    socket.once('close', () => clearTimeout(timer));
    socket.once('message', (data, isBinary) => {
      clearTimeout(timer);
      const { key } = this.#options;
      const bytes = binaryOf(data, isBinary);
      const frame = bytes && decodeFrame(bytes, relayHelloKey(key, driverNonce));
      const hello =
        typeof frame === 'object' && frame.type === FrameType.hello
          ? decodeHello(frame.payload)
          : undefined;
      // There is one driver: another one, or one that has lost its session, is not it.
      const isOurs = hello?.sessionId === (this.#hasBegun ? this.#sessionId : '');
      if (hello === undefined || !isOurs || this.#closed) {
        socket.terminate();
        return;
      }
      const masterNonce = randomBytes(16).toString('base64url');
      const payload = encodeHandshake({
        sessionId: this.#sessionId,
        hubNonce: masterNonce,
        received: this.#channel.received,
      });
      sendFrame(
        socket,
        encodeFrame(
          { type: FrameType.welcome, sequence: 0, acknowledged: 0, beat: 0, payload },
          relayWelcomeKey(key, driverNonce),
        ),
      );
      this.#connect(socket, relaySessionKeys(key, driverNonce, masterNonce), hello.received);
    });
  }

  #connect(
    socket: WebSocket,
    keys: { readonly fromDriver: Buffer; readonly fromMaster: Buffer },
    peerReceived: number,
  ): void {
    clearTimeout(this.#away);
    this.#socket?.terminate();
    this.#socket = socket;
    this.#heardAtMs = performance.now();
    this.#beatTimer ??= setInterval(() => this.#tick(), beatMs).unref();
    socket.on('message', (data, isBinary) => {
      if (this.#socket !== socket) return;
      this.#heardAtMs = performance.now();
      const bytes = binaryOf(data, isBinary);
      try {
        if (bytes === undefined) socket.terminate();
        else this.#channel.receive(bytes);
      } catch (error) {
        this.#options.logger.warn('the connection of the driver was closed', {
          error: describeThrown(error),
        });
        socket.terminate();
      }
    });
    socket.once('close', () => this.#disconnected(socket));
    this.#channel.attach(
      {
        sendKey: keys.fromMaster,
        receiveKey: keys.fromDriver,
        send: (frame) => sendFrame(socket, frame),
      },
      peerReceived,
    );
    if (this.#hasBegun) {
      this.#options.logger.info('the driver is back');
      return;
    }
    this.#hasBegun = true;
    this.#events.connected();
  }

  #message(bytes: Buffer): void {
    if (this.#closed) return;
    this.#events.message(decodeRelayMessage<DriverRelayMessage>(bytes, 'the driver'));
  }

  #tick(): void {
    if (!this.#channel.isConnected) return;
    if (performance.now() - this.#heardAtMs > silenceMs) this.#socket?.terminate();
    else this.#channel.sendBeat(++this.#beat);
  }

  #disconnected(socket: WebSocket): void {
    if (this.#socket !== socket) return;
    this.#socket = undefined;
    this.#channel.detach();
    if (this.#closed) return;
    this.#options.logger.info('the connection of the driver broke; waiting for it');
    const timeoutMs = this.#reconnectTimeoutMs;
    this.#away = setTimeout(
      () =>
        this.#events.lost(
          `the driver's connection broke and was not made again within ${timeoutMs} ms (heddle.client.reconnectTimeout)`,
        ),
      timeoutMs,
    );
  }
}
