import { HeddleError } from '@heddle/common';

/** A file is no TFile, or one whose structure contradicts itself. */
export class TFileBrokenError extends HeddleError {
  readonly code = 'T_FILE_BROKEN';

  constructor(
    readonly problem: string,
    /** Byte of the file, or of the part that was read. */
    readonly offset: number,
  ) {
    super(
      `this is no TFile of Hadoop, or it is damaged: ${problem} at byte ${offset}; \`yarn logs\` may know more`,
    );
  }
}

/** One entry of a TFile. */
export interface TFileRecord {
  readonly key: Buffer;
  readonly value: Buffer;
}

/** What a TFile holds. */
export interface TFileContents {
  /** Of its blocks, such as `none`, `gz`, `lzo`. */
  readonly compression: string;
  /** Empty unless the compression is `none`. */
  readonly records: readonly TFileRecord[];
}

/** At both ends of a file (`BCFile.Magic`). */
const magic = Buffer.from('d111d36891b5d7b639df414092bae150', 'hex');
/** Offset of the index of meta blocks, two numbers of a version, magic. */
const trailerBytes = 8 + 4 + magic.length;
const knownMajorVersion = 1;
/** Says where the data blocks are (`BCFile.DataIndex.BLOCK_NAME`). */
const dataIndexName = 'data:BCFile.index';
const uncompressed = 'none';

interface Region {
  readonly offset: number;
  readonly size: number;
}

/**
 * Reads a whole TFile by its own indexes (`TFile`, `BCFile`, `Chunk`, `Utils` of
 * `org.apache.hadoop.io.file.tfile`, Hadoop 3.4.3). Lengths alone say where something ends, never
 * what the bytes look like.
 *
 * @throws TFileBrokenError
 */
export function readTFile(file: Buffer): TFileContents {
  const trailerAt = file.length - trailerBytes;
  if (trailerAt < magic.length) throw new TFileBrokenError('it is too short', file.length);
  const trailer = new TFileReader(file.subarray(trailerAt));
  const metaIndexAt = trailer.fixedLong();
  const major = trailer.short();
  trailer.short();
  if (!trailer.take(magic.length).equals(magic)) {
    throw new TFileBrokenError('its last bytes are not those of a TFile', trailerAt);
  }
  if (major !== knownMajorVersion) {
    throw new TFileBrokenError(`its version ${major} is unknown`, trailerAt);
  }
  const metaIndex = new TFileReader(
    part(file, { offset: metaIndexAt, size: trailerAt - metaIndexAt }),
  );
  const index = findDataIndex(metaIndex);
  if (index.compression !== uncompressed) return { compression: index.compression, records: [] };
  const dataIndex = new TFileReader(part(file, index.region));
  const compression = dataIndex.string();
  if (compression !== uncompressed) return { compression, records: [] };
  const records: TFileRecord[] = [];
  for (let left = dataIndex.count(); left > 0; left -= 1) {
    const block = new TFileReader(part(file, dataIndex.region()));
    while (!block.isAtEnd) records.push({ key: block.take(block.count()), value: block.chunks() });
  }
  return { compression, records };
}

function findDataIndex(metaIndex: TFileReader): { compression: string; region: Region } {
  for (let left = metaIndex.count(); left > 0; left -= 1) {
    const name = metaIndex.string();
    const compression = metaIndex.string();
    const region = metaIndex.region();
    if (name === dataIndexName) return { compression, region };
  }
  throw new TFileBrokenError('it has no index of its blocks', metaIndex.position);
}

function part(file: Buffer, { offset, size }: Region): Buffer {
  if (offset < 0 || size < 0 || offset + size > file.length) {
    throw new TFileBrokenError(`a block of ${size} bytes lies outside of it`, offset);
  }
  return file.subarray(offset, offset + size);
}

/** Takes the values of a TFile from bytes, one after another; never beyond their end. */
class TFileReader {
  readonly #bytes: Buffer;
  #position = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  get position(): number {
    return this.#position;
  }

  get isAtEnd(): boolean {
    return this.#position >= this.#bytes.length;
  }

  take(length: number): Buffer {
    const end = this.#position + length;
    if (length < 0 || end > this.#bytes.length) {
      throw new TFileBrokenError(`${length} bytes were promised that are not there`, this.position);
    }
    const taken = this.#bytes.subarray(this.#position, end);
    this.#position = end;
    return taken;
  }

  short(): number {
    return this.take(2).readInt16BE();
  }

  fixedLong(): number {
    return this.#safe(this.take(8).readBigInt64BE());
  }

  /** A number in one to nine bytes, of which the first says how many (`Utils.readVLong`). */
  long(): number {
    const first = this.take(1).readInt8();
    if (first >= -32) return first;
    // Above -121 the first byte holds the highest bits too.
    if (first >= -72) return (first + 52) * 2 ** 8 + this.take(1).readUInt8();
    if (first >= -104) return (first + 88) * 2 ** 16 + this.take(2).readUInt16BE();
    if (first >= -120) return (first + 112) * 2 ** 24 + this.take(3).readUIntBE(0, 3);
    const length = first + 129;
    if (length < 4) {
      throw new TFileBrokenError('a number has no possible length', this.position - 1);
    }
    if (length <= 6) return this.take(length).readIntBE(0, length);
    const bytes = this.take(length);
    return this.#safe(BigInt.asIntN(8 * length, BigInt(`0x${bytes.toString('hex')}`)));
  }

  /** A length or a number of things. */
  count(): number {
    const found = this.long();
    if (found < 0) throw new TFileBrokenError('a number is negative', this.position);
    return found;
  }

  string(): string {
    return this.take(this.count()).toString('utf8');
  }

  /** Where a block is; the size that it has uncompressed stands behind it. */
  region(): Region {
    const region = { offset: this.count(), size: this.count() };
    this.count();
    return region;
  }

  /** Chunks up to the one whose length is not negative: that is the last one (`ChunkDecoder`). */
  chunks(): Buffer {
    const chunks: Buffer[] = [];
    for (;;) {
      const length = this.long();
      chunks.push(this.take(Math.abs(length)));
      if (length >= 0) return chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks);
    }
  }

  #safe(value: bigint): number {
    const found = Number(value);
    if (!Number.isSafeInteger(found)) {
      throw new TFileBrokenError('a number is too large', this.position);
    }
    return found;
  }
}
