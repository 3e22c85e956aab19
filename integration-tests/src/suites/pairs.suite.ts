import { expect } from 'chai';
import { HashPartitioner, Partitioner, RangePartitioner, type RDD } from 'heddle';
import { useContext } from './support/context.js';
import { taskError } from './support/expect-error.js';
import { collectSorted, partitionsOf, sorted } from './support/order.js';

class ByParity extends Partitioner {
  override readonly numPartitions = 2;
  override getPartition(key: unknown): number {
    return (key as number) % 2;
  }
  override equals(other: unknown): boolean {
    return other instanceof ByParity;
  }
}

class OutOfRange extends Partitioner {
  override readonly numPartitions = 2;
  override getPartition(): number {
    return 2;
  }
}

describe('pair RDDs (B.3)', () => {
  const suite = useContext();

  const letters = (n = 3): RDD<[string, number]> =>
    suite.sc.parallelize<[string, number]>(
      [
        ['a', 1],
        ['b', 1],
        ['a', 2],
        ['c', 5],
        ['b', 3],
      ],
      n,
    );

  it('keys and values are projections, duplicates included', async () => {
    expect(await letters().keys().collect()).to.deep.equal(['a', 'b', 'a', 'c', 'b']);
    expect(await letters().values().collect()).to.deep.equal([1, 1, 2, 5, 3]);
  });

  it('mapValues and flatMapValues leave keys alone', async () => {
    expect(
      await letters()
        .mapValues((v) => v * 10)
        .collect(),
    ).to.deep.equal([
      ['a', 10],
      ['b', 10],
      ['a', 20],
      ['c', 50],
      ['b', 30],
    ]);
    const repeated = letters().flatMapValues((v) => Array.from({ length: v - 1 }, (_, i) => i));
    expect(await repeated.collect()).to.deep.equal([
      ['a', 0],
      ['c', 0],
      ['c', 1],
      ['c', 2],
      ['c', 3],
      ['b', 0],
      ['b', 1],
    ]);
  });

  describe('partitionBy', () => {
    it('moves each pair to its key, by hash', async () => {
      const parts = await partitionsOf(letters().partitionBy(3).keys());
      const partitioner = new HashPartitioner(3);
      parts.forEach((keys, index) => {
        for (const key of keys) expect(partitioner.getPartition(key)).to.equal(index);
      });
      expect(parts.flat()).to.have.length(5);
    });

    it('puts null and undefined keys into partition 0', async () => {
      const rdd = suite.sc
        .parallelize<[unknown, number]>(
          [
            [null, 1],
            [undefined, 2],
          ],
          2,
        )
        .partitionBy(5);
      expect((await partitionsOf(rdd)).map((part) => part.length)).to.deep.equal([2, 0, 0, 0, 0]);
    });

    it('takes a function modulo n, also for negative and huge results', async () => {
      const rdd = suite.sc.parallelize<[number, string]>(
        [
          [-1, 'x'],
          [4, 'y'],
          [2 ** 52 + 3, 'z'],
        ],
        2,
      );
      const parts = await partitionsOf(rdd.partitionBy(4, (k) => k).values());
      expect(parts).to.deep.equal([['y'], [], [], ['x', 'z']]);
    });

    it('takes a Partitioner of the program', async () => {
      const rdd = suite.sc
        .range(0, 6, 1, 3)
        .map((x) => [x, x])
        .partitionBy(new ByParity());
      expect((await partitionsOf(rdd.keys())).map((keys) => sorted(keys))).to.deep.equal([
        [0, 2, 4],
        [1, 3, 5],
      ]);
      const joined = rdd.join(
        suite.sc
          .range(0, 6, 1, 2)
          .map((x) => [x, -x])
          .partitionBy(new ByParity()),
      );
      expect(joined.dependencies.map(({ kind }) => kind)).to.deep.equal(['narrow', 'narrow']);
      expect(await collectSorted(joined.values())).to.have.length(6);
    });

    it('refuses an index out of range in the task', async () => {
      const error = await taskError(letters().partitionBy(new OutOfRange()).count());
      expect(error).to.have.property('code', 'PARTITION_OUT_OF_RANGE');
      expect(error.message).to.contain('2');
    });

    it('takes a RangePartitioner, and one that was sampled', async () => {
      const rdd = suite.sc.range(0, 100, 1, 4).map((x) => [x, x]);
      const parts = await partitionsOf(rdd.partitionBy(new RangePartitioner([9, 49])).keys());
      expect(parts.map((part) => part.length)).to.deep.equal([10, 40, 50]);
      const sampled = await RangePartitioner.of(rdd, 4);
      expect(sampled.numPartitions).to.equal(4);
      const sizes = (await partitionsOf(rdd.partitionBy(sampled))).map((part) => part.length);
      for (const size of sizes) expect(size).to.be.within(5, 50);
    });
  });

  it('reduceByKey merges, and does not call f for single values (A-113)', async () => {
    expect(await collectSorted(letters().reduceByKey((a, b) => a + b))).to.deep.equal([
      ['a', 3],
      ['b', 4],
      ['c', 5],
    ]);
    const calls = suite.sc.accumulator(0);
    await suite.sc
      .range(0, 10, 1, 2)
      .map((x) => [x, x])
      .reduceByKey((a, b) => {
        calls.add(1);
        return a + b;
      })
      .count();
    expect(calls.value).to.equal(0);
  });

  it('reduceByKey keeps null and undefined values, and works with one partition', async () => {
    const rdd = suite.sc.parallelize<[string, number | null | undefined]>(
      [
        ['a', null],
        ['b', undefined],
        ['a', 1],
      ],
      2,
    );
    const merged = await collectSorted(rdd.reduceByKey((a, b) => a ?? b, 1));
    expect(merged).to.deep.equal([
      ['a', 1],
      ['b', undefined],
    ]);
  });

  it('combines many keys in many types at once', async () => {
    const rdd = suite.sc.range(0, 30_000, 1, 4).map((x): [unknown, number] => {
      const k = x % 1_000;
      return [k % 3 === 0 ? `s${k}` : k % 3 === 1 ? k : [k, 'pair'], 1];
    });
    const counts = await rdd.reduceByKey((a, b) => a + b, 3).collect();
    expect(counts).to.have.length(1_000);
    for (const [key, count] of counts) expect(count, JSON.stringify(key)).to.equal(30);
  });

  it('foldByKey gives every key of every map partition its own zero', async () => {
    const lists = letters(1)
      .mapValues((v): number[] => [v])
      .foldByKey([], (a, b) => {
        a.push(...b);
        return a;
      });
    expect(await collectSorted(lists)).to.deep.equal([
      ['a', [1, 2]],
      ['b', [1, 3]],
      ['c', [5]],
    ]);
    // The documented trap: a zero that is not neutral counts once for each map partition.
    const shifted = suite.sc
      .parallelize<[string, number]>(
        [
          ['a', 1],
          ['a', 2],
        ],
        2,
      )
      .foldByKey(10, (a, b) => a + b);
    expect(await shifted.collect()).to.deep.equal([['a', 23]]);
  });

  it('aggregateByKey has another result type', async () => {
    const result = suite.sc
      .parallelize<[string, number]>(
        [
          ['a', 1],
          ['b', 1],
          ['a', 2],
        ],
        2,
      )
      .aggregateByKey(
        [0, 0],
        ([s, c], v) => [s + v, c + 1],
        ([s1, c1], [s2, c2]) => [s1 + s2, c1 + c2],
      );
    expect(await collectSorted(result)).to.deep.equal([
      ['a', [3, 2]],
      ['b', [1, 1]],
    ]);
    const sets = letters().aggregateByKey(
      new Set<number>(),
      (set, v) => set.add(v),
      (a, b) => new Set([...a, ...b]),
    );
    expect((await sets.collectAsMap()).get('a')).to.deep.equal(new Set([1, 2]));
  });

  it('combineByKey creates once for each key and partition', async () => {
    const created = suite.sc.accumulator(0);
    const rdd = suite.sc
      .parallelize<[string, number]>(
        [
          ['a', 1],
          ['a', 2],
          ['b', 3],
          ['a', 4],
        ],
        2,
      )
      .combineByKey(
        (v) => {
          created.add(1);
          return [v];
        },
        (list, v) => [...list, v],
        (a, b) => [...a, ...b],
        2,
      );
    expect(await collectSorted(rdd)).to.deep.equal([
      ['a', [1, 2, 4]],
      ['b', [3]],
    ]);
    expect(created.value).to.equal(3);
  });

  describe('groupByKey (A-114)', () => {
    it('gives all values of a key as an array that can be read twice', async () => {
      const groups = letters()
        .groupByKey(2)
        .mapValues((vs) => [vs.reduce((a, b) => a + b, 0), vs.length]);
      expect(await collectSorted(groups)).to.deep.equal([
        ['a', [3, 2]],
        ['b', [4, 2]],
        ['c', [5, 1]],
      ]);
    });

    it('groups by null and by composite keys, and keeps every pair with its own key', async () => {
      const keys: unknown[] = [
        null,
        undefined,
        NaN,
        0,
        -0,
        '0',
        [1],
        [1, 2],
        { a: [1] },
        new Date(1),
        true,
        'true',
        1n,
        1,
      ];
      const rdd = suite.sc
        .range(0, keys.length * 20, 1, 4)
        .map((i): [unknown, number] => [keys[i % keys.length], i]);
      const groups = await rdd.groupByKey(3).collect();
      // 0 and -0 are one key.
      expect(groups).to.have.length(keys.length - 1);
      for (const [key, values] of groups) {
        expect(values).to.have.length(Object.is(key, 0) || Object.is(key, -0) ? 40 : 20);
        const found = new Set(values.map((i) => i % keys.length));
        expect(found.size).to.equal(key === 0 ? 2 : 1);
      }
    });

    it('holds one giant group', async () => {
      const groups = await suite.sc
        .range(0, 200_000, 1, 4)
        .map((x) => ['all', x])
        .groupByKey(2)
        .mapValues((vs) => vs.length)
        .collect();
      expect(groups).to.deep.equal([['all', 200_000]]);
    });
  });

  describe('flatMapGroups', () => {
    it('streams the values of each key', async () => {
      const rdd = suite.sc
        .range(0, 1_000, 1, 4)
        .map((x) => [x % 5, x])
        .flatMapGroups(function* (key, values) {
          let sum = 0;
          for (const v of values) sum += v;
          yield [key, sum];
        }, 2);
      const expected = [0, 1, 2, 3, 4].map((k) => [k, 200 * k + 5 * ((199 * 200) / 2)]);
      expect(await collectSorted(rdd)).to.deep.equal(expected);
    });

    it('may leave values unread, and may give nothing', async () => {
      const rdd = suite.sc
        .range(0, 100, 1, 3)
        .map((x) => [x % 4, x])
        .flatMapGroups((key, values) => (key === 0 ? [] : values.take(1).map(() => key)), 2);
      expect(sorted(await rdd.collect())).to.deep.equal([1, 2, 3]);
    });

    it('ends with GroupPassedError when values are read after their group, never with less', async () => {
      const rdd = suite.sc
        .range(0, 60, 1, 3)
        .map((x) => [x % 6, x])
        .flatMapGroups((key, values) => [[key, values]], 1)
        .mapValues((values) => [...(values as Iterable<number>)].length);
      expect(await taskError(rdd.collect())).to.have.property('code', 'GROUP_PASSED');
    });

    it('works in place over what is partitioned already', async () => {
      const parted = suite.sc
        .range(0, 100, 1, 3)
        .map((x) => [x % 4, x])
        .partitionBy(2);
      const rdd = parted.flatMapGroups((key, values) => [[key, values.toArray().length]]);
      expect(await collectSorted(rdd)).to.deep.equal([
        [0, 25],
        [1, 25],
        [2, 25],
        [3, 25],
      ]);
      expect((await rdd.toDebugString()).match(/\+-/g)).to.have.length(1);
    });
  });

  describe('joins (A-115)', () => {
    const left = (): RDD<[string, number]> =>
      suite.sc.parallelize<[string, number]>(
        [
          ['a', 1],
          ['a', 2],
          ['b', 3],
          ['c', 4],
        ],
        3,
      );
    const right = (): RDD<[string, string]> =>
      suite.sc.parallelize<[string, string]>(
        [
          ['a', 'x'],
          ['a', 'y'],
          ['c', 'z'],
          ['d', 'w'],
        ],
        2,
      );

    it('join gives all combinations of keys on both sides', async () => {
      expect(await collectSorted(left().join(right()))).to.deep.equal([
        ['a', [1, 'x']],
        ['a', [1, 'y']],
        ['a', [2, 'x']],
        ['a', [2, 'y']],
        ['c', [4, 'z']],
      ]);
    });

    it('outer joins have undefined for a missing side', async () => {
      expect(
        sorted(
          await left()
            .leftOuterJoin(right(), 2)
            .filter(([, [, r]]) => r === undefined)
            .collect(),
        ),
      ).to.deep.equal([['b', [3, undefined]]]);
      expect(await left().leftOuterJoin(right()).count()).to.equal(6);
      expect(await right().rightOuterJoin(left()).count()).to.equal(6);
      const missingLeft = left()
        .rightOuterJoin(right())
        .filter(([, [l]]) => l === undefined);
      expect(await missingLeft.collect()).to.deep.equal([['d', [undefined, 'w']]]);
      const full = await left().fullOuterJoin(right(), 4).collect();
      expect(full).to.have.length(7);
      expect(full)
        .to.deep.include(['b', [3, undefined]])
        .and.to.deep.include(['d', [undefined, 'w']]);
    });

    it('null and undefined keys join their like', async () => {
      const rdd = suite.sc.parallelize<[unknown, number]>(
        [
          [null, 1],
          [undefined, 2],
          [NaN, 3],
        ],
        2,
      );
      expect(await collectSorted(rdd.join(rdd).values())).to.deep.equal([
        [1, 1],
        [2, 2],
        [3, 3],
      ]);
    });

    it('stored null values are not missing ones', async () => {
      const nulls = suite.sc.parallelize<[string, null]>([['a', null]], 1);
      expect(await nulls.leftOuterJoin(nulls).collect()).to.deep.equal([['a', [null, null]]]);
    });

    it('work with an empty side, without partitions, and with itself', async () => {
      const { sc } = suite;
      const empty = sc.parallelize<[string, number]>([], 2);
      const none = sc.emptyRDD<[string, number]>();
      for (const side of [empty, none]) {
        expect(await left().join(side).collect()).to.deep.equal([]);
        expect(await left().leftOuterJoin(side).count()).to.equal(4);
        expect(await side.leftOuterJoin(left()).collect()).to.deep.equal([]);
        expect(await side.fullOuterJoin(left()).count()).to.equal(4);
      }
      expect(await none.join(none).collect()).to.deep.equal([]);
      const self = left();
      expect(await self.join(self).count()).to.equal(6);
    });

    it('of co-partitioned parents has one stage and the same result (A-102)', async () => {
      const l = left().partitionBy(3);
      const r = right().partitionBy(3);
      const joined = l.join(r);
      expect(joined.dependencies.map(({ kind }) => kind)).to.deep.equal(['narrow', 'narrow']);
      expect(await collectSorted(joined)).to.deep.equal(
        await collectSorted(left().join(right(), 3)),
      );
      expect(await joined.getNumPartitions()).to.equal(3);
      const halfNarrow = l.fullOuterJoin(right());
      expect(halfNarrow.dependencies.map(({ kind }) => kind)).to.deep.equal(['narrow', 'shuffle']);
      expect(await collectSorted(halfNarrow)).to.deep.equal(
        await collectSorted(left().fullOuterJoin(right(), 3)),
      );
    });

    it('of a skewed key gives everything', async () => {
      const many = suite.sc.range(0, 20_000, 1, 4).map((x) => ['hot', x]);
      const few = suite.sc.parallelize<[string, number]>(
        [
          ['hot', 1],
          ['hot', 2],
          ['cold', 3],
        ],
        2,
      );
      expect(await many.join(few).count()).to.equal(40_000);
    });
  });

  it('cogroup gives one record for each key, with the values of each side', async () => {
    const a = suite.sc.parallelize<[string, number]>(
      [
        ['x', 1],
        ['y', 2],
        ['x', 3],
      ],
      2,
    );
    const b = suite.sc.parallelize<[string, string]>(
      [
        ['x', 'p'],
        ['z', 'q'],
      ],
      3,
    );
    const c = suite.sc.parallelize<[string, boolean]>([['y', true]], 1);
    expect(await collectSorted(a.cogroup(b))).to.deep.equal([
      ['x', [[1, 3], ['p']]],
      ['y', [[2], []]],
      ['z', [[], ['q']]],
    ]);
    expect(await collectSorted(a.cogroup(b, c, 2))).to.deep.equal([
      ['x', [[1, 3], ['p'], []]],
      ['y', [[2], [], [true]]],
      ['z', [[], ['q'], []]],
    ]);
    const four = await a.cogroup(b, c, a).collectAsMap();
    expect(four.get('x')).to.deep.equal([[1, 3], ['p'], [], [1, 3]]);
    const parted = a.partitionBy(2);
    expect(parted.cogroup(b).dependencies.map(({ kind }) => kind)).to.deep.equal([
      'narrow',
      'shuffle',
    ]);
    expect(await collectSorted(parted.cogroup(b))).to.deep.equal(
      await collectSorted(a.cogroup(b, 2)),
    );
  });

  it('groupWith is cogroup, and reduceByKeyLocally merges without a shuffle', async () => {
    const a = suite.sc.parallelize<[string, number]>(
      [
        ['x', 1],
        ['y', 2],
        ['x', 3],
      ],
      2,
    );
    expect(await collectSorted(a.groupWith(a))).to.deep.equal([
      [
        'x',
        [
          [1, 3],
          [1, 3],
        ],
      ],
      ['y', [[2], [2]]],
    ]);
    const map = await a.reduceByKeyLocally((x, y) => x + y);
    expect([...map].sort()).to.deep.equal([
      ['x', 4],
      ['y', 2],
    ]);
    expect(
      await suite.sc.emptyRDD<[string, number]>().reduceByKeyLocally((x, y) => x + y),
    ).to.have.property('size', 0);
  });

  describe('sortByKey', () => {
    it('orders pairs by key, up and down', async () => {
      const up = await letters().sortByKey(true, 2).collect();
      expect(up).to.deep.equal([
        ['a', 1],
        ['a', 2],
        ['b', 1],
        ['b', 3],
        ['c', 5],
      ]);
      expect(await letters().sortByKey(false, 2).keys().collect()).to.deep.equal([
        'c',
        'b',
        'b',
        'a',
        'a',
      ]);
    });

    it('takes what is compared from the key', async () => {
      const rdd = suite.sc.parallelize<[string, number]>(
        [
          ['ccc', 1],
          ['a', 2],
          ['bb', 3],
          ['dddd', 4],
        ],
        2,
      );
      expect(
        await rdd
          .sortByKey(true, 2, (k) => -k.length)
          .values()
          .collect(),
      ).to.deep.equal([4, 1, 3, 2]);
    });

    it('leaves a range partitioner behind that a join can use', async () => {
      const sortedRdd = suite.sc
        .range(0, 100, 1, 4)
        .map((x) => [x, x])
        .sortByKey(true, 3);
      const partitioner = await sortedRdd.partitioner();
      const other = suite.sc
        .range(50, 150, 1, 2)
        .map((x) => [x, -x])
        .partitionBy(partitioner!);
      const joined = sortedRdd.join(other);
      expect(joined.dependencies.map(({ kind }) => kind)).to.deep.equal(['narrow', 'narrow']);
      expect(await joined.count()).to.equal(50);
    });

    it('of keys that cannot be compared fails clearly', async () => {
      const error = await taskError(
        suite.sc
          .range(0, 10, 1, 2)
          .map((x): [unknown, number] => [() => x, x])
          .sortByKey(true, 2)
          .collect(),
      );
      expect(error).to.have.property('code', 'KEY_NOT_HASHABLE');
    });
  });

  it('countByKey, collectAsMap and lookup answer by key equality', async () => {
    const rdd = suite.sc.parallelize<[unknown, string]>(
      [
        [[1, 'a'], 'x'],
        ['k', 'y'],
        [[1, 'a'], 'z'],
      ],
      3,
    );
    expect((await rdd.countByKey()).get([1, 'a'])).to.equal(2);
    expect((await rdd.collectAsMap()).get([1, 'a'])).to.equal('z');
    expect(await rdd.lookup([1, 'a'])).to.deep.equal(['x', 'z']);
    expect(await rdd.lookup('none')).to.deep.equal([]);
    expect(await rdd.partitionBy(4).lookup('k')).to.deep.equal(['y']);
  });

  it('records that are no pairs are a RecordTypeError that shows them', async () => {
    const wrong = suite.sc.parallelize<unknown>([['a', 1], 'no pair'], 1) as unknown as RDD<
      [string, number]
    >;
    for (const act of [
      () => wrong.reduceByKey((a, b) => a + b).collect(),
      () => wrong.mapValues((v) => v).collect(),
      () => wrong.keys().collect(),
      () => wrong.countByKey(),
      () => wrong.groupByKey().collect(),
    ]) {
      const error = await taskError(act());
      expect(error).to.have.property('code', 'RECORD_TYPE');
      expect(error.message).to.contain('no pair');
    }
  });
});
