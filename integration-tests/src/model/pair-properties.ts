import fc from 'fast-check';
import { HashPartitioner, type HeddleContext, type RDD } from 'heddle';
import { inputOf, keyKinds, rddOf, value, type Input } from './inputs.js';
import {
  cogrouped,
  distinct,
  flat,
  grouped,
  isAmong,
  joined,
  sortedBy,
  valuesOf,
  type Pair,
  type Parts,
} from './naive.js';
import { property, type Property } from './property.js';
import { holds, orderOf, same, sameBag, sameSequence, textOf, weigh } from './values.js';

type PairRdd = RDD<[unknown, unknown]>;
type Pairs = readonly (readonly [unknown, unknown])[];

/** What a claim is given: three RDDs of pairs with keys of one kind, and a small number from 1. */
interface Trial {
  readonly sc: HeddleContext;
  readonly rdd: PairRdd;
  readonly parts: Parts<readonly [unknown, unknown]>;
  readonly all: Pairs;
  readonly other: PairRdd;
  readonly otherAll: Pairs;
  readonly third: PairRdd;
  readonly thirdAll: Pairs;
  readonly n: number;
  readonly seed: number;
}

interface Claim {
  readonly row: string;
  readonly title: string;
  /** Sorting: only for keys whose order is written down. */
  readonly needsOrder?: boolean;
  readonly isWide?: boolean;
  check(trial: Trial): Promise<void>;
}

/** Fails unless these are the pairs, in n partitions, with all pairs of a key in one of them. */
async function sameByKey(
  rdd: RDD<[unknown, unknown]>,
  expected: readonly Pair[],
  n: number,
): Promise<void> {
  const found = await rdd.glom().collect();
  same(found.length, n);
  sameBag(found.flat(), expected);
  const places = found.flatMap((part, index) => part.map(([key]) => `${textOf(key)} in ${index}`));
  same(new Set(places).size, distinct(expected.map(([key]) => key)).length);
}

const sum = (numbers: readonly number[]): number => numbers.reduce((a, b) => a + b, 0);
const byWeight = (pairs: Pairs): Pair<number>[] => pairs.map(([key, v]) => [key, weigh(v)]);
const totals = (pairs: Pairs): Pair[] =>
  grouped(byWeight(pairs)).map(([key, weights]) => [key, sum(weights)]);
/** Groups whose order inside is not promised, as pairs of key and sorted texts. */
const bags = (groups: readonly Pair<readonly unknown[]>[]): Pair[] =>
  groups.map(([key, group]) => [key, group.map((v) => textOf(v)).sort()]);
const sideBags = (groups: readonly Pair<readonly (readonly unknown[])[]>[]): Pair[] =>
  groups.map(([key, sides]) => [key, sides.map((side) => side.map((v) => textOf(v)).sort())]);

