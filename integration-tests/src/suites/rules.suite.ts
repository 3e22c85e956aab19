import { expect } from 'chai';
import { HashPartitioner, type RDD } from 'heddle';
import { useContext } from './support/context.js';
import { rejection, taskError, thrown } from './support/expect-error.js';
import { collectSorted, partitionsOf, sorted } from './support/order.js';

/** Values that are hard as keys: each entry is a class of equal ones. */
const keyClasses: readonly (readonly unknown[])[] = [
  [0, -0],
  [NaN, 0 / 0],
  [1],
  [1n],
  ['1'],
  [true],
  [false],
  [null],
  [undefined],
  [''],
  [[]],
  [{}],
  [
    [1, 'a'],
    [1, 'a'],
  ],
  [[1, ['a']]],
  [
    { a: 1, b: 2 },
    { b: 2, a: 1 },
  ],
  [{ a: 1, b: 2, c: undefined }],
  [new Date(86_400_000), new Date(86_400_000)],
  [86_400_000],
  [new Uint8Array([1, 2]), new Uint8Array([1, 2])],
  [new Int8Array([1, 2])],
  [/a/gi, /a/gi],
  [/a/g],
  [new Set([1, 2]), new Set([2, 1])],
  [new Map([['a', 1]]), new Map([['a', 1]])],
  ['\u{1F600}'],
  [2 ** 53],
  [Infinity],
  [-Infinity],
  [0.1],
];

