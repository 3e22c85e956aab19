import { describeThrown } from '@heddle/common';
import { ByteReader, CheckpointFileError, readBatch, type SourceSplit } from 'heddle/internal';
import type { PieceBytes, PieceOpener } from '../../input/piece-bytes.js';
import {
  decodeFrame,
  decodeFrameHeader,
  FRAME_HEADER_BYTES,
  type FrameHeader,
} from '../../shuffle/frame.js';
import type { BatchSource, TaskEnvironment } from '../../task-environment.js';

type CheckpointSplit = Extract<SourceSplit, { kind: 'checkpoint' }>;

/**
 * Opens a partition of a checkpoint. The file is closed when the attempt ends, at the latest; one that
 * is gone, damaged or of another length is a `CheckpointFileError` where it is read.
 */
export function openCheckpoint(
  split: CheckpointSplit,
  env: TaskEnvironment,
  input: PieceOpener,
): BatchSource {
  const bytes = input.open([split.piece], 'whole', () => env.checkInterrupted());
  env.onEnd(() => bytes.close());
  return new CheckpointSource(split, bytes, env);
}

class CheckpointSource implements BatchSource {
  readonly #split: CheckpointSplit;
  readonly #bytes: PieceBytes;
  readonly #env: TaskEnvironment;
  #isOpen = false;
  #records = 0;
  #countedBytes = 0;
  /** What was read and not taken. */
  #rest = Buffer.alloc(0);
  #reader: ByteReader | undefined;

  constructor(split: CheckpointSplit, bytes: PieceBytes, env: TaskEnvironment) {
    this.#split = split;
    this.#bytes = bytes;
    this.#env = env;
  }

  next(): unknown[] | undefined {
    for (;;) {
      if (this.#reader !== undefined && this.#reader.remaining > 0) {
        const batch = readBatch(this.#reader, this.#env.code);
        if (batch.length > 0) return batch;
        continue;
      }
      const frame = this.#nextFrame();
      if (frame === undefined) return undefined;
      this.#reader = new ByteReader(frame);
    }
  }

  close(): void {
    this.#bytes.close();
  }

  #nextFrame(): Uint8Array | undefined {
    let header: FrameHeader;
    let raw: Uint8Array;
    try {
      const headerBytes = this.#take(FRAME_HEADER_BYTES);
      if (headerBytes.length === 0) {
        this.#finish();
        return undefined;
      }
      header = decodeFrameHeader(headerBytes, 0);
      raw = decodeFrame(header, this.#take(header.storedBytes), true);
    } catch (error) {
      if (error instanceof CheckpointFileError || this.#isInterrupted()) throw error;
      throw new CheckpointFileError(this.#split.piece.path, describeThrown(error), {
        cause: error,
      });
    }
    this.#records += header.records;
    this.#count(header.records);
    return raw;
  }

  /** So many bytes, fewer at the end of the file. */
  #take(length: number): Buffer {
    if (!this.#isOpen) {
      this.#isOpen = true;
      this.#bytes.nextPiece();
    }
    if (this.#rest.length < length) {
      const pieces = [this.#rest];
      let gathered = this.#rest.length;
      while (gathered < length) {
        const piece = this.#bytes.read();
        if (piece === undefined || piece.length === 0) break;
        // A copy: the next read uses the same memory.
        pieces.push(Buffer.from(piece));
        gathered += piece.length;
      }
      this.#rest = Buffer.concat(pieces);
    }
    const taken = this.#rest.subarray(0, length);
    this.#rest = this.#rest.subarray(taken.length);
    return taken;
  }

  #finish(): void {
    const { piece, records } = this.#split;
    this.close();
    if (this.#records === records) return;
    const reason = `it holds ${this.#records} records instead of ${records}`;
    throw new CheckpointFileError(piece.path, reason);
  }

  #count(records: number): void {
    const { metrics } = this.#env;
    metrics.inputRecords += records;
    metrics.inputBytes += this.#bytes.sourceBytes - this.#countedBytes;
    this.#countedBytes = this.#bytes.sourceBytes;
  }

  /** A killed attempt unwinds as such. */
  #isInterrupted(): boolean {
    try {
      this.#env.checkInterrupted();
      return false;
    } catch {
      return true;
    }
  }
}
