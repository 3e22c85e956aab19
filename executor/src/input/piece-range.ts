import type { FilePiece } from 'heddle/internal';
import { InputFormatError, type ReadRange } from '@heddle/webhdfs';
import type { PieceReading } from './messages.js';

/** First read of a file: an early end (`first`, `take`) shall not read much. */
const firstReadBytes = 64 * 1024;
/** Bytes behind the end of a split that come along with it: enough to finish most last lines. */
const tailBytes = 16 * 1024;

/**
 * Which bytes of an uncompressed file to read for a piece, one read after another: small reads first,
 * then as much as a slot holds; behind the piece's end only a little at a time.
 */
export class PieceRange {
  readonly #piece: FilePiece;
  readonly #end: number;
  readonly #limit: number;
  #position: number;
  #sizeBytes = firstReadBytes;

  constructor(piece: FilePiece, reading: PieceReading) {
    const lines = reading === 'lines';
    this.#piece = piece;
    this.#end = piece.offset + piece.length;
    this.#limit = lines ? piece.fileSizeBytes : this.#end;
    this.#position = lines && piece.offset > 0 ? piece.offset - 1 : piece.offset;
  }

  /** Where the next read begins. */
  get position(): number {
    return this.#position;
  }

  /** What will be read in order: the piece, and enough behind it to finish most last lines. */
  get likely(): ReadRange {
    return { start: this.#position, end: Math.min(this.#limit, this.#end + tailBytes) };
  }

  /** No bytes are left, of the piece and of what may be wanted behind it. */
  get atLimit(): boolean {
    return this.#position >= this.#limit;
  }

  /** What comes is wanted only when the last line goes on behind the piece. */
  get behindPiece(): boolean {
    return this.#position >= this.#end;
  }

  /** Bytes to read next, at most `room`. */
  wanted(room: number): number {
    const stop = this.behindPiece ? this.#limit : Math.min(this.#limit, this.#end + tailBytes);
    return Math.min(this.#sizeBytes, room, stop - this.#position);
  }

  /**
   * Notes that a read of `wanted` bytes gave `count`.
   * @throws InputFormatError when the file has become shorter than it was when it was listed
   */
  advance(wanted: number, count: number): void {
    this.#position += count;
    this.#sizeBytes *= 4;
    if (count < wanted) throw becameShorter(this.#piece, this.#position);
  }
}

/** The file was cut while the program ran. */
export function becameShorter(piece: FilePiece, sizeBytes: number): InputFormatError {
  return new InputFormatError(
    piece.path,
    sizeBytes,
    `it ends here, and had ${piece.fileSizeBytes} bytes when the input was listed: ` +
      'do not change input files while a program reads them',
  );
}
