import { createHmac, timingSafeEqual } from 'node:crypto';
import { open } from 'node:fs/promises';
import { HeddleError } from '@heddle/common';
import {
  decodeFrame,
  decodeFrameHeader,
  encodeFrame,
  FRAME_HEADER_BYTES,
  FrameError,
} from '../../shuffle/frame.js';
import type { ReplyStream } from '../../transport/index.js';
import { BlockFile } from '../block-file.js';
import { blockName, type BlockId } from '../block-memory.js';
import type { AvailableBlock, DiskBlock, MemoryBlock } from '../block-messages.js';

/**
 * A block on its way between executors, all integers little-endian:
 *
 * | bytes | field |
 * |---|---|
 * | 4 | `HBK1` |
 * | 8 | records of the block, as a double |
 * | … | frames (`shuffle/frame.ts`) |
 * | 32 | HMAC-SHA-256 over the block's name and everything before |
 */
const MAGIC = 0x314b4248;
const HEAD_BYTES = 12;
const SEAL_BYTES = 32;
const READ_BYTES = 256 * 1024;

/** A block that another executor sent cannot be used; the partition is computed instead. */
export class BlockTransferError extends HeddleError {
  readonly code = 'BLOCK_TRANSFER';

  constructor(
    readonly block: string,
    reason: string,
    options?: ErrorOptions,
  ) {
    super(`the copy of ${block} that another executor sent cannot be used: ${reason}`, options);
  }
}

/** What goes over the wire for a block: its exact length, and the bytes as they are made. */
export interface BlockStream {
  readonly lengthBytes: number;
  readonly stream: AsyncIterable<Uint8Array>;
}

/** Sends a block as it is kept: from memory in frames, from disk as the file is. */
export function blockStream(block: AvailableBlock, key: Uint8Array): BlockStream | undefined {
  const { memory, disk } = block;
  if (memory !== undefined) {
    const frames = memory.chunks.reduce((sum, one) => sum + FRAME_HEADER_BYTES + one.byteLength, 0);
    const parts = memoryFrames(memory, block.records);
    return { lengthBytes: HEAD_BYTES + frames + SEAL_BYTES, stream: sealed(block, parts, key) };
  }
  if (disk !== undefined) {
    const lengthBytes = HEAD_BYTES + disk.sizeBytes + SEAL_BYTES;
    return { lengthBytes, stream: sealed(block, fileParts(disk), key) };
  }
  return undefined;
}

// eslint-disable-next-line @typescript-eslint/require-await -- one of two sources; the other one waits
async function* memoryFrames(memory: MemoryBlock, records: number): AsyncGenerator<Uint8Array> {
  for (const [i, chunk] of memory.chunks.entries()) {
    // Records are counted for the whole block: the last frame says them all.
    yield encodeFrame(new Uint8Array(chunk), i + 1 === memory.chunks.length ? records : 0, 'none');
  }
}

async function* fileParts(disk: DiskBlock): AsyncGenerator<Uint8Array> {
  const file = await open(disk.path, 'r');
  try {
    const buffer = Buffer.allocUnsafeSlow(READ_BYTES);
    for (let position = 0; position < disk.sizeBytes;) {
      const { bytesRead } = await file.read(buffer, 0, buffer.length, position);
      if (bytesRead === 0) return;
      position += bytesRead;
      yield buffer.subarray(0, bytesRead);
    }
  } finally {
    await file.close();
  }
}

async function* sealed(
  block: AvailableBlock,
  parts: AsyncIterable<Uint8Array>,
  key: Uint8Array,
): AsyncGenerator<Uint8Array> {
  const seal = startSeal(block, key);
  const head = new Uint8Array(HEAD_BYTES);
  const view = new DataView(head.buffer);
  view.setUint32(0, MAGIC, true);
  view.setFloat64(4, block.records, true);
  seal.update(head);
  yield head;
  for await (const part of parts) {
    seal.update(part);
    yield part;
  }
  yield seal.digest();
}

function startSeal(id: BlockId, key: Uint8Array): ReturnType<typeof createHmac> {
  return createHmac('sha256', key).update(`${blockName(id)}\n`);
}

/** Where a block goes that arrives. */
export interface BlockTarget {
  /** Bytes that it may take in memory; a larger one goes to a file. */
  readonly memoryLimitBytes: number;
  readonly localDirectories: readonly string[];
  /** Name of that file, which nothing else uses. */
  readonly fileName: string;
  /** Whether a larger one may go to a file at all. */
  readonly mayUseDisk: boolean;
  readonly compression: 'none' | 'zstd';
}

