import type { FilePiece } from 'heddle/internal';
import { InputFormatError, InputTooLargeError } from '@heddle/webhdfs';
import type { PieceBytes } from '../input/piece-bytes.js';
import { HadoopReader, MalformedFieldError, vintSize } from './hadoop-reader.js';

const noBytes = Buffer.alloc(0);

/**
 * A place in a file, and the bytes from there on. Lengths are checked against the file and the limit
 * before memory is taken for them.
 *
 * @throws InputFormatError where the file ends too early; InputTooLargeError above the limit
 */
export class FileCursor {
  readonly #bytes: PieceBytes;
  readonly #piece: FilePiece;
  readonly #limitBytes: number;
  #chunk: Buffer = noBytes;
  #at = 0;
  /** Place of `#chunk[0]` in the file. */
  #chunkOffset: number;

  /** @param bytes opened for reading on behind the piece; stand one byte before a piece that is not the first */
  constructor(bytes: PieceBytes, piece: FilePiece, limitBytes: number) {
    this.#bytes = bytes;
    this.#piece = piece;
    this.#limitBytes = limitBytes;
    this.#chunkOffset = Math.max(0, piece.offset - 1);
  }

  /** Where the next read begins. */
  get position(): number {
    return this.#chunkOffset + this.#at;
  }

  get path(): string {
    return this.#piece.path;
  }

  /** Bytes that one record, or one block, may take in memory. */
  get limitBytes(): number {
    return this.#limitBytes;
  }

  /** Whether the file has no more bytes. */
  isAtEnd(): boolean {
    return !this.#has(1);
  }

  i32(): number {
    return this.take(4).readInt32BE(0);
  }

  /** A length or count in Hadoop's variable-length form. */
  size(): number {
    const first = this.take(1).readInt8(0);
    if (first >= -112) {
      if (first < 0) throw this.damaged(`a length is ${first}`);
      return first;
    }
    this.#at -= 1;
    try {
      return new HadoopReader(this.take(vintSize(first))).size();
    } catch (error) {
      if (error instanceof MalformedFieldError) throw this.damaged(error.message, error);
      throw error;
    }
  }

  /** Length and UTF-8, as `Text.writeString` writes them. */
  text(): string {
    return this.take(this.size()).toString('utf8');
  }

  /** The next bytes; valid until the next call. */
  take(count: number): Buffer {
    if (count > this.#limitBytes) throw this.tooLarge(count);
    if (count > this.#piece.fileSizeBytes - this.position || !this.#has(count)) {
      const rest = this.#piece.fileSizeBytes - this.position;
      throw this.damaged(
        `it ends ${rest} bytes further on, where ${count} bytes are announced: it is cut short, or damaged`,
      );
    }
    const taken = this.#chunk.subarray(this.#at, this.#at + count);
    this.#at += count;
    return taken;
  }

  /** Goes to a place further on; the end of the file if that comes first. */
  skipTo(position: number): void {
    while (this.position < position) {
      if (this.#at === this.#chunk.length && !this.#load(noBytes)) return;
      this.#at = Math.min(this.#chunk.length, position - this.#chunkOffset);
    }
  }

  /** Goes to the next place where the bytes stand, if it is before `stop`; false if there is none. */
  find(wanted: Buffer, stop: number): boolean {
    for (;;) {
      const found = this.#chunk.indexOf(wanted, this.#at);
      if (found >= 0) {
        this.#at = found;
        return this.position < stop;
      }
      const kept = Math.max(this.#at, this.#chunk.length - wanted.length + 1);
      this.#at = kept;
      if (this.position >= stop || !this.#load(this.#chunk.subarray(kept))) return false;
    }
  }

  damaged(reason: string, cause?: Error): InputFormatError {
    const options = cause === undefined ? undefined : { cause };
    return new InputFormatError(this.path, this.position, reason, options);
  }

  tooLarge(sizeBytes: number): InputTooLargeError {
    return new InputTooLargeError(this.path, sizeBytes, this.#limitBytes);
  }

  /** Whether so many bytes are at hand, after reading on as needed. */
  #has(count: number): boolean {
    const rest = this.#chunk.length - this.#at;
    if (rest >= count) return true;
    if (rest === 0) {
      if (!this.#load(noBytes)) return false;
      if (this.#chunk.length >= count) return true;
    }
    const from = this.position;
    // Copies: the next read uses the same memory.
    const parts = [Buffer.from(this.#chunk.subarray(this.#at))];
    let gathered = parts[0]!.length;
    while (gathered < count) {
      const more = this.#bytes.read();
      if (more === undefined) break;
      parts.push(Buffer.from(more));
      gathered += more.length;
    }
    this.#chunk = Buffer.concat(parts, gathered);
    this.#chunkOffset = from;
    this.#at = 0;
    return gathered >= count;
  }

  /** Reads on; `kept` is the end of the present chunk, which stays at hand. */
  #load(kept: Buffer): boolean {
    // A copy: the next read uses the same memory.
    const before = Buffer.from(kept);
    const from = this.#chunkOffset + this.#chunk.length - before.length;
    const more = this.#bytes.read();
    if (more === undefined) {
      this.#chunk = before;
      this.#chunkOffset = from;
      this.#at = 0;
      return false;
    }
    this.#chunk = before.length === 0 ? more : Buffer.concat([before, more]);
    this.#chunkOffset = from;
    this.#at = 0;
    return true;
  }
}
