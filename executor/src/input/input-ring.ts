/**
 * The memory that a task thread and its host share for one opened input. All words are Int32 and
 * accessed with `Atomics`; a packet's bytes and header are published by `produced`.
 *
 * | word | written by | meaning |
 * |---|---|---|
 * | produced | host | packets published so far |
 * | consumed | thread | packets given back so far; their slots are free |
 * | wanted | thread | 1 + number of the packet that the thread waits for |
 * | finishedPieces | thread | pieces of which the thread wants no more |
 * | closed | thread | 1: nothing more is wanted |
 * | released | host | 1: the host will not touch the buffer again |
 * | wake | thread | changes with each of the thread's words; the host sleeps on it |
 *
 * Packet `n` lies in slot `n mod slotCount`; its header is four words: piece, length in bytes,
 * flags, bytes that it took of the file.
 */
const word = {
  produced: 0,
  consumed: 1,
  wanted: 2,
  finishedPieces: 3,
  closed: 4,
  released: 5,
  wake: 6,
} as const;

const firstHeaderWord = 16;
const headerWords = 4;
const pageBytes = 4096;

/** The piece ends with this packet: there are no bytes behind it. */
const flagEnd = 1;
/** The packet holds an encoded error instead of bytes. */
const flagError = 2;

/** Bytes of a buffer for these slots. */
export function ringSizeBytes(slotCount: number, slotBytes: number): number {
  return dataStart(slotCount) + slotCount * slotBytes;
}

function dataStart(slotCount: number): number {
  const headerBytes = (firstHeaderWord + slotCount * headerWords) * 4;
  return Math.ceil(headerBytes / pageBytes) * pageBytes;
}

/** What both ends know of a ring. */
export interface RingShape {
  readonly buffer: SharedArrayBuffer;
  readonly slotCount: number;
  readonly slotBytes: number;
}

function slotsOf(shape: RingShape): Buffer[] {
  const start = dataStart(shape.slotCount);
  return Array.from({ length: shape.slotCount }, (_, slot) =>
    Buffer.from(shape.buffer, start + slot * shape.slotBytes, shape.slotBytes),
  );
}

function wordsOf(shape: RingShape): Int32Array {
  return new Int32Array(shape.buffer, 0, firstHeaderWord + shape.slotCount * headerWords);
}

/** The host's end: waits without blocking the event loop. */
export class RingWriter {
  readonly slotBytes: number;
  readonly #words: Int32Array;
  readonly #slots: readonly Buffer[];
  #produced = 0;

  constructor(shape: RingShape) {
    this.slotBytes = shape.slotBytes;
    this.#words = wordsOf(shape);
    this.#slots = slotsOf(shape);
  }