const narrow: Claim[] = [
  {
    row: 'B.3 keys values',
    title: 'are the two halves, in order',
    check: async ({ rdd, all }) => {
      sameSequence(
        await rdd.keys().collect(),
        all.map(([key]) => key),
      );
      sameSequence(
        await rdd.values().collect(),
        all.map(([, v]) => v),
      );
    },
  },
  {
    row: 'B.3 mapValues',
    title: 'leaves keys and order alone',
    check: async ({ rdd, parts }) =>
      sameSequence(
        await rdd
          .mapValues((v) => ({ v }))
          .glom()
          .collect(),
        parts.map((part) => part.map(([key, v]) => [key, { v }])),
      ),
  },
  {
    row: 'B.3 flatMapValues',
    title: 'repeats the key, and drops it for none',
    check: async ({ rdd, all }) =>
      sameSequence(
        await rdd
          .flatMapValues((v) => Array.from({ length: weigh(v) % 3 }, (_, i) => [i, v]))
          .collect(),
        all.flatMap(([key, v]) => Array.from({ length: weigh(v) % 3 }, (_, i) => [key, [i, v]])),
      ),
  },
  {
    row: 'B.3 mapValues',
    title: 'keeps the partitioner, so that a join after it moves only the other side',
    check: async ({ rdd, other, all, otherAll, n }) => {
      const placed = rdd.partitionBy(n).mapValues((v) => [v]);
      const expected = joined(all, otherAll).map(([key, [l, r]]): Pair => [key, [[l], r]]);
      holds((await placed.partitioner()) !== undefined, 'a partitioner');
      sameBag(await placed.join(other).collect(), expected);
    },
  },
  {
    row: 'B.3 sampleByKey',
    title: 'at rate 1 keeps all, at rate 0 none',
    check: async ({ rdd, all, seed }) => {
      const keys = distinct(all.map(([key]) => key));
      const one = new Map(keys.map((key) => [key, 1]));
      const none = new Map(keys.map((key) => [key, 0]));
      sameSequence(await rdd.sampleByKey(false, one, seed).collect(), all);
      sameSequence(await rdd.sampleByKey(false, none, seed).collect(), []);
    },
  },
  {
    row: 'B.3 sampleByKeyExact',
    title: 'keeps ceil(n · rate) pairs of each key',
    check: async ({ rdd, all, seed }) => {
      const groups = grouped(all);
      const rates = new Map(groups.map(([key], i) => [key, [0.5, 0, 1, 0.3][i % 4]!]));
      const found = await rdd.sampleByKeyExact(false, rates, seed).collect();
      holds(
        found.every((pair) => isAmong(all, pair)),
        'pairs of the RDD',
      );
      groups.forEach(([key, group], i) =>
        same(valuesOf(found, key).length, Math.ceil(group.length * [0.5, 0, 1, 0.3][i % 4]!)),
      );
    },
  },
  {
    row: 'B.3 filterByRange',
    title: 'keeps keys of the range with its ends, in order',
    needsOrder: true,
    check: async ({ rdd, all, seed }) => {
      if (all.length === 0) return;
      const [lower, upper] = [all[seed % all.length]![0], all[(seed >> 4) % all.length]![0]];
      sameSequence(
        await rdd.filterByRange(lower, upper).collect(),
        all.filter(([key]) => orderOf(key, lower) >= 0 && orderOf(key, upper) <= 0),
      );
    },
  },
  {
    row: 'B.3 filterByRange',
    title: 'after a sort reads some partitions and finds the same',
    needsOrder: true,
    check: async ({ rdd, all, seed, n }) => {
      if (all.length === 0) return;
      const [lower, upper] = [all[seed % all.length]![0], all[(seed >> 4) % all.length]![0]];
      sameBag(
        await rdd.sortByKey(true, n).filterByRange(lower, upper).collect(),
        all.filter(([key]) => orderOf(key, lower) >= 0 && orderOf(key, upper) <= 0),
      );
    },
  },
];

