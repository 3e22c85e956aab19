const SMALLEST_BYTES = 64 * 1024;

/** Buffers that are used again and again, in sizes that are powers of two; keeps at most `keptBytes`. */
export class BufferPool {
  readonly #keptLimitBytes: number;
  readonly #free = new Map<number, Buffer[]>();
  #keptBytes = 0;

  constructor(keptBytes: number) {
    this.#keptLimitBytes = keptBytes;
  }

  /** A buffer of at least this size, with anything in it. */
  take(sizeBytes: number): Buffer {
    const size = sizeClass(sizeBytes);
    const buffer = this.#free.get(size)?.pop();
    if (buffer === undefined) return Buffer.allocUnsafeSlow(size);
    this.#keptBytes -= size;
    return buffer;
  }

  /** Takes a buffer back that nobody uses any more. */
  give(buffer: Buffer): void {
    const size = buffer.length;
    if (this.#keptBytes + size > this.#keptLimitBytes) return;
    this.#keptBytes += size;
    const free = this.#free.get(size);
    if (free === undefined) this.#free.set(size, [buffer]);
    else free.push(buffer);
  }
}

function sizeClass(sizeBytes: number): number {
  let size = SMALLEST_BYTES;
  while (size < sizeBytes) size *= 2;
  return size;
}
