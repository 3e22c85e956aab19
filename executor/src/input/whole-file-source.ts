import { constants } from 'node:buffer';
import type { FilePiece } from 'heddle/internal';
import { InputTooLargeError } from '@heddle/webhdfs';
import type { BatchSource, TaskEnvironment } from '../task-environment.js';
import type { PieceBytes } from './piece-bytes.js';

/** A batch ends with the file that makes it as large as this. */
const batchBytes = 1024 * 1024;
const batchRecords = 256;
/** Content of this size is one record also where the task's budget is smaller. */
const alwaysAllowedBytes = 32 * 1024 * 1024;

/** Files as `[URI, content]`, decompressed. Follows Spark 3.5 `wholeTextFiles` and `binaryFiles`. */
export class WholeFileSource<T> implements BatchSource {
  readonly #bytes: PieceBytes;
  readonly #env: TaskEnvironment;
  readonly #limitBytes: number;
  readonly #contentOf: (bytes: Buffer) => T;
  #countedSourceBytes = 0;

  /** @param contentOf makes the content of a file; the bytes are its own */
  constructor(bytes: PieceBytes, env: TaskEnvironment, contentOf: (bytes: Buffer) => T) {
    this.#contentOf = contentOf;
    this.#bytes = bytes;
    this.#env = env;
    this.#limitBytes = Math.min(
      constants.MAX_STRING_LENGTH,
      Math.max(alwaysAllowedBytes, env.memoryBudgetBytes),
    );
  }

  next(): [string, T][] | undefined {
    const batch: [string, T][] = [];
    let contentBytes = 0;
    while (batch.length < batchRecords && contentBytes < batchBytes) {
      const piece = this.#bytes.nextPiece();
      if (piece === undefined) break;
      const content = this.#readAll(piece);
      contentBytes += content.length;
      batch.push([piece.path, this.#contentOf(content)]);
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

  #readAll(piece: FilePiece): Buffer {
    // A compressed file's content has a size that only reading it tells.
    if (piece.codec === undefined) this.#checkSize(piece, piece.fileSizeBytes);
    const parts: Buffer[] = [];
    let length = 0;
    for (let part = this.#bytes.read(); part !== undefined; part = this.#bytes.read()) {
      length += part.length;
      this.#checkSize(piece, length);
      parts.push(Buffer.from(part));
    }
    return parts.length === 1 ? parts[0]! : Buffer.concat(parts, length);
  }

  #checkSize(piece: FilePiece, sizeBytes: number): void {
    if (sizeBytes > this.#limitBytes) {
      throw new InputTooLargeError(piece.path, sizeBytes, this.#limitBytes);
    }
  }
}

/**
 * Bytes as UTF-8: what is not becomes U+FFFD, and a byte-order mark is dropped, which Spark keeps.
 */
export function textOf(content: Buffer): string {
  const text = content.toString('utf8');
  return text.startsWith('\uFEFF') ? text.slice(1) : text;
}
