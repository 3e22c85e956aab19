import { assertNever } from '@heddle/common';
import type { FilePiece, LongsAs } from 'heddle/internal';
import type { PieceBytes, PieceOpener } from '../input/piece-bytes.js';
import type { BatchSource, TaskEnvironment } from '../task-environment.js';
import { FileCursor } from './file-cursor.js';
import { HadoopReader, MalformedFieldError } from './hadoop-reader.js';
import { readHeader, syncBytes, type SequenceHeader } from './header.js';
import { decompress } from './sequence-codecs.js';
import { readWhole } from './writables.js';

const batchRecords = 1024;
const batchBytes = 1024 * 1024;
/** Stands where a record's length would, before a sync marker. */
const syncEscape = -1;
const escape = Buffer.from([0xff, 0xff, 0xff, 0xff]);
/** A record, or a block, of this size is taken also where the task's budget is smaller. */
const alwaysAllowedBytes = 32 * 1024 * 1024;

type Pair = [key: unknown, value: unknown];

/**
 * The records of pieces of SequenceFiles as `[key, value]`. A piece has the records from the first
 * sync marker that begins in it up to the first one behind it; the first piece of a file also those
 * before any marker. Source: Hadoop 3.4 `SequenceFile.Reader` and `SequenceFileRecordReader`.
 *
 * `next` throws InputFormatError, InputTooLargeError, UnsupportedFormatError.
 */
export class SequenceFileSource implements BatchSource {
  readonly #input: PieceOpener;
  readonly #env: TaskEnvironment;
  readonly #longs: LongsAs;
  readonly #limitBytes: number;
  readonly #batches: Generator<Pair[], void>;
  #open: PieceBytes | undefined;

  constructor(
    input: PieceOpener,
    pieces: readonly FilePiece[],
    env: TaskEnvironment,
    longs: LongsAs,
  ) {
    this.#input = input;
    this.#env = env;
    this.#longs = longs;
    this.#limitBytes = Math.max(alwaysAllowedBytes, env.memoryBudgetBytes);
    this.#batches = this.#readPieces(pieces);
  }

  next(): Pair[] | undefined {
    const result = this.#batches.next();
    return result.done === true ? undefined : result.value;
  }

  close(): void {
    this.#batches.return();
    this.#closeOpen();
  }

