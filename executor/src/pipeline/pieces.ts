import type { BatchSource } from '../task-environment.js';
import { batchSize, type SourceForm } from './loop-shape.js';

/** Part of a loop's input: `records` from `from` to before `to`. */
export interface Piece {
  /** An array, a `RangePieces` or a `Cursor`, by the source's form. */
  source: unknown;
  from: number;
  to: number;
}

/**
 * The input of a loop, piece by piece. The first pieces hold 1, 2, 4 … records, so that a consumer
 * that stops early has caused little work. A returned piece is valid until the next call.
 */
export interface PieceSource {
  readonly form: SourceForm;
  next(): Piece | undefined;
  /** Frees what is open; idempotent. Errors of a user's iterator that is closed early pass. */
  close(): void;
}

/** `start + step * i` for `i` in 0 … count-1. */
export class RangePieces implements PieceSource {
  readonly form: 'range' | 'stepRange' | 'realRange';
  readonly start: number;
  readonly step: number;
  readonly #end: number;
  readonly #piece: Piece;
  #size = 1;

  constructor(start: number, step: number, count: number) {
    const whole =
      Number.isSafeInteger(start) &&
      Number.isSafeInteger(step) &&
      Number.isSafeInteger(start + step * count);
    this.form = !whole ? 'realRange' : step === 1 ? 'range' : 'stepRange';
    this.start = start;
    this.step = step;
    // With step 1 the values themselves are counted, else their positions.
    const first = this.form === 'range' ? start : 0;
    this.#end = first + count;
    this.#piece = { source: this, from: first, to: first };
  }

  next(): Piece | undefined {
    const piece = this.#piece;
    if (piece.to >= this.#end) return undefined;
    piece.from = piece.to;
    piece.to = Math.min(piece.from + this.#size, this.#end);
    this.#size = grown(this.#size);
    return piece;
  }

  close(): void {
    this.#piece.to = this.#end;
  }
}

/** Batches of another part of the task. */
export class BatchPieces implements PieceSource {
  readonly form: SourceForm;
  readonly #source: BatchSource;
  #batch: readonly unknown[] = [];
  readonly #piece: Piece = { source: undefined, from: 0, to: 0 };
  #size = 1;

  /** `pairs`: whether every record is known to be a `[key, value]` array. */
  constructor(source: BatchSource, pairs: boolean) {
    this.form = pairs ? 'pairArray' : 'array';
    this.#source = source;
  }

  next(): Piece | undefined {
    const piece = this.#piece;
    if (piece.to === this.#batch.length) {
      const batch = this.#source.next();
      if (batch === undefined) return undefined;
      this.#batch = batch;
      piece.source = batch;
      piece.to = 0;
    }
    piece.from = piece.to;
    piece.to = Math.min(piece.from + this.#size, this.#batch.length);
    this.#size = grown(this.#size);
    return piece;
  }

  close(): void {
    this.#batch = [];
    this.#piece.to = 0;
    this.#source.close();
  }
}

/** An array that a user's function returned. */
export class ArrayPieces implements PieceSource {
  readonly form = 'array';
  readonly #piece: Piece;
  readonly #array: readonly unknown[];
  readonly #input: BatchSource;
  #size = 1;

  /** `input`: what the function read, closed with these pieces. */
  constructor(array: readonly unknown[], input: BatchSource) {
    this.#array = array;
    this.#input = input;
    this.#piece = { source: array, from: 0, to: 0 };
  }

  next(): Piece | undefined {
    const piece = this.#piece;
    if (piece.to >= this.#array.length) return undefined;
    piece.from = piece.to;
    piece.to = Math.min(piece.from + this.#size, this.#array.length);
    this.#size = grown(this.#size);
    return piece;
  }

  close(): void {
    this.#piece.to = this.#array.length;
    this.#input.close();
  }
}

/** An iterator that a loop reads, with what is needed to close it exactly when that is due. */
export interface Cursor {
  readonly iterator: Iterator<unknown>;
  /** A record was taken and the iterator has not ended: it must be closed. */
  open: boolean;
  exhausted: boolean;
}

/** What an iterator of a user gives. */
export class CursorPieces implements PieceSource {
  readonly form = 'cursor';
  readonly #cursor: Cursor;
  readonly #piece: Piece;
  readonly #input: BatchSource;
  #size = 1;

  /** `input`: what the function reads, closed with these pieces. */
  constructor(iterator: Iterator<unknown>, input: BatchSource) {
    this.#input = input;
    this.#cursor = { iterator, open: true, exhausted: false };
    this.#piece = { source: this.#cursor, from: 0, to: 0 };
  }

  next(): Piece | undefined {
    if (this.#cursor.exhausted) return undefined;
    this.#piece.to = this.#size;
    this.#size = grown(this.#size);
    return this.#piece;
  }

  close(): void {
    const { iterator, open } = this.#cursor;
    this.#cursor.open = false;
    this.#cursor.exhausted = true;
    try {
      if (open) iterator.return?.();
    } finally {
      this.#input.close();
    }
  }
}

function grown(size: number): number {
  return size < batchSize ? size * 2 : size;
}