describe('rules for every operator (B.0)', () => {
  const suite = useContext();

  it('B.0 narrow-order: narrow steps keep the order inside a partition', async () => {
    const rdd = suite.sc
      .range(0, 1_000, 1, 3)
      .map((x) => x * 2)
      .filter((x) => x % 3 !== 0)
      .flatMap((x) => [x, x + 1])
      .keyBy((x) => x % 5)
      .mapValues((x) => -x)
      .values();
    const expected = [...Array(1_000).keys()]
      .map((x) => x * 2)
      .filter((x) => x % 3 !== 0)
      .flatMap((x) => [-x, -(x + 1)]);
    expect(await rdd.collect()).to.deep.equal(expected);
  });

  it('B.0 shuffle-order: the set of records of a shuffled partition is the same in every run', async () => {
    const shuffle = (): RDD<[number, number]> =>
      suite.sc
        .range(0, 500, 1, 4)
        .map((x) => [x % 50, x])
        .partitionBy(3);
    const first = await partitionsOf(shuffle());
    const second = await partitionsOf(shuffle());
    expect(first.map((part) => sorted(part))).to.deep.equal(second.map((part) => sorted(part)));
  });

  describe('key equality (B.0 key-equality)', () => {
    const keys = keyClasses.flat();

    for (const [name, group] of Object.entries({
      groupByKey: (rdd: RDD<[unknown, number]>) => rdd.groupByKey(3).mapValues((ids) => [...ids]),
      aggregateByKey: (rdd: RDD<[unknown, number]>) =>
        rdd.aggregateByKey(
          [] as number[],
          (list, id) => [...list, id],
          (a, b) => [...a, ...b],
          3,
        ),
      combineByKey: (rdd: RDD<[unknown, number]>) =>
        rdd.combineByKey(
          (id): number[] => [id],
          (list, id) => [...list, id],
          (a, b) => [...a, ...b],
          3,
        ),
      cogroup: (rdd: RDD<[unknown, number]>) => rdd.cogroup(rdd, 3).mapValues(([ids]) => [...ids]),
      'groupByKey in one partition': (rdd: RDD<[unknown, number]>) =>
        rdd
          .partitionBy(1)
          .groupByKey()
          .mapValues((ids) => [...ids]),
    })) {
      it(`is by value in ${name}`, async () => {
        const pairs = keys.map((key, id): [unknown, number] => [key, id]);
        const groups = await group(suite.sc.parallelize(pairs, 4)).collect();
        let id = 0;
        const expected = keyClasses.map((same) => same.map(() => id++));
        const found = groups.map(([, ids]) => ids.sort((a, b) => a - b));
        expect(sorted(found)).to.deep.equal(sorted(expected));
      });
    }

    it('is by value in join, distinct and countByValue', async () => {
      const pairs = keys.map((key, id): [unknown, number] => [key, id]);
      const rdd = suite.sc.parallelize(pairs, 4);
      const expected = keyClasses.reduce((sum, same) => sum + same.length ** 2, 0);
      expect(await rdd.join(rdd, 3).count()).to.equal(expected);
      expect(await suite.sc.parallelize(keys, 4).distinct(3).count()).to.equal(keyClasses.length);
      const counts = await suite.sc.parallelize(keys, 4).countByValue();
      expect(counts.size).to.equal(keyClasses.length);
      for (const same of keyClasses) expect(counts.get(same[0])).to.equal(same.length);
    });

    it('is the same for instances of classes: class and fields', async () => {
      const points = [new Point(1, 2), new Point(1, 2), new Point(2, 1), { x: 1, y: 2 }];
      const counts = await suite.sc.parallelize<unknown>(points, 2).countByValue();
      expect(counts.get(new Point(1, 2))).to.equal(2);
      expect(counts.get({ x: 1, y: 2 })).to.equal(1);
      expect(counts.size).to.equal(3);
    });

    it('refuses functions, symbols, promises and errors as keys', async () => {
      const bad: (() => unknown)[] = [
        () => () => 1,
        () => new Error('e'),
        () => Promise.resolve(1),
        () => Symbol('s'),
        () => new WeakMap(),
      ];
      for (const make of bad) {
        const error = await taskError(
          suite.sc
            .range(2)
            .keyBy(() => make())
            .groupByKey()
            .count(),
        );
        expect(error).to.have.property('code', 'KEY_NOT_HASHABLE');
      }
    });

    it('puts equal keys into the partition that the partitioner says, whatever task writes them', async () => {
      const partitioner = new HashPartitioner(7);
      const parts = await partitionsOf(
        suite.sc
          .parallelize(
            keys.map((key): [unknown, number] => [key, 0]),
            5,
          )
          .partitionBy(partitioner)
          .keys(),
      );
      parts.forEach((part, index) => {
        for (const key of part) expect(partitioner.getPartition(key)).to.equal(index);
      });
      expect(parts.flat()).to.have.length(keys.length);
    });
  });

  it('B.0 empty-partitions: partition functions run on empty partitions too', async () => {
    const counts = await suite.sc
      .parallelize([1], 5)
      .mapPartitions((records) => [records.toArray().length])
      .collect();
    expect(counts).to.deep.equal([0, 0, 0, 0, 1]);
    const shuffled = suite.sc
      .parallelize<[string, number]>([['a', 1]], 1)
      .partitionBy(4)
      .mapPartitions((records) => [records.toArray().length]);
    expect(sorted(await shuffled.collect())).to.deep.equal([0, 0, 0, 1]);
  });

  it('B.0 recomputation: the same RDD is computed again for each action, unless it is persisted', async () => {
    const reads = suite.sc.accumulator(0);
    const rdd = suite.sc.range(0, 10, 1, 2).map((x) => {
      reads.add(1);
      return x;
    });
    await rdd.count();
    await rdd.count();
    expect(reads.value).to.equal(20);
    const kept = rdd.map((x) => x).cache();
    await kept.count();
    await kept.count();
    expect(reads.value).to.equal(30);
  });

  it('B.0 rdd-in-task: an RDD or the context inside a function is refused at the call', () => {
    const { sc } = suite;
    const rdd = sc.range(3);
    for (const call of [
      () => rdd.map(() => rdd.count()),
      () => rdd.map(() => sc.defaultParallelism),
    ]) {
      const error = thrown(call);
      expect(error).to.have.property('code', 'CLOSURE');
      expect(error.message).to.match(/driver only/);
    }
  });

  it('B.0 user-error: errors of user functions reach the caller with class, fields, message and line (A-099)', async () => {
    const failing = suite.sc.range(0, 4, 1, 2).map((x) => {
      if (x === 3) throw new BadRecord(`record ${x} is bad`, x);
      return x;
    });
    const failure = await rejection(failing.collect());
    expect(failure).to.include({ name: 'JobFailedError', code: 'JOB_FAILED', partition: 1 });
    const cause = failure.cause as BadRecord;
    expect(cause).to.be.instanceOf(BadRecord);
    expect(cause.message).to.equal('record 3 is bad');
    expect(cause.record).to.equal(3);
    expect(cause.stack).to.match(/rules\.suite\.ts:\d+/);
  });

  it('thrown values that are no errors arrive wrapped', async () => {
    for (const value of ['text', undefined, 5, { a: 1 }]) {
      const error = await taskError(
        suite.sc
          .range(1)
          .map(() => {
            // eslint-disable-next-line @typescript-eslint/only-throw-error -- what the test is about
            throw value;
          })
          .collect(),
      );
      expect(error).to.have.property('code', 'THROWN_VALUE');
      expect((error as unknown as { value: unknown }).value).to.deep.equal(value);
    }
  });

  it('B.0 early-end: early end reads no more than it must, through every kind of step', async () => {
    const read = suite.sc.accumulator(0);
    const source = (): RDD<number> =>
      suite.sc.range(0, 1_000_000, 1, 1).map((x) => {
        read.add(1);
        return x;
      });
    const steps: Record<string, (rdd: RDD<number>) => RDD<unknown>> = {
      map: (rdd) => rdd.map((x) => x + 1),
      filter: (rdd) => rdd.filter((x) => x % 2),
      flatMap: (rdd) => rdd.flatMap((x) => [x, x]),
      mapPartitions: (rdd) => rdd.mapPartitions((records) => records.map((x) => x)),
      union: (rdd) => rdd.union(rdd),
      coalesce: (rdd) => rdd.union(rdd).coalesce(1),
      zipWithIndex: (rdd) => rdd.zipWithIndex(),
    };
    for (const [name, step] of Object.entries(steps)) {
      read.reset();
      expect(await step(source()).take(2), name).to.have.length(2);
      expect(read.value, name).to.be.within(1, 10_000);
    }
  });

  describe('zero partitions (B.0 zero-partitions)', () => {
    const empty = (): RDD<number> => suite.sc.emptyRDD();
    const pairs = (): RDD<[string, number]> => suite.sc.emptyRDD();

    it('every action answers, or says that the RDD is empty', async () => {
      expect(await empty().collect()).to.deep.equal([]);
      expect(await empty().count()).to.equal(0);
      expect(await empty().take(1)).to.deep.equal([]);
      expect(await empty().top(1)).to.deep.equal([]);
      expect(await empty().takeOrdered(1)).to.deep.equal([]);
      expect(await empty().isEmpty()).to.equal(true);
      expect(await empty().fold(0, (a, b) => a + b)).to.equal(0);
      expect(
        await empty().aggregate(
          '',
          (a) => a,
          (a) => a,
        ),
      ).to.equal('');
      expect(await empty().countByValue()).to.have.property('size', 0);
      expect(await pairs().countByKey()).to.have.property('size', 0);
      expect(await pairs().collectAsMap()).to.have.property('size', 0);
      expect(await pairs().lookup('a')).to.deep.equal([]);
      expect(await empty().sum()).to.equal(0);
      expect((await empty().stats()).count).to.equal(0);
      await empty().foreach(() => undefined);
      await empty().foreachPartition(() => undefined);
      for (const act of [
        () => empty().first(),
        () => empty().reduce((a, b) => a + b),
        () => empty().min(),
        () => empty().max(),
      ]) {
        expect(await rejection(act())).to.have.property('code', 'EMPTY_RDD');
      }
    });

    it('every transformation of it can be collected', async () => {
      const all: Record<string, RDD<unknown>> = {
        map: empty().map((x) => x),
        filter: empty().filter(Boolean),
        flatMap: empty().flatMap((x) => [x]),
        mapPartitions: empty().mapPartitions((r) => r),
        glom: empty().glom(),
        keyBy: empty().keyBy((x) => x),
        distinct: empty().distinct(),
        'distinct into 2': empty().distinct(2),
        sample: empty().sample(false, 0.5),
        union: empty().union(empty()),
        groupBy: empty().groupBy((x) => x),
        sortBy: empty().sortBy((x) => x),
        coalesce: empty().coalesce(2),
        repartition: empty().repartition(2),
        zipWithIndex: empty().zipWithIndex(),
        reduceByKey: pairs().reduceByKey((a, b) => a + b),
        foldByKey: pairs().foldByKey(0, (a, b) => a + b, 2),
        groupByKey: pairs().groupByKey(2),
        partitionBy: pairs().partitionBy(2),
        join: pairs().join(pairs(), 2),
        fullOuterJoin: pairs().fullOuterJoin(pairs()),
        cogroup: pairs().cogroup(pairs(), 2),
        sortByKey: pairs().sortByKey(false, 3),
        flatMapGroups: pairs().flatMapGroups((k) => [k], 2),
      };
      for (const [name, rdd] of Object.entries(all)) {
        expect(await rdd.collect(), name).to.deep.equal([]);
      }
    });
  });

  it('B.0 mutation: mutating what a step was given does not reach a cached parent', async () => {
    const cached = suite.sc.parallelize([{ n: 1 }, { n: 2 }], 1).cache();
    const bump = (): Promise<number> =>
      cached
        .map((o) => {
          o.n += 1;
          return o.n;
        })
        .sum();
    expect(await bump()).to.equal(5);
    expect(await bump()).to.equal(5);
    expect(await cached.collect()).to.deep.equal([{ n: 1 }, { n: 2 }]);
  });

  it('B.0 async-functions: async functions are refused rather than collected as promises', async () => {
    const error = await rejection(
      (async () =>
        suite.sc
          .range(2)
          .map((x) => Promise.resolve(x))
          .collect())(),
    );
    expect(`${error.message} ${String(error.cause)}`).to.match(/[Pp]romise|async/);
  });

  it('collects the same whatever the number of partitions', async () => {
    for (const n of [1, 2, 5, 16]) {
      const rdd = suite.sc
        .range(0, 200, 1, n)
        .map((x) => [x % 7, x])
        .reduceByKey((a, b) => a + b);
      expect(await collectSorted(rdd)).to.deep.equal(
        sorted(
          [0, 1, 2, 3, 4, 5, 6].map((k) => [
            k,
            [...Array(200).keys()].filter((x) => x % 7 === k).reduce((a, b) => a + b, 0),
          ]),
        ),
      );
    }
  });
});

class Point {
  constructor(
    readonly x: number,
    readonly y: number,
  ) {}
}

class BadRecord extends Error {
  constructor(
    message: string,
    readonly record: number,
  ) {
    super(message);
    this.name = 'BadRecord';
  }
}
