import { CredentialsFormatError } from '../errors.js';

/**
 * `WritableUtils.writeVInt`: one byte for -112 … 127; otherwise a first byte that gives sign and number of
 * the big-endian bytes that follow (-113 … -116 positive, -121 … -124 negative, one's complement).
 */
export function encodeVint(value: number): Uint8Array {
  if (value >= -112 && value <= 127) return Uint8Array.of(value & 0xff);
  const magnitude = value < 0 ? ~value : value;
  const bytes: number[] = [];
  for (let rest = magnitude; rest > 0; rest >>>= 8) bytes.unshift(rest & 0xff);
  return Uint8Array.of(((value < 0 ? -120 : -112) - bytes.length) & 0xff, ...bytes);
}

/** Writes Java's `Writable` forms. */
export class WritableWriter {
  readonly #parts: Uint8Array[] = [];

  raw(bytes: Uint8Array): this {
    this.#parts.push(bytes);
    return this;
  }

  vint(value: number): this {
    return this.raw(encodeVint(value));
  }

  /** A vint length, then the bytes. */
  bytes(bytes: Uint8Array): this {
    return this.vint(bytes.length).raw(bytes);
  }

  /** `Text`: a vint length in bytes, then UTF-8. */
  text(text: string): this {
    return this.bytes(Buffer.from(text, 'utf8'));
  }

  finish(): Uint8Array {
    return Buffer.concat(this.#parts);
  }
}

/** Reads Java's `Writable` forms; every read is checked against the end. */
export class WritableReader {
  readonly #bytes: Uint8Array;
  #position: number;

  constructor(bytes: Uint8Array, position = 0) {
    this.#bytes = bytes;
    this.#position = position;
  }

  vint(): number {
    const first = (this.#take(1)[0]! << 24) >> 24;
    if (first >= -112) return first;
    const isNegative = first < -120;
    const length = isNegative ? -120 - first : -112 - first;
    if (length > 4) throw new CredentialsFormatError('a number of more than four bytes');
    let value = 0;
    for (const byte of this.#take(length)) value = (value << 8) | byte;
    if (value < 0) throw new CredentialsFormatError('a number above 2^31');
    return isNegative ? ~value : value;
  }

  /** A count of things, each of which needs at least one byte. */
  count(): number {
    const count = this.vint();
    const left = this.#bytes.length - this.#position;
    if (count < 0 || count > left) {
      throw new CredentialsFormatError(`it counts ${count} entries in ${left} bytes`);
    }
    return count;
  }

  bytes(): Uint8Array {
    const length = this.vint();
    if (length < 0) throw new CredentialsFormatError(`a length of ${length}`);
    return this.#take(length).slice();
  }

  text(): string {
    try {
      return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(this.bytes());
    } catch (error) {
      if (error instanceof CredentialsFormatError) throw error;
      throw new CredentialsFormatError('a text that is not UTF-8', { cause: error });
    }
  }

  #take(length: number): Uint8Array {
    const end = this.#position + length;
    if (end > this.#bytes.length) {
      throw new CredentialsFormatError(
        `it ends after ${this.#bytes.length} bytes, ${end - this.#bytes.length} too early`,
      );
    }
    const bytes = this.#bytes.subarray(this.#position, end);
    this.#position = end;
    return bytes;
  }
}
