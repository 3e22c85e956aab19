import type { FilePiece } from 'heddle/internal';
import { InputFormatError } from '@heddle/webhdfs';
import type { BatchSource, TaskEnvironment } from '../task-environment.js';
import type { PieceBytes } from './piece-bytes.js';

const batchRecords = 1024;
const batchBytes = 1024 * 1024;

/**
 * Records of one length, each with bytes of its own. Follows Spark 4.0 `FixedLengthBinaryInputFormat`.
 *
 * `next` throws InputFormatError when a file ends within a record: compressed files show it only there.
 */
export class FixedRecordSource implements BatchSource {
  readonly #bytes: PieceBytes;
  readonly #env: TaskEnvironment;
  readonly #recordLength: number;
  #piece: FilePiece | undefined;
  #chunk: Buffer | undefined;
  #position = 0;
  #read = 0;
  #countedSourceBytes = 0;

  constructor(bytes: PieceBytes, env: TaskEnvironment, recordLength: number) {
    this.#bytes = bytes;
    this.#env = env;
    this.#recordLength = recordLength;
  }

  next(): Uint8Array[] | undefined {
    const batch: Uint8Array[] = [];
    const most = Math.max(1, Math.min(batchRecords, Math.floor(batchBytes / this.#recordLength)));
    while (batch.length < most) {
      const record = this.#nextRecord();
      if (record === undefined) break;
      batch.push(record);
    }
    const { metrics } = this.#env;
    metrics.inputBytes += this.#bytes.sourceBytes - this.#countedSourceBytes;
    this.#countedSourceBytes = this.#bytes.sourceBytes;
    metrics.inputRecords += batch.length;
    if (batch.length > 0) return batch;
    this.close();
    return undefined;
  }

  close(): void {
    this.#bytes.close();
  }

  #nextRecord(): Uint8Array | undefined {
    while (this.#piece === undefined || !this.#fill()) {
      this.#piece = this.#bytes.nextPiece();
      this.#read = 0;
      if (this.#piece === undefined) return undefined;
    }
    const record = new Uint8Array(this.#recordLength);
    for (let filled = 0; ;) {
      const part = this.#chunk!.subarray(
        this.#position,
        this.#position + this.#recordLength - filled,
      );
      record.set(part, filled);
      filled += part.length;
      this.#position += part.length;
      this.#read += part.length;
      if (filled === this.#recordLength) return record;
      if (!this.#fill()) {
        throw new InputFormatError(
          this.#piece.path,
          this.#piece.offset + this.#read - filled,
          `it ends ${filled} bytes into a record of ${this.#recordLength} bytes`,
        );
      }
    }
  }

  /** Whether there are bytes at hand. */
  #fill(): boolean {
    while (this.#chunk === undefined || this.#position >= this.#chunk.length) {
      this.#chunk = this.#bytes.read();
      this.#position = 0;
      if (this.#chunk === undefined) return false;
    }
    return true;
  }
}
