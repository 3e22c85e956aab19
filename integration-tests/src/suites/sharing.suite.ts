import { expect } from 'chai';
import { StorageLevel, type RDD } from 'heddle';
import { useContext } from './support/context.js';
import { rejection, taskError, thrown } from './support/expect-error.js';
import { jobsOf } from './support/jobs.js';

describe('persisting (B.6 persist)', () => {
  const suite = useContext();

  for (const name of [
    'MEMORY_ONLY',
    'MEMORY_ONLY_SER',
    'MEMORY_AND_DISK',
    'MEMORY_AND_DISK_SER',
    'DISK_ONLY',
    'OFF_HEAP',
    'MEMORY_ONLY_2',
    'DISK_ONLY_2',
    'DISK_ONLY_3',
  ] as const) {
    it(`${name} gives the same records again without computing them (A-167, A-168)`, async () => {
      const computed = suite.sc.accumulator(0);
      const rdd = suite.sc
        .range(0, 1_000, 1, 3)
        .map((x): [string, unknown] => {
          computed.add(1);
          return [`k${x}`, { x, list: [x, -x] }];
        })
        .persist(StorageLevel[name]);
      const first = await rdd.collect();
      expect(await rdd.collect()).to.deep.equal(first);
      expect(await rdd.count()).to.equal(1_000);
      expect(computed.value).to.equal(1_000);
      await rdd.unpersist(true);
      await rdd.count();
      expect(computed.value).to.equal(2_000);
    });
  }

  it('keeps only the partitions that were computed: take(1) caches one', async () => {
    const computed = suite.sc.accumulator(0);
    const rdd = suite.sc
      .range(0, 40, 1, 4)
      .map((x) => {
        computed.add(1);
        return x;
      })
      .cache();
    await rdd.mapPartitions((r) => [r.toArray().length]).take(1);
    expect(computed.value).to.equal(10);
    await rdd.count();
    expect(computed.value).to.equal(40);
  });

  it('returns the RDD itself, and says what it is', async () => {
    const rdd = suite.sc.range(3);
    expect(rdd.isCached).to.equal(false);
    expect(rdd.storageLevel).to.equal(StorageLevel.NONE);
    expect(rdd.cache()).to.equal(rdd);
    expect([rdd.isCached, rdd.storageLevel.toString()]).to.deep.equal([
      true,
      'Memory Deserialized 1x Replicated',
    ]);
    expect(thrown(() => rdd.persist(StorageLevel.DISK_ONLY)).message).to.contain('unpersist');
    await rdd.unpersist();
    expect(rdd.isCached).to.equal(false);
    await rdd.unpersist();
    rdd.persist(StorageLevel.DISK_ONLY);
    expect(await rdd.count()).to.equal(3);
  });

  it('keeps the result of a shuffle', async () => {
    const { sc } = suite;
    const reduced = sc
      .range(0, 100, 1, 3)
      .map((x) => [x % 10, 1])
      .reduceByKey((a, b) => a + b, 2)
      .cache();
    await reduced.count();
    expect(await jobsOf(sc, () => reduced.collect())).to.include({ stages: 1, tasks: 2 });
  });

  it('is not needed by what was persisted: unpersisted during other work it is computed again', async () => {
    const rdd = suite.sc
      .range(0, 100, 1, 2)
      .map((x) => x)
      .cache();
    const results = Promise.all([rdd.count(), rdd.sum(), rdd.unpersist(), rdd.count()]);
    expect((await results)[3]).to.equal(100);
  });
});

