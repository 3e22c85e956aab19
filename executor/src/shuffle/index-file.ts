import { crc32 } from 'node:zlib';

/**
 * `file.out.index` as MapReduce's `SpillRecord` writes it (Hadoop 3.4): for each reducer three
 * big-endian int64 (start offset, raw length, part length), then one int64 with the CRC-32 of all
 * bytes before it. Stock NodeManagers serve map outputs by it.
 */
export const INDEX_ENTRY_BYTES = 24;

const INDEX_CHECKSUM_BYTES = 8;

/** Where one part stands in `file.out`. */
export interface IndexEntry {
  readonly offset: number;
  /** Only passed on by the shuffle service; we write the part length. */
  readonly rawLength: number;
  readonly partLength: number;
}

/** The index of a map output whose parts have these sizes and stand one after another. */
export function encodeIndex(partSizesBytes: Float64Array): Uint8Array {
  const entriesBytes = partSizesBytes.length * INDEX_ENTRY_BYTES;
  const bytes = new Uint8Array(entriesBytes + INDEX_CHECKSUM_BYTES);
  const view = new DataView(bytes.buffer);
  let offset = 0;
  for (let i = 0; i < partSizesBytes.length; i++) {
    const size = partSizesBytes[i]!;
    const at = i * INDEX_ENTRY_BYTES;
    setInt64(view, at, offset);
    setInt64(view, at + 8, size);
    setInt64(view, at + 16, size);
    offset += size;
  }
  setInt64(view, entriesBytes, crc32(bytes.subarray(0, entriesBytes)));
  return bytes;
}

/** One entry of 24 bytes. Values beyond 2^53 come out wrong and fail the checks of the reader. */
export function decodeIndexEntry(bytes: Uint8Array): IndexEntry {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return {
    offset: getInt64(view, 0),
    rawLength: getInt64(view, 8),
    partLength: getInt64(view, 16),
  };
}

/** All entries of a whole index file, or undefined when its length or checksum is wrong. */
export function decodeIndex(bytes: Uint8Array): IndexEntry[] | undefined {
  const entriesBytes = bytes.length - INDEX_CHECKSUM_BYTES;
  if (entriesBytes < 0 || entriesBytes % INDEX_ENTRY_BYTES !== 0) {
    return undefined;
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (getInt64(view, entriesBytes) !== crc32(bytes.subarray(0, entriesBytes))) {
    return undefined;
  }
  const entries: IndexEntry[] = [];
  for (let at = 0; at < entriesBytes; at += INDEX_ENTRY_BYTES) {
    entries.push(decodeIndexEntry(bytes.subarray(at, at + INDEX_ENTRY_BYTES)));
  }
  return entries;
}

function setInt64(view: DataView, at: number, value: number): void {
  view.setUint32(at, Math.floor(value / 0x1_0000_0000), false);
  view.setUint32(at + 4, value % 0x1_0000_0000, false);
}

function getInt64(view: DataView, at: number): number {
  return view.getInt32(at, false) * 0x1_0000_0000 + view.getUint32(at + 4, false);
}