const shuffled: Claim[] = [
  {
    row: 'B.3 partitionBy',
    title: 'brings equal keys together',
    check: ({ rdd, all, n }) => sameByKey(rdd.partitionBy(n), all, n),
  },
  {
    row: 'B.3 partitionBy',
    title: 'by a function goes where it says, modulo n',
    check: async ({ rdd, all, n }) => {
      const found = await rdd
        .partitionBy(n, (key) => weigh(key) - 3)
        .glom()
        .collect();
      same(found.length, n);
      found.forEach((part, index) =>
        sameBag(
          part,
          all.filter(([key]) => (((weigh(key) - 3) % n) + n) % n === index),
        ),
      );
    },
  },
  {
    row: 'B.3 partitionBy',
    title: 'with the same partitioner again moves nothing',
    check: async ({ rdd, all, n }) => {
      const partitioner = new HashPartitioner(n);
      const twice = rdd.partitionBy(partitioner).partitionBy(partitioner);
      same((await twice.toDebugString()).split('+-').length, 2);
      await sameByKey(twice, all, n);
    },
  },
  {
    row: 'B.0 hash-partitioning',
    title: 'a key is where the partitioner says',
    check: async ({ rdd, n }) => {
      const partitioner = new HashPartitioner(n);
      const found = await rdd.partitionBy(partitioner).keys().glom().collect();
      found.forEach((part, index) =>
        part.forEach((key) => same(partitioner.getPartition(key), index)),
      );
    },
  },
  {
    row: 'B.0 key-equality',
    title: 'grouping and flattening keeps every pair with its own key',
    check: async ({ rdd, all, n }) =>
      sameBag(
        await rdd
          .map(([key, v]): [unknown, unknown] => [key, [key, v]])
          .groupByKey(n)
          .flatMap(([, group]) => group)
          .collect(),
        all,
      ),
  },
  {
    row: 'B.3 reduceByKey',
    title: 'merges the values of each key',
    check: async ({ rdd, all }) =>
      sameBag(
        await rdd
          .mapValues((v) => weigh(v))
          .reduceByKey((a, b) => a + b)
          .collect(),
        totals(all),
      ),
  },
  {
    row: 'B.3 reduceByKey',
    title: 'has as many partitions as are asked for',
    check: ({ rdd, all, n }) =>
      sameByKey(
        rdd
          .mapValues((v) => weigh(v) as unknown)
          .reduceByKey((a, b) => (a as number) + (b as number), n),
        totals(all),
        n,
      ),
  },
  {
    row: 'B.3 reduceByKey',
    title: 'does not call f for a single value',
    check: async ({ rdd, all }) => {
      const found = await rdd
        .mapValues((v): unknown => v)
        .reduceByKey(() => 'merged')
        .collect();
      sameBag(
        found,
        grouped(all).map(([key, group]) => [key, group.length === 1 ? group[0] : 'merged']),
      );
    },
  },
  {
    row: 'B.3 reduceByKey',
    title: 'over what is partitioned already is the same without a shuffle',
    check: async ({ rdd, all, n }) => {
      const placed = rdd.mapValues((v) => weigh(v)).partitionBy(n);
      const reduced = placed.reduceByKey((a, b) => a + b);
      same((await reduced.toDebugString()).split('+-').length, 2);
      sameBag(await reduced.collect(), totals(all));
    },
  },
  {
    row: 'B.3 reduceByKey',
    title: 'over a union of partitioned RDDs sees both',
    check: async ({ rdd, other, all, otherAll, n }) => {
      const partitioner = new HashPartitioner(n);
      const [a, b] = [rdd, other].map((one) =>
        one.mapValues((v) => weigh(v)).partitionBy(partitioner),
      );
      sameBag(
        await a!
          .union(b!)
          .reduceByKey((x, y) => x + y)
          .collect(),
        totals([...all, ...otherAll]),
      );
    },
  },
  {
    row: 'B.2 distinct',
    title: 'over a union of partitioned RDDs sees both',
    check: async ({ rdd, other, all, otherAll, n }) => {
      const partitioner = new HashPartitioner(n);
      const united = rdd.partitionBy(partitioner).union(other.partitionBy(partitioner));
      sameBag(await united.distinct().collect(), distinct([...all, ...otherAll]));
    },
  },
  {
    row: 'B.3 flatMapGroups',
    title: 'over a union of partitioned RDDs sees both',
    check: async ({ rdd, other, all, otherAll, n }) => {
      const partitioner = new HashPartitioner(n);
      const united = rdd.partitionBy(partitioner).union(other.partitionBy(partitioner));
      sameBag(
        await united.flatMapGroups((key, values) => [[key, values.toArray().length]]).collect(),
        grouped([...all, ...otherAll]).map(([key, group]) => [key, group.length]),
      );
    },
  },
  {
    row: 'B.3 foldByKey',
    title: 'with a neutral zero is reduceByKey',
    check: async ({ rdd, all, n }) =>
      sameBag(
        await rdd
          .mapValues((v) => weigh(v))
          .foldByKey(0, (a, b) => a + b, n)
          .collect(),
        totals(all),
      ),
  },
  {
    row: 'B.3 foldByKey',
    title: 'begins with zero once for each key of each partition',
    check: async ({ rdd, parts, n }) =>
      sameBag(
        await rdd
          .mapValues((v) => weigh(v))
          .foldByKey(100, (a, b) => a + b, n)
          .collect(),
        totals(
          parts.flatMap((part) =>
            grouped(byWeight(part)).map(([key, weights]): [unknown, unknown] => [key, weights]),
          ),
        ).map(([key]): Pair => {
          const inParts = parts.filter((part) =>
            part.some(([other]) => textOf(other) === textOf(key)),
          );
          const weights = inParts.flatMap((part) => valuesOf(byWeight(part), key));
          return [key, 100 * inParts.length + sum(weights)];
        }),
      ),
  },
  {
    row: 'B.3 aggregateByKey',
    title: 'gives each key a zero of its own that may be changed',
    check: async ({ rdd, all, n }) =>
      sameBag(
        bags(
          await rdd
            .aggregateByKey(
              [] as unknown[],
              (list, v) => {
                list.push(v);
                return list;
              },
              (a, b) => {
                a.push(...b);
                return a;
              },
              n,
            )
            .collect(),
        ),
        bags(grouped(all)),
      ),
  },
  {
    row: 'B.3 aggregateByKey',
    title: 'may have another result type: sum and count',
    check: async ({ rdd, all }) =>
      sameBag(
        await rdd
          .aggregateByKey(
            [0, 0],
            ([total, count], v) => [total + weigh(v), count + 1],
            (a, b) => [a[0] + b[0], a[1] + b[1]],
          )
          .collect(),
        grouped(byWeight(all)).map(([key, weights]) => [key, [sum(weights), weights.length]]),
      ),
  },
  {
    row: 'B.3 combineByKey',
    title: 'creates, adds and merges',
    check: async ({ rdd, all, n }) =>
      sameBag(
        bags(
          await rdd
            .combineByKey(
              (v): unknown[] => [v],
              (list, v) => [...list, v],
              (a, b) => [...a, ...b],
              n,
            )
            .collect(),
        ),
        bags(grouped(all)),
      ),
  },
  {
    row: 'B.3 combineByKey',
    title: 'creates once for each key and partition',
    check: async ({ rdd, parts }) =>
      sameBag(
        await rdd
          .combineByKey(
            () => 1,
            (created) => created,
            (a, b) => a + b,
          )
          .collect(),
        totals([]).concat(
          distinct(flat(parts).map(([key]) => key)).map((key) => [
            key,
            parts.filter((part) => part.some(([other]) => textOf(other) === textOf(key))).length,
          ]),
        ),
      ),
  },
  {
    row: 'B.3 groupByKey',
    title: 'has all values of each key',
    check: async ({ rdd, all }) =>
      sameBag(bags(await rdd.groupByKey().collect()), bags(grouped(all))),
  },
  {
    row: 'B.3 groupByKey',
    title: 'has as many partitions as are asked for, and groups that can be read twice',
    check: ({ rdd, all, n }) =>
      sameByKey(
        rdd.groupByKey(n).mapValues((group): unknown => [group.length, [...group].length]),
        grouped(all).map(([key, group]) => [key, [group.length, group.length]]),
        n,
      ),
  },
  {
    row: 'B.3 flatMapGroups',
    title: 'streams the values of each key',
    check: async ({ rdd, all, n }) =>
      sameBag(
        await rdd
          .flatMapGroups(function* (key, values) {
            for (const v of values) yield [key, v];
          }, n)
          .collect(),
        all,
      ),
  },
  {
    row: 'B.3 flatMapGroups',
    title: 'may leave values unread',
    check: async ({ rdd, all }) => {
      const found = await rdd
        .flatMapGroups((key, values) => [[key, values.take(1).toArray().length]])
        .collect();
      sameBag(
        found,
        grouped(all).map(([key]) => [key, 1]),
      );
    },
  },
  {
    row: 'B.3 cogroup',
    title: 'of two has every key of either side',
    check: async ({ rdd, other, all, otherAll, n }) =>
      sameBag(sideBags(await rdd.cogroup(other, n).collect()), sideBags(cogrouped(all, otherAll))),
  },
  {
    row: 'B.3 cogroup',
    title: 'of four has four sides',
    check: async ({ rdd, other, third, all, otherAll, thirdAll }) =>
      sameBag(
        sideBags(await rdd.cogroup(other, third, rdd).collect()),
        sideBags(cogrouped(all, otherAll, thirdAll, all)),
      ),
  },
  {
    row: 'B.3 cogroup',
    title: 'of co-partitioned RDDs is the same without a shuffle',
    check: async ({ rdd, other, all, otherAll, n }) => {
      const partitioner = new HashPartitioner(n);
      const both = rdd.partitionBy(partitioner).cogroup(other.partitionBy(partitioner));
      same((await both.toDebugString()).split('+-').length, 3);
      sameBag(sideBags(await both.collect()), sideBags(cogrouped(all, otherAll)));
    },
  },
  {
    row: 'B.3 groupWith',
    title: 'is cogroup',
    check: async ({ rdd, other, third, all, otherAll, thirdAll }) =>
      sameBag(
        sideBags(await rdd.groupWith(other, third).collect()),
        sideBags(cogrouped(all, otherAll, thirdAll)),
      ),
  },
  {
    row: 'B.3 join',
    title: 'has all combinations of keys on both sides',
    check: async ({ rdd, other, all, otherAll }) =>
      sameBag(await rdd.join(other).collect(), joined(all, otherAll)),
  },
  {
    row: 'B.3 join',
    title: 'with itself multiplies duplicates',
    check: async ({ rdd, all, n }) => sameBag(await rdd.join(rdd, n).collect(), joined(all, all)),
  },
  {
    row: 'B.3 join',
    title: 'of co-partitioned sides, one or both, is the same',
    check: async ({ rdd, other, all, otherAll, n }) => {
      const placed = rdd.partitionBy(n);
      sameBag(await placed.join(other).collect(), joined(all, otherAll));
      sameBag(await other.join(placed, n).collect(), joined(otherAll, all));
      sameBag(await placed.join(other.partitionBy(n)).collect(), joined(all, otherAll));
    },
  },
  {
    row: 'B.3 leftOuterJoin',
    title: 'has undefined where the right side has no such key',
    check: async ({ rdd, other, all, otherAll, n }) =>
      sameBag(await rdd.leftOuterJoin(other, n).collect(), joined(all, otherAll, { right: true })),
  },
  {
    row: 'B.3 rightOuterJoin',
    title: 'has undefined where the left side has no such key',
    check: async ({ rdd, other, all, otherAll, n }) =>
      sameBag(await rdd.rightOuterJoin(other, n).collect(), joined(all, otherAll, { left: true })),
  },
  {
    row: 'B.3 fullOuterJoin',
    title: 'has every key of either side',
    check: async ({ rdd, other, all, otherAll, n }) =>
      sameBag(
        await rdd.fullOuterJoin(other, n).collect(),
        joined(all, otherAll, { left: true, right: true }),
      ),
  },
  {
    row: 'B.3 subtractByKey',
    title: 'keeps pairs whose key the other has not, duplicates too',
    check: async ({ rdd, other, all, otherAll, n }) =>
      sameBag(
        await rdd.subtractByKey(other, n).collect(),
        all.filter(([key]) => valuesOf(otherAll, key).length === 0),
      ),
  },
  {
    row: 'B.3 intersectByKey',
    title: 'keeps pairs whose key the other has; its duplicates do not multiply',
    check: async ({ rdd, other, all, otherAll, n }) =>
      sameBag(
        await rdd.intersectByKey(other, n).collect(),
        all.filter(([key]) => valuesOf(otherAll, key).length > 0),
      ),
  },
  {
    row: 'B.3 sortByKey',
    title: 'orders by key, ties as they were',
    needsOrder: true,
    check: async ({ rdd, all, n }) =>
      sameSequence(
        await rdd.sortByKey(true, n).collect(),
        sortedBy(all, ([key]) => key),
      ),
  },
  {
    row: 'B.3 sortByKey',
    title: 'orders downwards',
    needsOrder: true,
    check: async ({ rdd, all, n }) =>
      sameSequence(
        await rdd.sortByKey(false, n).collect(),
        sortedBy(all, ([key]) => key, false),
      ),
  },
  {
    row: 'B.3 sortByKey',
    title: 'compares what is computed from the key',
    check: async ({ rdd, all, n }) =>
      sameSequence(
        await rdd.sortByKey(true, n, (key) => weigh(key)).collect(),
        sortedBy(all, ([key]) => weigh(key)),
      ),
  },
  {
    row: 'B.2 repartitionAndSortWithinPartitions',
    title: 'sorts by key inside the partitions that a function chooses',
    needsOrder: true,
    check: async ({ rdd, all, n }) => {
      const found = await rdd
        .repartitionAndSortWithinPartitions(n, (key) => weigh(key))
        .glom()
        .collect();
      sameSequence(
        found,
        Array.from({ length: n }, (_, index) =>
          sortedBy(
            // A partition is the remainder that is not negative.
            all.filter(([key]) => ((weigh(key) % n) + n) % n === index),
            ([key]) => key,
          ),
        ),
      );
    },
  },
  {
    row: 'B.2 repartitionAndSortWithinPartitions',
    title: 'by hash, downwards, by a key of the key',
    check: async ({ rdd, all, n }) => {
      const found = await rdd
        .repartitionAndSortWithinPartitions(n, undefined, false, (key) => weigh(key))
        .glom()
        .collect();
      sameBag(found.flat(), all);
      for (const part of found) {
        const weights = part.map(([key]) => weigh(key));
        sameSequence(
          weights,
          [...weights].sort((a, b) => b - a),
        );
      }
    },
  },
  {
    row: 'B.3 countApproxDistinctByKey',
    title: 'of few values is off by two at most',
    check: async ({ rdd, all, n }) => {
      const found = await rdd.countApproxDistinctByKey(0.01, n).collect();
      sameBag(
        found.map(([key]) => key),
        distinct(all.map(([key]) => key)),
      );
      for (const [key, count] of found) {
        const exact = distinct(valuesOf(all, key)).length;
        holds(Math.abs(count - exact) <= 2, `${count} of ${exact}`);
      }
    },
  },
];

