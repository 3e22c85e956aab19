import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import type { HeddleContext } from '../../src/context/heddle-context.js';
import type { FileSystem } from '@heddle/webhdfs';
import { nodeOf } from '../../src/rdd/rdd-metadata.js';
import type { RDD } from '../../src/rdd/rdd.js';
import { stageCompiler } from '../../src/rdd/stage-compiler.js';
import { rejection } from '../support/expect-error.js';
import { FakeApplication } from '../support/fake-application.js';

describe('preparing a lineage', () => {
  let fake: FakeApplication;
  let sc: HeddleContext;
  let directory: string;

  beforeEach(async () => {
    directory = mkdtempSync(join(tmpdir(), 'heddle-prepare-'));
    fake = new FakeApplication();
    fake.respond = ({ sink }) =>
      sink.kind === 'sampleKeys' ? { value: { count: 2, sample: [3, 6] } } : { value: 2 };
    sc = await fake.start();
  });

  afterEach(async () => {
    await sc.stop();
    rmSync(directory, { recursive: true });
  });

  it('lists inputs with the first question, and once', async () => {
    const path = join(directory, 'a.txt');
    const lines = sc.textFile(path);
    writeFileSync(path, 'one\ntwo\nthree\n');
    expect(await lines.getNumPartitions()).to.equal(2);
    rmSync(path);
    expect(await lines.getNumPartitions()).to.equal(2);
    const { source } = stageCompiler.split(nodeOf(lines), 0);
    expect(source).to.have.property('kind', 'file');
    expect(lines.name).to.equal(path);
  });

  it('fails with InputNotFoundError before any task, and may succeed later', async () => {
    const path = join(directory, 'later.txt');
    const sorted = sc.textFile(path).map(String).sortBy(String, true, 3);
    const error = await rejection(sorted.count());
    expect(error).to.include({ code: 'INPUT_NOT_FOUND', path });
    expect(fake.jobs).to.have.length(0);
    writeFileSync(path, 'x\n');
    expect(await sorted.getNumPartitions()).to.equal(3);
  });

  it('gives an empty file no partition to a textFile and one to wholeTextFiles', async () => {
    const path = join(directory, 'empty.txt');
    writeFileSync(path, '');
    expect(await sc.textFile(path).getNumPartitions()).to.equal(0);
    expect(await sc.wholeTextFiles(path).getNumPartitions()).to.equal(1);
    expect(await sc.textFile(path).collect()).to.deep.equal([]);
  });

  describe('preferred locations (A-108)', () => {
    // A file system of three blocks on known hosts; the rest of its interface is not asked for.
    const blocks = [
      { offset: 0, length: 10, hosts: ['a', 'b'] },
      { offset: 10, length: 10, hosts: ['b', 'c'] },
      { offset: 20, length: 10, hosts: ['c', 'a'] },
    ];
    beforeEach(() => {
      const status = {
        path: '/data',
        kind: 'file',
        sizeBytes: 30,
        blockSizeBytes: 10,
        modifiedMs: 0,
        mode: 0o644,
        fileId: '1',
      } as const;
      const fileSystem: Partial<FileSystem> = {
        scheme: 'blocks',
        uri: (path) => `blocks://${path}`,
        status: () => Promise.resolve(status),
        blockLocations: () => Promise.resolve(blocks),
      };
      fake.fileSystems.register('blocks', () => fileSystem as FileSystem);
    });

    const hostsOf = async (rdd: RDD<unknown>): Promise<string[][]> => {
      const count = await rdd.getNumPartitions();
      return Promise.all(Array.from({ length: count }, (_, i) => rdd.preferredLocations(i)));
    };

    it('are the hosts of the blocks, through narrow steps', async () => {
      const lines = sc.textFile('blocks:///data', 1);
      const expected = blocks.map(({ hosts }) => hosts);
      expect(await hostsOf(lines)).to.deep.equal(expected);
      expect(await hostsOf(lines.map(String).filter(Boolean))).to.deep.equal(expected);
    });

    it('are those of the one partition that a union reads', async () => {
      const union = sc.range(0, 1, 1, 2).union(sc.textFile('blocks:///data', 1).map(Number));
      expect(await hostsOf(union)).to.deep.equal([[], [], ['a', 'b'], ['b', 'c'], ['c', 'a']]);
    });

    it('are none behind a shuffle, and refused for partitions that do not exist', async () => {
      const shuffled = sc.textFile('blocks:///data', 1).repartition(2);
      expect(await hostsOf(shuffled)).to.deep.equal([[], []]);
      expect(await rejection(shuffled.preferredLocations(2))).to.have.property('code', 'ARGUMENT');
    });

    it('of small files that are read together are ordered by bytes', async () => {
      const whole = sc.wholeTextFiles('blocks:///data,blocks:///data', 1);
      expect((await hostsOf(whole))[0]).to.have.members(['a', 'b', 'c']);
    });
  });

  it('samples a sort once, however many actions need it', async () => {
    const sorted = sc.range(0, 9, 1, 3).sortBy(Math.sqrt, true, 2);
    await Promise.all([sorted.count(), sorted.count(), sorted.getNumPartitions()]);
    await sorted.count();
    const kinds = fake.jobs.map(({ sink }) => sink.kind);
    expect(kinds.filter((kind) => kind === 'sampleKeys')).to.have.length(1);
    expect(kinds.filter((kind) => kind === 'count')).to.have.length(3);
  });

  it('samples nothing for a sort into one partition, or of one without partitions', async () => {
    expect(await sc.range(0, 9, 1, 3).sortBy(Math.sqrt, true, 1).getNumPartitions()).to.equal(1);
    expect(await sc.emptyRDD<number>().sortBy(Math.sqrt, true, 4).getNumPartitions()).to.equal(1);
    expect(fake.jobs).to.have.length(0);
  });

  it('counts nothing for zipWithIndex over one partition (B.2)', async () => {
    expect(await sc.range(0, 9, 1, 1).zipWithIndex().getNumPartitions()).to.equal(1);
    expect(await sc.emptyRDD().zipWithIndex().getNumPartitions()).to.equal(0);
    expect(fake.jobs).to.have.length(0);
  });

  it('is tried again by an action whose fellow was cancelled while preparing', async () => {
    const cancel = new AbortController();
    let isFirst = true;
    fake.respond = ({ sink }) => {
      if (sink.kind === 'sampleKeys' && isFirst) {
        isFirst = false;
        cancel.abort();
        throw new Error('cancelled while sampling');
      }
      return sink.kind === 'sampleKeys' ? { value: { count: 2, sample: [3, 6] } } : { value: 2 };
    };
    const sorted = sc.range(0, 9, 1, 3).sortBy(Math.sqrt, true, 2);
    const cancelled = sorted.count({ signal: cancel.signal });
    const other = sorted.count();
    expect((await rejection(cancelled)).message).to.equal('cancelled while sampling');
    expect(await other).to.equal(4);
  });

  describe('range bounds (A-118)', () => {
    const boundsOf = async (
      n: number,
      samples: { count: number; sample: unknown[] }[],
    ): Promise<unknown> => {
      fake.respond = (_, i) => ({ value: samples[i] });
      const rdd = sc.range(0, 9, 1, samples.length).keyBy(Math.sqrt).sortByKey(true, n);
      const partitioner = (await rdd.partitioner()) as unknown as { bounds: unknown[] };
      return partitioner.bounds;
    };

    it('cut a sample into parts of equal weight', async () => {
      const sample = Array.from({ length: 100 }, (_, i) => i);
      expect(await boundsOf(4, [{ count: 100, sample }])).to.deep.equal([24, 49, 74]);
    });

    it('weigh keys by how many they stand for', async () => {
      const bounds = await boundsOf(2, [
        { count: 100, sample: [1, 2, 3, 4] },
        { count: 4, sample: [5, 6, 7, 8] },
      ]);
      expect(bounds).to.deep.equal([3]);
    });

    it('are fewer when keys are fewer, and one when all are equal', async () => {
      expect(await boundsOf(5, [{ count: 3, sample: [1, 2, 3] }])).to.deep.equal([1, 2]);
      expect(await boundsOf(4, [{ count: 9, sample: [7, 7, 7, 7, 7, 7, 7, 7, 7] }])).to.deep.equal([
        7,
      ]);
      expect(await boundsOf(4, [{ count: 0, sample: [] }])).to.deep.equal([]);
    });

    it('come from a second sample of partitions that hold much more than their share', async () => {
      const sizes: number[] = [];
      fake.respond = ({ sink }, i) => {
        const size = sink.kind === 'sampleKeys' ? sink.size : 0;
        sizes.push(size);
        const count = i === 0 ? 100_000 : 10;
        const sample = Array.from({ length: Math.min(size, count) }, (_, k) => k * 10 + i);
        return { value: { count, sample } };
      };
      await sc.range(0, 9, 1, 10).keyBy(Math.sqrt).sortByKey(true, 2).getNumPartitions();
      const jobs = fake.jobs.map(({ request }) => request.partitions.length);
      expect(jobs).to.deep.equal([10, 1]);
      expect(sizes).to.deep.equal([...Array<number>(10).fill(12), 40]);
    });

    it('look at 20 keys for each partition that is wanted, three times as many per partition', async () => {
      fake.respond = () => ({ value: { count: 1, sample: [1] } });
      await sc.range(0, 9, 1, 4).keyBy(Math.sqrt).sortByKey(true, 10).getNumPartitions();
      expect(fake.jobs[0]!.sink).to.include({ kind: 'sampleKeys', size: 150 });
    });
  });
});
