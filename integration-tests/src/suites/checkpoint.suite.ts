import { mkdtemp, readdir, rm, truncate } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { StorageLevel } from 'heddle';
import { useContext } from './support/context.js';
import { rejection, taskError, thrown } from './support/expect-error.js';
import { jobsOf } from './support/jobs.js';
import { here } from './support/paths.js';

describe('checkpoint (A-174, B.6 checkpoint, B.1 checkpointDir)', () => {
  const suite = useContext();
  let directory: string;

  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'heddle-checkpoint-'));
  });
  after(() => rm(directory, { recursive: true, force: true }));

  it('needs a directory', () => {
    const rdd = suite.sc.range(3);
    expect(suite.sc.getCheckpointDir()).to.equal(undefined);
    expect(thrown(() => rdd.checkpoint())).to.have.property('code', 'CHECKPOINT_DIRECTORY');
    expect(rdd.isCheckpointed).to.equal(false);
  });

  it('writes with the next action, cuts the lineage, and is read from its files from then on', async () => {
    const { sc } = suite;
    await sc.setCheckpointDir(here(directory));
    expect(sc.getCheckpointDir()).to.match(/^file:\/\/.*heddle-checkpoint-.*\/[0-9a-f-]{36}$/);
    const computed = sc.accumulator(0);
    const rdd = sc
      .range(0, 1_000, 1, 3)
      .map((x): [string, unknown] => {
        computed.add(1);
        return [`k${x % 7}`, { x, list: [x, new Date(x)] }];
      })
      .partitionBy(2);
    const doubled = rdd.mapValues((value) => [value]);
    rdd.checkpoint();
    expect([rdd.isCheckpointed, rdd.getCheckpointFile()]).to.deep.equal([false, undefined]);
    const before = await rdd.collect();
    expect(rdd.isCheckpointed).to.equal(true);
    const file = rdd.getCheckpointFile();
    expect(file).to.equal(`${sc.getCheckpointDir()!}/rdd-${rdd.id}`);
    expect(await readdir(fileURLToPath(file!))).to.deep.equal([
      '_SUCCESS',
      'part-00000',
      'part-00001',
    ]);
    const text = (await rdd.toDebugString()).split('\n');
    expect(text).to.have.length(2);
    expect(text[1]).to.contain('ReliableCheckpointRDD');
    expect(rdd.dependencies).to.deep.equal([]);
    const computedBefore = computed.value;
    expect(await rdd.collect()).to.deep.equal(before);
    // Made before the cut, and derived after it.
    expect(await doubled.count()).to.equal(1_000);
    expect(
      await rdd
        .map(([k]) => k)
        .distinct()
        .count(),
    ).to.equal(7);
    expect(computed.value).to.equal(computedBefore);
    expect(await rdd.partitioner()).to.not.equal(undefined);
    expect(await jobsOf(sc, () => doubled.reduceByKey((a) => a).count())).to.include({ stages: 1 });
  });

  it('computes nothing twice when the RDD is persisted', async () => {
    const { sc } = suite;
    await sc.setCheckpointDir(here(directory));
    const computed = sc.accumulator(0);
    const rdd = sc
      .range(0, 100, 1, 2)
      .map((x) => {
        computed.add(1);
        return x;
      })
      .persist(StorageLevel.MEMORY_AND_DISK);
    rdd.checkpoint();
    expect(await rdd.sum()).to.equal(4_950);
    expect(computed.value).to.equal(100);
    await rdd.unpersist(true);
    expect(await rdd.sum()).to.equal(4_950);
    expect(computed.value).to.equal(100);
  });

  it('happens with an action on a descendant, and for several at once', async () => {
    const { sc } = suite;
    await sc.setCheckpointDir(here(directory));
    const left = sc.range(0, 10, 1, 2).map((x): [number, string] => [x, 'l']);
    const right = sc.range(5, 15, 1, 3).map((x): [number, string] => [x, 'r']);
    left.checkpoint();
    right.checkpoint();
    const joined = left.join(right);
    expect(await joined.count()).to.equal(5);
    expect([left.isCheckpointed, right.isCheckpointed, joined.isCheckpointed]).to.deep.equal([
      true,
      true,
      false,
    ]);
    expect(await joined.count()).to.equal(5);
    expect(await left.union(right).count()).to.equal(20);
  });

  it('takes empty partitions, no partitions, and records that were sorted', async () => {
    const { sc } = suite;
    await sc.setCheckpointDir(here(directory));
    const sparse = sc.parallelize([1], 4);
    sparse.checkpoint();
    expect(await sparse.collect()).to.deep.equal([1]);
    expect(await sparse.collect()).to.deep.equal([1]);
    const empty = sc.emptyRDD<number>();
    empty.checkpoint();
    expect(await empty.count()).to.equal(0);
    const sorted = sc.parallelize([3, 1, 2], 2).sortBy((x) => x);
    sorted.checkpoint();
    expect(await sorted.collect()).to.deep.equal([1, 2, 3]);
    expect(sorted.isCheckpointed).to.equal(true);
    expect(await sorted.zipWithIndex().collect()).to.deep.equal([
      [1, 0],
      [2, 1],
      [3, 2],
    ]);
  });

  it('takes effect with the next action also when others came before', async () => {
    const { sc } = suite;
    await sc.setCheckpointDir(here(directory));
    const rdd = sc.range(0, 10, 1, 2).map((x) => x);
    await rdd.count();
    rdd.checkpoint();
    await rdd.count();
    expect(rdd.isCheckpointed).to.equal(true);
  });

  it('is exact for jobs that run while the lineage is cut', async () => {
    const { sc } = suite;
    await sc.setCheckpointDir(here(directory));
    const rdd = sc
      .range(0, 200, 1, 8)
      .map((x): [number, number] => [x % 10, x])
      .reduceByKey((a, b) => a + b, 4);
    const child = rdd.mapValues((x) => x + 1).filter(() => true);
    rdd.checkpoint();
    const results = await Promise.all(
      Array.from({ length: 6 }, (_, i) => (i % 2 === 0 ? rdd : child).values().sum()),
    );
    expect(results).to.deep.equal([19_900, 19_910, 19_900, 19_910, 19_900, 19_910]);
    expect(rdd.isCheckpointed).to.equal(true);
    expect(await child.values().sum()).to.equal(19_910);
  });

  it('is tried again with the next action when it failed, and the action tells why', async () => {
    const { sc } = suite;
    const place = await mkdtemp(join(directory, 'gone-'));
    await sc.setCheckpointDir(here(place));
    const rdd = sc.range(0, 10, 1, 2).map((x) => x);
    rdd.checkpoint();
    const own = fileURLToPath(sc.getCheckpointDir()!);
    await rm(place, { recursive: true });
    const { writeFile, mkdir } = await import('node:fs/promises');
    await writeFile(place, 'a file is in the way');
    expect(await rejection(rdd.count())).to.be.instanceOf(Error);
    expect(rdd.isCheckpointed).to.equal(false);
    await rm(place);
    await mkdir(own, { recursive: true });
    expect(await rdd.count()).to.equal(10);
    expect(rdd.isCheckpointed).to.equal(true);
  });

  it('says which file is gone or damaged', async () => {
    const { sc } = suite;
    await sc.setCheckpointDir(here(directory));
    const rdd = sc.range(0, 1_000, 1, 2).map((x) => `record ${x}`);
    rdd.checkpoint();
    await rdd.count();
    const folder = fileURLToPath(rdd.getCheckpointFile()!);
    await truncate(join(folder, 'part-00001'), 100);
    const damaged = await taskError(rdd.count());
    expect(damaged).to.have.property('code', 'CHECKPOINT_FILE');
    expect(damaged.message).to.contain('part-00001');
    await rm(folder, { recursive: true });
    expect(await taskError(rdd.count())).to.have.property('code', 'CHECKPOINT_FILE');
  });
});

