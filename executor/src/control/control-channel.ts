import { ControlProtocolError } from './errors.js';
import { decodeFrame, encodeFrame, FrameType, type Frame, type FrameKey } from './frame.js';
import { MessagePacker, MessageUnpacker } from './message-stream.js';

/** Payload bytes that may be on their way without an acknowledgement. */
const WINDOW_BYTES = 4 * 1024 * 1024;
/** Received frames, or bytes, after which an acknowledgement is sent although nothing else is. */
const ACKNOWLEDGE_FRAMES = 64;
const ACKNOWLEDGE_BYTES = 512 * 1024;
const MAX_SEQUENCE = 0xffff_ffff;
const nothing = new Uint8Array(0);

/** A connection of the channel; replaced by another one when it breaks. */
export interface ChannelConnection {
  readonly sendKey: FrameKey;
  readonly receiveKey: FrameKey;
  /** Sends one frame; must not throw. */
  send(frame: Buffer): void;
}

export interface ControlChannelOptions {
  /** Names the other end in errors. */
  readonly peer: string;
  /** Messages longer than this are refused, before memory is taken for them. */
  readonly maxMessageBytes: number;
  /** A message of the ordered stream; each exactly once, in order. */
  message(bytes: Buffer): void;
  /** A message that came with a beat. */
  beatMessage(bytes: Buffer): void;
  /** A new beat, or its echo, was received. */
  beat(beat: number): void;
}

/**
 * One end of a control session: an ordered stream of messages in each direction that survives broken
 * connections. Frames have numbers; what was not acknowledged is sent again over the next connection,
 * and what comes twice is dropped, so that every message is handled exactly once.
 *
 * Messages of one turn of the event loop share frames. Does no input or output itself.
 */
export class ControlChannel {
  readonly #options: ControlChannelOptions;
  readonly #packer = new MessagePacker();
  readonly #unpacker: MessageUnpacker;
  /** Payloads on their way, oldest first, the first one's number being `#acknowledged + 1`. */
  readonly #unacknowledged: Buffer[] = [];
  #unacknowledgedBytes = 0;
  #acknowledged = 0;
  #sent = 0;
  #received = 0;
  #unacknowledgedFrames = 0;
  #receivedBytes = 0;
  #beat = 0;
  #lastBeat = 0;
  #isHeld = false;
  #connection: ChannelConnection | undefined;
  #flushing: NodeJS.Immediate | undefined;

  constructor(options: ControlChannelOptions) {
    this.#options = options;
    this.#unpacker = new MessageUnpacker(options.peer, options.maxMessageBytes);
  }

  /** The last frame in order that was received: what the peer need not send again. */
  get received(): number {
    return this.#received;
  }

  get isConnected(): boolean {
    return this.#connection !== undefined;
  }

  /** Bytes that are queued or on their way. */
  get pendingBytes(): number {
    return this.#packer.queuedBytes + this.#unacknowledgedBytes;
  }

