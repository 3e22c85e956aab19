import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { gzipSync } from 'node:zlib';
import { expect } from 'chai';
import { useContext } from './support/context.js';
import { rejection } from './support/expect-error.js';
import { partitionsOf } from './support/order.js';
import { here } from './support/paths.js';

describe('sources (B.1)', () => {
  const suite = useContext();
  let directory = '';

  before(() => {
    directory = mkdtempSync(join(tmpdir(), 'heddle-sources-'));
  });

  after(() => {
    rmSync(directory, { recursive: true });
  });

  const write = (name: string, content: string | Uint8Array): string => {
    const path = join(directory, name);
    writeFileSync(path, content);
    return here(path);
  };

  describe('parallelize (B.1 parallelize)', () => {
    it('slices as floor(i·length/n) says', async () => {
      const { sc } = suite;
      expect(await partitionsOf(sc.parallelize([1, 2, 3, 4, 5], 3))).to.deep.equal([
        [1],
        [2, 3],
        [4, 5],
      ]);
      expect(await partitionsOf(sc.parallelize([1, 2, 3, 4, 5, 6, 7], 4))).to.deep.equal([
        [1],
        [2, 3],
        [4, 5],
        [6, 7],
      ]);
      expect(await partitionsOf(sc.parallelize([1, 2, 3], 5))).to.deep.equal([
        [],
        [1],
        [],
        [2],
        [3],
      ]);
      expect(await partitionsOf(sc.parallelize([], 3))).to.deep.equal([[], [], []]);
    });

    it('takes any iterable', async () => {
      const { sc } = suite;
      const numbers = function* (): Generator<number> {
        yield 1;
        yield 2;
      };
      expect(await sc.parallelize(numbers()).collect()).to.deep.equal([1, 2]);
      expect(await sc.parallelize(new Set(['a', 'b'])).collect()).to.deep.equal(['a', 'b']);
      expect(await sc.parallelize(new Map([['k', 1]])).collect()).to.deep.equal([['k', 1]]);
      expect(await sc.parallelize('héé').collect()).to.deep.equal(['h', 'é', 'é']);
      expect(await sc.parallelize(new Float64Array([1.5, 2])).collect()).to.deep.equal([1.5, 2]);
    });

    it('does not see changes of the data after the call', async () => {
      const data = [{ n: 1 }, { n: 2 }];
      const rdd = suite.sc.parallelize(data, 2);
      data[0]!.n = 99;
      data.push({ n: 3 });
      expect(await rdd.collect()).to.deep.equal([{ n: 1 }, { n: 2 }]);
    });

    it('keeps every kind of value', async () => {
      const cycle: { self?: unknown } = {};
      cycle.self = cycle;
      const values: unknown[] = [
        undefined,
        null,
        -0,
        NaN,
        Infinity,
        2n ** 80n,
        'ünï\u{1F600}\uD800',
        new Date(5),
        /a+/giu,
        new Map<unknown, unknown>([[{ k: 1 }, new Set([1])]]),
        new Uint8Array([1, 2]),
        [1, [2, [3]]],
        { nested: { a: undefined } },
        Symbol.for('registered'),
      ];
      const back = await suite.sc
        .parallelize(values, 3)
        .map((x) => x)
        .collect();
      expect(back).to.deep.equal(values);
      const [returned] = (await suite.sc.parallelize([cycle]).collect()) as { self?: unknown }[];
      expect(returned!.self).to.equal(returned);
    });

    it('carries a million numbers', async () => {
      const data = Array.from({ length: 1_000_000 }, (_, i) => i * 0.5);
      expect(await suite.sc.parallelize(data, 4).sum()).to.equal(249_999_750_000);
    });
  });

  describe('range (B.1 range)', () => {
    it('leaves the end out and goes down with a negative step', async () => {
      const { sc } = suite;
      expect(await sc.range(5).collect()).to.deep.equal([0, 1, 2, 3, 4]);
      expect(await sc.range(5, 0, -1).collect()).to.deep.equal([5, 4, 3, 2, 1]);
      expect(await sc.range(0, 5, -1).collect()).to.deep.equal([]);
      expect(await sc.range(2, 11, 3).collect()).to.deep.equal([2, 5, 8]);
      expect(await partitionsOf(sc.range(0, 6, 2, 5))).to.deep.equal([[], [0], [], [2], [4]]);
    });

    it('is exact near 2^53', async () => {
      const max = Number.MAX_SAFE_INTEGER;
      expect(await suite.sc.range(max - 3, max, 1, 2).collect()).to.deep.equal([
        max - 3,
        max - 2,
        max - 1,
      ]);
    });

    it('makes no array of 10^9 numbers: taking from it is immediate', async () => {
      expect(await suite.sc.range(0, 1e9, 1, 2).take(3)).to.deep.equal([0, 1, 2]);
    });
  });

  describe('textFile (B.1 textFile)', () => {
    it('reads lines whatever ends them, and keeps empty ones', async () => {
      const path = write('ends.txt', 'a\nb\r\nc\rd\n\ne');
      for (const partitions of [1, 2, 5]) {
        const lines = await suite.sc.textFile(path, partitions).collect();
        expect(lines, `${partitions} partitions`).to.deep.equal(['a', 'b', 'c', 'd', '', 'e']);
      }
    });

    it('has two partitions by default, none for an empty file', async () => {
      expect(await suite.sc.textFile(write('two.txt', 'a\nb\n')).getNumPartitions()).to.equal(2);
      const empty = suite.sc.textFile(write('empty.txt', ''));
      expect(await empty.getNumPartitions()).to.equal(0);
      expect(await empty.collect()).to.deep.equal([]);
    });

    it('gives each line once, however a border cuts lines and characters', async () => {
      const lines = Array.from({ length: 200 }, (_, i) => `${'é€\u{1F600}'.repeat(i % 7)}${i}`);
      const path = write('multibyte.txt', `${lines.join('\n')}\n`);
      for (const partitions of [1, 2, 3, 7, 64]) {
        const rdd = suite.sc.textFile(path, partitions);
        expect(await rdd.collect(), `${partitions}`).to.deep.equal(lines);
        expect(await rdd.getNumPartitions()).to.be.at.least(partitions);
      }
    });

    it('drops a byte-order mark, and replaces invalid UTF-8', async () => {
      expect(await suite.sc.textFile(write('bom.txt', '\uFEFFa\nb')).collect()).to.deep.equal([
        'a',
        'b',
      ]);
      const invalid = write('invalid.txt', new Uint8Array([0x61, 0xff, 0x62, 0x0a, 0x63]));
      expect(await suite.sc.textFile(invalid).collect()).to.deep.equal(['a\uFFFDb', 'c']);
    });

    it('reads directories without hidden files, globs and comma lists', async () => {
      const input = join(directory, 'input');
      mkdirSync(input);
      for (const name of ['b.txt', 'a.txt', '_hidden', '.hidden', 'c.log']) {
        writeFileSync(join(input, name), `${name}\n`);
      }
      const read = (...paths: string[]): Promise<string[]> =>
        suite.sc.textFile(paths.map(here).join(','), 1).collect();
      expect(await read(input)).to.deep.equal(['a.txt', 'b.txt', 'c.log']);
      expect(await read(join(input, '*.txt'))).to.deep.equal(['a.txt', 'b.txt']);
      expect(await read(join(input, 'c.log'), join(input, '{a,b}.txt'))).to.deep.equal([
        'c.log',
        'a.txt',
        'b.txt',
      ]);
      const url = pathToFileURL(join(input, 'a.txt')).href;
      expect(await suite.sc.textFile(url, 1).collect()).to.deep.equal(['a.txt']);
    });

    it('reads a gzip file as one partition', async () => {
      const text = Array.from({ length: 1_000 }, (_, i) => `line ${i}`).join('\n');
      const rdd = suite.sc.textFile(write('x.gz', gzipSync(text)), 4);
      expect(await rdd.getNumPartitions()).to.equal(1);
      expect(await rdd.count()).to.equal(1_000);
    });

    it('fails for a missing path when partitions are first needed, not at the call', async () => {
      const path = here(join(directory, 'missing'));
      const missing = suite.sc.textFile(path).map((line) => line.length);
      const error = await rejection(missing.count());
      expect(error).to.include({ code: 'INPUT_NOT_FOUND', path });
    });
  });

  it('B.1 wholeTextFiles: gives names and contents, empty files too', async () => {
    const input = join(directory, 'whole');
    mkdirSync(input);
    writeFileSync(join(input, 'a'), 'x\ny');
    writeFileSync(join(input, 'b'), '');
    const files = await suite.sc.wholeTextFiles(here(input)).collect();
    expect(files).to.deep.equal([
      [pathToFileURL(join(input, 'a')).href, 'x\ny'],
      [pathToFileURL(join(input, 'b')).href, ''],
    ]);
  });

  describe('union of a list (B.1 union)', () => {
    it('is flat, keeps the order, and is empty for none', async () => {
      const { sc } = suite;
      const parts = Array.from({ length: 100 }, (_, i) => sc.range(i, i + 1, 1, 1));
      expect(await sc.union(parts).collect()).to.deep.equal(
        Array.from({ length: 100 }, (_, i) => i),
      );
      expect(await sc.union([]).collect()).to.deep.equal([]);
      const one = sc.range(3);
      expect(sc.union([one])).to.equal(one);
    });

    it('of a thousand RDDs works', async () => {
      const { sc } = suite;
      const parts = Array.from({ length: 1_000 }, (_, i) => sc.range(i, i + 1, 1, 1));
      expect(
        await sc
          .union(parts)
          .map((x) => x + 1)
          .sum(),
      ).to.equal(500_500);
    });
  });

  it('B.1 emptyRDD: has no partitions, and can be united and reduced by key', async () => {
    const { sc } = suite;
    const empty = sc.emptyRDD<[string, number]>();
    expect(await empty.getNumPartitions()).to.equal(0);
    expect(
      await empty.union(sc.parallelize([['a', 1] as [string, number]])).collect(),
    ).to.deep.equal([['a', 1]]);
    expect(await empty.reduceByKey((a, b) => a + b).collect()).to.deep.equal([]);
    expect(await empty.reduceByKey((a, b) => a + b, 3).collect()).to.deep.equal([]);
    expect(await empty.sortByKey().collect()).to.deep.equal([]);
  });
});
