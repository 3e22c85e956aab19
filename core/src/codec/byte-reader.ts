import { STRING_ASCII, STRING_UTF16, STRING_UTF8, type FastBuffer } from './byte-buffer.js';
import { CorruptDataError } from './errors.js';

/**
 * Reads what a `ByteWriter` wrote. Every read is checked against the end.
 *
 * @throws CorruptDataError when the bytes end too early or a length cannot be true.
 */
export class ByteReader {
  readonly #buffer: FastBuffer;
  /** Made when it is first needed: small values get by without one. */
  #view: DataView | undefined;
  readonly #end: number;
  #position: number;

  constructor(bytes: Uint8Array, offset = 0, end = bytes.length) {
    this.#buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength) as FastBuffer;
    this.#position = offset;
    this.#end = Math.min(end, bytes.length);
  }

  get position(): number {
    return this.#position;
  }

  /** Bytes between the position and the end. */
  get remaining(): number {
    return this.#end - this.#position;
  }

  u8(): number {
    return this.#buffer[this.#take(1)]!;
  }

  u16(): number {
    return this.#numbers().getUint16(this.#take(2), true);
  }

  u32(): number {
    return this.#numbers().getUint32(this.#take(4), true);
  }

  i32(): number {
    return this.#numbers().getInt32(this.#take(4), true);
  }

  f64(): number {
    return this.#numbers().getFloat64(this.#take(8), true);
  }

  varint(): number {
    let value = 0;
    let scale = 1;
    for (let i = 0; i < 8; i++) {
      const byte = this.#buffer[this.#take(1)]!;
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) {
        if (value > Number.MAX_SAFE_INTEGER) break;
        return value;
      }
      scale *= 128;
    }
    throw new CorruptDataError('a number is longer than 53 bits');
  }

  /** The next `count` bytes, without a copy. */
  bytes(count: number): Uint8Array {
    const at = this.#take(count);
    return new Uint8Array(this.#buffer.buffer, this.#buffer.byteOffset + at, count);
  }

  /** The next `count` bytes in a buffer of their own. */
  copyBytes(count: number): Uint8Array<ArrayBuffer> {
    return new Uint8Array(this.bytes(count));
  }

  string(): string {
    const header = this.varint();
    const size = Math.floor(header / 4);
    const at = this.#take(size);
    switch (header % 4) {
      case STRING_ASCII:
        return this.#buffer.latin1Slice(at, at + size);
      case STRING_UTF8:
        return this.#buffer.utf8Slice(at, at + size);
      case STRING_UTF16:
        if (size % 2 === 0) return this.#buffer.ucs2Slice(at, at + size);
        break;
      default:
    }
    throw new CorruptDataError('a string has an unknown layout');
  }

  skip(count: number): void {
    this.#take(count);
  }

  #numbers(): DataView {
    const { buffer, byteOffset, byteLength } = this.#buffer;
    return (this.#view ??= new DataView(buffer, byteOffset, byteLength));
  }

  #take(count: number): number {
    const at = this.#position;
    if (count > this.#end - at) {
      throw new CorruptDataError(
        `${count} bytes are announced at offset ${at}, and ${this.#end - at} are left`,
      );
    }
    this.#position = at + count;
    return at;
  }
}
