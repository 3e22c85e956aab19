/** The bytes of a field end before its value does, or say what no value can; the caller knows where. */
export class MalformedFieldError extends Error {}

/**
 * Reads values as Java's `DataInput` and Hadoop's `WritableUtils` do: big-endian, every read checked
 * against the end.
 *
 * @throws MalformedFieldError
 */
export class HadoopReader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  /** Bytes that were not read. */
  get remaining(): number {
    return this.#bytes.length - this.#at;
  }

  u8(): number {
    return this.#bytes[this.#take(1)]!;
  }

  i32(): number {
    return this.#bytes.readInt32BE(this.#take(4));
  }

  i64(): bigint {
    return this.#bytes.readBigInt64BE(this.#take(8));
  }

  f32(): number {
    return this.#bytes.readFloatBE(this.#take(4));
  }

  f64(): number {
    return this.#bytes.readDoubleBE(this.#take(8));
  }

  vlong(): bigint {
    const first = this.#bytes.readInt8(this.#take(1));
    if (first >= -112) return BigInt(first);
    const size = vintSize(first) - 1;
    let magnitude = 0n;
    for (let i = 0; i < size; i += 1) magnitude = (magnitude << 8n) | BigInt(this.u8());
    return BigInt.asIntN(64, first < -120 ? ~magnitude : magnitude);
  }

  /** An `int` of variable length. */
  vint(): number {
    const first = this.#bytes[this.#at] ?? 0;
    if (first <= 127 || first >= 144) {
      // One byte, from -112 to 127: nearly all lengths.
      this.#take(1);
      return first <= 127 ? first : first - 256;
    }
    const value = this.vlong();
    if (value !== BigInt.asIntN(32, value)) {
      throw new MalformedFieldError(`the number ${value} is no 32-bit integer`);
    }
    return Number(value);
  }

  /** A length or count. */
  size(): number {
    const value = this.vint();
    if (value < 0) throw new MalformedFieldError(`a length is ${value}`);
    return value;
  }

  /** The next bytes, without a copy. */
  bytes(count: number): Buffer {
    const at = this.#take(count);
    return this.#bytes.subarray(at, at + count);
  }

  #take(count: number): number {
    if (count < 0 || count > this.remaining) {
      throw new MalformedFieldError(`it ends where ${count} more bytes are announced`);
    }
    const at = this.#at;
    this.#at += count;
    return at;
  }
}

/** Bytes of a variable-length integer, its first one included (`WritableUtils.decodeVIntSize`). */
export function vintSize(first: number): number {
  if (first >= -112) return 1;
  return first < -120 ? -119 - first : -111 - first;
}
