import { constants, isAscii } from 'node:buffer';
import type { FilePiece } from 'heddle/internal';
import { InputFormatError } from '@heddle/webhdfs';
import type { BatchSource, TaskEnvironment } from '../task-environment.js';
import type { PieceBytes } from './piece-bytes.js';

const lineFeed = 0x0a;
const carriageReturn = 0x0d;
const byteOrderMark: readonly number[] = [0xef, 0xbb, 0xbf];
const emptyBuffer = Buffer.alloc(0);

/** Bytes that become one string, whose lines are slices of it: small enough to die young in V8's heap. */
const maxRegionBytes = 64 * 1024;
const targetBatchRecords = 1024;

/** Limits that tests make small. */
export interface LineSourceOptions {
  /** Longest line in bytes. @default V8's longest string, 512 MiB - 24 */
  readonly maxLineBytes?: number;
}

/**
 * The lines of pieces of text files. A piece owns the lines that start in it; `\n`, `\r\n` and a
 * lone `\r` end a line; the last line needs no end. A byte-order mark at the start of a file is
 * dropped; bytes that are not UTF-8 become U+FFFD. Follows Hadoop 3.4 `LineRecordReader`, except
 * that a line that starts exactly at a border belongs to the piece behind it, not before it.
 *
 * Lines are slices of strings of up to 64 KiB (longer for longer lines): one line that is kept keeps
 * its neighbours in memory, unless it is shorter than 13 characters, which V8 copies.
 */
export class LineSource implements BatchSource {
  readonly #bytes: PieceBytes;
  readonly #env: TaskEnvironment;
  readonly #maxLineBytes: number;
  #piece: FilePiece | undefined;
  /** The last packet; what was read of it ends at `#at`. */
  #chunk: Buffer = emptyBuffer;
  #at = 0;
  /** Place of `#chunk[0]` in the file (in its content, when it is compressed). */
  #chunkOffset = 0;
  /** The last line ended in `\r`: a `\n` that comes next belongs to it. */
  #skipLineFeed = false;
  /** Lines that start at this place of the file or behind are not ours. */
  #end = 0;
  /** Wanted size of the next region; grows from one line to about a thousand. */
  #regionBytes = 1;
  #countedSourceBytes = 0;

  constructor(bytes: PieceBytes, env: TaskEnvironment, options: LineSourceOptions = {}) {
    this.#bytes = bytes;
    this.#env = env;
    this.#maxLineBytes = options.maxLineBytes ?? constants.MAX_STRING_LENGTH;
  }

  next(): string[] | undefined {
    for (;;) {
      if (this.#piece === undefined && !this.#openPiece()) {
        this.close();
        return undefined;
      }
      const lines = this.#nextLines();
      if (lines === undefined) {
        this.#piece = undefined;
        continue;
      }
      this.#env.metrics.inputRecords += lines.length;
      return lines;
    }
  }

  close(): void {
    this.#piece = undefined;
    this.#chunk = emptyBuffer;
    this.#at = 0;
    this.#bytes.close();
  }

