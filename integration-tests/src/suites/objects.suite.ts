import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect } from 'chai';
import { useContext } from './support/context.js';
import { rejection, taskError, thrown } from './support/expect-error.js';
import { here } from './support/paths.js';

class Point {
  constructor(readonly x: number) {}
}

describe('binary files and object files (B.1, B.5)', () => {
  const suite = useContext();
  let directory = '';

  before(() => {
    directory = mkdtempSync(join(tmpdir(), 'heddle-objects-'));
  });

  after(() => {
    rmSync(directory, { recursive: true });
  });

  const bytesFile = (name: string, bytes: Uint8Array): string => {
    const path = join(directory, name);
    writeFileSync(path, bytes);
    return here(path);
  };

  describe('binaryFiles (B.1 binaryFiles binaryRecords)', () => {
    it('gives name and bytes of each file, empty ones too, bytes as they are', async () => {
      mkdirSync(join(directory, 'many'));
      bytesFile('many/a.bin', Uint8Array.of(0xef, 0xbb, 0xbf, 0, 255));
      bytesFile('many/b.bin', new Uint8Array(0));
      const files = await suite.sc.binaryFiles(here(join(directory, 'many')), 2).collect();
      expect(files.map(([name, bytes]) => [name.split('/').at(-1), [...bytes]])).to.deep.equal([
        ['a.bin', [0xef, 0xbb, 0xbf, 0, 255]],
        ['b.bin', []],
      ]);
      const missing = suite.sc.binaryFiles(here(join(directory, 'none')));
      expect((await rejection(missing.count())).code).to.equal('INPUT_NOT_FOUND');
    });
  });

  describe('binaryRecords (B.1 binaryFiles binaryRecords)', () => {
    it('cuts files into records of one length, whatever the splits', async () => {
      const bytes = Uint8Array.from({ length: 300_000 }, (_, i) => i % 251);
      const path = bytesFile('records', bytes);
      const records = suite.sc.binaryRecords(path, 12);
      expect(await records.count()).to.equal(25_000);
      const joined = (await records.collect()).flatMap((record) => [...record]);
      expect(Buffer.from(joined).equals(bytes)).to.equal(true);
      const zipped = bytesFile('records.gz', gzipSync(bytes));
      expect(await suite.sc.binaryRecords(zipped, 12).count()).to.equal(25_000);
      expect(
        await suite.sc.binaryRecords(bytesFile('nothing', new Uint8Array(0)), 4).collect(),
      ).to.deep.equal([]);
    });

    it('refuses a file whose length is no multiple, and a length that is none', async () => {
      const { sc } = suite;
      const path = bytesFile('odd', new Uint8Array(10));
      const early = await rejection(sc.binaryRecords(path, 4).count());
      expect(early.code).to.equal('INPUT_FORMAT');
      expect(early.message).to.match(/10 bytes are no multiple of the record length 4/);
      const zipped = bytesFile('odd.gz', gzipSync(new Uint8Array(10)));
      expect((await taskError(sc.binaryRecords(zipped, 4).count())).message).to.match(
        /ends 2 bytes into a record of 4/,
      );
      expect(thrown(() => sc.binaryRecords(path, 0)).code).to.equal('ARGUMENT');
    });
  });

  describe('saveAsObjectFile and objectFile (B.1 objectFile, B.5 saveAsObjectFile)', () => {
    const values = [
      undefined,
      null,
      -0,
      NaN,
      1.5,
      12n,
      'text\nwith lines',
      new Date(5),
      new Map([['k', [1, { deep: new Set([1]) }]]]),
      Uint8Array.of(1, 2),
      [1, [2, [undefined]]],
      { a: { b: null } },
    ];

    it('keep every kind of value, in order, over many batches', async () => {
      const { sc } = suite;
      const path = join(directory, 'saved');
      await sc.parallelize(values, 3).saveAsObjectFile(here(path));
      const back = await sc.objectFile<unknown>(here(path)).collect();
      expect(back).to.deep.equal(values);
      expect(Object.is(back[2], -0)).to.equal(true);
      expect(readdirSync(path).filter((name) => name.startsWith('part-'))).to.have.length(3);
      await sc.range(0, 10_000, 1, 2).saveAsObjectFile(here(path), { overwrite: true });
      expect(await sc.objectFile<number>(here(path), 5).sum()).to.equal(49_995_000);
    });

    it('refuse an existing output, instances of the program, and other files', async () => {
      const { sc } = suite;
      const path = join(directory, 'twice');
      await sc.range(3).saveAsObjectFile(here(path));
      expect((await rejection(sc.range(3).saveAsObjectFile(here(path)))).code).to.equal(
        'OUTPUT_EXISTS',
      );
      const points = sc.range(3).map((x) => new Point(x));
      const refused = await taskError(points.saveAsObjectFile(here(join(directory, 'points'))));
      expect(refused.message).to.match(/Point/);
      const text = bytesFile('text.txt', Buffer.from('hello\n'));
      expect((await taskError(sc.objectFile(text).collect())).code).to.equal('INPUT_FORMAT');
      const foreign = join(directory, 'foreign');
      const pairs: [null, Uint8Array][] = [[null, Uint8Array.of(1, 2, 3)]];
      await sc.parallelize(pairs, 1).saveAsSequenceFile(here(foreign));
      expect((await taskError(sc.objectFile(here(foreign)).collect())).code).to.equal(
        'RECORD_TYPE',
      );
    });
  });
});
