import { ControlProtocolError } from './errors.js';
import { MAX_PAYLOAD_BYTES } from './frame.js';

const LENGTH_BYTES = 4;

/**
 * Cuts an ordered stream of messages into payloads: small messages share one, large ones take
 * several. In the stream each message has its length before it (u32, big-endian).
 */
export class MessagePacker {
  readonly #queue: Uint8Array[] = [];
  /** Bytes of the first message (its length included) that have been taken. */
  #taken = 0;
  #queuedBytes = 0;

  /** Bytes that wait, lengths included. */
  get queuedBytes(): number {
    return this.#queuedBytes;
  }

  add(message: Uint8Array): void {
    this.#queue.push(message);
    this.#queuedBytes += LENGTH_BYTES + message.length;
  }

  /** The next payload of at most `maxBytes`; undefined when nothing waits. */
  next(maxBytes = MAX_PAYLOAD_BYTES): Buffer | undefined {
    if (this.#queuedBytes === 0) return undefined;
    const payload = Buffer.allocUnsafe(Math.min(maxBytes, this.#queuedBytes));
    let filled = 0;
    let whole = 0;
    while (filled < payload.length) {
      const message = this.#queue[whole]!;
      if (this.#taken < LENGTH_BYTES) {
        payload[filled++] = (message.length >>> (8 * (LENGTH_BYTES - 1 - this.#taken))) & 0xff;
        this.#taken++;
      } else {
        const from = this.#taken - LENGTH_BYTES;
        const count = Math.min(message.length - from, payload.length - filled);
        payload.set(message.subarray(from, from + count), filled);
        filled += count;
        this.#taken += count;
      }
      if (this.#taken === LENGTH_BYTES + message.length) {
        whole++;
        this.#taken = 0;
      }
    }
    this.#queue.splice(0, whole);
    this.#queuedBytes -= filled;
    return payload;
  }
}

/** Puts messages together again from payloads in order. */
export class MessageUnpacker {
  readonly #peer: string;
  readonly #maxMessageBytes: number;
  #length: number | undefined;
  /** The start of a length that the last payload ended in. */
  #lengthPart = 0;
  #lengthBytes = 0;
  #pieces: Buffer[] = [];
  #received = 0;

  /** @param peer names the sender in errors */
  constructor(peer: string, maxMessageBytes: number) {
    this.#peer = peer;
    this.#maxMessageBytes = maxMessageBytes;
  }

  /**
   * Gives every message that is complete now to `deliver`. A message is a view of the payload where
   * it stands in one.
   *
   * @throws ControlProtocolError when a message is longer than allowed
   */
  take(payload: Buffer, deliver: (message: Buffer) => void): void {
    let at = 0;
    while (at < payload.length || this.#length === 0) {
      if (this.#length === undefined) {
        this.#lengthPart = this.#lengthPart * 256 + payload[at++]!;
        if (++this.#lengthBytes < LENGTH_BYTES) continue;
        if (this.#lengthPart > this.#maxMessageBytes) {
          throw new ControlProtocolError(
            this.#peer,
            `a message of ${this.#lengthPart} bytes is announced, and ${this.#maxMessageBytes} are allowed`,
            'session',
          );
        }
        this.#length = this.#lengthPart;
        this.#lengthPart = 0;
        this.#lengthBytes = 0;
        continue;
      }
      const count = Math.min(this.#length - this.#received, payload.length - at);
      const piece = payload.subarray(at, at + count);
      at += count;
      this.#received += count;
      if (this.#received < this.#length) {
        this.#pieces.push(Buffer.from(piece));
        continue;
      }
      const message =
        this.#pieces.length === 0 ? piece : Buffer.concat([...this.#pieces, piece], this.#length);
      this.#pieces = [];
      this.#received = 0;
      this.#length = undefined;
      deliver(message);
    }
  }
}
