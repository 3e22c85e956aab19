import { decodeInputError } from '../input/input-error.js';
import type { OutputMessage } from './messages.js';
import { outputRingSizeBytes, OutputRingWriter, type OutputRingShape } from './output-ring.js';
import type { PartWriter } from './part-writer.js';

const slotCount = 4;
const slotBytes = 256 * 1024;
const sliceMs = 20;
/** How long the end of an attempt waits for the host to remove the file of a failed output. */
const removeTimeoutMs = 5_000;

/** A task thread's way to write files through its host: one for each thread, for all its tasks. */
export class SharedOutput {
  readonly #post: (message: OutputMessage) => void;
  #idle: OutputRingShape | undefined;

  /** @param post sends a message to the host (`parentPort.postMessage`) */
  constructor(post: (message: OutputMessage) => void) {
    this.#post = post;
  }

  /**
   * Creates a file that the host writes, compressed by `codec`. That it cannot be created is told by
   * the first call that waits for the host.
   * @param checkInterrupted throws when the attempt was killed; called while waiting
   */
  open(path: string, codec: OutputMessage['codec'], checkInterrupted: () => void): PartWriter {
    const shape = this.#idle ?? {
      buffer: new SharedArrayBuffer(outputRingSizeBytes(slotCount, slotBytes)),
      slotCount,
      slotBytes,
    };
    this.#idle = undefined;
    const ring = new OutputRingWriter(shape, sliceMs);
    this.#post({ kind: 'openOutput', ...shape, path, codec });
    return new SharedPartWriter(ring, checkInterrupted, () => (this.#idle = shape));
  }
}

class SharedPartWriter implements PartWriter {
  readonly #ring: OutputRingWriter;
  readonly #check: () => void;
  readonly #putBack: () => void;
  #slot: Buffer | undefined;
  #filled = 0;
  #ended = false;

  constructor(ring: OutputRingWriter, check: () => void, putBack: () => void) {
    this.#ring = ring;
    this.#check = check;
    this.#putBack = putBack;
  }

  write(bytes: Uint8Array): void {
    for (let taken = 0; taken < bytes.length;) {
      const slot = (this.#slot ??= this.#nextSlot());
      const part = bytes.subarray(taken, taken + slot.length - this.#filled);
      slot.set(part, this.#filled);
      this.#filled += part.length;
      taken += part.length;
      if (this.#filled === slot.length) this.#publish();
    }
  }

  close(): number {
    if (this.#filled > 0) this.#publish();
    if (this.#ring.end('complete', this.#check) === 'failed') this.#fail();
    this.#letGo();
    return this.#ring.sizeBytes;
  }

  /** After `close` the file stays: it is a stray, which the commit of the save removes. */
  abort(): void {
    if (this.#ended) return;
    const deadline = performance.now() + removeTimeoutMs;
    try {
      this.#ring.end('remove', () => {
        if (performance.now() > deadline) throw new Error('the host is busy');
      });
    } catch {
      // The host removes the file when it comes to it; the buffer is its own, so it is not put back.
      this.#ended = true;
      return;
    }
    this.#letGo();
  }

  #nextSlot(): Buffer {
    return this.#ring.slot(this.#check) ?? this.#fail();
  }

  #publish(): void {
    this.#ring.publish(this.#filled);
    this.#slot = undefined;
    this.#filled = 0;
  }

  #fail(): never {
    const error = decodeInputError(this.#ring.errorBytes);
    this.#letGo();
    throw error;
  }

  #letGo(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#slot = undefined;
    this.#putBack();
  }
}
