import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { existsSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { HeddleFiles, StorageLevel, TaskContext, type HeddleContext, type RDD } from 'heddle';
import { useContext } from './support/context.js';
import {
  describeProcesses,
  eventually,
  executorsAre,
  executorsOf,
  killExecutor,
  type SeenExecutor,
} from './support/executors.js';
import { taskError } from './support/expect-error.js';
import { here } from './support/paths.js';

/** Kills are what these tests are about: they must not end the application. */
const manyFailures = { 'heddle.executor.maxNumFailures': 100 };

/** An executor that kept some of the RDD's blocks: the one that runs the first partition. */
async function holderOf(rdd: RDD<unknown>): Promise<SeenExecutor> {
  const [holder] = await rdd
    .mapPartitions(() => [{ executorId: TaskContext.get()!.executorId, pid: process.pid }])
    .collect();
  return holder!;
}

function countedRange(sc: HeddleContext, partitions: number) {
  const computed = sc.accumulator(0);
  const rdd = sc.range(0, 400, 1, partitions).map((x) => {
    computed.add(1);
    return x;
  });
  return { computed, rdd };
}

describeProcesses('cached blocks of several executors', function () {
  // Executors are killed and replaced: on a busy machine that takes its time.
  this.timeout(300_000);
  const suite = useContext(manyFailures);

  beforeEach(() => executorsAre(suite.sc, 2));

  it('A-180 a second action runs where the blocks are', async () => {
    const { rdd } = countedRange(suite.sc, 8);
    rdd.cache();
    const places = (): Promise<string[]> =>
      rdd.mapPartitions(() => [TaskContext.get()!.executorId]).collect();
    const first = await places();
    expect(new Set(first).size).to.equal(2);
    expect(await places()).to.deep.equal(first);
  });

  it('A-171 are read from another executor when a task runs elsewhere, and not computed', async () => {
    const { sc } = suite;
    for (const level of [StorageLevel.MEMORY_ONLY, StorageLevel.DISK_ONLY]) {
      const { rdd, computed } = countedRange(sc, 8);
      rdd.persist(level);
      await rdd.count();
      const places = await rdd.mapPartitions(() => [TaskContext.get()!.executorId]).collect();
      expect(new Set(places).size).to.equal(2);
      // One task reads all blocks, those of the other executor too.
      expect((await rdd.coalesce(1).collect()).length).to.equal(400);
      expect(computed.value).to.equal(400);
    }
  });

  for (const name of [
    'MEMORY_ONLY_2',
    'MEMORY_ONLY_SER_2',
    'MEMORY_AND_DISK_2',
    'DISK_ONLY_2',
  ] as const) {
    it(`A-171 ${name}: a block survives the loss of one executor`, async () => {
      const { sc } = suite;
      const { rdd, computed } = countedRange(sc, 6);
      rdd.persist(StorageLevel[name]);
      expect(await rdd.sum()).to.equal(79_800);
      const infos = sc.statusTracker.getExecutorInfos();
      expect(infos.every(({ cacheBytes }) => cacheBytes > 0)).to.equal(true);
      await killExecutor(sc, await holderOf(rdd));
      expect(await rdd.sum()).to.equal(79_800);
      expect(computed.value).to.equal(400);
      await rdd.unpersist(true);
    });
  }

  it('A-105 A-169 a block with one copy is computed again after the loss of its executor', async () => {
    const { sc } = suite;
    const { rdd, computed } = countedRange(sc, 6);
    rdd.cache();
    expect(await rdd.sum()).to.equal(79_800);
    await killExecutor(sc, await holderOf(rdd));
    expect(await rdd.sum()).to.equal(79_800);
    expect(computed.value).to.be.within(401, 800);
  });

  it('unpersist(true) has dropped the blocks on all executors when it resolves', async () => {
    const { sc } = suite;
    const { rdd, computed } = countedRange(sc, 6);
    const sizes = (): number[] => sc.statusTracker.getExecutorInfos().map((e) => e.cacheBytes);
    const before = sizes();
    rdd.persist(StorageLevel.MEMORY_AND_DISK_2);
    await rdd.count();
    sizes().forEach((size, i) => expect(size).to.be.greaterThan(before[i]!));
    await rdd.unpersist(true);
    expect(sizes()).to.deep.equal(before);
    await rdd.count();
    expect(computed.value).to.equal(800);
  });

  it('A-175 a local checkpoint whose executor is gone fails with what was lost', async () => {
    const { sc } = suite;
    const { rdd } = countedRange(sc, 6);
    rdd.localCheckpoint();
    expect(await rdd.sum()).to.equal(79_800);
    await killExecutor(sc, await holderOf(rdd));
    const lost = await taskError(rdd.sum());
    expect(lost).to.have.property('code', 'CHECKPOINT_BLOCK_LOST');
    expect(lost).to.have.property('rddId', rdd.id);
  });

  it('A-175 a local checkpoint with two copies survives one executor', async () => {
    const { sc } = suite;
    const { rdd, computed } = countedRange(sc, 6);
    rdd.persist(StorageLevel.MEMORY_ONLY_2).localCheckpoint();
    expect(await rdd.sum()).to.equal(79_800);
    await killExecutor(sc, await holderOf(rdd));
    expect(await rdd.sum()).to.equal(79_800);
    expect(computed.value).to.equal(400);
  });
});

describeProcesses('checkpoints and executors that end', function () {
  // Executors are killed and replaced: on a busy machine that takes its time.
  this.timeout(300_000);
  const suite = useContext(manyFailures);

  it('A-174 after all executors were killed the data come back from the files', async () => {
    const { sc } = suite;
    const directory = await mkdtemp(join(tmpdir(), 'heddle-checkpoint-'));
    try {
      await executorsAre(sc, 2);
      await sc.setCheckpointDir(here(directory));
      const { rdd, computed } = countedRange(sc, 4);
      rdd.cache();
      rdd.checkpoint();
      expect(await rdd.sum()).to.equal(79_800);
      expect(computed.value).to.equal(400);
      const seen = new Map((await executorsOf(sc, 16)).map((e) => [e.executorId, e]));
      expect(seen.size).to.equal(2);
      await Promise.all([...seen.values()].map((victim) => killExecutor(sc, victim)));
      expect(await rdd.sum()).to.equal(79_800);
      expect(computed.value).to.equal(400);
    } finally {
      await rm(directory, { recursive: true, force: true });
    }
  });
});

describe('memory for cached blocks', function () {
  // Executors are killed and replaced: on a busy machine that takes its time.
  this.timeout(300_000);
  // Full caches need more address space than 2.1 times the smallest container, which YARN may count.
  const suite = useContext({
    'heddle.executor.memory': '256m',
    'heddle.executor.memoryOverhead': '640m',
  });

  /** About 160 MiB that do not compress. */
  function large(sc: HeddleContext, computed: { add(x: number): void }): RDD<[number, Uint8Array]> {
    return sc.range(0, 160, 1, 40).map((x) => {
      computed.add(1);
      const bytes = new Uint8Array(1_048_576);
      let state = x + 1;
      for (let i = 0; i < bytes.length; i += 4) {
        state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0;
        bytes[i] = state >>> 24;
        bytes[i + 1] = state >>> 16;
        bytes[i + 2] = state >>> 8;
      }
      return [x, bytes] as [number, Uint8Array];
    });
  }

  const cachedBytes = (): number =>
    suite.sc.statusTracker.getExecutorInfos().reduce((sum, e) => sum + e.cacheBytes, 0);

  it('A-169 MEMORY_ONLY: what does not fit is computed again, and the rest is not', async () => {
    const { sc } = suite;
    const computed = sc.accumulator(0);
    const rdd = large(sc, computed).persist(StorageLevel.MEMORY_ONLY);
    expect(await rdd.count()).to.equal(160);
    const kept = cachedBytes();
    expect(kept).to.be.within(2 ** 20, 159 * 2 ** 20);
    expect(await rdd.keys().sum()).to.equal(12_720);
    expect(computed.value).to.be.within(161, 319);
    await rdd.unpersist(true);
    expect(cachedBytes()).to.equal(0);
  });

  it('A-170 MEMORY_AND_DISK: what does not fit is on disk, and nothing is computed again', async () => {
    const { sc } = suite;
    const computed = sc.accumulator(0);
    const rdd = large(sc, computed).persist(StorageLevel.MEMORY_AND_DISK);
    expect(await rdd.count()).to.equal(160);
    expect(await rdd.keys().sum()).to.equal(12_720);
    expect(computed.value).to.equal(160);
    await rdd.unpersist(true);
  });

  it('A-169 the RDD that was used least lately makes room for another one', async () => {
    const { sc } = suite;
    const old = sc.accumulator(0);
    const first = sc
      .range(0, 4, 1, 4)
      .map((x) => {
        old.add(1);
        return new Uint8Array(4_194_304).fill(x);
      })
      .cache();
    await first.count();
    await first.count();
    expect(old.value).to.equal(4);
    const computed = sc.accumulator(0);
    const second = large(sc, computed).cache();
    await second.count();
    // The driver learns of evictions a moment later.
    await eventually('the first RDD has lost blocks', async () => {
      await first.count();
      return old.value > 4;
    });
    await second.unpersist(true);
    await first.unpersist(true);
  });

  it('A-181 a shuffle beside a full cache is exact', async () => {
    const { sc } = suite;
    const computed = sc.accumulator(0);
    const cached = large(sc, computed).persist(StorageLevel.MEMORY_AND_DISK);
    await cached.count();
    const counts = await sc
      .range(0, 400_000, 1, 8)
      .map((x): [string, number] => [`key ${x % 100_000}`, 1])
      .groupByKey(4)
      .mapValues((ones) => ones.length)
      .values()
      .distinct()
      .collect();
    expect(counts).to.deep.equal([4]);
    expect(await cached.count()).to.equal(160);
    expect(computed.value).to.equal(160);
    await cached.unpersist(true);
  });
});

describe('large broadcast variables', function () {
  // Executors are killed and replaced: on a busy machine that takes its time.
  this.timeout(300_000);
  const suite = useContext();

  it('A-176 of 48 MiB arrive whole, once for each executor', async () => {
    const { sc } = suite;
    const bytes = new Uint8Array(48 * 2 ** 20);
    for (let i = 0; i < bytes.length; i += 4_096) bytes[i] = i >>> 12;
    const shared = sc.broadcast(bytes);
    const sums = await sc
      .range(0, 8, 1, 8)
      .map(() => {
        let sum = 0;
        for (let i = 0; i < shared.value.length; i += 4_096) sum += shared.value[i]!;
        return sum;
      })
      .distinct()
      .collect();
    expect(sums).to.deep.equal([1_566_720]);
    await shared.destroy(true);
  });

  it('A-176 that hold other broadcast variables, and that only some tasks use', async () => {
    const { sc } = suite;
    const inner = sc.broadcast(['a', 'b']);
    const unused = sc.broadcast('never');
    const outer = sc.broadcast({ inner });
    const seen = await sc
      .range(0, 4, 1, 4)
      .map((x) => (x === 2 ? outer.value.inner.value[1] : x > 100 ? unused.value : 'none'))
      .collect();
    expect(seen).to.deep.equal(['none', 'none', 'b', 'none']);
  });
});

describeProcesses('broadcast variables and files when executors end', function () {
  // Executors are killed and replaced: on a busy machine that takes its time.
  this.timeout(300_000);
  const suite = useContext(manyFailures);

  it('A-176, A-178 a new executor gets them too', async () => {
    const { sc } = suite;
    const directory = await mkdtemp(join(tmpdir(), 'heddle-files-'));
    try {
      await executorsAre(sc, 2);
      const path = join(directory, 'late.txt');
      await writeFile(path, randomBytes(100_000).toString('hex'));
      const text = readFileSync(path, 'utf8');
      await sc.addFile(path);
      const shared = sc.broadcast({ text });
      const check = (): Promise<boolean[]> =>
        sc
          .range(0, 16, 1, 16)
          .map(() => readFileSync(HeddleFiles.get('late.txt'), 'utf8') === shared.value.text)
          .distinct()
          .collect();
      expect(await check()).to.deep.equal([true]);
      // The executors have copies of their own: what is added is not needed any more.
      await rm(path);
      const seen = new Map((await executorsOf(sc, 16)).map((e) => [e.executorId, e]));
      await Promise.all([...seen.values()].map((victim) => killExecutor(sc, victim)));
      expect(await check()).to.deep.equal([true]);
      const roots = await sc
        .range(0, 16, 1, 16)
        .map(() => HeddleFiles.getRootDirectory())
        .distinct()
        .collect();
      expect(new Set(roots).size).to.be.within(1, 2);
      expect(roots).to.not.include(HeddleFiles.getRootDirectory());
      expect(existsSync(join(HeddleFiles.getRootDirectory(), 'late.txt'))).to.equal(true);
    } finally {
      await rm(directory, { recursive: true, force: true });
    }
  });
});

describeProcesses('accumulators when executors end', function () {
  // Executors are killed and replaced: on a busy machine that takes its time.
  this.timeout(300_000);
  const suite = useContext(manyFailures);

  it('A-177 an action counts each record once, whatever was tried again', async () => {
    const { sc } = suite;
    await executorsAre(sc, 2);
    const total = sc.accumulator(0);
    const failed = sc.accumulator(0);
    const action = sc.range(0, 400, 1, 16).foreachPartition((records) => {
      const context = TaskContext.get()!;
      for (const x of records) {
        total.add(x);
        if (x % 25 === 10 && context.attemptNumber === 0 && context.partitionId % 5 === 0) {
          failed.add(1);
          throw new Error('the first attempt fails after it has added');
        }
        const until = performance.now() + 4;
        while (performance.now() < until);
      }
    });
    const [victim] = await Promise.all([
      executorsOf(sc, 1).then(async ([first]) => {
        await killExecutor(sc, first!);
        return first;
      }),
      action,
    ]);
    expect(victim).to.not.equal(undefined);
    expect(total.value).to.equal(79_800);
    expect(failed.value).to.equal(0);
  });

  it('A-177 a result stage whose map outputs are lost counts once', async () => {
    const { sc } = suite;
    await executorsAre(sc, 2);
    const total = sc.accumulator(0);
    const reduced = sc
      .range(0, 400, 1, 8)
      .map((x): [number, number] => [x % 40, x])
      .reduceByKey((a, b) => a + b, 8);
    await reduced.count();
    const [victim] = await executorsOf(sc, 1);
    await killExecutor(sc, victim!);
    await reduced.values().foreach((x) => total.add(x));
    expect(total.value).to.equal(79_800);
  });
});
