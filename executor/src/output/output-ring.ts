/**
 * The memory that a task thread and its host share for one output. All words are Int32 and accessed
 * with `Atomics`.
 *
 * | word | written by | meaning |
 * |---|---|---|
 * | produced | thread | packets published so far |
 * | consumed | host | packets written so far; their slots are free |
 * | order | thread | 0 writing, 1 complete the file, 2 remove it |
 * | result | host | 0 under way, 1 done, 2 failed: the error stands in its own area |
 * | wakeHost, wakeThread | the other side | changes with the words above; what each side sleeps on |
 * | errorLength | host | bytes of the error |
 * | size low, high | host | bytes of the file, as two words |
 *
 * Packet `n` lies in slot `n mod slotCount`, its length in the word `firstLength + slot`.
 */
const word = {
  produced: 0,
  consumed: 1,
  order: 2,
  result: 3,
  wakeHost: 4,
  wakeThread: 5,
  errorLength: 6,
  sizeLow: 7,
  sizeHigh: 8,
} as const;

const firstLength = 16;
const maxSlots = 16;
const errorStart = 4096;
const errorBytes = 12 * 1024;
const dataStart = errorStart + errorBytes;

export interface OutputRingShape {
  readonly buffer: SharedArrayBuffer;
  /** At most 16. */
  readonly slotCount: number;
  readonly slotBytes: number;
}

export function outputRingSizeBytes(slotCount: number, slotBytes: number): number {
  return dataStart + slotCount * slotBytes;
}

const order = { write: 0, complete: 1, remove: 2 } as const;
const result = { underWay: 0, done: 1, failed: 2 } as const;

function wordsOf(shape: OutputRingShape): Int32Array {
  return new Int32Array(shape.buffer, 0, firstLength + maxSlots);
}

function slotsOf(shape: OutputRingShape): Buffer[] {
  return Array.from({ length: shape.slotCount }, (_, slot) =>
    Buffer.from(shape.buffer, dataStart + slot * shape.slotBytes, shape.slotBytes),
  );
}

/** The thread's end: blocks while all slots are full. */
export class OutputRingWriter {
  readonly shape: OutputRingShape;
  readonly #words: Int32Array;
  readonly #slots: readonly Buffer[];
  readonly #sliceMs: number;
  #produced = 0;

  /** @param sliceMs longest wait before the `check` of a wait is called again */
  constructor(shape: OutputRingShape, sliceMs: number) {
    this.shape = shape;
    this.#sliceMs = sliceMs;
    this.#words = wordsOf(shape);
    this.#words.fill(0);
    this.#slots = slotsOf(shape);
  }

  /** The slot of the next packet; undefined when the host has failed. */
  slot(check: () => void): Buffer | undefined {
    const capacity = this.#slots.length;
    this.#until(check, () => this.#produced - Atomics.load(this.#words, word.consumed) < capacity);
    return this.#result() === result.underWay ? this.#slots[this.#produced % capacity] : undefined;
  }

  publish(length: number): void {
    this.#words[firstLength + (this.#produced % this.#slots.length)] = length;
    this.#produced += 1;
    Atomics.store(this.#words, word.produced, this.#produced);
    this.#wakeHost();
  }

  /** Asks for the end and waits until the host has reached it. */
  end(how: 'complete' | 'remove', check: () => void): 'done' | 'failed' {
    Atomics.store(this.#words, word.order, order[how]);
    this.#wakeHost();
    this.#until(check, () => false);
    return this.#result() === result.done ? 'done' : 'failed';
  }

  /** After success: size of the file. */
  get sizeBytes(): number {
    const low = Atomics.load(this.#words, word.sizeLow) >>> 0;
    return low + Atomics.load(this.#words, word.sizeHigh) * 2 ** 32;
  }

  /** After a failure: the encoded error, copied. */
  get errorBytes(): Uint8Array {
    const length = Atomics.load(this.#words, word.errorLength);
    return Uint8Array.from(new Uint8Array(this.shape.buffer, errorStart, length));
  }

  #until(check: () => void, condition: () => boolean): void {
    for (;;) {
      const ticket = Atomics.load(this.#words, word.wakeThread);
      if (this.#result() !== result.underWay || condition()) return;
      Atomics.wait(this.#words, word.wakeThread, ticket, this.#sliceMs);
      check();
    }
  }

  #result(): number {
    return Atomics.load(this.#words, word.result);
  }

  #wakeHost(): void {
    Atomics.add(this.#words, word.wakeHost, 1);
    Atomics.notify(this.#words, word.wakeHost);
  }
}

/** What the host meets next. */
export type OutputEvent =
  | { readonly kind: 'packet'; readonly bytes: Buffer }
  | { readonly kind: 'complete' }
  | { readonly kind: 'remove' };

/** The host's end: waits without blocking the event loop. */
export class OutputRingReader {
  readonly #shape: OutputRingShape;
  readonly #words: Int32Array;
  readonly #slots: readonly Buffer[];
  #consumed = 0;

  constructor(shape: OutputRingShape) {
    this.#shape = shape;
    this.#words = wordsOf(shape);
    this.#slots = slotsOf(shape);
  }

  /** A packet's bytes stay valid until `consume`; `complete` comes after the last packet. */
  async next(): Promise<OutputEvent> {
    for (;;) {
      const ticket = Atomics.load(this.#words, word.wakeHost);
      const wanted = Atomics.load(this.#words, word.order);
      if (wanted === order.remove) return { kind: 'remove' };
      if (Atomics.load(this.#words, word.produced) > this.#consumed) {
        const slot = this.#consumed % this.#slots.length;
        const length = this.#words[firstLength + slot]!;
        return { kind: 'packet', bytes: this.#slots[slot]!.subarray(0, length) };
      }
      if (wanted === order.complete) return { kind: 'complete' };
      const wait = Atomics.waitAsync(this.#words, word.wakeHost, ticket);
      if (wait.async) await wait.value;
    }
  }

  consume(): void {
    this.#consumed += 1;
    Atomics.store(this.#words, word.consumed, this.#consumed);
    this.#wakeThread();
  }

  /** Tells the thread that its order was carried out. Nothing of the buffer is used afterwards. */
  done(sizeBytes: number): void {
    Atomics.store(this.#words, word.sizeLow, sizeBytes | 0);
    Atomics.store(this.#words, word.sizeHigh, Math.floor(sizeBytes / 2 ** 32));
    this.#finish(result.done);
  }

  failed(encoded: Uint8Array): void {
    const bytes = encoded.subarray(0, errorBytes);
    new Uint8Array(this.#shape.buffer, errorStart, bytes.length).set(bytes);
    Atomics.store(this.#words, word.errorLength, bytes.length);
    this.#finish(result.failed);
  }

  /** Has the file removed, when the thread is gone and cannot ask for it. */
  removeFromHost(): void {
    Atomics.store(this.#words, word.order, order.remove);
    Atomics.add(this.#words, word.wakeHost, 1);
    Atomics.notify(this.#words, word.wakeHost);
  }

  #finish(how: number): void {
    Atomics.store(this.#words, word.result, how);
    this.#wakeThread();
  }

  #wakeThread(): void {
    Atomics.add(this.#words, word.wakeThread, 1);
    Atomics.notify(this.#words, word.wakeThread);
  }
}
