import { randomBytes } from 'node:crypto';
import { expect } from 'chai';
import { RecordTypeError, UnsupportedFormatError, type WritableName } from 'heddle/internal';
import { InputFormatError, InputTooLargeError } from '@heddle/webhdfs';
import { HadoopReader } from '../../src/sequence-file/hadoop-reader.js';
import { HadoopWriter } from '../../src/sequence-file/hadoop-writer.js';
import { makeTemporaryDirectory } from '../input/temporary-directory.js';
import { readPieces, uncompressed, written, type Pair } from './sequence-files.js';

const compressions = ['none', 'record', 'block'] as const;
const codecs = ['deflate', 'gzip', 'zstd'] as const;

const valuesOf: Readonly<Record<WritableName, readonly unknown[]>> = {
  text: ['', 'a', 'ü😀', 'x'.repeat(300)],
  int: [0, -1, 2 ** 31 - 1, -(2 ** 31)],
  vint: [0, -112, -113, 127, 128, 255, 256, -(2 ** 31), 2 ** 31 - 1],
  long: [0, -1, Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER],
  vlong: [0, -112, -113, 128, Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER],
  double: [0, -0, NaN, Infinity, -Infinity, 1.5, Number.MIN_VALUE],
  float: [0, -0, NaN, Infinity, 0.5],
  boolean: [true, false],
  bytes: [new Uint8Array(0), Uint8Array.of(0, 255, 1), new Uint8Array(1000)],
  null: [null],
};

