import { createReadStream } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { crc32, createInflateRaw } from 'node:zlib';
import type { ArchiveOutput } from './archive-output.js';
import { ArchiveError } from './errors.js';

const END_SIGNATURE = 0x06054b50;
const END_BYTES = 22;
const END64_LOCATOR_SIGNATURE = 0x07064b50;
const END64_LOCATOR_BYTES = 20;
const END64_SIGNATURE = 0x06064b50;
const END64_BYTES = 56;
const ENTRY_SIGNATURE = 0x02014b50;
const ENTRY_BYTES = 46;
const LOCAL_SIGNATURE = 0x04034b50;
const LOCAL_BYTES = 30;
const MAX_COMMENT_BYTES = 65_535;
const MAX_DIRECTORY_BYTES = 256 * 1024 * 1024;
const ZIP64_EXTRA = 1;
const UNKNOWN_32 = 0xffff_ffff;
const STORED = 0;
const DEFLATED = 8;
const FILE_TYPE_MASK = 0o170000;
const SYMBOLIC_LINK = 0o120000;

interface ZipEntry {
  readonly name: string;
  readonly method: number;
  readonly checksum: number;
  readonly packedBytes: number;
  readonly sizeBytes: number;
  readonly offset: number;
  /** Unix mode, 0 when the archive was made elsewhere. */
  readonly mode: number;
  readonly isEncrypted: boolean;
}

/** Unpacks a zip file (stored and deflated entries, ZIP64), by its central directory. */
export async function unpackZip(path: string, output: ArchiveOutput): Promise<void> {
  const file = await open(path, 'r');
  let entries: ZipEntry[];
  try {
    entries = await readDirectory(path, file);
    for (const entry of entries) await unpackEntry(path, file, entry, output);
  } finally {
    await file.close();
  }
}

async function unpackEntry(
  path: string,
  file: FileHandle,
  entry: ZipEntry,
  output: ArchiveOutput,
): Promise<void> {
  const { name, method, mode } = entry;
  const fault = (reason: string): ArchiveError =>
    new ArchiveError(path, `${JSON.stringify(name)}: ${reason}`);
  if ((mode & FILE_TYPE_MASK) === SYMBOLIC_LINK) throw fault('links are not unpacked');
  if (name.endsWith('/')) {
    await output.addDirectory(name);
    return;
  }
  if (entry.isEncrypted) throw fault('it is encrypted');
  if (method !== STORED && method !== DEFLATED) {
    throw fault(`its compression method ${method} is not known`);
  }
  const local = await readAt(path, file, entry.offset, LOCAL_BYTES);
  if (local.readUInt32LE(0) !== LOCAL_SIGNATURE) throw fault('its header is damaged');
  const start = entry.offset + LOCAL_BYTES + local.readUInt16LE(26) + local.readUInt16LE(28);
  await output.addFile(
    name,
    verified(contents(path, entry, start), entry, fault),
    (mode & 0o100) !== 0,
  );
}

function contents(path: string, entry: ZipEntry, start: number): AsyncIterable<Buffer> {
  if (entry.packedBytes === 0) return nothing();
  const packed = createReadStream(path, { start, end: start + entry.packedBytes - 1 });
  if (entry.method === STORED) return packed;
  const inflate = createInflateRaw();
  packed.once('error', (error) => inflate.destroy(error));
  inflate.once('close', () => packed.destroy());
  return packed.pipe(inflate);
}

async function* nothing(): AsyncGenerator<Buffer> {
  // An empty file has no bytes.
}

async function* verified(
  pieces: AsyncIterable<Buffer>,
  entry: ZipEntry,
  fault: (reason: string) => ArchiveError,
): AsyncGenerator<Buffer> {
  let checksum = 0;
  let sizeBytes = 0;
  for await (const piece of pieces) {
    checksum = crc32(piece, checksum);
    sizeBytes += piece.length;
    if (sizeBytes > entry.sizeBytes) throw fault('it is longer than the archive says');
    yield piece;
  }
  if (sizeBytes !== entry.sizeBytes || checksum !== entry.checksum) throw fault('it is damaged');
}

