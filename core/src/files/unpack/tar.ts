import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import type { ArchiveOutput } from './archive-output.js';
import { ArchiveError } from './errors.js';

const BLOCK_BYTES = 512;
const MAX_META_BYTES = 1024 * 1024;

/** What stands before each file. */
interface TarHeader {
  readonly name: string;
  readonly sizeBytes: number;
  readonly mode: number;
  /** `0` a file, `5` a directory, `x` and `g` extended headers, `L` a long name. */
  readonly type: string;
}

/** Unpacks a tar file (POSIX ustar, pax, GNU long names). */
export async function unpackTar(
  path: string,
  isGzipped: boolean,
  output: ArchiveOutput,
): Promise<void> {
  const unpack = async (bytes: AsyncIterable<Buffer>): Promise<void> => {
    await unpackStream(path, new BlockReader(path, bytes), output);
  };
  const file = createReadStream(path);
  if (isGzipped) await pipeline(file, createGunzip(), unpack);
  else await pipeline(file, unpack);
}

async function unpackStream(
  path: string,
  reader: BlockReader,
  output: ArchiveOutput,
): Promise<void> {
  /** Name and size that an extended header gives to the next file. */
  let extended: { name?: string; sizeBytes?: number } = {};
  for (;;) {
    const block = await reader.take(BLOCK_BYTES);
    if (block === undefined || block.every((byte) => byte === 0)) break;
    const header = parseHeader(path, block);
    const name = extended.name ?? header.name;
    const sizeBytes = extended.sizeBytes ?? header.sizeBytes;
    switch (header.type) {
      case 'x':
        extended = parsePax(path, await meta(path, reader, header.sizeBytes));
        continue;
      case 'g':
        await meta(path, reader, header.sizeBytes);
        continue;
      case 'L':
        extended = { ...extended, name: text(await meta(path, reader, header.sizeBytes)) };
        continue;
      case '5':
        await output.addDirectory(name);
        break;
      case '0':
      case '\0':
      case '7':
        await output.addFile(name, reader.body(sizeBytes), (header.mode & 0o100) !== 0);
        await reader.skipPadding(sizeBytes);
        break;
      default:
        throw new ArchiveError(path, `${JSON.stringify(name)} is neither a file nor a directory`);
    }
    extended = {};
  }
  await reader.drain();
}

async function meta(path: string, reader: BlockReader, sizeBytes: number): Promise<Buffer> {
  if (sizeBytes > MAX_META_BYTES) throw new ArchiveError(path, 'a header in it is too long');
  const pieces: Buffer[] = [];
  for await (const piece of reader.body(sizeBytes)) pieces.push(Buffer.from(piece));
  await reader.skipPadding(sizeBytes);
  return Buffer.concat(pieces);
}

function parseHeader(path: string, block: Buffer): TarHeader {
  const stored = octal(path, block, 148, 8);
  let sum = 0;
  for (let i = 0; i < BLOCK_BYTES; i++) sum += i >= 148 && i < 156 ? 32 : block[i]!;
  if (sum !== stored) throw new ArchiveError(path, 'a header in it is damaged');
  const isPosix = block.toString('latin1', 257, 262) === 'ustar';
  const prefix = isPosix && block[262] === 0 ? text(block.subarray(345, 500)) : '';
  const name = text(block.subarray(0, 100));
  return {
    name: prefix === '' ? name : `${prefix}/${name}`,
    sizeBytes: octal(path, block, 124, 12),
    mode: octal(path, block, 100, 8),
    type: String.fromCharCode(block[156]!),
  };
}

/** A number in octal digits, or in base 256 when it does not fit. */
function octal(path: string, block: Buffer, offset: number, length: number): number {
  if ((block[offset]! & 0x80) !== 0) {
    let value = block[offset]! & 0x7f;
    for (let i = 1; i < length; i++) value = value * 256 + block[offset + i]!;
    if (!Number.isSafeInteger(value)) throw new ArchiveError(path, 'a number in it is too large');
    return value;
  }
  const digits = text(block.subarray(offset, offset + length)).trim();
  if (digits === '') return 0;
  if (!/^[0-7]+$/.test(digits)) throw new ArchiveError(path, 'a header in it is damaged');
  return Number.parseInt(digits, 8);
}

/** `<length> <key>=<value>\n` for each attribute; the length is in bytes. */
function parsePax(path: string, bytes: Buffer): { name?: string; sizeBytes?: number } {
  const found: { name?: string; sizeBytes?: number } = {};
  for (let at = 0; at < bytes.length;) {
    const space = bytes.indexOf(32, at);
    const length = space < 0 ? NaN : Number(bytes.toString('latin1', at, space));
    const equals = bytes.indexOf(61, space);
    if (!(length > 0) || at + length > bytes.length || equals < 0 || equals >= at + length) {
      throw new ArchiveError(path, 'an extended header in it is damaged');
    }
    const key = bytes.toString('utf8', space + 1, equals);
    const value = bytes.toString('utf8', equals + 1, at + length - 1);
    if (key === 'path') found.name = value;
    if (key === 'size') {
      found.sizeBytes = Number(value);
      if (!Number.isSafeInteger(found.sizeBytes) || found.sizeBytes < 0) {
        throw new ArchiveError(path, 'an extended header in it is damaged');
      }
    }
    at += length;
  }
  return found;
}

/** Up to the first NUL. */
function text(bytes: Uint8Array): string {
  const end = bytes.indexOf(0);
  return Buffer.from(end < 0 ? bytes : bytes.subarray(0, end)).toString('utf8');
}

/** The bytes of a stream by their number. */
class BlockReader {
  readonly #path: string;
  readonly #pieces: AsyncIterator<Buffer>;
  #rest = Buffer.alloc(0);

  constructor(path: string, pieces: AsyncIterable<Buffer>) {
    this.#path = path;
    this.#pieces = pieces[Symbol.asyncIterator]();
  }

  /** So many bytes; undefined at the end. */
  async take(length: number): Promise<Buffer | undefined> {
    const pieces: Buffer[] = [];
    for await (const piece of this.#upTo(length)) pieces.push(piece);
    const bytes = Buffer.concat(pieces);
    if (bytes.length === 0 && length > 0) return undefined;
    if (bytes.length < length) throw this.#cutOff();
    return bytes;
  }

  /** The next bytes in pieces. */
  async *body(sizeBytes: number): AsyncGenerator<Buffer> {
    let seen = 0;
    for await (const piece of this.#upTo(sizeBytes)) {
      seen += piece.length;
      yield piece;
    }
    if (seen < sizeBytes) throw this.#cutOff();
  }

  async skipPadding(sizeBytes: number): Promise<void> {
    await this.take((BLOCK_BYTES - (sizeBytes % BLOCK_BYTES)) % BLOCK_BYTES);
  }

  /** Reads the padding behind the last file, so that the stream ends in order. */
  async drain(): Promise<void> {
    while ((await this.#pieces.next()).done !== true);
  }

  async *#upTo(length: number): AsyncGenerator<Buffer> {
    let left = length;
    while (left > 0) {
      if (this.#rest.length === 0) {
        const next = await this.#pieces.next();
        if (next.done === true) return;
        this.#rest = next.value as Buffer<ArrayBuffer>;
        continue;
      }
      const piece = this.#rest.subarray(0, left);
      this.#rest = this.#rest.subarray(piece.length);
      left -= piece.length;
      yield piece;
    }
  }

  #cutOff(): ArchiveError {
    return new ArchiveError(this.#path, 'it ends in the middle of a file');
  }
}
