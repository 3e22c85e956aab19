import type { FilePiece } from 'heddle/internal';
import type { PieceReading } from '../../src/input/messages.js';
import type { PieceBytes, PieceOpener } from '../../src/input/piece-bytes.js';

/**
 * Files in memory, handed out in chunks of given sizes over and over. One buffer serves all chunks,
 * as a slot of shared memory does: what is kept beyond the next read goes bad.
 */
export class ArrayPieces implements PieceOpener {
  readonly #files: ReadonlyMap<string, Uint8Array>;
  readonly #chunkSizes: readonly number[];
  /** Bytes handed out so far. */
  servedBytes = 0;
  openCount = 0;

  constructor(files: ReadonlyMap<string, Uint8Array>, chunkSizes: readonly number[]) {
    this.#files = files;
    this.#chunkSizes = chunkSizes;
  }

  open(pieces: readonly FilePiece[], reading: PieceReading): PieceBytes {
    const slot = Buffer.alloc(Math.max(...this.#chunkSizes));
    let index = -1;
    let position = 0;
    let limit = 0;
    let reads = 0;
    let closed = false;
    this.openCount += 1;
    return {
      sourceBytes: 0,
      nextPiece: () => {
        index += 1;
        const piece = pieces[index];
        if (piece === undefined) return undefined;
        const lines = reading === 'lines';
        position = lines ? Math.max(0, piece.offset - 1) : piece.offset;
        limit = lines ? this.#files.get(piece.path)!.length : piece.offset + piece.length;
        return piece;
      },
      read: () => {
        slot.fill(0x21);
        if (position >= limit) return undefined;
        const size = this.#chunkSizes[reads % this.#chunkSizes.length]!;
        reads += 1;
        const file = this.#files.get(pieces[index]!.path)!;
        const bytes = file.subarray(position, Math.min(limit, position + size));
        slot.set(bytes);
        position += bytes.length;
        this.servedBytes += bytes.length;
        return slot.subarray(0, bytes.length);
      },
      close: () => {
        if (closed) return;
        closed = true;
        this.openCount -= 1;
      },
    };
  }
}

/** A piece of a file of `fileSizeBytes`. */
export function piece(
  path: string,
  offset: number,
  length: number,
  fileSizeBytes = offset + length,
  codec?: FilePiece['codec'],
): FilePiece {
  return { path, offset, length, fileSizeBytes, hosts: [], ...(codec ? { codec } : {}) };
}
