import { UnsupportedFormatError, type SequenceCodec } from 'heddle/internal';
import type { FileCursor } from './file-cursor.js';
import type { HadoopWriter } from './hadoop-writer.js';
import { classOfCodec, codecOfClass, readableCodecClasses } from './sequence-codecs.js';
import { readableClasses, writableOfClass, type Writable } from './writables.js';

/** Length of the random bytes that mark places where reading can begin. */
export const syncBytes = 16;
const magic = 'SEQ';
const newestVersion = 6;
/** The first version with class names as they still are, and with compressed blocks. */
const oldestVersion = 4;
/** The first version that names its codec. */
const namedCodecVersion = 5;
/** The first version with metadata. */
const metadataVersion = 6;

/** What the first bytes of a SequenceFile say. */
export interface SequenceHeader {
  readonly key: Writable;
  readonly value: Writable;
  readonly compression: 'none' | 'record' | 'block';
  /** Without meaning where nothing is compressed. */
  readonly codec: SequenceCodec;
  readonly sync: Buffer;
}

/**
 * Reads a header; the cursor stands at the first record then. Versions 4 to 6, as Hadoop's own reader
 * since 0.18 writes them. Source: Hadoop 3.4 `SequenceFile.Reader.init`.
 *
 * @throws InputFormatError for what is no SequenceFile, or damaged
 * @throws UnsupportedFormatError for other versions, classes, codecs
 */
export function readHeader(cursor: FileCursor): SequenceHeader {
  const version = readVersion(cursor);
  const keyClass = cursor.text();
  const valueClass = cursor.text();
  const compressed = readFlag(cursor);
  const blocks = readFlag(cursor);
  let codec: SequenceCodec = 'deflate';
  if (compressed && version >= namedCodecVersion) codec = knownCodec(cursor, cursor.text());
  if (version >= metadataVersion) skipMetadata(cursor);
  const sync = Buffer.from(cursor.take(syncBytes));
  return {
    key: knownClass(cursor, keyClass, 'keys'),
    value: knownClass(cursor, valueClass, 'values'),
    compression: compressed ? (blocks ? 'block' : 'record') : 'none',
    codec,
    sync,
  };
}

/** Writes a header of version 6, without metadata. */
export function writeHeader(to: HadoopWriter, header: SequenceHeader): void {
  to.bytes(Buffer.from(magic, 'latin1'));
  to.u8(newestVersion);
  to.text(header.key.className);
  to.text(header.value.className);
  to.u8(header.compression === 'none' ? 0 : 1);
  to.u8(header.compression === 'block' ? 1 : 0);
  if (header.compression !== 'none') to.text(classOfCodec(header.codec));
  to.i32(0);
  to.bytes(header.sync);
}

function readVersion(cursor: FileCursor): number {
  const start = cursor.isAtEnd() ? Buffer.alloc(0) : cursor.take(magic.length + 1);
  if (start.toString('latin1', 0, magic.length) !== magic) {
    throw cursor.damaged(
      `it is no SequenceFile, which begins with ${magic}, and begins with ` +
        JSON.stringify(start.toString('latin1')),
    );
  }
  const version = start[magic.length]!;
  if (version < oldestVersion || version > newestVersion) {
    throw new UnsupportedFormatError(
      cursor.path,
      `version ${version}`,
      `it is a SequenceFile of version ${version}, and versions ${oldestVersion} to ${newestVersion} can be read`,
    );
  }
  return version;
}

function readFlag(cursor: FileCursor): boolean {
  const byte = cursor.take(1)[0]!;
  if (byte > 1) throw cursor.damaged(`a flag of its header is ${byte}, and must be 0 or 1`);
  return byte === 1;
}

function skipMetadata(cursor: FileCursor): void {
  const count = cursor.i32();
  if (count < 0) throw cursor.damaged(`its header has ${count} entries of metadata`);
  for (let i = 0; i < count * 2; i += 1) cursor.text();
}

function knownClass(cursor: FileCursor, className: string, what: 'keys' | 'values'): Writable {
  const known = writableOfClass(className);
  if (known !== undefined) return known;
  throw new UnsupportedFormatError(
    cursor.path,
    className.slice(0, 200),
    `its ${what} are of the class ${JSON.stringify(className.slice(0, 200))}, which has no form here: ` +
      `known are ${readableClasses.join(', ')}`,
  );
}

function knownCodec(cursor: FileCursor, className: string): SequenceCodec {
  const known = codecOfClass(className);
  if (known !== undefined) return known;
  throw new UnsupportedFormatError(
    cursor.path,
    className.slice(0, 200),
    `it is compressed by ${JSON.stringify(className.slice(0, 200))}, which cannot be undone here: ` +
      `known are ${readableCodecClasses.join(', ')}; write it again with one of these`,
  );
}
