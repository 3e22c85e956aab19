import {
  constants,
  crc32,
  zstdCompressSync,
  zstdDecompressSync,
  type ZstdOptions,
} from 'node:zlib';

/**
 * How batches stand in map outputs, spill files and cached blocks on disk: one frame after another.
 *
 * | bytes | field | |
 * |---|---|---|
 * | 4 | stored length | bytes that follow the header |
 * | 4 | raw length | equal to the stored length when the frame is not compressed |
 * | 4 | records | |
 * | 4 | CRC-32 | of the stored bytes |
 * | … | stored bytes | one or more record batches, zstd level 1 when that made them smaller |
 *
 * All integers are little-endian and unsigned.
 */
export const FRAME_HEADER_BYTES = 16;

/** Frames are filled up to about this many raw bytes; a single big record may exceed it. */
export const FRAME_TARGET_BYTES = 256 * 1024;

/** A frame never says it is longer than this (V8 limits a typed array to more; a lie costs no memory). */
export const MAX_FRAME_BYTES = 1 << 30;

/** A call into zstd costs about 40 µs however little it gets: smaller frames stay as they are. */
const MIN_COMPRESSED_BYTES = 512;

/** How shuffle data are compressed (`heddle.shuffle.compress`). */
export type ShuffleCompression = 'none' | 'zstd';

const zstdLevel1: ZstdOptions = { params: { [constants.ZSTD_c_compressionLevel]: 1 } };

/** Header of a frame, read from `bytes`. */
export interface FrameHeader {
  readonly storedBytes: number;
  readonly rawBytes: number;
  readonly records: number;
  readonly checksum: number;
}

/** What is wrong with a frame; the caller knows which file it stood in and throws the right error. */
export class FrameError extends Error {}

/** Makes one frame of encoded batches; the result is a copy, `raw` may be reused. */
export function encodeFrame(
  raw: Uint8Array,
  records: number,
  compression: ShuffleCompression,
): Uint8Array {
  if (raw.length > MAX_FRAME_BYTES) {
    throw new RangeError(
      `a batch of ${records} records takes ${raw.length} bytes, more than the ${MAX_FRAME_BYTES} that one frame may hold`,
    );
  }
  let stored = raw;
  if (compression === 'zstd' && raw.length >= MIN_COMPRESSED_BYTES) {
    const compressed = zstdCompressSync(raw, zstdLevel1);
    if (compressed.length < raw.length) {
      stored = compressed;
    }
  }
  const frame = new Uint8Array(FRAME_HEADER_BYTES + stored.length);
  frame.set(stored, FRAME_HEADER_BYTES);
  const view = new DataView(frame.buffer);
  view.setUint32(0, stored.length, true);
  view.setUint32(4, raw.length, true);
  view.setUint32(8, records, true);
  view.setUint32(12, crc32(stored), true);
  return frame;
}

/** Reads the header that starts at `offset`. Throws `FrameError` when the fields cannot be right. */
export function decodeFrameHeader(bytes: Uint8Array, offset: number): FrameHeader {
  if (offset + FRAME_HEADER_BYTES > bytes.length) {
    throw new FrameError('it ends inside a frame header');
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset + offset, FRAME_HEADER_BYTES);
  const storedBytes = view.getUint32(0, true);
  const rawBytes = view.getUint32(4, true);
  if (storedBytes > rawBytes || rawBytes > MAX_FRAME_BYTES) {
    throw new FrameError('a frame header has impossible lengths');
  }
  return {
    storedBytes,
    rawBytes,
    records: view.getUint32(8, true),
    checksum: view.getUint32(12, true),
  };
}

/**
 * The batches of a frame, uncompressed. `verify` is left out only for bytes whose checksum was
 * verified as a whole. Throws `FrameError`.
 */
export function decodeFrame(header: FrameHeader, stored: Uint8Array, verify: boolean): Uint8Array {
  if (stored.length !== header.storedBytes) {
    throw new FrameError('it ends inside a frame');
  }
  if (verify && crc32(stored) !== header.checksum) {
    throw new FrameError('the checksum of a frame does not match its bytes');
  }
  if (header.storedBytes === header.rawBytes) {
    return stored;
  }
  const raw = zstdDecompressSync(stored, { maxOutputLength: header.rawBytes });
  if (raw.length !== header.rawBytes) {
    throw new FrameError('a frame has another length than its header says');
  }
  return raw;
}