  *#readPieces(pieces: readonly FilePiece[]): Generator<Pair[], void> {
    for (const piece of pieces) {
      const { header, cursor } = this.#enter(piece);
      const end = piece.offset + piece.length;
      let countedBytes = 0;
      const batches = header.compression === 'block' ? this.#blocks : this.#records;
      for (const batch of batches.call(this, header, cursor, end)) {
        const { metrics } = this.#env;
        const sourceBytes = this.#open?.sourceBytes ?? 0;
        metrics.inputBytes += sourceBytes - countedBytes;
        countedBytes = sourceBytes;
        metrics.inputRecords += batch.length;
        this.#env.checkInterrupted();
        yield batch;
      }
      this.#closeOpen();
    }
  }

  /** Reads the header and goes to where the records of the piece begin, or to its end. */
  #enter(piece: FilePiece): { header: SequenceHeader; cursor: FileCursor } {
    if (piece.offset === 0) {
      const cursor = this.#cursorAt(piece);
      return { header: readHeader(cursor), cursor };
    }
    const before = this.#cursorAt({ ...piece, offset: 0, length: 1 });
    const header = readHeader(before);
    const headerEnd = before.position;
    this.#closeOpen();
    const cursor = this.#cursorAt(piece);
    cursor.skipTo(Math.max(piece.offset, headerEnd));
    const marker = Buffer.concat([escape, header.sync]);
    if (!cursor.find(marker, piece.offset + piece.length)) cursor.skipTo(piece.fileSizeBytes);
    return { header, cursor };
  }

  #cursorAt(piece: FilePiece): FileCursor {
    const bytes = this.#input.open([piece], 'lines', () => this.#env.checkInterrupted());
    this.#open = bytes;
    bytes.nextPiece();
    return new FileCursor(bytes, piece, this.#limitBytes);
  }

  #closeOpen(): void {
    this.#open?.close();
    this.#open = undefined;
  }

  *#records(header: SequenceHeader, cursor: FileCursor, end: number): Generator<Pair[], void> {
    let batch: Pair[] = [];
    let gatheredBytes = 0;
    while (!cursor.isAtEnd()) {
      const start = cursor.position;
      const length = cursor.i32();
      if (length === syncEscape) {
        checkSync(header, cursor);
        if (start >= end) break;
        continue;
      }
      batch.push(this.#record(header, cursor, length));
      gatheredBytes += length;
      if (batch.length >= batchRecords || gatheredBytes >= batchBytes) {
        yield batch;
        [batch, gatheredBytes] = [[], 0];
      }
    }
    if (batch.length > 0) yield batch;
  }

  #record(header: SequenceHeader, cursor: FileCursor, length: number): Pair {
    const keyLength = cursor.i32();
    if (length < 0 || keyLength < 0 || keyLength > length) {
      throw cursor.damaged(`a record of ${length} bytes has a key of ${keyLength} bytes`);
    }
    const bytes = cursor.take(length);
    const stored = bytes.subarray(keyLength);
    const isPlain = header.compression === 'none';
    const value = isPlain ? stored : plainBytes(header, cursor, stored, cursor.limitBytes);
    try {
      return [
        readWhole(header.key, bytes.subarray(0, keyLength), this.#longs),
        readWhole(header.value, value, this.#longs),
      ];
    } catch (error) {
      throw asDamage(error, cursor);
    }
  }

  *#blocks(header: SequenceHeader, cursor: FileCursor, end: number): Generator<Pair[], void> {
    while (!cursor.isAtEnd()) {
      const start = cursor.position;
      if (cursor.i32() !== syncEscape) {
        throw cursor.damaged('a sync marker is missing before a block');
      }
      checkSync(header, cursor);
      if (start >= end || cursor.isAtEnd()) return;
      yield* this.#block(header, cursor);
    }
  }

  *#block(header: SequenceHeader, cursor: FileCursor): Generator<Pair[], void> {
    const count = cursor.size();
    let restBytes = cursor.limitBytes;
    const buffer = (): Buffer => {
      const plain = plainBytes(header, cursor, cursor.take(cursor.size()), restBytes);
      restBytes -= plain.length;
      return plain;
    };
    const keyLengths = new HadoopReader(buffer());
    const keys = new HadoopReader(buffer());
    const valueLengths = new HadoopReader(buffer());
    const values = new HadoopReader(buffer());
    for (let done = 0; done < count;) {
      const batch: Pair[] = [];
      for (; done < count && batch.length < batchRecords; done += 1) {
        try {
          const key = keys.bytes(keyLengths.size());
          const value = values.bytes(valueLengths.size());
          batch.push([
            readWhole(header.key, key, this.#longs),
            readWhole(header.value, value, this.#longs),
          ]);
        } catch (error) {
          throw asDamage(error, cursor);
        }
      }
      yield batch;
    }
  }
}

/** @throws InputFormatError when another 16 bytes stand where a marker is announced */
function checkSync(header: SequenceHeader, cursor: FileCursor): void {
  if (!cursor.take(syncBytes).equals(header.sync)) {
    throw cursor.damaged('a sync marker is not that of the header: the file is damaged');
  }
}

function plainBytes(
  header: SequenceHeader,
  cursor: FileCursor,
  bytes: Buffer,
  limitBytes: number,
): Buffer {
  const result = decompress(header.codec, bytes, limitBytes);
  switch (result.kind) {
    case 'bytes':
      return result.bytes;
    case 'tooLarge':
      throw cursor.tooLarge(cursor.limitBytes + 1);
    case 'damaged':
      throw cursor.damaged(
        `${header.codec} data are damaged (${result.cause.message})`,
        result.cause,
      );
    default:
      return assertNever(result, 'decompressed');
  }
}

function asDamage(error: unknown, cursor: FileCursor): unknown {
  return error instanceof MalformedFieldError ? cursor.damaged(error.message, error) : error;
}