async function readDirectory(path: string, file: FileHandle): Promise<ZipEntry[]> {
  const { size } = await file.stat();
  const { offset, sizeBytes, count } = await findDirectory(path, file, size);
  if (sizeBytes > MAX_DIRECTORY_BYTES || offset + sizeBytes > size) throw damaged(path);
  const bytes = await readAt(path, file, offset, sizeBytes);
  const entries: ZipEntry[] = [];
  for (let at = 0; entries.length < count;) {
    if (at + ENTRY_BYTES > bytes.length || bytes.readUInt32LE(at) !== ENTRY_SIGNATURE) {
      throw damaged(path);
    }
    const nameBytes = bytes.readUInt16LE(at + 28);
    const extraBytes = bytes.readUInt16LE(at + 30);
    const next = at + ENTRY_BYTES + nameBytes + extraBytes + bytes.readUInt16LE(at + 32);
    if (next > bytes.length) throw damaged(path);
    entries.push(parseEntry(path, bytes.subarray(at, next), nameBytes, extraBytes));
    at = next;
  }
  return entries;
}

function parseEntry(path: string, bytes: Buffer, nameBytes: number, extraBytes: number): ZipEntry {
  const flags = bytes.readUInt16LE(8);
  const nameEnd = ENTRY_BYTES + nameBytes;
  const isUtf8 = (flags & 0x800) !== 0;
  const long = [bytes.readUInt32LE(24), bytes.readUInt32LE(20), bytes.readUInt32LE(42)];
  const [sizeBytes, packedBytes, offset] = withZip64(
    path,
    bytes.subarray(nameEnd, nameEnd + extraBytes),
    long,
  );
  const isUnix = bytes[5] === 3;
  return {
    name: bytes.toString(isUtf8 ? 'utf8' : 'latin1', ENTRY_BYTES, nameEnd),
    method: bytes.readUInt16LE(10),
    checksum: bytes.readUInt32LE(16),
    packedBytes: packedBytes!,
    sizeBytes: sizeBytes!,
    offset: offset!,
    mode: isUnix ? bytes.readUInt32LE(38) >>> 16 : 0,
    isEncrypted: (flags & 1) !== 0,
  };
}

/** The numbers that did not fit stand in an extra field, in this order. */
function withZip64(path: string, extra: Buffer, numbers: readonly number[]): number[] {
  if (!numbers.includes(UNKNOWN_32)) return [...numbers];
  for (let at = 0; at + 4 <= extra.length;) {
    const length = extra.readUInt16LE(at + 2);
    if (extra.readUInt16LE(at) === ZIP64_EXTRA) {
      let field = at + 4;
      return numbers.map((number) => {
        if (number !== UNKNOWN_32) return number;
        if (field + 8 > at + 4 + length || field + 8 > extra.length) throw damaged(path);
        const value = Number(extra.readBigUInt64LE(field));
        field += 8;
        return value;
      });
    }
    at += 4 + length;
  }
  throw damaged(path);
}

async function findDirectory(
  path: string,
  file: FileHandle,
  size: number,
): Promise<{ offset: number; sizeBytes: number; count: number }> {
  const tailBytes = Math.min(size, END_BYTES + MAX_COMMENT_BYTES);
  const tail = await readAt(path, file, size - tailBytes, tailBytes);
  let at = tail.length - END_BYTES;
  while (at >= 0 && tail.readUInt32LE(at) !== END_SIGNATURE) at--;
  if (at < 0) throw new ArchiveError(path, 'it is no zip file, or its end is missing');
  const short = {
    count: tail.readUInt16LE(at + 10),
    sizeBytes: tail.readUInt32LE(at + 12),
    offset: tail.readUInt32LE(at + 16),
  };
  const locator = size - tailBytes + at - END64_LOCATOR_BYTES;
  const isShort = short.count !== 0xffff && short.offset !== UNKNOWN_32;
  if (isShort || locator < 0) return short;
  const link = await readAt(path, file, locator, END64_LOCATOR_BYTES);
  if (link.readUInt32LE(0) !== END64_LOCATOR_SIGNATURE) return short;
  const end = await readAt(path, file, Number(link.readBigUInt64LE(8)), END64_BYTES);
  if (end.readUInt32LE(0) !== END64_SIGNATURE) throw damaged(path);
  return {
    count: Number(end.readBigUInt64LE(32)),
    sizeBytes: Number(end.readBigUInt64LE(40)),
    offset: Number(end.readBigUInt64LE(48)),
  };
}

async function readAt(
  path: string,
  file: FileHandle,
  position: number,
  length: number,
): Promise<Buffer> {
  const bytes = Buffer.allocUnsafeSlow(length);
  const { bytesRead } = await file.read(bytes, 0, length, position);
  if (bytesRead < length) throw damaged(path);
  return bytes;
}

function damaged(path: string): ArchiveError {
  return new ArchiveError(path, 'its directory is damaged');
}