const actions: Claim[] = [
  {
    row: 'B.3 countByKey',
    title: 'counts, and answers by key equality',
    check: async ({ rdd, all }) => {
      const counts = await rdd.countByKey();
      sameBag(
        [...counts],
        grouped(all).map(([key, group]) => [key, group.length]),
      );
      for (const [key] of all) same(counts.get(key), valuesOf(all, key).length);
    },
  },
  {
    row: 'B.3 collectAsMap',
    title: 'has the last value of each key',
    check: async ({ rdd, all }) =>
      sameBag(
        [...(await rdd.collectAsMap())],
        grouped(all).map(([key, group]) => [key, group.at(-1)]),
      ),
  },
  {
    row: 'B.3 reduceByKeyLocally',
    title: 'merges in partition order',
    check: async ({ rdd, all }) =>
      sameBag(
        [...(await rdd.mapValues((v) => `(${weigh(v)})`).reduceByKeyLocally((a, b) => a + b))],
        grouped(byWeight(all)).map(([key, weights]) => [
          key,
          weights.map((w) => `(${w})`).join(''),
        ]),
      ),
  },
  {
    row: 'B.3 lookup',
    title: 'has the values of a key in order, and none of one that is missing',
    check: async ({ rdd, all, seed }) => {
      sameSequence(await rdd.lookup('not there'), []);
      if (all.length === 0) return;
      const [key] = all[seed % all.length]!;
      sameSequence(await rdd.lookup(key), valuesOf(all, key));
    },
  },
  {
    row: 'B.3 lookup',
    title: 'in what is partitioned finds the same',
    check: async ({ rdd, all, seed, n }) => {
      if (all.length === 0) return;
      const [key] = all[seed % all.length]!;
      sameBag(await rdd.partitionBy(n).lookup(key), valuesOf(all, key));
    },
  },
];