  /**
   * Goes on over a new connection: sends again what the peer has not received.
   *
   * @param peerReceived the peer's `received`
   * @throws ControlProtocolError when that cannot be
   */
  attach(connection: ChannelConnection, peerReceived: number): void {
    this.#acknowledge(peerReceived);
    this.#connection = connection;
    let sequence = this.#acknowledged;
    for (const payload of this.#unacknowledged) this.#sendData(++sequence, payload);
    this.flush();
  }

  detach(): void {
    this.#connection = undefined;
  }

  /** Keeps all messages back, until it is called with false. Beats go on. */
  hold(isHeld: boolean): void {
    if (this.#isHeld === isHeld) return;
    this.#isHeld = isHeld;
    if (!isHeld) this.flush();
  }

  /** Queues a message; it leaves at the end of this turn of the event loop. */
  send(message: Uint8Array): void {
    this.#packer.add(message);
    this.#flushing ??= setImmediate(() => this.flush());
  }

  /** Sends what waits, as far as the window lets. */
  flush(): void {
    clearImmediate(this.#flushing);
    this.#flushing = undefined;
    if (this.#connection === undefined || this.#isHeld) return;
    while (this.#unacknowledgedBytes < WINDOW_BYTES) {
      const payload = this.#packer.next();
      if (payload === undefined) return;
      if (this.#sent === MAX_SEQUENCE) {
        throw new ControlProtocolError(
          this.#options.peer,
          'its frames have used up all numbers',
          'session',
        );
      }
      this.#sent++;
      this.#unacknowledged.push(payload);
      this.#unacknowledgedBytes += payload.length;
      this.#sendData(this.#sent, payload);
    }
  }

  /**
   * Sends a sign of life at once, ahead of what waits.
   *
   * @param beat number of this beat, or of the one that is echoed
   */
  sendBeat(beat: number, message: Uint8Array = nothing): void {
    this.#beat = beat;
    this.#sendFrame(FrameType.beat, this.#sent, message);
  }

  /**
   * Takes one frame.
   *
   * @throws ControlProtocolError when it is none of this session, or a frame before it is missing;
   * the connection must be closed then
   */
  receive(bytes: Buffer): void {
    const connection = this.#connection;
    if (connection === undefined) return;
    const frame = decodeFrame(bytes, connection.receiveKey);
    if (typeof frame === 'string') throw this.#fault(faultTexts[frame]);
    this.#acknowledge(frame.acknowledged);
    const isNewBeat = frame.beat > this.#lastBeat;
    if (isNewBeat) {
      this.#lastBeat = frame.beat;
      this.#options.beat(frame.beat);
    }
    switch (frame.type) {
      case FrameType.data:
        this.#data(frame);
        break;
      case FrameType.beat:
        if (frame.sequence > this.#received) {
          throw this.#fault(
            `frame ${frame.sequence} was sent, and frame ${this.#received} is the last`,
          );
        }
        if (isNewBeat && frame.payload.length > 0) {
          this.#options.beatMessage(frame.payload as Buffer);
        }
        break;
      default:
        throw this.#fault('a frame of the handshake came after it');
    }
    if (this.#packer.queuedBytes > 0 && this.#flushing === undefined) this.flush();
  }

  #data({ sequence, payload }: Frame): void {
    // Sent again, since our acknowledgement was lost.
    if (sequence <= this.#received) return;
    if (sequence !== this.#received + 1) {
      throw this.#fault(`frame ${sequence} came after frame ${this.#received}`);
    }
    this.#received = sequence;
    this.#unacknowledgedFrames++;
    this.#receivedBytes += payload.length;
    if (
      this.#unacknowledgedFrames >= ACKNOWLEDGE_FRAMES ||
      this.#receivedBytes >= ACKNOWLEDGE_BYTES
    ) {
      this.#sendFrame(FrameType.beat, this.#sent, nothing);
    }
    this.#unpacker.take(payload as Buffer, (message) => this.#options.message(message));
  }

  #acknowledge(sequence: number): void {
    if (sequence > this.#sent) {
      throw this.#fault(`frame ${sequence} is acknowledged, and ${this.#sent} were sent`);
    }
    while (this.#acknowledged < sequence) {
      this.#acknowledged++;
      this.#unacknowledgedBytes -= this.#unacknowledged.shift()!.length;
    }
  }

  #sendData(sequence: number, payload: Uint8Array): void {
    this.#sendFrame(FrameType.data, sequence, payload);
  }

  #sendFrame(type: FrameType, sequence: number, payload: Uint8Array): void {
    const connection = this.#connection;
    if (connection === undefined) return;
    this.#unacknowledgedFrames = 0;
    this.#receivedBytes = 0;
    connection.send(
      encodeFrame(
        { type, sequence, acknowledged: this.#received, beat: this.#beat, payload },
        connection.sendKey,
      ),
    );
  }

  #fault(reason: string): ControlProtocolError {
    return new ControlProtocolError(this.#options.peer, reason, 'connection');
  }
}

const faultTexts = {
  short: 'a frame is too short',
  mac: 'a frame does not carry the proof that it comes from the peer',
  version: 'a frame is of another version',
  type: 'a frame is of an unknown type',
} as const;
