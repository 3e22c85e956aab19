import { expect } from 'chai';
import type { HeddleContext } from '../../src/context/heddle-context.js';
import { HashPartitioner } from '../../src/partitioner/hash-partitioner.js';
import { Partitioner } from '../../src/partitioner/partitioner.js';
import { StorageLevel } from '../../src/storage/storage-level.js';
import { rejection, thrown } from '../support/expect-error.js';
import { FakeApplication } from '../support/fake-application.js';

class NoPartitions extends Partitioner {
  override readonly numPartitions = 0;
  override getPartition(): number {
    return 0;
  }
}

describe('arguments are checked at the call', () => {
  let fake: FakeApplication;
  let sc: HeddleContext;

  beforeEach(async () => {
    fake = new FakeApplication();
    sc = await fake.start();
  });

  afterEach(() => sc.stop());

  const pairs = () => sc.range(0, 9, 1, 3).keyBy(Math.sqrt);

  it('numbers of partitions are whole numbers from 1', () => {
    const calls: Record<string, (n: number) => unknown> = {
      parallelize: (n) => sc.parallelize([1], n),
      range: (n) => sc.range(0, 1, 1, n),
      textFile: (n) => sc.textFile('x', n),
      wholeTextFiles: (n) => sc.wholeTextFiles('x', n),
      repartition: (n) => pairs().repartition(n),
      coalesce: (n) => pairs().coalesce(n),
      'coalesce with a shuffle': (n) => pairs().coalesce(n, true),
      distinct: (n) => pairs().distinct(n),
      groupBy: (n) => pairs().groupBy(String, n),
      sortBy: (n) => pairs().sortBy(String, true, n),
      sortByKey: (n) => pairs().sortByKey(true, n),
      partitionBy: (n) => pairs().partitionBy(n),
      'partitionBy with a function': (n) => pairs().partitionBy(n, Math.sqrt),
      reduceByKey: (n) => pairs().reduceByKey(Math.max, n),
      foldByKey: (n) => pairs().foldByKey(0, Math.max, n),
      aggregateByKey: (n) => pairs().aggregateByKey(0, Math.max, Math.max, n),
      combineByKey: (n) => pairs().combineByKey(Math.sqrt, Math.max, Math.max, n),
      groupByKey: (n) => pairs().groupByKey(n),
      flatMapGroups: (n) => pairs().flatMapGroups(Array.of, n),
      join: (n) => pairs().join(pairs(), n),
      leftOuterJoin: (n) => pairs().leftOuterJoin(pairs(), n),
      rightOuterJoin: (n) => pairs().rightOuterJoin(pairs(), n),
      fullOuterJoin: (n) => pairs().fullOuterJoin(pairs(), n),
      cogroup: (n) => pairs().cogroup(pairs(), n),
    };
    for (const [name, call] of Object.entries(calls)) {
      for (const bad of [
        0,
        -1,
        1e12,
        1.5,
        NaN,
        Infinity,
        '2' as unknown as number,
        null as unknown as number,
      ]) {
        const error = thrown(() => call(bad));
        expect(error, `${name}(${String(bad)})`).to.be.instanceOf(RangeError);
        expect(error, name).to.have.property('code', 'ARGUMENT');
        expect(error.message, name).to.contain(name.split(' ')[0]!);
      }
    }
  });

  it('functions are functions', async () => {
    const no = 'x' as never;
    const calls: Record<string, () => unknown> = {
      map: () => pairs().map(no),
      filter: () => pairs().filter(no),
      flatMap: () => pairs().flatMap(no),
      mapPartitions: () => pairs().mapPartitions(no),
      mapPartitionsWithIndex: () => pairs().mapPartitionsWithIndex(no),
      keyBy: () => pairs().keyBy(no),
      groupBy: () => pairs().groupBy(no),
      sortBy: () => pairs().sortBy(no),
      sortByKey: () => pairs().sortByKey(true, 2, no),
      mapValues: () => pairs().mapValues(no),
      flatMapValues: () => pairs().flatMapValues(no),
      reduceByKey: () => pairs().reduceByKey(no),
      foldByKey: () => pairs().foldByKey(0, no),
      aggregateByKey: () => pairs().aggregateByKey(0, Math.max, no),
      combineByKey: () => pairs().combineByKey(Math.sqrt, no, Math.max),
      flatMapGroups: () => pairs().flatMapGroups(no),
      partitionBy: () => pairs().partitionBy(2, no),
    };
    for (const [name, call] of Object.entries(calls)) {
      expect(thrown(call), name).to.have.property('code', 'ARGUMENT');
    }
    const actions: Record<string, () => Promise<unknown>> = {
      reduce: () => pairs().reduce(no),
      fold: () => pairs().fold([0, 0], no),
      aggregate: () => pairs().aggregate(0, no, no),
      takeOrdered: () => pairs().takeOrdered(1, no),
      min: () => pairs().min(no),
      foreach: () => pairs().foreach(no),
      foreachPartition: () => pairs().foreachPartition(no),
      runJob: () => sc.runJob(pairs(), no),
    };
    for (const [name, act] of Object.entries(actions)) {
      expect(await rejection(act()), name).to.have.property('code', 'ARGUMENT');
    }
  });

  describe('options of actions', () => {
    const actions: Record<string, (options: never) => unknown> = {
      collect: (o) => pairs().collect(o),
      count: (o) => pairs().count(o),
      first: (o) => pairs().first(o),
      take: (o) => pairs().take(1, o),
      takeOrdered: (o) => pairs().takeOrdered(1, o),
      'takeOrdered with a key': (o) => pairs().takeOrdered(1, String, o),
      top: (o) => pairs().top(1, o),
      min: (o) => pairs().min(o),
      max: (o) => pairs().max(String, o),
      isEmpty: (o) => pairs().isEmpty(o),
      reduce: (o) => pairs().reduce((a) => a, o),
      fold: (o) => pairs().fold([0, 0], (a) => a, o),
      aggregate: (o) => pairs().aggregate(0, Math.max as never, Math.max, o),
      treeReduce: (o) => pairs().treeReduce((a) => a, o),
      treeAggregate: (o) => pairs().treeAggregate(0, Math.max as never, Math.max, 2, o),
      takeSample: (o) => pairs().takeSample(false, 1, o),
      countByValue: (o) => pairs().countByValue(o),
      countByKey: (o) => pairs().countByKey(o),
      collectAsMap: (o) => pairs().collectAsMap(o),
      reduceByKeyLocally: (o) => pairs().reduceByKeyLocally(Math.max, o),
      lookup: (o) => pairs().lookup(1, o),
      foreach: (o) => pairs().foreach(String, o),
      foreachPartition: (o) => pairs().foreachPartition(String, o),
      toLocalIterator: (o) => pairs().toLocalIterator(o),
      saveAsTextFile: (o) => pairs().saveAsTextFile('/nowhere/x', o),
      saveAsObjectFile: (o) => pairs().saveAsObjectFile('/nowhere/x', o),
      countApprox: (o) => pairs().countApprox(1, o),
      countByValueApprox: (o) => pairs().countByValueApprox(1, 0.9, o),
      countApproxDistinct: (o) => pairs().countApproxDistinct(o),
      histogram: (o) => sc.range(2).histogram(2, o),
      sumApprox: (o) => sc.range(2).sumApprox(1, o),
      meanApprox: (o) => sc.range(2).meanApprox(1, 0.9, o),
      sum: (o) => sc.range(2).sum(o),
      stats: (o) => sc.range(2).stats(o),
      mean: (o) => sc.range(2).mean(o),
      sampleStdev: (o) => sc.range(2).sampleStdev(o),
      getNumPartitions: (o) => pairs().getNumPartitions(o),
      runJob: (o) => sc.runJob(pairs(), String, o),
    };

    for (const [name, act] of Object.entries(actions)) {
      it(`of ${name} have known names, and a signal that is one`, async () => {
        const operator = name.split(' ')[0]!;
        const refusal = (options: object): Promise<Error> =>
          rejection((async () => await act(options as never))());
        const mistyped = await refusal({ sginal: new AbortController().signal });
        expect(mistyped).to.have.property('code', 'ARGUMENT');
        expect(mistyped.message).to.equal(
          `${operator}: there is no option 'sginal'; did you mean 'signal'?`,
        );
        const noSignal = await refusal({ signal: 5 });
        expect(noSignal).to.have.property('code', 'ARGUMENT');
        expect(noSignal.message).to.contain(`${operator}: signal must be an AbortSignal`);
        expect(fake.jobs).to.have.length(0);
      });
    }

    it('of saves and of toLocalIterator are told from each other', async () => {
      const refusals: [Promise<unknown>, string][] = [
        [
          pairs().saveAsTextFile('/nowhere/x', { overwrit: true } as never),
          "saveAsTextFile: there is no option 'overwrit'; did you mean 'overwrite'?",
        ],
        [
          pairs().saveAsObjectFile('/nowhere/x', { codec: 'gzip' } as never),
          "saveAsObjectFile: there is no option 'codec'; known are: signal, overwrite",
        ],
        [
          pairs().count({ overwrite: true } as never),
          "count: there is no option 'overwrite'; known are: signal",
        ],
        [pairs().count(5 as never), 'count: options must be an object with signal, and is 5'],
      ];
      for (const [refused, message] of refusals) {
        expect((await rejection(refused)).message).to.equal(message);
      }
      expect(thrown(() => pairs().toLocalIterator({ prefetch: 1 } as never)).message).to.equal(
        'toLocalIterator: prefetch must be true or false, and is 1',
      );
    });
  });

  it('sample takes a probability, or a rate with replacement (B.2)', () => {
    const rdd = sc.range(5);
    for (const bad of [-0.1, 1.1, NaN, Infinity]) {
      expect(
        thrown(() => rdd.sample(false, bad)),
        String(bad),
      ).to.have.property('code', 'ARGUMENT');
    }
    expect(thrown(() => rdd.sample(true, -1))).to.have.property('code', 'ARGUMENT');
    expect(thrown(() => rdd.sample(0 as unknown as boolean, 0.5))).to.have.property(
      'code',
      'ARGUMENT',
    );
    expect(thrown(() => rdd.sample(true, 0.5, NaN))).to.have.property('code', 'ARGUMENT');
    rdd.sample(true, 2.5);
    rdd.sample(false, 1);
    rdd.sample(false, 0);
  });

  it('a function that takes a megabyte along earns a warning (A-179)', () => {
    pairs().foldByKey(1, Math.max);
    expect(fake.calls).to.deep.equal([]);
    pairs().aggregateByKey('x'.repeat(2 ** 20), String, String);
    expect(fake.calls).to.have.length(1);
    expect(fake.calls[0]).to.match(/^warn .*broadcast/);
  });

  it('numbers of elements are whole numbers from 0', async () => {
    for (const bad of [-1, 0.5, NaN, '3' as unknown as number]) {
      expect(await rejection(pairs().takeOrdered(bad))).to.have.property('code', 'ARGUMENT');
      expect(await rejection(pairs().top(bad))).to.have.property('code', 'ARGUMENT');
    }
    for (const bad of [0.5, NaN, Infinity]) {
      expect(await rejection(pairs().take(bad))).to.have.property('code', 'ARGUMENT');
    }
    expect(await pairs().top(0)).to.deep.equal([]);
  });

  it('range takes safe integers and a step that is not 0 (B.1)', () => {
    for (const call of [
      () => sc.range(0, 5, 0),
      () => sc.range(0.5, 2),
      () => sc.range(0, 2 ** 53),
      () => sc.range(NaN),
      () => sc.range(-Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER),
    ]) {
      expect(thrown(call)).to.have.property('code', 'ARGUMENT');
    }
  });

  it('sources take what they can read', () => {
    expect(thrown(() => sc.parallelize(5 as never))).to.have.property('code', 'ARGUMENT');
    expect(thrown(() => sc.parallelize(null as never))).to.have.property('code', 'ARGUMENT');
    expect(thrown(() => sc.textFile(''))).to.have.property('code', 'ARGUMENT');
    expect(thrown(() => sc.parallelize([new WeakMap()]))).to.have.property(
      'code',
      'UNSUPPORTED_VALUE',
    );
  });

  it('other RDDs are RDDs, and of this context', async () => {
    const no = [1] as never;
    for (const call of [
      () => pairs().union(no),
      () => pairs().join(no),
      () => pairs().cogroup(no),
      () => sc.union([pairs(), no]),
    ]) {
      expect(thrown(call)).to.have.property('code', 'ARGUMENT');
    }
    expect(await rejection(sc.runJob(no, Array.from))).to.have.property('code', 'ARGUMENT');
  });

  it('keys that are none are refused where a key is an argument (B.3 lookup, B.3 filterByRange)', async () => {
    const no = (() => 1) as never;
    expect(await rejection(pairs().lookup(no))).to.have.property('code', 'KEY_NOT_HASHABLE');
    for (const call of [() => pairs().filterByRange(no, 1), () => pairs().filterByRange(1, no)]) {
      expect(thrown(call)).to.have.property('code', 'KEY_NOT_HASHABLE');
    }
  });

  it('an RDD of a context that was stopped is none of the next one', async () => {
    const old = sc.range(3);
    await sc.stop();
    sc = await new FakeApplication().start();
    expect(thrown(() => sc.range(3).union(old))).to.have.property('code', 'ARGUMENT');
    expect(thrown(() => old.map(String))).to.have.property('code', 'CONTEXT_STOPPED');
  });

  it('partitioners have at least one partition, and go with no function', () => {
    expect(thrown(() => pairs().partitionBy(new NoPartitions()))).to.have.property(
      'code',
      'ARGUMENT',
    );
    expect(thrown(() => pairs().partitionBy(new HashPartitioner(2), Math.sqrt))).to.have.property(
      'code',
      'ARGUMENT',
    );
    expect(thrown(() => pairs().partitionBy(undefined as never))).to.have.property(
      'code',
      'ARGUMENT',
    );
  });

  it('an accumulator starts from a number or a param', () => {
    for (const bad of [NaN, 'x', null, {}, { zero: 0, add: 1, merge: 2 }]) {
      expect(
        thrown(() => sc.accumulator(bad as never)),
        typeof bad,
      ).to.have.property('code', 'ARGUMENT');
    }
  });

  it('saveAsTextFile takes a path and a codec that it knows', async () => {
    expect(await rejection(pairs().saveAsTextFile(''))).to.have.property('code', 'ARGUMENT');
    const codec = 'lzo' as never;
    expect(await rejection(pairs().saveAsTextFile('/nowhere/x', { codec }))).to.have.property(
      'code',
      'ARGUMENT',
    );
  });

  it('a storage level is one of the constants, and cannot be changed in place (A-172)', async () => {
    const rdd = pairs().persist(StorageLevel.DISK_ONLY);
    expect(rdd.persist(StorageLevel.DISK_ONLY)).to.equal(rdd);
    const error = thrown(() => rdd.cache());
    expect(error).to.have.property('code', 'STORAGE_LEVEL');
    expect(error.message).to.contain('unpersist()');
    await rdd.unpersist(true);
    expect(fake.calls).to.deep.equal([`unpersist ${rdd.id} true`]);
    expect(rdd.isCached).to.equal(false);
    await rdd.unpersist();
    expect(fake.calls).to.have.length(1);
    rdd.cache();
    expect(rdd.storageLevel).to.equal(StorageLevel.MEMORY_ONLY);
    expect(thrown(() => pairs().persist({} as never))).to.have.property('code', 'ARGUMENT');
  });
});