interface Given {
  readonly first: Input<[unknown, unknown]>;
  readonly second: Input<[unknown, unknown]>;
  readonly third: Input<[unknown, unknown]>;
  readonly n: number;
  readonly seed: number;
}

/** Claims about operators of pairs, for each kind of keys. */
export const pairProperties: readonly Property[] = Object.entries(keyKinds).flatMap(
  ([kind, { arbitrary, ordered }]) => {
    const pairs = inputOf(fc.tuple(arbitrary, value));
    const given = fc.record({
      first: pairs,
      second: pairs,
      third: pairs,
      n: fc.integer({ min: 1, max: 5 }),
      seed: fc.integer({ min: 0, max: 2 ** 31 - 1 }),
    });
    return [...narrow, ...shuffled.map((claim) => ({ ...claim, isWide: true })), ...actions]
      .filter(({ needsOrder }) => ordered || needsOrder !== true)
      .map(({ row, title, isWide = false, check }: Claim) =>
        property<Given>(
          { row, title: `${title}: keys ${kind}`, isWide },
          given,
          (sc, { first, second, third, n, seed }) =>
            check({
              sc,
              rdd: rddOf(sc, first),
              parts: first.parts,
              all: flat(first.parts),
              other: rddOf(sc, second),
              otherAll: flat(second.parts),
              third: rddOf(sc, third),
              thirdAll: flat(third.parts),
              n,
              seed,
            }),
        ),
      );
  },
);
