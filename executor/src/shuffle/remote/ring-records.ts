import type { RingReader, RingWriter } from '../../input/input-ring.js';
import { RECORD_HEADER_BYTES } from './fetch-messages.js';

/** The ring has one piece: all records. */
const PIECE = 0;

/** The host's end: packs records into packets. */
export class RecordWriter {
  readonly #ring: RingWriter;
  #slot: Buffer | undefined;
  #filled = 0;

  constructor(ring: RingWriter) {
    this.#ring = ring;
  }

  /** Resolves to false when the thread wants no more. */
  async write(kind: number, part: number, bytes: Uint8Array): Promise<boolean> {
    const header = Buffer.alloc(RECORD_HEADER_BYTES);
    header.writeUInt32LE(kind, 0);
    header.writeUInt32LE(part, 4);
    header.writeDoubleLE(bytes.length, 8);
    return (await this.#write(header)) && (await this.#write(bytes));
  }

  /** Gives the thread what has been written. */
  flush(): void {
    if (this.#filled > 0) this.#publish(false);
  }

  /** No more records follow. */
  async end(): Promise<void> {
    this.#slot ??= await this.#ring.slot(PIECE);
    if (this.#slot !== undefined) this.#publish(true);
  }

  async #write(bytes: Uint8Array): Promise<boolean> {
    let at = 0;
    while (at < bytes.length) {
      this.#slot ??= await this.#ring.slot(PIECE);
      const slot = this.#slot;
      if (slot === undefined) return false;
      const taken = Math.min(bytes.length - at, slot.length - this.#filled);
      slot.set(
        at === 0 && taken === bytes.length ? bytes : bytes.subarray(at, at + taken),
        this.#filled,
      );
      at += taken;
      this.#filled += taken;
      if (this.#filled === slot.length) this.#publish(false);
    }
    return true;
  }

  #publish(end: boolean): void {
    this.#ring.publish(PIECE, this.#filled, end, 0);
    this.#slot = undefined;
    this.#filled = 0;
  }
}

/** Head of a record. */
export interface RecordHeader {
  readonly kind: number;
  readonly part: number;
  readonly lengthBytes: number;
}

/** The thread's end: blocks until the bytes are there. */
export class RecordReader {
  readonly #ring: RingReader;
  #packet: Uint8Array = new Uint8Array(0);
  #at = 0;
  #ended = false;

  constructor(ring: RingReader) {
    this.#ring = ring;
  }

  header(): RecordHeader | undefined {
    const bytes = Buffer.alloc(RECORD_HEADER_BYTES);
    if (!this.#fill(bytes)) return undefined;
    return {
      kind: bytes.readUInt32LE(0),
      part: bytes.readUInt32LE(4),
      lengthBytes: bytes.readDoubleLE(8),
    };
  }

  /** Fills all of `target`; false when the records end before. */
  read(target: Uint8Array): boolean {
    return this.#fill(target);
  }

  skip(lengthBytes: number): void {
    let left = lengthBytes;
    while (left > 0 && this.#refill()) {
      const skipped = Math.min(left, this.#packet.length - this.#at);
      this.#at += skipped;
      left -= skipped;
    }
  }

  #fill(target: Uint8Array): boolean {
    let filled = 0;
    while (filled < target.length) {
      if (!this.#refill()) return false;
      const taken = Math.min(target.length - filled, this.#packet.length - this.#at);
      target.set(this.#packet.subarray(this.#at, this.#at + taken), filled);
      this.#at += taken;
      filled += taken;
    }
    return true;
  }

  /** False at the end. */
  #refill(): boolean {
    while (this.#at === this.#packet.length) {
      if (this.#ended) return false;
      const packet = this.#ring.take();
      this.#packet = packet.bytes;
      this.#at = 0;
      this.#ended = packet.end;
    }
    return true;
  }
}