  #openPiece(): boolean {
    const piece = this.#bytes.nextPiece();
    if (piece === undefined) return false;
    const split = piece.codec === undefined;
    this.#piece = piece;
    this.#end = split ? piece.offset + piece.length : Infinity;
    this.#chunk = emptyBuffer;
    this.#at = 0;
    this.#chunkOffset = split ? Math.max(0, piece.offset - 1) : 0;
    this.#skipLineFeed = false;
    if (split && piece.offset > 0) this.#skipPartialLine();
    else this.#skipByteOrderMark();
    return true;
  }

  /** Starts one byte before the piece: when that ends a line, the piece's first line is its own. */
  #skipPartialLine(): void {
    while (this.#position < this.#end && this.#load()) {
      const cut = this.#firstLineEnd(0);
      if (cut >= 0) {
        this.#skipLineFeed = this.#chunk[cut] === carriageReturn;
        this.#at = cut + 1;
        return;
      }
      this.#at = this.#chunk.length;
    }
  }

  #skipByteOrderMark(): void {
    if (!this.#load()) return;
    while (this.#chunk.length < byteOrderMark.length) {
      const start = Buffer.from(this.#chunk);
      const more = this.#bytes.read();
      this.#chunk = more === undefined ? start : Buffer.concat([start, more]);
      if (more === undefined) break;
    }
    if (byteOrderMark.every((byte, index) => this.#chunk[index] === byte)) {
      this.#at = byteOrderMark.length;
      // The first line starts at the mark, also when the piece ends within it.
      this.#end = Math.max(this.#end, this.#at + 1);
      this.#count(byteOrderMark.length);
    }
  }

  /** Some of the piece's lines; undefined when it has no more. */
  #nextLines(): string[] | undefined {
    for (;;) {
      if (this.#position >= this.#end) return undefined;
      if (this.#at === this.#chunk.length && !this.#load()) return undefined;
      if (!this.#skipLineFeed) break;
      this.#skipLineFeed = false;
      if (this.#chunk[this.#at] === lineFeed) {
        this.#at += 1;
        this.#count(1);
      }
    }
    const from = this.#at;
    const cut = this.#regionEnd(from);
    if (cut < 0) return this.#longLine();
    this.#at = cut + 1;
    this.#skipLineFeed = this.#chunk[cut] === carriageReturn;
    return this.#split(this.#chunk.subarray(from, this.#at));
  }

  /** Index of the line end that ends the next region of whole lines; -1 when a line leaves the chunk. */
  #regionEnd(from: number): number {
    const stop = Math.min(from + this.#regionBytes, this.#chunk.length);
    // The line end at or behind this index ends the last line that starts before the piece's end.
    const lastOwned = this.#end - 1 - this.#chunkOffset;
    if (lastOwned < stop) {
      const last = this.#firstLineEnd(Math.max(from, lastOwned));
      if (last >= 0) return last;
    }
    const region = this.#chunk.subarray(from, stop);
    let cut = region.lastIndexOf(lineFeed);
    if (cut < 0) cut = region.lastIndexOf(carriageReturn);
    return cut >= 0 ? from + cut : this.#firstLineEnd(stop);
  }

  /** Index of the first `\n` or `\r` in the chunk from an index on; -1 for none. */
  #firstLineEnd(from: number): number {
    const feed = this.#chunk.indexOf(lineFeed, from);
    const before = this.#chunk.subarray(from, feed < 0 ? this.#chunk.length : feed);
    const carriage = before.indexOf(carriageReturn);
    return carriage >= 0 ? from + carriage : feed;
  }

  /** The line that begins in this chunk and ends in a later one, or with the file. */
  #longLine(): string[] {
    const lineOffset = this.#position;
    // Copied: the next read reuses the memory of this one.
    const parts: Buffer[] = [Buffer.from(this.#chunk.subarray(this.#at))];
    let length = parts[0]!.length;
    this.#at = this.#chunk.length;
    for (let found = false; !found && this.#load();) {
      const cut = this.#firstLineEnd(0);
      found = cut >= 0;
      this.#at = found ? cut + 1 : this.#chunk.length;
      this.#skipLineFeed = found && this.#chunk[cut] === carriageReturn;
      length += this.#at;
      if (length > this.#maxLineBytes) this.#refuseLine(lineOffset);
      const part = this.#chunk.subarray(0, this.#at);
      parts.push(found ? part : Buffer.from(part));
    }
    return this.#split(Buffer.concat(parts, length));
  }

  #split(bytes: Buffer): string[] {
    this.#count(bytes.length);
    const text = isAscii(bytes) ? bytes.toString('latin1') : bytes.toString('utf8');
    const lines = splitLines(text);
    const wanted = Math.ceil(bytes.length / lines.length) * targetBatchRecords;
    const grown = Math.max(256, bytes.length * 4);
    this.#regionBytes = Math.min(maxRegionBytes, wanted, grown);
    return lines;
  }

  #refuseLine(offset: number): never {
    throw new InputFormatError(
      this.#piece!.path,
      offset,
      `a line without end: it is longer than ${this.#maxLineBytes} bytes, which is more than a string can hold. ` +
        `Is it a text file, and are its lines ended by \\n, \\r\\n or \\r?`,
    );
  }

  get #position(): number {
    return this.#chunkOffset + this.#at;
  }

  /** Goes on to the next packet; false at the end of the file. */
  #load(): boolean {
    const chunk = this.#bytes.read();
    if (chunk === undefined) return false;
    this.#chunkOffset += this.#chunk.length;
    this.#chunk = chunk;
    this.#at = 0;
    return true;
  }

  /** Adds to the input's size: the bytes of our own lines, or the compressed bytes behind them. */
  #count(lineBytes: number): void {
    if (this.#piece?.codec === undefined) {
      this.#env.metrics.inputBytes += lineBytes;
      return;
    }
    this.#env.metrics.inputBytes += this.#bytes.sourceBytes - this.#countedSourceBytes;
    this.#countedSourceBytes = this.#bytes.sourceBytes;
  }
}

/**
 * The lines of a text that consists of whole lines, of which the last may lack its end.
 * `String.split` beats a loop over `indexOf` by a quarter.
 */
export function splitLines(text: string): string[] {
  const lines = text.split('\n');
  if (lines.at(-1) === '') lines.pop();
  return text.includes('\r') ? splitAtReturns(lines) : lines;
}

/** A `\r` at the end of a part belongs to the `\n` that stood behind it; others end lines themselves. */
function splitAtReturns(parts: readonly string[]): string[] {
  const lines: string[] = [];
  for (const part of parts) {
    const line = part.endsWith('\r') ? part.slice(0, -1) : part;
    if (line.includes('\r')) lines.push(...line.split('\r'));
    else lines.push(line);
  }
  return lines;
}
