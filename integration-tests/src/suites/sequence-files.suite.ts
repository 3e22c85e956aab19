import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { useContext } from './support/context.js';
import { rejection, taskError, thrown } from './support/expect-error.js';
import { here } from './support/paths.js';

describe('SequenceFiles (B.1 sequenceFile, B.3 saveAsSequenceFile)', () => {
  const suite = useContext();
  let directory = '';

  before(() => {
    directory = mkdtempSync(join(tmpdir(), 'heddle-sequence-'));
  });

  after(() => {
    rmSync(directory, { recursive: true });
  });

  it('keep pairs in order, by each compression, in as many files as partitions', async () => {
    const { sc } = suite;
    const pairs = sc.range(0, 600, 1, 3).map((i): [string, number] => [`key ${i}`, i / 4]);
    const expected = await pairs.collect();
    for (const compression of ['none', 'record', 'block'] as const) {
      const path = join(directory, compression);
      await pairs.saveAsSequenceFile(here(path), { compression, codec: 'zstd' });
      const parts = readdirSync(path).filter((name) => name.startsWith('part-'));
      expect(parts.sort()).to.deep.equal(['part-00000', 'part-00001', 'part-00002']);
      const read = sc.sequenceFile<string, number>(here(path));
      expect(await read.collect()).to.deep.equal(expected);
    }
    const read = sc.sequenceFile<string, number>(here(join(directory, 'block')));
    expect(await read.reduceByKey((a, b) => a + b).count()).to.equal(600);
  });

  it('split a large file at its markers, each record once', async () => {
    const { sc } = suite;
    const path = join(directory, 'large');
    const pairs = sc.range(0, 20_000, 1, 1).map((i): [number, string] => [i, `value of ${i}`]);
    await pairs.saveAsSequenceFile(here(path), { key: 'int' });
    const read = sc.sequenceFile<number, string>(here(path), 6);
    expect(await read.getNumPartitions()).to.be.above(3);
    expect((await read.keys().collect()).join()).to.equal(
      Array.from({ length: 20_000 }, (_, i) => i).join(),
    );
    expect(
      (
        await read
          .glom()
          .map((part) => part.length)
          .collect()
      ).filter((n) => n > 0),
    ).to.have.length.above(3);
  });

  it('hold the classes that the options name, and 64-bit integers as asked', async () => {
    const { sc } = suite;
    const path = join(directory, 'longs');
    const longs: [bigint, number][] = [
      [2n ** 60n, 1],
      [-1n, 2],
    ];
    await sc
      .parallelize(longs, 1)
      .saveAsSequenceFile(here(path), { key: 'vlong', value: 'vint', codec: 'gzip' });
    const read = sc.sequenceFile<bigint, number>(here(path), 1, { longs: 'bigint' });
    expect(await read.collect()).to.deep.equal(longs);
    expect((await taskError(sc.sequenceFile(here(path)).collect())).code).to.equal('INPUT_FORMAT');
  });

  it('refuse existing outputs, wrong records, other files and wrong options', async () => {
    const { sc } = suite;
    const path = join(directory, 'wrong');
    const pairs = sc.parallelize<[string, number]>([['a', 1]], 1);
    await pairs.saveAsSequenceFile(here(path));
    expect((await rejection(pairs.saveAsSequenceFile(here(path)))).code).to.equal('OUTPUT_EXISTS');
    await pairs.saveAsSequenceFile(here(path), { overwrite: true, value: 'int' });
    expect(await sc.sequenceFile(here(path)).collect()).to.deep.equal([['a', 1]]);
    const other = join(directory, 'other');
    const mixed = sc.parallelize<[unknown, number]>(
      [
        ['a', 1],
        [{}, 2],
      ],
      1,
    );
    expect((await taskError(mixed.saveAsSequenceFile(here(other)))).code).to.equal('RECORD_TYPE');
    expect(readdirSync(directory)).to.not.include('other');
    const text = join(directory, 'text');
    writeFileSync(text, 'no SequenceFile\n');
    expect((await taskError(sc.sequenceFile(here(text)).collect())).code).to.equal('INPUT_FORMAT');
    const options = { codec: 'snappy' } as unknown as { codec: 'gzip' };
    expect((await rejection(pairs.saveAsSequenceFile(here(other), options))).code).to.equal(
      'ARGUMENT',
    );
    expect(thrown(() => sc.sequenceFile('')).code).to.equal('ARGUMENT');
    expect(
      (await rejection(sc.sequenceFile(here(join(directory, 'missing'))).count())).code,
    ).to.equal('INPUT_NOT_FOUND');
  });
});
