import * as zlib from 'node:zlib';
import { toError } from '@heddle/common';
import type { FileSystemRegistry, FileWriter } from '@heddle/webhdfs';
import { encodeInputError } from '../input/input-error.js';
import type { OutputMessage } from './messages.js';
import { OutputRingReader } from './output-ring.js';

/** Hadoop's and gzip's own default is 6; zstd's is 3; brotli's own default of 11 is 50 times slower. */
const brotliQuality = 5;
const compressedChunkBytes = 128 * 1024;

/**
 * Writes files for one task thread, on the host's event loop. Make one for each thread; `close` it
 * when the thread has ended: what it had not completed is removed.
 */
export class OutputDrain {
  readonly #fileSystems: FileSystemRegistry;
  readonly #open = new Set<OutputRingReader>();

  constructor(fileSystems: FileSystemRegistry) {
    this.#fileSystems = fileSystems;
  }

  /** Takes what the thread posted. */
  handle(message: OutputMessage): void {
    void this.#drain(message);
  }

  /** Number of outputs that are not ended. */
  get openCount(): number {
    return this.#open.size;
  }

  /** Gives up all open outputs; their files are removed soon after. */
  close(): void {
    for (const ring of this.#open) ring.removeFromHost();
  }

  /** Never rejects: what fails is told to the thread. */
  async #drain(message: OutputMessage): Promise<void> {
    const ring = new OutputRingReader(message);
    this.#open.add(ring);
    try {
      ring.done(await this.#write(message, ring));
    } catch (error) {
      ring.failed(encodeInputError(toError(error)));
    } finally {
      this.#open.delete(ring);
    }
  }

  async #write(message: OutputMessage, ring: OutputRingReader): Promise<number> {
    const { fileSystem, path } = this.#fileSystems.resolve(message.path);
    const file = new CountedFile(await fileSystem.create(path));
    try {
      const target = message.codec === undefined ? file : new CompressedFile(file, message.codec);
      for (;;) {
        const event = await ring.next();
        if (event.kind === 'packet') {
          await target.write(event.bytes);
          ring.consume();
        } else if (event.kind === 'complete') {
          await target.close();
          return file.sizeBytes;
        } else {
          target.destroy();
          await file.abort();
          return 0;
        }
      }
    } catch (error) {
      await file.abort().catch(() => undefined);
      throw error;
    }
  }
}

/** Where the host puts plain bytes. */
interface Target {
  write(bytes: Uint8Array): Promise<void>;
  close(): Promise<void>;
  /** Stops compressing; the file itself is aborted by its owner. */
  destroy(): void;
}

class CountedFile implements Target {
  sizeBytes = 0;
  readonly #writer: FileWriter;

  constructor(writer: FileWriter) {
    this.#writer = writer;
  }

  async write(bytes: Uint8Array): Promise<void> {
    await this.#writer.write(bytes);
    this.sizeBytes += bytes.length;
  }

  close(): Promise<void> {
    return this.#writer.close();
  }

  abort(): Promise<void> {
    return this.#writer.abort();
  }

  destroy(): void {
    return;
  }
}

/** Compresses on the thread pool of the process, as one stream: one gzip member, one zstd frame. */
class CompressedFile implements Target {
  readonly #file: CountedFile;
  readonly #engine: Compressor;
  readonly #written: Promise<void>;
  #failure: unknown;

  constructor(file: CountedFile, codec: NonNullable<OutputMessage['codec']>) {
    this.#file = file;
    this.#engine = makeCompressor(codec);
    this.#written = this.#copyToFile();
    // Told by `write` and `close`, which every owner of this object goes through.
    this.#written.catch(() => undefined);
  }

  /** Resolves when the bytes are compressed: only then may their memory be used again. */
  async write(bytes: Uint8Array): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#engine.write(bytes, (error) => {
        if (error) reject(toError(this.#failure ?? error));
        else resolve();
      });
    });
  }

  async close(): Promise<void> {
    this.#engine.end();
    await this.#written;
    await this.#file.close();
  }

  destroy(): void {
    this.#engine.destroy();
  }

  async #copyToFile(): Promise<void> {
    try {
      for await (const chunk of this.#engine) await this.#file.write(chunk as Buffer);
    } catch (error) {
      this.#failure = error;
      this.#engine.destroy(toError(error));
      throw error;
    }
  }
}

type Compressor = zlib.Gzip | zlib.Deflate | zlib.BrotliCompress | zlib.ZstdCompress;

function makeCompressor(codec: NonNullable<OutputMessage['codec']>): Compressor {
  const chunkSize = compressedChunkBytes;
  switch (codec) {
    case 'gzip':
      return zlib.createGzip({ chunkSize });
    case 'deflate':
      return zlib.createDeflate({ chunkSize });
    case 'zstd':
      return zlib.createZstdCompress({ chunkSize });
    case 'brotli':
      return zlib.createBrotliCompress({
        chunkSize,
        params: { [zlib.constants.BROTLI_PARAM_QUALITY]: brotliQuality },
      });
  }
}
