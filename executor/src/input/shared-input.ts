import { InternalError } from '@heddle/common';
import type { FilePiece } from 'heddle/internal';
import { decodeInputError } from './input-error.js';
import { isPlainLocal, LocalPieceBytes } from './local-piece-bytes.js';
import { ringSizeBytes, RingReader } from './input-ring.js';
import type { OpenInputMessage, PieceReading } from './messages.js';
import type { PieceBytes, PieceOpener } from './piece-bytes.js';

/** Sizes and times of an input channel; the defaults suit a task slot. */
export interface SharedInputOptions {
  /** Bytes that the host reads at once. @default 1 MiB */
  readonly slotBytes?: number;
  /** Packets that the host may be ahead. @default 4 */
  readonly slotCount?: number;
  /** Bytes of all buffers of the thread; beyond them inputs that are open at once get small ones. @default 32 MiB */
  readonly budgetBytes?: number;
  /** Longest wait before a killed attempt notices. @default 20 ms */
  readonly sliceMs?: number;
  /** Who reads plain files of this machine: the thread itself, or the host as all others. @default 'direct' */
  readonly localFiles?: 'direct' | 'host';
}

const smallSlotBytes = 64 * 1024;
const smallSlotCount = 2;
/** Buffers for plain local files that are kept for the next input. */
const keptLocalBuffers = 2;

/**
 * A task thread's way to files: one for each thread, for all its tasks. The host reads ahead for it
 * through shared memory, but for plain local files. Buffers are reused, so that opening an input
 * costs a message and two wake-ups.
 */
export class SharedInput implements PieceOpener {
  readonly #post: (message: OpenInputMessage) => void;
  readonly #slotBytes: number;
  readonly #slotCount: number;
  readonly #budgetBytes: number;
  readonly #sliceMs: number;
  /** Buffers of closed inputs; the host may not have let go of the later ones yet. */
  readonly #idle: RingReader[] = [];
  readonly #localFiles: 'direct' | 'host';
  readonly #localBuffers: Buffer[] = [];
  #allocatedBytes = 0;

  /** @param post sends a message to the host (`parentPort.postMessage`) */
  constructor(post: (message: OpenInputMessage) => void, options: SharedInputOptions = {}) {
    this.#post = post;
    this.#slotBytes = options.slotBytes ?? 1024 * 1024;
    this.#slotCount = options.slotCount ?? 4;
    this.#budgetBytes = options.budgetBytes ?? 32 * 1024 * 1024;
    this.#sliceMs = options.sliceMs ?? 20;
    this.#localFiles = options.localFiles ?? 'direct';
  }

  open(
    pieces: readonly FilePiece[],
    reading: PieceReading,
    checkInterrupted: () => void,
  ): PieceBytes {
    if (this.#localFiles === 'direct' && pieces.every(isPlainLocal)) {
      const buffer = this.#localBuffers.pop() ?? Buffer.allocUnsafeSlow(this.#slotBytes);
      const putBack = (): void => {
        if (this.#localBuffers.length < keptLocalBuffers) this.#localBuffers.push(buffer);
      };
      return new LocalPieceBytes(pieces, reading, checkInterrupted, buffer, putBack);
    }
    const ring = this.#ring(checkInterrupted);
    this.#post({ kind: 'openInput', ...ring.shape, pieces, reading });
    return new SharedPieceBytes(ring, pieces, () => this.#putBack(ring));
  }

  #ring(checkInterrupted: () => void): RingReader {
    const at = this.#idle.findIndex((ring) => ring.released);
    if (at >= 0) {
      const [idle] = this.#idle.splice(at, 1);
      return new RingReader(idle!.shape, checkInterrupted, this.#sliceMs);
    }
    const wanted = ringSizeBytes(this.#slotCount, this.#slotBytes);
    const small = this.#allocatedBytes + wanted > this.#budgetBytes;
    const first = this.#idle[0];
    if (small && first !== undefined) {
      // The host is about to let go of a buffer (its last read is under way): better than a new one.
      while (!first.waitReleased(this.#sliceMs)) checkInterrupted();
      return this.#ring(checkInterrupted);
    }
    const slotCount = small ? smallSlotCount : this.#slotCount;
    const slotBytes = small ? Math.min(smallSlotBytes, this.#slotBytes) : this.#slotBytes;
    const sizeBytes = ringSizeBytes(slotCount, slotBytes);
    this.#allocatedBytes += sizeBytes;
    const shape = { buffer: new SharedArrayBuffer(sizeBytes), slotCount, slotBytes };
    return new RingReader(shape, checkInterrupted, this.#sliceMs);
  }

  #putBack(ring: RingReader): void {
    const sizeBytes = ring.shape.buffer.byteLength;
    if (sizeBytes >= ringSizeBytes(this.#slotCount, this.#slotBytes)) this.#idle.push(ring);
    else this.#allocatedBytes -= sizeBytes;
  }
}

class SharedPieceBytes implements PieceBytes {
  readonly #ring: RingReader;
  readonly #pieces: readonly FilePiece[];
  readonly #putBack: () => void;
  #piece = -1;
  #ended = true;
  #closed = false;
  #sourceBytes = 0;

  constructor(ring: RingReader, pieces: readonly FilePiece[], putBack: () => void) {
    this.#ring = ring;
    this.#pieces = pieces;
    this.#putBack = putBack;
  }

  get sourceBytes(): number {
    return this.#sourceBytes;
  }

  nextPiece(): FilePiece | undefined {
    if (!this.#ended) this.#ring.finishPieces(this.#piece + 1);
    this.#piece += 1;
    this.#ended = false;
    return this.#pieces[this.#piece];
  }

  read(): Buffer | undefined {
    while (!this.#ended) {
      const packet = this.#ring.take();
      // What the host had read ahead of a piece that was left early.
      if (packet.piece < this.#piece) continue;
      if (packet.piece > this.#piece) throw new InternalError('an input lost the end of a piece');
      if (packet.end) this.#ended = true;
      if (packet.isError) throw decodeInputError(packet.bytes);
      this.#sourceBytes += packet.sourceBytes;
      if (packet.bytes.length > 0) return packet.bytes;
    }
    return undefined;
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#ended = true;
    this.#ring.close();
    this.#putBack();
  }
}
