import * as zlib from 'node:zlib';
import { HeddleError, toError } from '@heddle/common';
import type { FilePiece } from 'heddle/internal';
import { InputFormatError, type FileReader } from '@heddle/webhdfs';
import { becameShorter } from './piece-range.js';

const compressedChunkBytes = 256 * 1024;
const plainChunkBytes = 256 * 1024;
const noBytes = Buffer.alloc(0);

/**
 * The plain bytes of a compressed file, in chunks. Files of several gzip members, zstd frames or zlib
 * streams, one after another, are read to their end: Node's own streams stop after the first one, but
 * for gzip. Compression is undone on the thread pool of the process.
 * @param source counts the compressed bytes that were read
 * @throws InputFormatError for a file that is damaged or cut short
 */
export async function* decompressed(
  piece: FilePiece,
  reader: FileReader,
  source: { bytes: number },
): AsyncGenerator<Uint8Array> {
  const file = new CompressedFile(piece, reader, source);
  let rest = await file.next();
  while (rest.length > 0) {
    const engine = makeEngine(piece.codec!);
    const fed = feed(engine, file, rest);
    // Awaited below, unless reading fails first.
    fed.catch(() => undefined);
    try {
      for await (const chunk of engine) yield chunk as Buffer;
      rest = await fed;
      if (piece.codec === 'gzip') rest = await withoutPadding(rest, file);
    } catch (error) {
      if (error instanceof HeddleError) throw error;
      throw damaged(piece, source.bytes, toError(error));
    } finally {
      engine.destroy();
    }
  }
}

/** The compressed bytes, in order. */
class CompressedFile {
  readonly #piece: FilePiece;
  readonly #reader: FileReader;
  readonly #source: { bytes: number };

  constructor(piece: FilePiece, reader: FileReader, source: { bytes: number }) {
    this.#piece = piece;
    this.#reader = reader;
    this.#source = source;
  }

  /** A buffer of its own for each read, since the stream may keep the last one; empty at the end. */
  async next(): Promise<Buffer> {
    const from = this.#source.bytes;
    const rest = this.#piece.fileSizeBytes - from;
    const chunk = Buffer.allocUnsafe(Math.min(compressedChunkBytes, rest));
    const count = await this.#reader.read(from, chunk);
    if (count < chunk.length) throw becameShorter(this.#piece, from + count);
    this.#source.bytes += count;
    return chunk;
  }
}

/** Writes the file to the engine until one of them ends; resolves to bytes that the engine did not take. */
async function feed(engine: Engine, file: CompressedFile, rest: Buffer): Promise<Buffer> {
  let written = 0;
  let chunk = rest;
  try {
    for (;;) {
      if (chunk.length === 0) chunk = await file.next();
      if (chunk.length === 0 || engine.destroyed) break;
      await write(engine, chunk);
      written += chunk.length;
      // The engine leaves bytes only when its compressed stream has ended before them.
      const left = written - engine.bytesWritten;
      if (left > 0) return chunk.subarray(chunk.length - left);
      chunk = noBytes;
    }
    engine.end();
    return noBytes;
  } catch (error) {
    engine.destroy(toError(error));
    throw error;
  }
}

/** Zeros behind a gzip member, as tapes and block devices leave them, are no next member. */
async function withoutPadding(rest: Buffer, file: CompressedFile): Promise<Buffer> {
  for (let bytes = rest; bytes.length > 0; bytes = await file.next()) {
    const start = bytes.findIndex((byte) => byte !== 0);
    if (start >= 0) return bytes.subarray(start);
  }
  return noBytes;
}

/** Resolves when the engine has taken the chunk; also when it fails, which its reader is told. */
function write(engine: Engine, chunk: Buffer): Promise<void> {
  return new Promise((resolve) => {
    engine.write(chunk, () => {
      resolve();
    });
  });
}

type Engine = zlib.Gunzip | zlib.Inflate | zlib.BrotliDecompress | zlib.ZstdDecompress;

function makeEngine(codec: NonNullable<FilePiece['codec']>): Engine {
  const options = { chunkSize: plainChunkBytes };
  switch (codec) {
    case 'gzip':
      return zlib.createGunzip(options);
    case 'deflate':
      return zlib.createInflate(options);
    case 'brotli':
      return zlib.createBrotliDecompress(options);
    case 'zstd':
      return zlib.createZstdDecompress(options);
  }
}

function damaged(piece: FilePiece, offset: number, error: Error): InputFormatError {
  const reason = /unexpected end/i.test(error.message)
    ? `the ${piece.codec} data is cut short (unexpected end of file)`
    : `the ${piece.codec} data is damaged, or is not ${piece.codec} at all (${error.message})`;
  return new InputFormatError(piece.path, offset, reason, { cause: error });
}
