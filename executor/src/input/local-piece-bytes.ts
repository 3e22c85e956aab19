import * as fs from 'node:fs';
import type { FilePiece } from 'heddle/internal';
import { localError } from '@heddle/webhdfs';
import { asInputError } from './input-error.js';
import type { PieceReading } from './messages.js';
import type { PieceBytes } from './piece-bytes.js';
import { PieceRange } from './piece-range.js';

const scheme = 'file://';

/** Whether a task thread can read a piece by itself: plain bytes of this machine. */
export function isPlainLocal(piece: FilePiece): boolean {
  return piece.codec === undefined && piece.path.startsWith(`${scheme}/`);
}

/**
 * Plain files of this machine, read by the thread itself: for them a detour through the host costs
 * more (two wake-ups of a thread) than it can gain, since the kernel reads ahead as well.
 */
export class LocalPieceBytes implements PieceBytes {
  readonly #pieces: readonly FilePiece[];
  readonly #reading: PieceReading;
  readonly #checkInterrupted: () => void;
  readonly #buffer: Buffer;
  readonly #putBack: () => void;
  #next = 0;
  #piece: FilePiece | undefined;
  #range: PieceRange | undefined;
  #descriptor: number | undefined;
  #sourceBytes = 0;
  #closed = false;

  /** @param buffer what reads go into; its owner's again when `putBack` is called */
  constructor(
    pieces: readonly FilePiece[],
    reading: PieceReading,
    checkInterrupted: () => void,
    buffer: Buffer,
    putBack: () => void,
  ) {
    this.#pieces = pieces;
    this.#reading = reading;
    this.#checkInterrupted = checkInterrupted;
    this.#buffer = buffer;
    this.#putBack = putBack;
  }

  get sourceBytes(): number {
    return this.#sourceBytes;
  }

  nextPiece(): FilePiece | undefined {
    this.#closeDescriptor();
    this.#piece = this.#closed ? undefined : this.#pieces[this.#next];
    this.#next += 1;
    this.#range = this.#piece && new PieceRange(this.#piece, this.#reading);
    return this.#piece;
  }

  read(): Buffer | undefined {
    const range = this.#range;
    if (range === undefined || range.atLimit) return undefined;
    this.#checkInterrupted();
    const path = this.#piece!.path.slice(scheme.length);
    const wanted = range.wanted(this.#buffer.length);
    let count = 0;
    try {
      this.#descriptor ??= fs.openSync(path, 'r');
      for (let read = -1; count < wanted && read !== 0; count += read) {
        const rest = wanted - count;
        read = fs.readSync(this.#descriptor, this.#buffer, count, rest, range.position + count);
      }
    } catch (error) {
      throw asInputError(localError(error, path, 'read'), this.#piece!);
    }
    range.advance(wanted, count);
    this.#sourceBytes += count;
    return this.#buffer.subarray(0, count);
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#range = undefined;
    this.#closeDescriptor();
    this.#putBack();
  }

  #closeDescriptor(): void {
    const descriptor = this.#descriptor;
    this.#descriptor = undefined;
    if (descriptor !== undefined) fs.closeSync(descriptor);
  }
}
