import { close, lstatSync, read, readSync } from 'node:fs';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { promisify } from 'node:util';
import { InternalError } from '@heddle/common';
import { openRegularFile } from '../part-source.js';
import type { FileRange } from './map-output-table.js';
import { DAMAGED_OUTPUT, LENGTH_BYTES } from './parts-wire.js';

const CHUNK_BYTES = 256 * 1024;
/** Pieces up to this size are read at once: handing them to another thread would cost more. */
const SMALL_READ_BYTES = 64 * 1024;
/** Longest time on the event loop before others get a turn. */
const TURN_MS = 4;

const readLater = promisify(read);

/** One entry of an answer: what follows a negative length is negative too. */
interface Entry extends FileRange {
  /** Of all its parts. */
  readonly lengthBytes: number;
}

/** An answer to a request for parts: its length is known before its first byte is read. */
export class RangeStream {
  readonly lengthBytes: number;
  readonly #entries: readonly Entry[];

  constructor(ranges: readonly FileRange[]) {
    this.#entries = ranges.map(entryOf);
    let totalBytes = 0;
    for (const { lengths, lengthBytes } of this.#entries) {
      totalBytes += lengths.length * LENGTH_BYTES + lengthBytes;
    }
    this.lengthBytes = totalBytes;
  }

  /** The bytes, in two buffers by turns: one is filled while the other is sent. */
  async *chunks(): AsyncGenerator<Uint8Array> {
    const filler = new ChunkFiller(this.#entries);
    try {
      const size = Math.min(CHUNK_BYTES, this.lengthBytes);
      let sending = Buffer.allocUnsafeSlow(size);
      let chunk = await filler.fill(sending);
      let filling = Buffer.allocUnsafeSlow(chunk.length < this.lengthBytes ? size : 0);
      while (chunk.length > 0) {
        const next = filler.fill(filling);
        // It is awaited when this chunk has been sent; until then nobody else handles its error.
        next.catch(() => undefined);
        yield chunk;
        [sending, filling] = [filling, sending];
        chunk = await next;
      }
    } finally {
      filler.close();
    }
  }
}

/** Reads entries, each behind the lengths of its parts, into one buffer after the other. */
class ChunkFiller {
  readonly #entries: readonly Entry[];
  #entry = 0;
  /** Lengths of the current entry that are done. */
  #lengths = 0;
  /** Bytes of the current entry that are done. */
  #done = 0;
  #descriptor = -1;
  #path = '';
  #turnEndsMs = performance.now() + TURN_MS;
  #reading = false;
  #closed = false;

  constructor(entries: readonly Entry[]) {
    this.#entries = entries;
  }

  /** The next bytes; empty at the end. Throws what reading throws. */
  async fill(buffer: Buffer): Promise<Buffer> {
    let filled = 0;
    while (this.#entry < this.#entries.length) {
      const entry = this.#entries[this.#entry]!;
      const { lengths, lengthBytes } = entry;
      while (this.#lengths < lengths.length && filled + LENGTH_BYTES <= buffer.length) {
        filled = buffer.writeDoubleLE(lengths[this.#lengths++]!, filled);
      }
      if (this.#lengths < lengths.length) break;
      if (this.#done < lengthBytes) {
        const wanted = Math.min(lengthBytes - this.#done, buffer.length - filled);
        if (wanted === 0) break;
        await this.#read(entry, buffer, filled, wanted);
        filled += wanted;
        this.#done += wanted;
        if (this.#done < lengthBytes) break;
      }
      this.#entry += 1;
      this.#lengths = 0;
      this.#done = 0;
    }
    return buffer.subarray(0, filled);
  }

  close(): void {
    this.#closed = true;
    if (!this.#reading) this.#closeFile();
  }

  async #read(range: FileRange, buffer: Buffer, at: number, length: number): Promise<void> {
    if (this.#path !== range.path) {
      this.#closeFile();
      this.#descriptor = openRegularFile(range.path);
      this.#path = range.path;
    }
    const position = range.offset + this.#done;
    let done = 0;
    while (done < length) {
      const got = await this.#readSome(buffer, at + done, length - done, position + done);
      if (got === 0) throw new InternalError(`${range.path} became shorter while it was sent`);
      done += got;
    }
  }

  async #readSome(buffer: Buffer, at: number, length: number, position: number): Promise<number> {
    if (length <= SMALL_READ_BYTES) {
      if (performance.now() > this.#turnEndsMs) {
        await nextTurn();
        this.#turnEndsMs = performance.now() + TURN_MS;
      }
      return readSync(this.#descriptor, buffer, at, length, position);
    }
    this.#reading = true;
    try {
      const { bytesRead } = await readLater(this.#descriptor, buffer, at, length, position);
      return bytesRead;
    } finally {
      this.#reading = false;
      if (this.#closed) this.#closeFile();
    }
  }

  #closeFile(): void {
    const descriptor = this.#descriptor;
    this.#descriptor = -1;
    this.#path = '';
    if (descriptor >= 0) close(descriptor, () => undefined);
  }
}

/** What can be sent of a range: its parts up to the end of the file, or to the first one that is not there. */
function entryOf(range: FileRange): Entry {
  const { path, offset, lengths } = range;
  const fileBytes = lengths[0]! < 0 ? -1 : fileSize(path);
  let lengthBytes = 0;
  for (let sent = 0; sent < lengths.length; sent++) {
    const length = lengths[sent]!;
    if (length >= 0 && offset + lengthBytes + length <= fileBytes) {
      lengthBytes += length;
      continue;
    }
    const cut = lengths.slice();
    cut.fill(length < 0 ? length : DAMAGED_OUTPUT, sent);
    return { path, offset, lengths: cut, lengthBytes };
  }
  return { path, offset, lengths, lengthBytes };
}

/** -1 for what is not there, or is no plain file. */
function fileSize(path: string): number {
  const stats = lstatSync(path, { throwIfNoEntry: false });
  return stats?.isFile() === true ? stats.size : -1;
}