/**
 * Takes a block in, frame after frame; resolves when its seal was verified, to undefined when there
 * is no room for it. Nothing of it stays behind on a failure.
 * @throws BlockTransferError, PeerError
 */
export async function receiveBlock(
  id: BlockId,
  reply: ReplyStream,
  key: Uint8Array,
  target: BlockTarget,
): Promise<AvailableBlock | undefined> {
  const collector = new BlockCollector(id, target);
  try {
    const records = await receiveFrames(id, reply, key, (raw, count) => collector.add(raw, count));
    if (records === undefined) {
      reply.close();
      collector.abort();
      return undefined;
    }
    return collector.finish(records);
  } catch (error) {
    reply.close();
    collector.abort();
    if (error instanceof FrameError) {
      throw new BlockTransferError(blockName(id), error.message, { cause: error });
    }
    throw error;
  }
}

/** Resolves to the number of records, or undefined when `add` wants no more. */
async function receiveFrames(
  id: BlockId,
  reply: ReplyStream,
  key: Uint8Array,
  add: (raw: Uint8Array, records: number) => boolean,
): Promise<number | undefined> {
  const seal = startSeal(id, key);
  const fault = (reason: string): BlockTransferError =>
    new BlockTransferError(blockName(id), reason);
  let left = reply.head.lengthBytes - SEAL_BYTES;
  const take = async (length: number): Promise<Buffer> => {
    if (length > left) throw fault('its frames are longer than the whole');
    const bytes = Buffer.allocUnsafeSlow(length);
    await reply.readInto(bytes);
    left -= length;
    return bytes;
  };
  const head = await take(HEAD_BYTES);
  seal.update(head);
  const records = head.readDoubleLE(4);
  if (head.readUInt32LE(0) !== MAGIC || !Number.isSafeInteger(records) || records < 0) {
    throw fault('it does not begin like a block');
  }
  let seen = 0;
  while (left > 0) {
    const headerBytes = await take(FRAME_HEADER_BYTES);
    const header = decodeFrameHeader(headerBytes, 0);
    const stored = await take(header.storedBytes);
    seal.update(headerBytes).update(stored);
    seen += header.records;
    if (!add(decodeFrame(header, stored, true), header.records)) return undefined;
  }
  const given = Buffer.allocUnsafeSlow(SEAL_BYTES);
  await reply.readInto(given);
  if (!timingSafeEqual(given, seal.digest())) throw fault('its seal does not fit its bytes');
  if (seen !== records) throw fault(`it has ${seen} records instead of ${records}`);
  return records;
}

/** Keeps what arrives in shared memory, and in a file from the byte on that does not fit. */
class BlockCollector {
  readonly #id: BlockId;
  readonly #target: BlockTarget;
  #chunks: SharedArrayBuffer[] = [];
  #records: number[] = [];
  #memoryBytes = 0;
  #file: BlockFile | undefined;

  constructor(id: BlockId, target: BlockTarget) {
    this.#id = id;
    this.#target = target;
  }

  /** False when there is no room for it. Throws `StorageFullError` when no disk has any. */
  add(raw: Uint8Array, records: number): boolean {
    const { memoryLimitBytes, mayUseDisk } = this.#target;
    if (this.#file === undefined && this.#memoryBytes + raw.length <= memoryLimitBytes) {
      const chunk = new SharedArrayBuffer(raw.length);
      new Uint8Array(chunk).set(raw);
      this.#chunks.push(chunk);
      this.#records.push(records);
      this.#memoryBytes += raw.length;
      return true;
    }
    if (!mayUseDisk) return false;
    const file = this.#file ?? this.#moveToDisk();
    file.append(encodeFrame(raw, records, this.#target.compression));
    return true;
  }

  finish(records: number): AvailableBlock {
    const block = { ...this.#id, records };
    // A block without records is kept in memory, whatever its level: there is nothing to keep.
    if (this.#file === undefined) {
      return { ...block, memory: { chunks: this.#chunks, sizeBytes: this.#memoryBytes } };
    }
    const path = this.#file.finish();
    return { ...block, disk: { path, sizeBytes: this.#file.sizeBytes } };
  }

  abort(): void {
    this.#chunks = [];
    this.#file?.remove();
  }

  #moveToDisk(): BlockFile {
    const { localDirectories, fileName } = this.#target;
    const file = new BlockFile(localDirectories, fileName, this.#id.partition);
    this.#file = file;
    for (const [i, chunk] of this.#chunks.entries()) {
      const raw = new Uint8Array(chunk);
      file.append(encodeFrame(raw, this.#records[i]!, this.#target.compression));
    }
    this.#chunks = [];
    return file;
  }
}
