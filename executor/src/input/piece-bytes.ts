import type { FilePiece } from 'heddle/internal';
import type { PieceReading } from './messages.js';

/** The bytes of a sequence of pieces, one after another, as sources in a task thread read them. */
export interface PieceBytes {
  /** Goes on to the next piece, whatever is left of the current one; undefined after the last. */
  nextPiece(): FilePiece | undefined;
  /**
   * The next bytes of the current piece, decompressed; undefined at its end, which is the file's
   * end when reading lines. Valid until the next call. Throws what reading them threw.
   */
  read(): Buffer | undefined;
  /** Bytes of files that were read so far (compressed ones where a codec is). */
  readonly sourceBytes: number;
  /** Idempotent. */
  close(): void;
}

/** Opens pieces; `SharedInput` in a task thread, arrays in tests. */
export interface PieceOpener {
  /** @param checkInterrupted throws when the attempt was killed; called while waiting */
  open(
    pieces: readonly FilePiece[],
    reading: PieceReading,
    checkInterrupted: () => void,
  ): PieceBytes;
}
