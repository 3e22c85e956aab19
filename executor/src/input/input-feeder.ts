import { toError } from '@heddle/common';
import type { FilePiece } from 'heddle/internal';
import type { FileReader, FileSystemRegistry } from '@heddle/webhdfs';
import { decompressed } from './decompressed.js';
import { asInputError, encodeInputError } from './input-error.js';
import { RingWriter } from './input-ring.js';
import type { OpenInputMessage, PieceReading } from './messages.js';
import { PieceRange } from './piece-range.js';

/** The first bytes of a compressed file come soon, the others in whole slots. */
const firstPacketBytes = 64 * 1024;

/**
 * Reads files for one task thread, on the host's event loop: asynchronous reads fill shared slots,
 * ahead of the thread by as many packets as there are slots. Make one for each thread; `close` it
 * when the thread has ended, however it ended.
 */
export class InputFeeder {
  readonly #fileSystems: FileSystemRegistry;
  readonly #open = new Set<RingWriter>();

  constructor(fileSystems: FileSystemRegistry) {
    this.#fileSystems = fileSystems;
  }

  /** Takes what the thread posted. */
  handle(message: OpenInputMessage): void {
    void this.#feed(message);
  }

  /** Number of inputs that the host still works for. */
  get openCount(): number {
    return this.#open.size;
  }

  /** Gives up all open inputs; their files are closed soon after. */
  close(): void {
    for (const ring of this.#open) ring.closeFromHost();
  }

  /** Never rejects: what fails is told to the thread in the place of the bytes. */
  async #feed(message: OpenInputMessage): Promise<void> {
    const ring = new RingWriter(message);
    this.#open.add(ring);
    try {
      for (const [index, piece] of message.pieces.entries()) {
        if (ring.closed) break;
        if (!ring.wants(index)) continue;
        try {
          await this.#feedPiece(ring, index, piece, message);
        } catch (error) {
          await publishError(ring, index, piece, toError(error));
        }
      }
    } finally {
      this.#open.delete(ring);
      ring.release();
    }
  }

  async #feedPiece(
    ring: RingWriter,
    index: number,
    piece: FilePiece,
    message: OpenInputMessage,
  ): Promise<void> {
    const { fileSystem, path } = this.#fileSystems.resolve(piece.path);
    const reader = await fileSystem.openRead(path, new PieceRange(piece, message.reading).likely);
    try {
      if (piece.codec !== undefined) await feedDecompressed(ring, index, piece, reader);
      else await feedPlain(ring, index, piece, reader, message.reading);
    } finally {
      // Nothing waits for it: the next file is opened meanwhile. A failed close of a file that was
      // only read has lost nothing.
      reader.close().catch(() => undefined);
    }
  }
}

async function feedPlain(
  ring: RingWriter,
  index: number,
  piece: FilePiece,
  reader: FileReader,
  reading: PieceReading,
): Promise<void> {
  const range = new PieceRange(piece, reading);
  if (range.atLimit && (await ring.slot(index)) !== undefined) ring.publish(index, 0, true, 0);
  while (!range.atLimit) {
    // Behind the split only what the last line needs, when it needs it.
    if (range.behindPiece && !(await ring.wanted(index))) return;
    const slot = await ring.slot(index);
    if (slot === undefined) return;
    const wanted = range.wanted(slot.length);
    const count = await reader.read(range.position, slot.subarray(0, wanted));
    range.advance(wanted, count);
    ring.publish(index, count, range.atLimit, count);
  }
}

async function feedDecompressed(
  ring: RingWriter,
  index: number,
  piece: FilePiece,
  reader: FileReader,
): Promise<void> {
  const source = { bytes: 0 };
  let counted = 0;
  let slot = await ring.slot(index);
  let filled = 0;
  let capacity = firstPacketBytes;
  const flush = (end: boolean): void => {
    ring.publish(index, filled, end, source.bytes - counted);
    counted = source.bytes;
    filled = 0;
    capacity = Math.min(capacity * 4, ring.slotBytes);
  };
  for await (const chunk of decompressed(piece, reader, source)) {
    let taken = 0;
    while (taken < chunk.length) {
      if (slot === undefined) return;
      const count = Math.min(chunk.length - taken, Math.min(capacity, slot.length) - filled);
      slot.set(chunk.subarray(taken, taken + count), filled);
      filled += count;
      taken += count;
      if (filled >= Math.min(capacity, slot.length)) {
        flush(false);
        slot = await ring.slot(index);
      }
    }
  }
  if (slot !== undefined) flush(true);
}

async function publishError(
  ring: RingWriter,
  index: number,
  piece: FilePiece,
  error: Error,
): Promise<void> {
  const slot = await ring.slot(index);
  if (slot === undefined) return;
  ring.publishError(index, slot, encodeInputError(asInputError(error, piece)));
}
