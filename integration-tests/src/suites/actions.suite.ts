import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { brotliDecompressSync, inflateSync, zstdDecompressSync } from 'node:zlib';
import { expect } from 'chai';
import { useContext } from './support/context.js';
import { rejection, taskError } from './support/expect-error.js';
import { jobsOf } from './support/jobs.js';
import { here } from './support/paths.js';

type Decode = (file: string) => string;

const hasTool = (tool: string): boolean => spawnSync(tool, ['--version']).status === 0;

const byTool =
  (tool: string): Decode =>
  (file) =>
    execFileSync(tool, ['-dc', file], { encoding: 'utf8' });

const byNode =
  (decode: (bytes: Uint8Array) => Buffer): Decode =>
  (file) =>
    decode(readFileSync(file)).toString();

describe('actions (B.5)', () => {
  const suite = useContext();

  it('B.0 collect-order: collect is in partition order, whatever finishes first', async () => {
    const slowFirst = suite.sc.range(0, 6, 1, 3).mapPartitionsWithIndex((index, records) => {
      const list = records.toArray();
      // The first partition works longest.
      for (let i = 0, end = index === 0 ? 3e6 : 0; i < end; i += 1) list[0] = list[0]! + i - i;
      return list;
    });
    expect(await slowFirst.collect()).to.deep.equal([0, 1, 2, 3, 4, 5]);
  });

  it('collect takes one huge element', async () => {
    const [text] = await suite.sc
      .range(0, 1, 1, 1)
      .map(() => 'x'.repeat(5_000_000))
      .collect();
    expect(text).to.have.length(5_000_000);
  });

  it('count counts', async () => {
    expect(await suite.sc.range(0, 100_000, 1, 7).count()).to.equal(100_000);
    expect(await suite.sc.parallelize([], 3).count()).to.equal(0);
  });

  describe('reduce (A-117, B.5 reduce)', () => {
    it('equals a local fold, in partition order, also when f is not commutative', async () => {
      const text = await suite.sc
        .range(0, 20, 1, 6)
        .map((x) => `${x}.`)
        .reduce((a, b) => a + b);
      expect(text).to.equal(Array.from({ length: 20 }, (_, i) => `${i}.`).join(''));
    });

    it('does not call f for a single element', async () => {
      const only = await suite.sc.parallelize([7], 3).reduce(() => {
        throw new Error('called');
      });
      expect(only).to.equal(7);
    });

    it('of nothing says so', async () => {
      for (const rdd of [suite.sc.parallelize<number>([], 3), suite.sc.emptyRDD<number>()]) {
        const error = await rejection(rdd.reduce((a, b) => a + b));
        expect(error).to.have.property('code', 'EMPTY_RDD');
        expect(error.message).to.contain('empty');
      }
    });
  });

  it('fold uses zero once per partition and once at the end', async () => {
    expect(await suite.sc.range(1, 6, 1, 3).fold(1, (a, b) => a + b)).to.equal(19);
    expect(await suite.sc.emptyRDD<number>().fold(1, (a, b) => a + b)).to.equal(1);
    const lists = await suite.sc.parallelize([[1], [2], [3]], 2).fold([], (a, b) => {
      a.push(...b);
      return a;
    });
    expect(lists).to.deep.equal([1, 2, 3]);
  });

  it('aggregate has two types', async () => {
    const result = await suite.sc.parallelize([1, 2, 3, 4], 3).aggregate(
      [0, 0],
      ([s, c], x) => [s + x, c + 1],
      ([s1, c1], [s2, c2]) => [s1 + s2, c1 + c2],
    );
    expect(result).to.deep.equal([10, 4]);
    expect(
      await suite.sc.parallelize<number>([], 2).aggregate(
        [0, 0],
        (a) => a,
        (a) => a,
      ),
    ).to.deep.equal([0, 0]);
  });

  it('first and isEmpty look past empty partitions', async () => {
    const { sc } = suite;
    const late = sc.range(0, 100, 1, 10).filter((x) => x > 95);
    expect(await late.first()).to.equal(96);
    expect(await late.isEmpty()).to.equal(false);
    expect(await late.filter(() => false).isEmpty()).to.equal(true);
    const nothing = await sc.parallelize<unknown>([undefined]).first();
    expect(nothing).to.equal(undefined);
    const error = await rejection(
      sc
        .range(0, 10, 1, 3)
        .filter(() => false)
        .first(),
    );
    expect(error).to.have.property('code', 'EMPTY_RDD');
  });

  describe('take (B.5 take)', () => {
    it('is the first n in partition order', async () => {
      const rdd = suite.sc.range(0, 10, 1, 4);
      expect(await rdd.take(3)).to.deep.equal([0, 1, 2]);
      expect(await rdd.take(99)).to.deep.equal([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
      expect(await rdd.take(0)).to.deep.equal([]);
      expect(await rdd.take(-1)).to.deep.equal([]);
      for (const n of ['3', null, 1.5] as unknown as number[]) {
        expect(await rejection(rdd.take(n))).to.have.property('code', 'ARGUMENT');
      }
    });

    it('grows over sparse partitions, several jobs (A-123)', async () => {
      const sparse = suite.sc.range(0, 100, 1, 100).filter((x) => x > 90);
      expect(await sparse.take(3)).to.deep.equal([91, 92, 93]);
      const seen = await jobsOf(suite.sc, () => sparse.take(3));
      expect(seen.jobs).to.be.within(2, 5);
      const one = await jobsOf(suite.sc, () => suite.sc.range(0, 100, 1, 100).take(1));
      expect(one).to.include({ jobs: 1, tasks: 1 });
    });

    it('does not run the rest of the partition (B.0)', async () => {
      const read = suite.sc.accumulator(0);
      const rdd = suite.sc.range(0, 1_000_000, 1, 1).map((x) => {
        read.add(1);
        return x;
      });
      expect(await rdd.take(1)).to.deep.equal([0]);
      expect(read.value).to.be.within(1, 5_000);
    });
  });

  it('takeOrdered and top are the best n, in order', async () => {
    const rdd = suite.sc.parallelize([10, 4, 2, 12, 3], 3);
    expect(await rdd.takeOrdered(3)).to.deep.equal([2, 3, 4]);
    expect(await rdd.top(3)).to.deep.equal([12, 10, 4]);
    expect(await rdd.top(3, (x) => String(x))).to.deep.equal([4, 3, 2]);
    expect(await rdd.takeOrdered(2, (x) => -x)).to.deep.equal([12, 10]);
    expect(await rdd.takeOrdered(0)).to.deep.equal([]);
    expect(await rdd.top(99)).to.deep.equal([12, 10, 4, 3, 2]);
    const many = suite.sc.range(0, 50_000, 1, 5).map((x) => (x * 7_919) % 50_021);
    expect(await many.top(3)).to.deep.equal(
      (await many.collect()).sort((a, b) => b - a).slice(0, 3),
    );
  });

  it('countByValue counts by key equality', async () => {
    const counts = await suite.sc
      .parallelize<unknown>([1, '1', 1, [2], [2], NaN, NaN], 3)
      .countByValue();
    expect(counts.get(1)).to.equal(2);
    expect(counts.get('1')).to.equal(1);
    expect(counts.get([2])).to.equal(2);
    expect(counts.get(NaN)).to.equal(2);
    expect(counts.size).to.equal(4);
  });

  it('foreach and foreachPartition run for their effects', async () => {
    const sum = suite.sc.accumulator(0);
    const partitions = suite.sc.accumulator(0);
    await suite.sc.range(1, 11, 1, 4).foreach((x) => sum.add(x));
    expect(sum.value).to.equal(55);
    await suite.sc.parallelize([1], 4).foreachPartition((records) => {
      partitions.add(1);
      for (const x of records) sum.add(x);
    });
    expect([sum.value, partitions.value]).to.deep.equal([56, 4]);
  });

  describe('toLocalIterator (B.5 toLocalIterator)', () => {
    it('gives everything in order', async () => {
      for (const prefetch of [false, true]) {
        const seen: number[] = [];
        for await (const x of suite.sc.range(0, 10, 1, 4).toLocalIterator({ prefetch }))
          seen.push(x);
        expect(seen).to.deep.equal([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
      }
    });

    it('runs no job for partitions after an early end', async () => {
      const { sc } = suite;
      const seen = await jobsOf(sc, async () => {
        for await (const x of sc.range(0, 10, 1, 5).toLocalIterator()) if (x === 3) break;
      });
      expect(seen).to.include({ jobs: 2, tasks: 2 });
    });

    it('does not run an upstream shuffle again for each partition', async () => {
      const { sc } = suite;
      const reduced = sc
        .range(0, 100, 1, 3)
        .map((x) => [x % 10, 1])
        .reduceByKey((a, b) => a + b, 4);
      const seen = await jobsOf(sc, async () => {
        let count = 0;
        for await (const [, n] of reduced.toLocalIterator()) count += n;
        expect(count).to.equal(100);
      });
      expect(seen.tasks).to.equal(3 + 4);
    });
  });

  describe('runJob (A-025, B.1 runJob)', () => {
    it('runs the chosen partitions, with iterator and context', async () => {
      const { sc } = suite;
      const rdd = sc.range(0, 9, 1, 3);
      const seen = await jobsOf(sc, async () => {
        const results = await sc.runJob(
          rdd,
          (records, context) => [context.partitionId, ...records],
          [0, 2],
        );
        expect(results).to.deep.equal([
          [0, 0, 1, 2],
          [2, 6, 7, 8],
        ]);
      });
      expect(seen).to.include({ jobs: 1, tasks: 2 });
      expect(await sc.runJob(rdd, (records) => records.toArray().length)).to.deep.equal([3, 3, 3]);
      expect(await sc.runJob(rdd, (records) => records.toArray()[0], [1, 1])).to.deep.equal([3, 3]);
      expect(await sc.runJob(rdd, () => 1, [])).to.deep.equal([]);
      expect(await rejection(sc.runJob(rdd, () => 1, [3]))).to.have.property('code', 'ARGUMENT');
    });
  });

  it('two actions run at the same time', async () => {
    const { sc } = suite;
    const results = await Promise.all(
      Array.from({ length: 20 }, (_, i) =>
        sc
          .range(0, 100, 1, 3)
          .map((x) => x * i)
          .sum(),
      ),
    );
    expect(results).to.deep.equal(Array.from({ length: 20 }, (_, i) => 4_950 * i));
  });

  describe('saveAsTextFile (B.5 saveAsTextFile)', function () {
    this.timeout(100_000);
    let directory = '';
    before(() => {
      directory = mkdtempSync(join(tmpdir(), 'heddle-actions-'));
    });
    after(() => rmSync(directory, { recursive: true }));

    const read = (path: string): string[] =>
      readdirSync(path)
        .filter((name) => name.startsWith('part-'))
        .sort()
        .map((name) => readFileSync(join(path, name), 'utf8'));

    it('writes a file for each partition, empty ones too, and _SUCCESS', async () => {
      const path = join(directory, 'plain');
      await suite.sc.parallelize(['a', 'b', 'c'], 4).saveAsTextFile(here(path));
      expect(read(path)).to.deep.equal(['', 'a\n', 'b\n', 'c\n']);
      expect(existsSync(join(path, '_SUCCESS'))).to.equal(true);
      expect(await suite.sc.textFile(here(path)).collect()).to.deep.equal(['a', 'b', 'c']);
    });

    it('writes each kind of value as the interface says', async () => {
      const path = join(directory, 'values');
      const values: unknown[] = [
        's',
        1.5,
        -0,
        2n,
        true,
        null,
        undefined,
        ['t', 1],
        { a: 1n, d: new Date(0) },
        new Map([['k', new Set([1])]]),
        new Uint8Array([104, 105]),
      ];
      await suite.sc.parallelize(values, 1).saveAsTextFile(here(path));
      expect(read(path)[0]!.split('\n')).to.deep.equal([
        's',
        '1.5',
        '0',
        '2',
        'true',
        'null',
        'undefined',
        '["t",1]',
        '{"a":"2","d":"1970-01-01T00:00:00.000Z"}'.replace('"2"', '"1"'),
        '[["k",[1]]]',
        'hi',
        '',
      ]);
    });

    const decoders = {
      gzip: { ending: '.gz', decode: byTool('gzip') },
      zstd: {
        ending: '.zst',
        decode: hasTool('zstd') ? byTool('zstd') : byNode(zstdDecompressSync),
      },
      deflate: { ending: '.deflate', decode: byNode(inflateSync) },
      brotli: { ending: '.br', decode: byNode(brotliDecompressSync) },
    } as const;
    for (const [codec, { ending, decode }] of Object.entries(decoders)) {
      it(`compresses with ${codec}: the usual decoder reads it, and textFile`, async () => {
        const { sc } = suite;
        const path = join(directory, codec);
        const lines = Array.from({ length: 20_000 }, (_, i) => `line ${i % 1_000} of äöü ${i}`);
        const options = { codec: codec as keyof typeof decoders };
        await sc.parallelize([...lines, ''], 3).saveAsTextFile(here(path), options);
        const parts = readdirSync(path).filter((name) => name.startsWith('part-'));
        expect(parts.sort()).to.deep.equal([0, 1, 2].map((i) => `part-0000${i}${ending}`));
        const text = `${lines.join('\n')}\n\n`;
        const files = parts.map((name) => join(path, name));
        const bytes = files.reduce((sum, file) => sum + readFileSync(file).length, 0);
        expect(bytes).to.be.lessThan(text.length / 2);
        expect(files.map(decode).join('') === text).to.equal(true);
        expect(await sc.textFile(here(path)).collect()).to.deep.equal([...lines, '']);
        // Empty partitions are files of the codec too.
        await sc.parallelize(['x'], 2).saveAsTextFile(here(path), { ...options, overwrite: true });
        expect(await sc.textFile(here(path)).collect()).to.deep.equal(['x']);
      });
    }

    it('refuses an existing path before any task, and replaces it when told to', async () => {
      const path = join(directory, 'existing');
      mkdirSync(path);
      const ran = suite.sc.accumulator(0);
      const rdd = suite.sc.range(0, 4, 1, 2).map((x) => {
        ran.add(1);
        return x;
      });
      expect(await rejection(rdd.saveAsTextFile(here(path)))).to.have.property(
        'code',
        'OUTPUT_EXISTS',
      );
      expect(ran.value).to.equal(0);
      await rdd.saveAsTextFile(here(path), { overwrite: true });
      expect(read(path).join('')).to.equal('0\n1\n2\n3\n');
    });

    it('leaves nothing behind when a task fails', async () => {
      const path = join(directory, 'failing');
      const failing = suite.sc.range(0, 4, 1, 2).map((x) => {
        if (x === 3) throw new Error('no');
        return x;
      });
      expect((await taskError(failing.saveAsTextFile(here(path)))).message).to.contain('no');
      expect(
        readdirSync(directory).filter((name) => name.includes('failing') || name.startsWith('._')),
      ).to.deep.equal([]);
    });

    it('of nothing writes only _SUCCESS', async () => {
      const path = join(directory, 'nothing');
      await suite.sc.emptyRDD().saveAsTextFile(here(path));
      expect(readdirSync(path)).to.deep.equal(['_SUCCESS']);
    });
  });
});