describe('broadcast variables (A-176, B.1 broadcast)', () => {
  const suite = useContext();

  it('bring their value to the tasks, the same object for all of a thread', async () => {
    const stop = suite.sc.broadcast(new Set(['a', 'the']));
    const kept = suite.sc
      .parallelize(['a', 'cat', 'the', 'dog'], 2)
      .filter((word) => !stop.value.has(word));
    expect(await kept.collect()).to.deep.equal(['cat', 'dog']);
    expect(stop.value.has('a')).to.equal(true);
    const counter = suite.sc.broadcast({ uses: 0 });
    const uses = await suite.sc
      .range(0, 20, 1, 4)
      .map(() => (counter.value.uses += 1))
      .max();
    expect(uses).to.be.within(20 / suite.sc.defaultParallelism, 20);
  });

  it('are as they were at the call', async () => {
    const value = { list: [1] };
    const shared = suite.sc.broadcast(value);
    value.list.push(2);
    expect(
      await suite.sc
        .range(1)
        .map(() => shared.value.list.length)
        .collect(),
    ).to.deep.equal([1]);
  });

  it('may be null, functions and large', async () => {
    const nothing = suite.sc.broadcast(null);
    expect(
      await suite.sc
        .range(1)
        .map(() => nothing.value)
        .collect(),
    ).to.deep.equal([null]);
    const double = suite.sc.broadcast((x: number) => x * 2);
    expect(
      await suite.sc
        .range(3)
        .map((x) => double.value(x))
        .collect(),
    ).to.deep.equal([0, 2, 4]);
    const large = suite.sc.broadcast(new Float64Array(1_000_000).fill(0.5));
    const sums = await suite.sc
      .range(0, 4, 1, 4)
      .map(() => large.value.reduce((a, b) => a + b, 0))
      .collect();
    expect(sums).to.deep.equal([500_000, 500_000, 500_000, 500_000]);
  });

  it('come again after unpersist, and are refused after destroy', async () => {
    const shared = suite.sc.broadcast('x');
    const rdd = suite.sc.range(0, 2, 1, 2).map(() => shared.value);
    expect(await rdd.collect()).to.deep.equal(['x', 'x']);
    await shared.unpersist(true);
    expect(await rdd.collect()).to.deep.equal(['x', 'x']);
    await shared.destroy(true);
    expect(thrown(() => shared.value)).to.have.property('code', 'BROADCAST_DESTROYED');
    const refused = thrown(() => suite.sc.range(2).map(() => shared.value));
    expect(`${refused.message} ${String(refused.cause)}`).to.match(/destroyed/);
    expect(await rejection(rdd.collect())).to.be.instanceOf(Error);
  });
});

describe('accumulators (A-177, B.1 accumulator)', () => {
  const suite = useContext();

  it('have their sum right after the action', async () => {
    const total = suite.sc.accumulator(0, 'total');
    await suite.sc.range(0, 1_000, 1, 7).foreach((x) => total.add(x));
    expect(total.value).to.equal(499_500);
    expect(total.name).to.equal('total');
    total.reset();
    expect(total.value).to.equal(0);
  });

  it('begin where they are told to', async () => {
    const total = suite.sc.accumulator(5);
    await suite.sc.range(0, 4, 1, 2).foreach(() => total.add(1));
    expect(total.value).to.equal(9);
    total.add(1);
    expect(total.value).to.equal(10);
  });

  it('of several kinds work side by side in one function', async () => {
    const { sc } = suite;
    const count = sc.longAccumulator('count');
    const half = sc.doubleAccumulator();
    const odd = sc.collectionAccumulator<number>('odd');
    const words = sc.accumulator({
      zero: new Set<string>(),
      add: (set: Set<string>, word: string) => set.add(word),
      merge: (a: Set<string>, b: Set<string>) => new Set([...a, ...b]),
    });
    await sc.range(0, 10, 1, 3).foreach((x) => {
      count.add(1);
      half.add(0.5);
      if (x % 2) odd.add(x);
      words.add(`w${x % 3}`);
    });
    expect([count.value, half.value]).to.deep.equal([10, 5]);
    expect([...odd.value].sort((a, b) => a - b)).to.deep.equal([1, 3, 5, 7, 9]);
    expect([...words.value].sort()).to.deep.equal(['w0', 'w1', 'w2']);
    words.reset();
    expect(words.value.size).to.equal(0);
  });

  it('cannot be read or reset in a task', async () => {
    const total = suite.sc.accumulator(0, 'secret');
    const read = await taskError(
      suite.sc
        .range(1)
        .map(() => total.value)
        .collect(),
    );
    expect(read).to.have.property('code', 'WRONG_SIDE');
    expect(read.message).to.contain('secret');
    expect(await taskError(suite.sc.range(1).foreach(() => total.reset()))).to.have.property(
      'code',
      'WRONG_SIDE',
    );
  });

  it('do not count what failed tasks added', async () => {
    const total = suite.sc.accumulator(0);
    await rejection(
      suite.sc.range(0, 10, 1, 1).foreach((x) => {
        total.add(1);
        if (x === 9) throw new Error('at the end');
      }),
    );
    expect(total.value).to.equal(0);
  });

  it('inside a transformation count whenever it runs (documented)', async () => {
    const total = suite.sc.accumulator(0);
    const rdd: RDD<number> = suite.sc.range(0, 10, 1, 2).map((x) => {
      total.add(1);
      return x;
    });
    await rdd.count();
    await rdd.count();
    expect(total.value).to.equal(20);
  });
});