  get closed(): boolean {
    return Atomics.load(this.#words, word.closed) === 1;
  }

  /** Whether the thread still wants bytes of a piece. */
  wants(piece: number): boolean {
    return !this.closed && Atomics.load(this.#words, word.finishedPieces) <= piece;
  }

  /** The slot of the next packet, once it is free; undefined when nobody wants the piece any more. */
  async slot(piece: number): Promise<Buffer | undefined> {
    const capacity = this.#slots.length;
    await this.#until(
      piece,
      () => this.#produced - Atomics.load(this.#words, word.consumed) < capacity,
    );
    return this.wants(piece) ? this.#slots[this.#produced % capacity] : undefined;
  }

  /** Resolves to true when the thread waits for the next packet, to false when it wants no more of the piece. */
  async wanted(piece: number): Promise<boolean> {
    await this.#until(piece, () => Atomics.load(this.#words, word.wanted) > this.#produced);
    return this.wants(piece);
  }

  /** Publishes what was put into the slot. */
  publish(piece: number, length: number, end: boolean, sourceBytes: number): void {
    this.#publish(piece, length, end ? flagEnd : 0, sourceBytes);
  }

  /** Publishes an error in the place of a packet; cut when it is larger than a slot. */
  publishError(piece: number, slot: Buffer, encoded: Uint8Array): void {
    const bytes = encoded.subarray(0, slot.length);
    slot.set(bytes);
    this.#publish(piece, bytes.length, flagError | flagEnd, 0);
  }

  /** Gives the buffer back; the writer must not be used afterwards. */
  release(): void {
    Atomics.store(this.#words, word.released, 1);
    Atomics.notify(this.#words, word.released);
  }

  /** Ends every wait of the host, when the thread is gone and cannot do it. */
  closeFromHost(): void {
    Atomics.store(this.#words, word.closed, 1);
    Atomics.add(this.#words, word.wake, 1);
    Atomics.notify(this.#words, word.wake);
  }

  #publish(piece: number, length: number, flags: number, sourceBytes: number): void {
    const header = firstHeaderWord + (this.#produced % this.#slots.length) * headerWords;
    this.#words[header] = piece;
    this.#words[header + 1] = length;
    this.#words[header + 2] = flags;
    this.#words[header + 3] = sourceBytes;
    this.#produced += 1;
    Atomics.store(this.#words, word.produced, this.#produced);
    Atomics.notify(this.#words, word.produced);
  }

  async #until(piece: number, condition: () => boolean): Promise<void> {
    for (;;) {
      const ticket = Atomics.load(this.#words, word.wake);
      if (!this.wants(piece) || condition()) return;
      const wait = Atomics.waitAsync(this.#words, word.wake, ticket);
      if (wait.async) await wait.value;
    }
  }
}

/** A packet as the thread sees it; `bytes` is valid until the next packet is asked for. */
export interface Packet {
  readonly piece: number;
  readonly bytes: Buffer;
  readonly end: boolean;
  readonly isError: boolean;
  readonly sourceBytes: number;
}

/** The thread's end: waits by blocking, in slices, so that a killed attempt notices. */
export class RingReader {
  readonly shape: RingShape;
  readonly #words: Int32Array;
  readonly #slots: readonly Buffer[];
  readonly #checkInterrupted: () => void;
  readonly #sliceMs: number;
  #taken = 0;

  /** @param sliceMs longest wait before `checkInterrupted` is called again */
  constructor(shape: RingShape, checkInterrupted: () => void, sliceMs: number) {
    this.shape = shape;
    this.#words = wordsOf(shape);
    this.#words.fill(0);
    this.#slots = slotsOf(shape);
    this.#checkInterrupted = checkInterrupted;
    this.#sliceMs = sliceMs;
  }

  /** Gives the last packet back and waits for the next one. */
  take(): Packet {
    const words = this.#words;
    Atomics.store(words, word.consumed, this.#taken);
    if (Atomics.load(words, word.produced) === this.#taken) {
      Atomics.store(words, word.wanted, this.#taken + 1);
    }
    this.#wakeHost();
    while (Atomics.load(words, word.produced) === this.#taken) {
      Atomics.wait(words, word.produced, this.#taken, this.#sliceMs);
      this.#checkInterrupted();
    }
    const slot = this.#taken % this.#slots.length;
    const header = firstHeaderWord + slot * headerWords;
    const flags = words[header + 2]!;
    this.#taken += 1;
    return {
      piece: words[header]!,
      bytes: this.#slots[slot]!.subarray(0, words[header + 1]),
      end: (flags & flagEnd) !== 0,
      isError: (flags & flagError) !== 0,
      sourceBytes: words[header + 3]!,
    };
  }

  /** Wants nothing more of the first `count` pieces. */
  finishPieces(count: number): void {
    Atomics.store(this.#words, word.finishedPieces, count);
    this.#wakeHost();
  }

  close(): void {
    Atomics.store(this.#words, word.closed, 1);
    this.#wakeHost();
  }

  /** Whether the host has given the buffer back. */
  get released(): boolean {
    return Atomics.load(this.#words, word.released) === 1;
  }

  /** Waits for `released`, at most so long. */
  waitReleased(timeoutMs: number): boolean {
    Atomics.wait(this.#words, word.released, 0, timeoutMs);
    return this.released;
  }

  #wakeHost(): void {
    Atomics.add(this.#words, word.wake, 1);
    Atomics.notify(this.#words, word.wake);
  }
}
