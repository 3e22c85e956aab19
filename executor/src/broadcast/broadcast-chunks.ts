import { createHash } from 'node:crypto';

/** What everyone knows of a broadcast variable's bytes before they have them. */
export interface BroadcastManifest {
  readonly sizeBytes: number;
  /** Bytes of each chunk but the last. */
  readonly chunkBytes: number;
  /** SHA-256 of each chunk, in base64: whoever gives it, a chunk is the driver's or is refused. */
  readonly checksums: readonly string[];
}

/** Number of chunks of so many bytes; none for nothing. */
export function chunkCountOf(sizeBytes: number, chunkBytes: number): number {
  return Math.ceil(sizeBytes / chunkBytes);
}

/** Describes bytes that are all there. */
export function manifestOf(bytes: SharedArrayBuffer, chunkBytes: number): BroadcastManifest {
  const sizeBytes = bytes.byteLength;
  const checksums = Array.from({ length: chunkCountOf(sizeBytes, chunkBytes) }, (_, chunk) =>
    checksumOf(chunkOf(bytes, chunk, chunkBytes)),
  );
  return { sizeBytes, chunkBytes, checksums };
}

/**
 * A manifest that came from elsewhere; undefined when its fields cannot be right.
 * @param maxBytes larger variables are refused
 */
export function checkManifest(value: unknown, maxBytes: number): BroadcastManifest | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const { sizeBytes, chunkBytes, checksums } = value as Record<string, unknown>;
  if (!isCount(sizeBytes, maxBytes) || !isCount(chunkBytes, maxBytes) || chunkBytes === 0) {
    return undefined;
  }
  if (!Array.isArray(checksums)) return undefined;
  if (checksums.length !== chunkCountOf(sizeBytes, chunkBytes)) return undefined;
  if (!checksums.every((checksum): checksum is string => typeof checksum === 'string')) {
    return undefined;
  }
  return { sizeBytes, chunkBytes, checksums };
}

/** The place of one chunk in the bytes of all. */
export function chunkOf(bytes: SharedArrayBuffer, chunk: number, chunkBytes: number): Uint8Array {
  const start = chunk * chunkBytes;
  return new Uint8Array(bytes, start, Math.min(chunkBytes, bytes.byteLength - start));
}

function checksumOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('base64');
}

function isCount(value: unknown, max: number): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0 && (value as number) <= max;
}

interface Waiter {
  readonly resolve: (bytes: Uint8Array | undefined) => void;
  readonly timer: NodeJS.Timeout;
}

/**
 * A broadcast variable's bytes on one executor while they arrive: chunks in any order, in one piece
 * of memory that the threads share. Others may ask for a chunk before it is here.
 */
export class BroadcastChunks {
  readonly manifest: BroadcastManifest;
  readonly bytes: SharedArrayBuffer;
  readonly #here: boolean[];
  readonly #waiting = new Map<number, Set<Waiter>>();
  #missing: number;
  #closed = false;

  /** Throws `RangeError` when there is no memory of that size. */
  constructor(manifest: BroadcastManifest) {
    this.manifest = manifest;
    this.bytes = new SharedArrayBuffer(manifest.sizeBytes);
    this.#missing = manifest.checksums.length;
    this.#here = new Array<boolean>(this.#missing).fill(false);
  }

  get isComplete(): boolean {
    return this.#missing === 0;
  }

  /** Where a chunk belongs, to be filled before `arrived`. */
  place(chunk: number): Uint8Array {
    return chunkOf(this.bytes, chunk, this.manifest.chunkBytes);
  }

  /** Whether the bytes at its place are the chunk; from then on it is served to others. */
  arrived(chunk: number): boolean {
    const bytes = this.place(chunk);
    if (checksumOf(bytes) !== this.manifest.checksums[chunk]) return false;
    if (this.#here[chunk] === false) {
      this.#here[chunk] = true;
      this.#missing -= 1;
      this.#wake(chunk, bytes);
    }
    return true;
  }

  /** A chunk, now or when it arrives within the time; undefined when it does not, or never will. */
  async chunk(index: number, waitMs: number): Promise<Uint8Array | undefined> {
    const here = this.#here[index];
    if (here === undefined) return undefined;
    if (here) return this.place(index);
    if (this.#closed || waitMs <= 0) return undefined;
    return new Promise((resolve) => {
      let waiters = this.#waiting.get(index);
      if (waiters === undefined) this.#waiting.set(index, (waiters = new Set()));
      const timer = setTimeout(() => {
        waiters.delete(waiter);
        resolve(undefined);
      }, waitMs);
      timer.unref();
      const waiter = { resolve, timer };
      waiters.add(waiter);
    });
  }

  /** No more chunks will arrive: whoever waits is told. */
  close(): void {
    this.#closed = true;
    for (const chunk of [...this.#waiting.keys()]) this.#wake(chunk, undefined);
  }

  #wake(chunk: number, bytes: Uint8Array | undefined): void {
    const waiters = this.#waiting.get(chunk);
    this.#waiting.delete(chunk);
    for (const { resolve, timer } of waiters ?? []) {
      clearTimeout(timer);
      resolve(bytes);
    }
  }
}