describe('localCheckpoint (A-175, B.6 localCheckpoint)', () => {
  const suite = useContext();

  it('cuts the lineage and leaves the cached blocks', async () => {
    const { sc } = suite;
    const computed = sc.accumulator(0);
    const rdd = sc
      .range(0, 100, 1, 4)
      .map((x) => {
        computed.add(1);
        return x;
      })
      .localCheckpoint();
    expect([rdd.isLocallyCheckpointed, rdd.isCheckpointed]).to.deep.equal([true, false]);
    expect(rdd.storageLevel).to.equal(StorageLevel.MEMORY_AND_DISK);
    // Partitions that the action did not need are computed for it.
    expect(await rdd.take(1)).to.deep.equal([0]);
    expect([rdd.isCheckpointed, rdd.getCheckpointFile()]).to.deep.equal([true, undefined]);
    expect(computed.value).to.equal(100);
    expect(await rdd.sum()).to.equal(4_950);
    expect(computed.value).to.equal(100);
    const text = (await rdd.toDebugString()).split('\n');
    expect(text).to.have.length(2);
    expect(text[1]).to.contain('LocalCheckpointRDD');
  });

  it('lets blocks go to disk whatever the level was', async () => {
    const rdd = suite.sc.range(0, 10, 1, 2).persist(StorageLevel.MEMORY_ONLY_SER).localCheckpoint();
    expect(rdd.storageLevel.toString()).to.equal('Disk Memory Serialized 1x Replicated');
    expect(await rdd.count()).to.equal(10);
    rdd.persist(StorageLevel.MEMORY_ONLY);
    expect(rdd.storageLevel.useDisk).to.equal(true);
  });

  it('fails clearly when a block is gone', async () => {
    const rdd = suite.sc
      .range(0, 10, 1, 2)
      .map((x) => x + 1)
      .localCheckpoint();
    expect(await rdd.sum()).to.equal(55);
    await rdd.unpersist(true);
    const lost = await taskError(rdd.sum());
    expect(lost).to.have.property('code', 'CHECKPOINT_BLOCK_LOST');
    expect(lost.message).to.contain(`RDD ${rdd.id}`);
  });

  it('keeps an iterative program at one level', async () => {
    const { sc } = suite;
    let rdd = sc.range(0, 20, 1, 2);
    for (let i = 0; i < 10; i += 1) {
      rdd = rdd.map((x) => x + 1).localCheckpoint();
      await rdd.count();
    }
    expect((await rdd.toDebugString()).split('\n')).to.have.length(2);
    expect(await rdd.min()).to.equal(10);
  });
});

describe('cleanShuffleDependencies (B.6 cleanShuffleDependencies)', () => {
  const suite = useContext();

  it('drops the map outputs; a later action computes them again', async () => {
    const { sc } = suite;
    const mapped = sc.accumulator(0);
    const reduced = sc
      .range(0, 100, 1, 3)
      .map((x): [number, number] => {
        mapped.add(1);
        return [x % 5, x];
      })
      .reduceByKey((a, b) => a + b, 2);
    expect(await reduced.values().sum()).to.equal(4_950);
    await reduced.values().sum();
    expect(mapped.value).to.equal(100);
    await reduced.cleanShuffleDependencies(true);
    expect(await reduced.values().sum()).to.equal(4_950);
    expect(mapped.value).to.equal(200);
  });
});
