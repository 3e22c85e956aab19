import { expect } from 'chai';
import type { HeddleContext } from '../../src/context/heddle-context.js';
import { rejection } from '../support/expect-error.js';
import { FakeApplication, type SeenJob } from '../support/fake-application.js';

describe('actions', () => {
  let fake: FakeApplication;
  let sc: HeddleContext;

  beforeEach(async () => {
    fake = new FakeApplication();
    sc = await fake.start();
  });

  afterEach(() => sc.stop());

  /** Answers record sinks as if partition i held the i-th array. */
  const holds = (...partitions: unknown[][]): void => {
    fake.respond = ({ sink }, i) => ({
      records: sink.kind === 'take' ? partitions[i]!.slice(0, sink.limit) : partitions[i]!,
    });
  };
  const gives = (...values: unknown[]): void => {
    fake.respond = (_: SeenJob, i) => ({ value: values[i] });
  };
  const source = (n: number) => sc.range(0, 100, 1, n);

  it('collect in partition order, whatever finishes first (B.0)', async () => {
    holds([1, 2], [], [3], [4, [5]]);
    fake.order = () => [3, 1, 0, 2];
    expect(await source(4).collect()).to.deep.equal([1, 2, 3, 4, [5]]);
  });

  it('count all partitions', async () => {
    gives(2 ** 32, 0, 5);
    expect(await source(3).count()).to.equal(2 ** 32 + 5);
  });

  describe('take (B.5)', () => {
    const scanned = () => fake.jobs.map(({ request }) => request.partitions.length);

    it('looks at one partition, then at four times as many, while it finds nothing', async () => {
      holds(...Array.from({ length: 100 }, (_, i) => (i === 90 ? [91, 92, 93] : [])));
      expect(await source(100).take(3)).to.deep.equal([91, 92, 93]);
      expect(scanned()).to.deep.equal([1, 4, 20, 75]);
    });

    it('expects half more than it found so far, and asks only for what is missing', async () => {
      holds(...Array.from({ length: 30 }, (_, i) => [i, i]));
      expect(await source(30).take(7)).to.deep.equal([0, 0, 1, 1, 2, 2, 3]);
      expect(scanned()).to.deep.equal([1, 4]);
      expect(fake.jobs.map(({ sink }) => sink)).to.deep.equal([
        { kind: 'take', limit: 7 },
        { kind: 'take', limit: 5 },
      ]);
    });

    it('gives all when there are fewer, and nothing for n ≤ 0 without a job', async () => {
      holds([1], [2]);
      expect(await source(2).take(9)).to.deep.equal([1, 2]);
      fake.jobs.length = 0;
      expect(await source(2).take(0)).to.deep.equal([]);
      expect(await source(2).take(-3)).to.deep.equal([]);
      expect(fake.jobs).to.have.length(0);
    });

    it('is what first and isEmpty look through', async () => {
      holds([], [], [undefined], [4]);
      expect(await source(4).first()).to.equal(undefined);
      expect(await source(4).isEmpty()).to.equal(false);
      expect(scanned()).to.deep.equal([1, 3, 1, 3]);
    });
  });

  it('reduce partials in partition order, whatever finishes first (B.5)', async () => {
    gives([{ a: 0, x: 0 }], [], [{ b: 2, x: 2 }], [{ c: 3, x: 3 }]);
    fake.order = () => [3, 2, 1, 0];
    const objects = source(4).map<object>(Object);
    const merged = await objects.reduce(Object.assign);
    expect(Object.entries(merged)).to.deep.equal([
      ['a', 0],
      ['x', 3],
      ['b', 2],
      ['c', 3],
    ]);
  });

  it('begin the merge of a fold and an aggregate with one more zero (B.5)', async () => {
    gives(4, 6, 8);
    expect(await source(3).fold(1, Math.max)).to.equal(8);
    gives(4, 0, 2);
    expect(await source(3).aggregate(5, Math.max, Math.max)).to.equal(5);
  });

  it('do not see changes of a zero element after the call', async () => {
    const zero: Record<string, number> = { before: 1 };
    gives({});
    const merging = source(1).aggregate(zero, Object.assign, Object.assign);
    zero['after'] = 2;
    expect(await merging).to.deep.equal({ before: 1 });
    expect(await merging).to.not.equal(zero);
  });

  it('take the best of all partitions in the total order of keys', async () => {
    gives([1, 5], [2, 3], []);
    expect(await source(3).takeOrdered(3)).to.deep.equal([1, 2, 3]);
    gives([5, 1], [3, 2], []);
    expect(await source(3).top(3)).to.deep.equal([5, 3, 2]);
    gives([10, 2], [4, 3], [12]);
    expect(await source(3).top(3, String)).to.deep.equal([4, 3, 2]);
    expect(fake.jobs.at(-1)!.sink).to.include({ kind: 'takeOrdered', limit: 3, descending: true });
  });

  it('keep ties in partition order', async () => {
    gives([[0, 'a']], [[0, 'b']]);
    const rdd = source(2).map(Array.of);
    expect(await rdd.takeOrdered(2, Number.isNaN)).to.deep.equal([
      [0, 'a'],
      [0, 'b'],
    ]);
  });

  it('give minimum and maximum, NaN above all numbers', async () => {
    gives([NaN], [7], []);
    expect(await source(3).max()).to.be.NaN;
    gives([3], [1], []);
    expect(await source(3).min()).to.equal(1);
  });

  it('count values by key equality', async () => {
    gives(
      [
        [[1, 'a'], 2],
        [0, 1],
      ],
      [
        [[1, 'a'], 3],
        [NaN, 4],
      ],
    );
    const counts: ReadonlyMap<unknown, number> = await source(2).countByValue();
    expect(counts.get([1, 'a'])).to.equal(5);
    expect(counts.get(-0)).to.equal(1);
    expect(counts.get(NaN)).to.equal(4);
    expect(counts.size).to.equal(3);
    expect(counts).to.be.instanceOf(Map);
  });

  it('let the last value of a key win in collectAsMap', async () => {
    gives(
      [
        ['a', 1],
        ['b', 2],
      ],
      [['a', 3]],
    );
    const map: ReadonlyMap<unknown, unknown> = await source(2).keyBy(String).collectAsMap();
    expect([...map]).to.deep.equal([
      ['a', 3],
      ['b', 2],
    ]);
  });

  it('merge the maps of partitions in partition order for reduceByKeyLocally', async () => {
    gives(
      [
        ['a', { x: 1 }],
        ['b', { y: 1 }],
      ],
      [['a', { x: 2 }]],
    );
    fake.order = () => [1, 0];
    const keyed = source(2).map<object>(Object).keyBy(String);
    const map: ReadonlyMap<string, object> = await keyed.reduceByKeyLocally(Object.assign);
    expect([...map]).to.deep.equal([
      ['a', { x: 2 }],
      ['b', { y: 1 }],
    ]);
  });

  it('look a key up in its partition only, when there is a partitioner (B.3)', async () => {
    fake.respond = () => ({ records: ['v'] });
    const keyed = source(3).keyBy(Math.sqrt);
    expect(await keyed.lookup(2)).to.deep.equal(['v', 'v', 'v']);
    const parted = keyed.partitionBy(8);
    expect(await parted.lookup(2)).to.deep.equal(['v']);
    const partitioner = await parted.partitioner();
    expect(fake.jobs.at(-1)!.request.partitions).to.deep.equal([partitioner!.getPartition(2)]);
  });

  it('sum numbers with compensation, and bigints exactly (B.4)', async () => {
    gives([1e100], [1], [-1e100], []);
    expect(await source(4).sum()).to.equal(1);
    gives([2n ** 70n], [1n], []);
    expect(await source(3).sum()).to.equal(2n ** 70n + 1n);
    gives([], []);
    expect(await source(2).sum()).to.equal(0);
    gives([1n], [1]);
    expect(await rejection(source(2).sum())).to.have.property('code', 'RECORD_TYPE');
  });

  it('merge the counters of partitions for stats', async () => {
    gives([2, 1.5, 0.5, 1, 2, 3, 0], [0, 0, 0, Infinity, -Infinity, 0, 0], [1, 6, 0, 6, 6, 6, 0]);
    const stats = await source(3).stats();
    expect(stats.count).to.equal(3);
    expect(stats.mean).to.equal(3);
    expect(stats.sum).to.equal(9);
    expect([stats.min, stats.max]).to.deep.equal([1, 6]);
    expect(stats.variance).to.be.closeTo(14 / 3, 1e-12);
    expect(await source(3).sampleVariance()).to.equal(7);
  });

  describe('over no partitions at all (finding 6)', () => {
    const empty = () => sc.emptyRDD<number>();
    const emptyPairs = () => sc.emptyRDD<[string, number]>();
    const results: Record<string, [() => Promise<unknown>, unknown]> = {
      collect: [() => empty().collect(), []],
      count: [() => empty().count(), 0],
      take: [() => empty().take(2), []],
      takeOrdered: [() => empty().takeOrdered(2), []],
      top: [() => empty().top(2), []],
      isEmpty: [() => empty().isEmpty(), true],
      fold: [() => empty().fold(7, Math.max), 7],
      aggregate: [() => empty().aggregate('z', String, String), 'z'],
      countByValue: [() => empty().countByValue(), new Map()],
      countByKey: [() => emptyPairs().countByKey(), new Map()],
      collectAsMap: [() => emptyPairs().collectAsMap(), new Map()],
      lookup: [() => emptyPairs().lookup('a'), []],
      foreach: [() => empty().foreach(Math.sqrt), undefined],
      foreachPartition: [() => empty().foreachPartition(Array.from), undefined],
      sum: [() => empty().sum(), 0],
      mean: [() => empty().mean(), 0],
      variance: [() => empty().variance(), NaN],
      runJob: [() => sc.runJob(empty(), Array.from), []],
      'runJob of none': [() => sc.runJob(source(3), Array.from, []), []],
      getNumPartitions: [() => empty().getNumPartitions(), 0],
      partitions: [() => empty().partitions(), []],
    };
    for (const [name, [act, expected]] of Object.entries(results)) {
      it(`${name} answers without a job`, async () => {
        const result = await act();
        expect(result instanceof Map ? new Map(result) : result).to.deep.equal(expected);
        expect(fake.jobs).to.have.length(0);
      });
    }
    const refusals: Record<string, () => Promise<unknown>> = {
      first: () => empty().first(),
      reduce: () => empty().reduce(Math.max),
      min: () => empty().min(),
      max: () => empty().max(),
    };
    for (const [name, act] of Object.entries(refusals)) {
      it(`${name} says that the RDD is empty`, async () => {
        const error = await rejection(act());
        expect(error).to.have.property('code', 'EMPTY_RDD');
        expect(error.message).to.contain('empty').and.contain(name);
      });
    }
    it('toLocalIterator ends at once', async () => {
      for await (const record of empty().toLocalIterator()) throw new Error(String(record));
    });
  });

  describe('runJob (A-025)', () => {
    it('runs the chosen partitions, in their order, repeats included', async () => {
      gives('a', 'b', 'c');
      expect(await sc.runJob(source(3), Array.from, [2, 0, 2])).to.deep.equal(['c', 'a', 'c']);
      expect(fake.jobs[0]!.request.partitions).to.deep.equal([2, 0, 2]);
      expect(fake.jobs[0]!.sink.kind).to.equal('run');
    });

    it('refuses an index out of range', async () => {
      for (const bad of [3, -1, 0.5, NaN]) {
        const error = await rejection(sc.runJob(source(3), Array.from, [0, bad]));
        expect(error, String(bad)).to.have.property('code', 'ARGUMENT');
      }
      expect(fake.jobs).to.have.length(0);
    });

    it('takes options in place of the partitions', async () => {
      gives(1, 2);
      const { signal } = new AbortController();
      expect(await sc.runJob(source(2), Array.from, { signal })).to.deep.equal([1, 2]);
      expect(fake.jobs[0]!.request.signal).to.equal(signal);
    });
  });

  describe('toLocalIterator (B.5)', () => {
    it('runs a job for each partition when it is reached, and no more after the loop ends', async () => {
      holds([1, 2], [], [3], [4]);
      const seen: [number, number][] = [];
      for await (const record of source(4).toLocalIterator()) {
        seen.push([record, fake.jobs.length]);
        if (record === 3) break;
      }
      expect(seen).to.deep.equal([
        [1, 1],
        [2, 1],
        [3, 3],
      ]);
      expect(fake.jobs).to.have.length(3);
    });

    it('computes one partition ahead with prefetch, and cancels it when the loop ends', async () => {
      holds([1], [2], [3]);
      for await (const record of source(3).toLocalIterator({ prefetch: true })) {
        await new Promise(setImmediate);
        expect(fake.jobs).to.have.length(record + 1);
        if (record === 1) break;
      }
      expect(fake.jobs[1]!.request.signal!.aborted).to.equal(true);
    });

    it('says what is true when its signal is aborted after some elements', async () => {
      holds([1], [2]);
      const controller = new AbortController();
      const iterator = source(2).toLocalIterator({ signal: controller.signal });
      expect(await iterator.next()).to.deep.equal({ done: false, value: 1 });
      controller.abort('enough');
      const rejected = await rejection(iterator.next());
      expect(rejected).to.have.property('code', 'JOB_CANCELLED');
      expect(rejected.message).to.equal(
        'the action was cancelled by its signal before its next job',
      );
      expect(rejected.cause).to.equal('enough');
      expect(fake.jobs).to.have.length(1);
    });

    it('keeps the flow-local properties of its call', async () => {
      holds([1]);
      const iterator = sc.withJobGroup('g', () => source(1).toLocalIterator());
      await iterator.next();
      expect(fake.jobs[0]!.request.jobGroup).to.equal('g');
    });
  });

  describe('a signal (B.5 signal)', () => {
    it('that was aborted before rejects without a job', async () => {
      const signal = AbortSignal.abort('why');
      for (const act of [
        () => source(2).count({ signal }),
        () => source(2).takeOrdered(2, { signal }),
        () => source(2).top(2, String, { signal }),
        () => source(2).min({ signal }),
        () => source(2).max({ signal }),
        () => source(2).sum({ signal }),
        () => source(2).getNumPartitions({ signal }),
        () => source(2).toLocalIterator({ signal }).next(),
        () => source(2).saveAsTextFile('/nowhere/x', { signal }),
      ]) {
        const rejected = await rejection((async () => act())());
        expect(rejected).to.have.property('code', 'JOB_CANCELLED');
        expect(rejected.message).to.equal('the action was cancelled by its signal before it began');
        expect(rejected.cause).to.equal('why');
      }
      expect(fake.jobs).to.have.length(0);
    });

    it('goes to the scheduler with every job of the action', async () => {
      const { signal } = new AbortController();
      gives(0, 0);
      await source(2).count({ signal });
      await source(2).foreach(Math.sqrt, { signal });
      for (const { request } of fake.jobs) expect(request.signal).to.equal(signal);
    });
  });
});
