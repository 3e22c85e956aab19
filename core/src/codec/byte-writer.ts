import { ArgumentError } from '@heddle/common';
import { STRING_ASCII, STRING_UTF16, STRING_UTF8, type FastBuffer } from './byte-buffer.js';

/** Largest buffer that a writer grows to: Node's own limit for one `ArrayBuffer` is higher, an index into it is not. */
const MAX_LENGTH = 2 ** 32 - 1;
/** Below this many characters a loop over code units beats two native calls. */
const SHORT_STRING = 24;

/**
 * Appends numbers, strings and bytes to one growing buffer. Little-endian throughout.
 *
 * Reuse one writer with `reset()` on hot paths; `view()` spares the copy of `finish()`.
 */
export class ByteWriter {
  #buffer: FastBuffer;
  /** Made when it is first needed: small values get by without one. */
  #view: DataView | undefined;
  #length = 0;

  constructor(initialBytes = 256) {
    this.#buffer = Buffer.allocUnsafeSlow(Math.max(16, initialBytes)) as FastBuffer;
  }

  /** Bytes written so far. */
  get length(): number {
    return this.#length;
  }

  u8(value: number): void {
    this.#reserve(1);
    this.#buffer[this.#length++] = value;
  }

  u16(value: number): void {
    this.#reserve(2);
    this.#numbers().setUint16(this.#length, value, true);
    this.#length += 2;
  }

  u32(value: number): void {
    this.#reserve(4);
    this.#numbers().setUint32(this.#length, value, true);
    this.#length += 4;
  }

  i32(value: number): void {
    this.#reserve(4);
    this.#numbers().setInt32(this.#length, value, true);
    this.#length += 4;
  }

  f64(value: number): void {
    this.#reserve(8);
    this.#numbers().setFloat64(this.#length, value, true);
    this.#length += 8;
  }

  /** An unsigned integer below 2^53 in 1 to 8 bytes, seven bits each, low bits first. */
  varint(value: number): void {
    this.#reserve(8);
    let rest = value;
    while (rest > 0x7fff_ffff) {
      this.#buffer[this.#length++] = (rest % 128) | 0x80;
      rest = Math.floor(rest / 128);
    }
    while (rest > 0x7f) {
      this.#buffer[this.#length++] = (rest & 0x7f) | 0x80;
      rest >>>= 7;
    }
    this.#buffer[this.#length++] = rest;
  }

  /** Raw bytes without a length. */
  bytes(bytes: Uint8Array): void {
    this.#reserve(bytes.length);
    this.#buffer.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  /** Characters with their length before them; lone surrogates survive. */
  string(text: string): void {
    const count = text.length;
    if (count < SHORT_STRING && this.#shortAscii(text)) return;
    const wellFormed = text.isWellFormed();
    const size = wellFormed ? Buffer.byteLength(text, 'utf8') : count * 2;
    const layout = wellFormed ? (size === count ? STRING_ASCII : STRING_UTF8) : STRING_UTF16;
    this.varint(size * 4 + layout);
    this.#reserve(size);
    const at = this.#length;
    if (layout === STRING_ASCII) this.#buffer.latin1Write(text, at, size);
    else if (layout === STRING_UTF8) this.#buffer.utf8Write(text, at, size);
    else this.#buffer.ucs2Write(text, at, size);
    this.#length += size;
  }

  /** Leaves `count` bytes to be filled later through `patchU32`; returns where they start. */
  skip(count: number): number {
    this.#reserve(count);
    const at = this.#length;
    this.#length += count;
    return at;
  }

  patchU32(at: number, value: number): void {
    this.#numbers().setUint32(at, value, true);
  }

  /** A copy of everything written. */
  finish(): Uint8Array {
    return new Uint8Array(this.#buffer.subarray(0, this.#length));
  }

  /** Everything written, without a copy: valid until the next write or reset. */
  view(): Uint8Array {
    return new Uint8Array(this.#buffer.buffer, this.#buffer.byteOffset, this.#length);
  }

  /** Forgets the content, keeps the buffer. */
  reset(): void {
    this.#length = 0;
  }

  #shortAscii(text: string): boolean {
    const count = text.length;
    this.#reserve(count + 1);
    const buffer = this.#buffer;
    const start = this.#length;
    for (let i = 0; i < count; i++) {
      const unit = text.charCodeAt(i);
      if (unit > 0x7f) return false;
      buffer[start + 1 + i] = unit;
    }
    // Below 24 characters the header `count * 4` always fits one byte of a varint.
    buffer[start] = count * 4;
    this.#length = start + 1 + count;
    return true;
  }

  #numbers(): DataView {
    return (this.#view ??= viewOf(this.#buffer));
  }

  #reserve(count: number): void {
    const needed = this.#length + count;
    if (needed > this.#buffer.length) this.#grow(needed);
  }

  #grow(needed: number): void {
    if (needed > MAX_LENGTH) {
      throw new ArgumentError(
        `an encoded value would exceed ${MAX_LENGTH} bytes; split it into several records or partitions`,
      );
    }
    const size = Math.min(MAX_LENGTH, Math.max(needed, this.#buffer.length * 2));
    const grown = Buffer.allocUnsafeSlow(size) as FastBuffer;
    grown.set(this.#buffer.subarray(0, this.#length));
    this.#buffer = grown;
    this.#view = undefined;
  }
}

function viewOf(buffer: Buffer): DataView {
  return new DataView(buffer.buffer, buffer.byteOffset, buffer.length);
}
