const initialBytes = 1024;

/** Appends values as Java's `DataOutput` and Hadoop's `WritableUtils` write them: big-endian. */
export class HadoopWriter {
  #buffer = Buffer.allocUnsafe(initialBytes);
  #length = 0;

  /** Bytes written since the last `reset`. */
  get length(): number {
    return this.#length;
  }

  u8(value: number): void {
    this.#reserve(1);
    this.#buffer[this.#length] = value;
    this.#length += 1;
  }

  i32(value: number): void {
    this.#reserve(4);
    this.#length = this.#buffer.writeInt32BE(value, this.#length);
  }

  i64(value: bigint): void {
    this.#reserve(8);
    this.#length = this.#buffer.writeBigInt64BE(value, this.#length);
  }

  f32(value: number): void {
    this.#reserve(4);
    this.#length = this.#buffer.writeFloatBE(value, this.#length);
  }

  f64(value: number): void {
    this.#reserve(8);
    this.#length = this.#buffer.writeDoubleBE(value, this.#length);
  }

  /** A variable-length integer of `WritableUtils.writeVLong`: one byte from -112 to 127, else a length before it. */
  vlong(value: bigint): void {
    if (value >= -112n && value <= 127n) {
      this.u8(Number(value) & 0xff);
      return;
    }
    const negative = value < 0n;
    let magnitude = negative ? ~value : value;
    const bytes: number[] = [];
    for (; magnitude > 0n; magnitude >>= 8n) bytes.push(Number(magnitude & 0xffn));
    this.u8(((negative ? -120 : -112) - bytes.length) & 0xff);
    for (const byte of bytes.reverse()) this.u8(byte);
  }

  /** The same of a number: a length, a count, an `int`. */
  vint(value: number): void {
    if (value >= -112 && value <= 127) this.u8(value & 0xff);
    else this.vlong(BigInt(value));
  }

  bytes(bytes: Uint8Array): void {
    this.#reserve(bytes.length);
    this.#buffer.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  /** `Text.writeString`: length and UTF-8. */
  text(text: string): void {
    const size = Buffer.byteLength(text, 'utf8');
    this.vint(size);
    this.#reserve(size);
    this.#length += this.#buffer.write(text, this.#length, size, 'utf8');
  }

  /** Everything written, without a copy: valid until the next write or reset. */
  view(): Buffer {
    return this.#buffer.subarray(0, this.#length);
  }

  /** Forgets the content, keeps the buffer. */
  reset(): void {
    this.#length = 0;
  }

  #reserve(count: number): void {
    const needed = this.#length + count;
    if (needed <= this.#buffer.length) return;
    const grown = Buffer.allocUnsafe(Math.max(needed, this.#buffer.length * 2));
    this.#buffer.copy(grown, 0, 0, this.#length);
    this.#buffer = grown;
  }
}