describe('SequenceFiles', function () {
  this.timeout(60_000);
  let directory: Awaited<ReturnType<typeof makeTemporaryDirectory>>;
  before(async () => {
    directory = await makeTemporaryDirectory();
  });
  after(() => directory.remove());

  const write = (records: readonly unknown[], layout = uncompressed): Buffer =>
    written(directory.path, records, layout);
  const readAll = (file: Buffer): Pair[] => readPieces(file).flat();
  /** A file of some markers and blocks. */
  const large = (
    compression: (typeof compressions)[number],
    codec: (typeof codecs)[number] = 'deflate',
  ): [Buffer, Pair[]] => {
    const records = Array.from({ length: 4500 }, (_, i): Pair => {
      return [i, `${i}:`.padEnd(100 + ((i * 31) % 600), `${i * 7919} `)];
    });
    return [write(records, { key: 'int', compression, codec }), records];
  };

  it('every class keeps its values, compressed or not (B.1 sequenceFile)', () => {
    for (const [name, values] of Object.entries(valuesOf)) {
      for (const compression of compressions) {
        const type = name as WritableName;
        const records = values.map((value): Pair => [value, value]);
        const layout = { key: type, value: type, compression, codec: 'gzip' } as const;
        expect(readAll(write(records, layout)), `${name} ${compression}`).to.deep.equal(records);
      }
    }
  });

  it('longs beyond 2^53 are bigints when asked for, and else an error that says so', () => {
    const longs = [2n ** 63n - 1n, -(2n ** 63n), 5n, -1n];
    for (const key of ['long', 'vlong'] as const) {
      const file = write(
        longs.map((value) => [value, null]),
        { ...uncompressed, key },
      );
      const [read] = readPieces(file, { longs: 'bigint' });
      expect(read!.map(([value]) => value)).to.deep.equal(longs);
      expect(() => readPieces(file)).to.throw(InputFormatError, /longs: 'bigint'/);
    }
  });

  it('the classes that are left open suit the first record, whose type the others must have', () => {
    const records = [
      ['text', 1.5],
      ['more', 2],
    ];
    expect(readAll(write(records))).to.deep.equal(records);
    expect(readAll(write([[undefined, true]]))).to.deep.equal([[null, true]]);
    expect(readAll(write([[5n, Uint8Array.of(7)]]))).to.deep.equal([[5, Uint8Array.of(7)]]);
    expect(readAll(write([]))).to.deep.equal([]);
    expect(() =>
      write([
        ['a', 1],
        [2, 1],
      ]),
    ).to.throw(RecordTypeError, /Text does not hold the key 2/);
    expect(() => write([[{ a: 1 }, 1]])).to.throw(RecordTypeError, /no Writable holds the key/);
    for (const record of ['pair', [1], [1, 2, 3], null]) {
      expect(() => write([record])).to.throw(RecordTypeError, /must be pairs/);
    }
    const ints = { ...uncompressed, key: 'int' } as const;
    for (const key of [1.5, 2 ** 31, -(2 ** 31) - 1, 1n, '1']) {
      expect(() => write([[key, null]], ints), String(key)).to.throw(RecordTypeError);
    }
  });

  it('every record is in exactly one piece, wherever pieces and chunks are cut', () => {
    for (const compression of compressions) {
      const [file, records] = large(compression);
      for (const parts of [2, 5, 40]) {
        const borders = Array.from({ length: parts - 1 }, (_, i) =>
          Math.floor(((i + 1) * file.length) / parts),
        );
        const pieces = readPieces(file, { borders, chunkSizes: [7000, 1, 64 * 1024] });
        expect(sameRecords(pieces.flat(), records), `${compression} in ${parts}`).to.equal(true);
        if (parts === 2) expect(pieces.filter((piece) => piece.length > 0)).to.have.length(2);
      }
    }
  });

  it('a border anywhere around a marker, and in the header, loses and repeats nothing', () => {
    for (const compression of compressions) {
      const [file, records] = large(compression);
      const sync = syncOf(file);
      const second = file.indexOf(sync, file.indexOf(sync) + 16);
      expect(second).to.be.above(0);
      for (const distance of [-21, -20, -5, -4, -3, -1, 0, 1, 16, 17]) {
        const borders = [second + distance];
        const found = readPieces(file, { borders }).map((piece) => piece.length);
        expect(found[0]! + found[1]!, `${compression} at ${distance}`).to.equal(records.length);
      }
      for (const border of [1, 3, 30, file.indexOf(sync), file.indexOf(sync) + 16]) {
        expect(readPieces(file, { borders: [border, border + 1] }).flat()).to.have.length(
          records.length,
        );
      }
    }
  });

  it('all codecs read what they wrote, in blocks and by value', () => {
    for (const codec of codecs) {
      for (const compression of ['record', 'block'] as const) {
        const [file, records] = large(compression, codec);
        expect(sameRecords(readAll(file), records), codec).to.equal(true);
      }
    }
  });

  it('versions 4 and 5 are read as Hadoop reads them', () => {
    const body = (out: HadoopWriter): void => {
      out.i32(3);
      out.i32(2);
      out.bytes(Uint8Array.of(1, 97, 1));
    };
    for (const version of [4, 5, 6]) {
      const out = new HadoopWriter();
      out.bytes(Buffer.from('SEQ'));
      out.u8(version);
      out.text('org.apache.hadoop.io.Text');
      out.text('org.apache.hadoop.io.BooleanWritable');
      out.bytes(Uint8Array.of(0, 0));
      if (version >= 6) {
        out.i32(1);
        out.text('who');
        out.text('a test');
      }
      out.bytes(randomBytes(16));
      body(out);
      expect(readAll(Buffer.from(out.view())), `version ${version}`).to.deep.equal([['a', true]]);
    }
  });

  it('says what it does not read: other files, versions, classes, codecs', () => {
    expect(() => readAll(Buffer.from('hello, world'))).to.throw(
      InputFormatError,
      /no SequenceFile.*"hell"/,
    );
    expect(() => readAll(Buffer.from('SE'))).to.throw(InputFormatError);
    const header = (version: number, key: string, codec?: string): Buffer => {
      const out = new HadoopWriter();
      out.bytes(Buffer.from('SEQ'));
      out.u8(version);
      out.text(key);
      out.text('org.apache.hadoop.io.Text');
      out.bytes(codec === undefined ? Uint8Array.of(0, 0) : Uint8Array.of(1, 1));
      if (codec !== undefined) out.text(codec);
      out.i32(0);
      out.bytes(randomBytes(16));
      return Buffer.from(out.view());
    };
    const text = 'org.apache.hadoop.io.Text';
    for (const version of [0, 3, 7, 255]) {
      expect(() => readAll(header(version, text))).to.throw(
        UnsupportedFormatError,
        /versions 4 to 6/,
      );
    }
    expect(() => readAll(header(6, 'com.example.Own')))
      .to.throw(UnsupportedFormatError, /"com.example.Own"/)
      .with.property('unsupported', 'com.example.Own');
    for (const codec of ['BZip2Codec', 'SnappyCodec', 'Lz4Codec']) {
      const name = `org.apache.hadoop.io.compress.${codec}`;
      expect(() => readAll(header(6, text, name)))
        .to.throw(UnsupportedFormatError, /DefaultCodec/)
        .with.property('unsupported', name);
    }
    expect(() => readAll(header(6, text, 'com.hadoop.compression.lzo.LzoCodec'))).to.throw(
      UnsupportedFormatError,
    );
  });

  it('a file that is cut anywhere gives its whole records or an error of its format', () => {
    for (const compression of compressions) {
      const records = Array.from({ length: 9 }, (_, i): Pair => [`key ${i}`, i]);
      const file = write(records, { compression, codec: 'deflate' });
      for (let length = 1; length < file.length; length += 1) {
        try {
          const read = readAll(file.subarray(0, length));
          expect(read).to.deep.equal(records.slice(0, read.length));
        } catch (error) {
          expect(error, `${compression} at ${length}`).to.be.instanceOf(InputFormatError);
        }
      }
    }
  });

  it('mutated files give records or typed errors, in bounded memory and time', () => {
    let seed = 1;
    const random = (below: number): number => {
      seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0;
      return Math.floor((seed / 2 ** 32) * below);
    };
    let refused = 0;
    for (const compression of compressions) {
      const records = Array.from({ length: 40 }, (_, i): Pair => [`key ${i}`, i]);
      const file = write(records, { value: 'vint', compression, codec: codecs[random(3)]! });
      for (let round = 0; round < 700; round += 1) {
        const mutated = Buffer.from(file);
        for (let changes = 1 + random(3); changes > 0; changes -= 1) {
          const at = random(mutated.length);
          mutated[at] = random(2) === 0 ? random(256) : [0, 0x7f, 0x80, 0x8b, 0xff][random(5)]!;
        }
        try {
          readPieces(mutated, { borders: round % 2 === 0 ? [random(file.length - 1) + 1] : [] });
        } catch (error) {
          refused += 1;
          const isTyped =
            error instanceof InputFormatError ||
            error instanceof InputTooLargeError ||
            error instanceof UnsupportedFormatError;
          if (!isTyped) throw error;
        }
      }
    }
    expect(refused).to.be.above(500);
  });

  it('never unpacks more than a task may hold', () => {
    const zeros = new Uint8Array(40 * 1024 * 1024);
    for (const compression of ['record', 'block'] as const) {
      const file = write([[null, zeros]], { compression, codec: 'zstd' });
      expect(file.length).to.be.below(100_000);
      // The test's environment grants 64 MiB.
      expect(readAll(file)[0]![1]).to.have.length(zeros.length);
      const double = write([[null, new Uint8Array(70 * 1024 * 1024)]], {
        compression,
        codec: 'zstd',
      });
      expect(() => readAll(double)).to.throw(InputTooLargeError);
    }
  });

  it('variable-length integers have the bytes that Hadoop gives them', () => {
    const cases: [bigint, string][] = [
      [0n, '00'],
      [127n, '7f'],
      [-112n, '90'],
      [128n, '8f80'],
      [-113n, '8770'],
      [255n, '8fff'],
      [256n, '8e0100'],
      [-256n, '87ff'],
      [-257n, '860100'],
      [2n ** 63n - 1n, '887fffffffffffffff'],
      [-(2n ** 63n), '807fffffffffffffff'],
    ];
    for (const [value, hex] of cases) {
      const out = new HadoopWriter();
      out.vlong(value);
      expect(out.view().toString('hex'), String(value)).to.equal(hex);
      expect(new HadoopReader(Buffer.from(hex, 'hex')).vlong()).to.equal(value);
    }
  });
});

/** Chai takes seconds for some thousand pairs. */
function sameRecords(some: readonly Pair[], others: readonly Pair[]): boolean {
  return JSON.stringify(some) === JSON.stringify(others);
}

/** The marker of a file without metadata: behind the header's four zeros. */
function syncOf(file: Buffer): Buffer {
  const escape = Buffer.from([255, 255, 255, 255]);
  const at = file.indexOf(escape) + 4;
  return file.subarray(at, at + 16);
}
