import fc from 'fast-check';
import type { HeddleContext, RDD } from 'heddle';
import { inputOf, rddOf, recordKinds, type Input } from './inputs.js';
import {
  coalesced,
  distinct,
  flat,
  grouped,
  isAmong,
  slices,
  sortedBy,
  type Pair,
  type Parts,
} from './naive.js';
import { property, type Property } from './property.js';
import { holds, orderOf, same, sameBag, sameSequence, textOf, weigh } from './values.js';

/** What a claim is given: two RDDs of one kind with their records, a small number from 1 and a seed. */
interface Trial {
  readonly sc: HeddleContext;
  readonly rdd: RDD<unknown>;
  readonly parts: Parts;
  readonly all: readonly unknown[];
  readonly other: RDD<unknown>;
  readonly otherParts: Parts;
  readonly otherAll: readonly unknown[];
  readonly n: number;
  readonly seed: number;
}

interface Claim {
  readonly row: string;
  readonly title: string;
  /** Sorting: only for kinds whose order is written down. */
  readonly needsOrder?: boolean;
  readonly isWide?: boolean;
  check(trial: Trial): Promise<void>;
}

/** Fails unless the RDD has exactly these partitions. */
async function samePartitions(rdd: RDD<unknown>, expected: Parts): Promise<void> {
  sameSequence(await rdd.glom().collect(), expected);
}

/** Fails unless the RDD has these records in any order, in so many partitions. */
async function sameRecords(
  rdd: RDD<unknown>,
  expected: readonly unknown[],
  partitions: number,
): Promise<void> {
  const found = await rdd.glom().collect();
  same(found.length, partitions);
  sameBag(found.flat(), expected);
}

const codeOf = (error: unknown): unknown => (error as { readonly code?: unknown }).code;
const isOdd = (x: unknown): boolean => weigh(x) % 2 === 1;

const narrow: Claim[] = [
  {
    row: 'B.2 map',
    title: 'one record out for each in, in order',
    check: ({ rdd, parts }) =>
      samePartitions(
        rdd.map((x) => ({ x, weight: weigh(x) })),
        parts.map((part) => part.map((x) => ({ x, weight: weigh(x) }))),
      ),
  },
  {
    row: 'B.2 map',
    title: 'undefined and null results stay records',
    check: ({ rdd, parts }) =>
      samePartitions(
        rdd.map((x) => (isOdd(x) ? undefined : null)),
        parts.map((part) => part.map((x) => (isOdd(x) ? undefined : null))),
      ),
  },
  {
    row: 'B.2 mapAsync',
    title: 'keeps the order, whatever promise comes first',
    check: ({ rdd, parts, n }) =>
      samePartitions(
        rdd.mapAsync(
          async (x) => {
            for (let turn = weigh(x); turn > 0; turn -= 1) await Promise.resolve();
            return ['after', x];
          },
          { concurrency: n },
        ),
        parts.map((part) => part.map((x) => ['after', x])),
      ),
  },
  {
    row: 'B.2 mapAsync',
    title: 'goes below fused steps, partition functions and shuffles',
    check: async ({ rdd, all, n }) => {
      const mapped = rdd.mapAsync((x) => Promise.resolve(x)).filter((x) => isOdd(x));
      const expected = all.filter((x) => isOdd(x));
      sameSequence(await mapped.mapPartitions((records) => records).collect(), expected);
      sameBag(
        await mapped
          .mapAsync((x) => Promise.resolve(x))
          .repartition(n)
          .collect(),
        expected,
      );
    },
  },
  {
    row: 'B.2 filter',
    title: 'keeps what is truthy, and all partitions',
    check: ({ rdd, parts }) =>
      samePartitions(
        rdd.filter((x) => weigh(x) % 3),
        parts.map((part) => part.filter((x) => weigh(x) % 3 !== 0)),
      ),
  },
  {
    row: 'B.2 filter',
    title: 'of everything leaves empty partitions',
    check: ({ rdd, parts }) =>
      samePartitions(
        rdd.filter(() => false),
        parts.map(() => []),
      ),
  },
  {
    row: 'B.2 flatMap',
    title: 'takes arrays of any length',
    check: ({ rdd, parts }) =>
      samePartitions(
        rdd.flatMap((x) => Array.from({ length: weigh(x) % 4 }, () => x)),
        parts.map((part) =>
          part.flatMap((x) => Array.from({ length: weigh(x) % 4 }, () => [x])).map(([x]) => x),
        ),
      ),
  },
  {
    row: 'B.2 flatMap',
    title: 'takes generators, flattening one level only',
    check: ({ rdd, parts }) =>
      samePartitions(
        rdd.flatMap(function* (x) {
          yield [x];
          if (isOdd(x)) yield x;
        }),
        parts.map((part) =>
          part
            .flatMap((x) => (isOdd(x) ? [{ of: [x] }, { of: x }] : [{ of: [x] }]))
            .map(({ of }) => of),
        ),
      ),
  },
  {
    row: 'B.2 mapPartitions',
    title: 'sees each partition through an iterator and may skip records',
    check: ({ rdd, parts }) =>
      samePartitions(
        rdd.mapPartitions(function* (records) {
          let position = 0;
          for (const x of records) if (position++ % 2 === 0) yield [position, x];
        }),
        parts.map((part) => part.map((x, i) => [i + 1, x]).filter((_, i) => i % 2 === 0)),
      ),
  },
  {
    row: 'B.2 mapPartitions',
    title: 'may return an array, in an order of its own',
    check: ({ rdd, parts }) =>
      samePartitions(
        rdd.mapPartitions((records) => records.toArray().reverse()),
        parts.map((part) => [...part].reverse()),
      ),
  },
  {
    row: 'B.2 mapPartitionsWithIndex',
    title: 'gets the index of the partition, also of empty ones',
    check: ({ rdd, parts }) =>
      samePartitions(
        rdd.mapPartitionsWithIndex((index, records) => [[index, records.toArray()]]),
        parts.map((part, index) => [[index, part]]),
      ),
  },
  {
    row: 'B.2 glom',
    title: 'makes one array of each partition',
    check: async ({ rdd, parts }) => sameSequence(await rdd.glom().collect(), parts),
  },
  {
    row: 'B.2 keyBy',
    title: 'puts the key before the record',
    check: ({ rdd, parts }) =>
      samePartitions(
        rdd.keyBy((x) => weigh(x)),
        parts.map((part) => part.map((x) => [weigh(x), x])),
      ),
  },
  {
    row: 'B.2 sample',
    title: 'of 0 is nothing and of 1 is everything',
    check: async ({ rdd, parts, seed }) => {
      await samePartitions(
        rdd.sample(false, 0, seed),
        parts.map(() => []),
      );
      await samePartitions(rdd.sample(false, 1, seed), parts);
    },
  },
  {
    row: 'B.2 sample',
    title: 'is a part in order, the same for the same seed',
    check: async ({ rdd, parts, seed }) => {
      const once = await rdd.zipWithIndex().sample(false, 0.5, seed).values().collect();
      sameSequence(await rdd.zipWithIndex().sample(false, 0.5, seed).values().collect(), once);
      holds(
        once.every((position, i) => i === 0 || position > once[i - 1]!),
        'rising positions',
      );
      holds(
        once.every((position) => position < flat(parts).length),
        'positions of records',
      );
    },
  },
  {
    row: 'B.2 sample',
    title: 'with replacement repeats records side by side',
    check: async ({ rdd, seed }) => {
      const positions = await rdd.zipWithIndex().sample(true, 2, seed).values().collect();
      sameSequence(
        positions,
        [...positions].sort((a, b) => a - b),
      );
    },
  },
  {
    row: 'B.2 randomSplit',
    title: 'gives disjoint parts that are the whole, in order',
    check: async ({ rdd, all, seed, n }) => {
      const split = rdd.zipWithIndex().randomSplit([1, n, 2], seed);
      const found = [];
      for (const part of split) {
        const positions = await part.values().collect();
        sameSequence(
          positions,
          [...positions].sort((a, b) => a - b),
        );
        found.push(...positions);
      }
      sameBag(
        found,
        all.map((_, i) => i),
      );
    },
  },
  {
    row: 'B.2 union',
    title: 'is left then right, partition by partition',
    check: ({ rdd, other, parts, otherParts }) =>
      samePartitions(rdd.union(other), [...parts, ...otherParts]),
  },
  {
    row: 'B.2 union',
    title: 'with itself has everything twice',
    check: ({ rdd, parts }) => samePartitions(rdd.union(rdd), [...parts, ...parts]),
  },
  {
    row: 'B.1 union',
    title: 'of many is flat and in order',
    check: ({ sc, rdd, other, parts, otherParts }) =>
      samePartitions(sc.union([other, rdd, sc.emptyRDD(), other]), [
        ...otherParts,
        ...parts,
        ...otherParts,
      ]),
  },
  {
    row: 'B.2 cartesian',
    title: 'pairs partition i with partition j, left records first',
    check: ({ rdd, other, parts, otherParts }) =>
      samePartitions(
        rdd.cartesian(other),
        parts.flatMap((left) =>
          otherParts.map((right) => left.flatMap((a) => right.map((b) => [a, b]))),
        ),
      ),
  },
  {
    row: 'B.2 cartesian',
    title: 'with itself is square',
    check: async ({ rdd, all }) =>
      sameBag(
        await rdd.cartesian(rdd).collect(),
        all.flatMap((a) => all.map((b) => [a, b])),
      ),
  },
  {
    row: 'B.2 zip',
    title: 'pairs by position',
    check: ({ rdd, parts }) =>
      samePartitions(
        rdd.zip(rdd.map((x) => weigh(x))),
        parts.map((part) => part.map((x) => [x, weigh(x)])),
      ),
  },
  {
    row: 'B.2 zipPartitions',
    title: 'hands over partitions of any lengths side by side',
    check: ({ sc, parts, otherParts }) => {
      const n = Math.min(parts.length, otherParts.length);
      const left = parts.slice(0, n);
      const right = otherParts.slice(0, n);
      return samePartitions(
        rddOf(sc, { layout: 'lists', parts: left }).zipPartitions(
          rddOf(sc, { layout: 'lists', parts: right }),
          function* (a, b) {
            // A record of each in turn, while there are any.
            for (let x = a.next(), y = b.next(); x.done !== true || y.done !== true;) {
              if (x.done !== true) yield { a: x.value };
              if (y.done !== true) yield { b: y.value };
              [x, y] = [a.next(), b.next()];
            }
          },
        ),
        left.map((part, i) =>
          Array.from({ length: Math.max(part.length, right[i]!.length) }, (_, at) => [
            ...(at < part.length ? [{ a: part[at] }] : []),
            ...(at < right[i]!.length ? [{ b: right[i]![at] }] : []),
          ]).flat(),
        ),
      );
    },
  },
  {
    row: 'B.2 zipWithIndex',
    title: 'counts through all partitions',
    check: async ({ rdd, all }) =>
      sameSequence(
        await rdd.zipWithIndex().collect(),
        all.map((x, i) => [x, i]),
      ),
  },
  {
    row: 'B.2 zipWithUniqueId',
    title: 'numbers partition k as k, n + k, 2n + k',
    check: ({ rdd, parts }) =>
      samePartitions(
        rdd.zipWithUniqueId(),
        parts.map((part, k) => part.map((x, i) => [x, k + i * parts.length])),
      ),
  },
  {
    row: 'B.2 coalesce',
    title: 'puts neighbours together, never more than there are',
    check: ({ rdd, parts, n }) => samePartitions(rdd.coalesce(n), coalesced(parts, n)),
  },
  {
    row: 'B.0 narrow-order',
    title: 'a chain of narrow steps is the chain over arrays',
    check: ({ rdd, all, n }) => {
      const chain = rdd
        .map((x): [number, unknown] => [weigh(x), x])
        .filter(([weight]) => weight % 3 !== 0)
        .flatMapValues((x) => [x, x])
        .coalesce(n)
        .mapValues((x) => [x])
        .mapPartitions((records) => records.drop(1));
      return chain
        .glom()
        .collect()
        .then((found) => {
          const steps = all.filter((x) => weigh(x) % 3 !== 0).flatMap((x) => [{ x }, { x }]);
          const pairs = steps.map(({ x }) => textOf([weigh(x), [x]], true));
          // One record is dropped from each partition that has any.
          const texts = found.flat().map((pair) => textOf(pair, true));
          let at = 0;
          for (const wanted of texts) {
            while (at < pairs.length && pairs[at] !== wanted) at += 1;
            holds(at < pairs.length, `${wanted} in its place`);
            at += 1;
          }
          holds(pairs.length - texts.length <= found.length, 'one record less in each partition');
        });
    },
  },
];

const wide: Claim[] = [
  {
    row: 'B.2 distinct',
    title: 'is one of each value',
    check: async ({ rdd, all }) => sameBag(await rdd.distinct().collect(), distinct(all)),
  },
  {
    row: 'B.2 distinct',
    title: 'has as many partitions as are asked for',
    check: ({ rdd, all, n }) => sameRecords(rdd.distinct(n), distinct(all), n),
  },
  {
    row: 'B.2 intersection',
    title: 'is one of each that both have',
    check: async ({ rdd, other, all, otherAll }) =>
      sameBag(
        await rdd.intersection(other).collect(),
        distinct(all).filter((x) => isAmong(otherAll, x)),
      ),
  },
  {
    row: 'B.2 intersection',
    title: 'takes a number of partitions',
    check: ({ rdd, other, all, otherAll, n }) =>
      sameRecords(
        rdd.intersection(other, n),
        distinct(all).filter((x) => isAmong(otherAll, x)),
        n,
      ),
  },
  {
    row: 'B.2 subtract',
    title: 'keeps what the other has not, duplicates too',
    check: async ({ rdd, other, all, otherAll }) =>
      sameBag(
        await rdd.subtract(other).collect(),
        all.filter((x) => !isAmong(otherAll, x)),
      ),
  },
  {
    row: 'B.2 subtract',
    title: 'takes a number of partitions; of itself it is empty',
    check: async ({ rdd, n }) => sameRecords(rdd.subtract(rdd, n), [], n),
  },
  {
    row: 'B.2 groupBy',
    title: 'puts all records of a key into one array',
    check: async ({ rdd, all, n }) => {
      const found = await rdd
        .groupBy((x) => weigh(x), n)
        .mapValues((group) => group.length)
        .collect();
      sameBag(
        found,
        grouped(all.map((x): Pair => [weigh(x), x])).map(([key, group]) => [key, group.length]),
      );
    },
  },
  {
    row: 'B.2 groupBy',
    title: 'loses no record',
    check: async ({ rdd, all, n }) =>
      sameBag(
        await rdd
          .groupBy((x) => [weigh(x) % 2, 'k'], n)
          .flatMap(([, group]) => group)
          .collect(),
        all,
      ),
  },
  {
    row: 'B.2 repartition',
    title: 'makes exactly n partitions and loses nothing',
    check: ({ rdd, all, n }) => sameRecords(rdd.repartition(n), all, n),
  },
  {
    row: 'B.2 repartition',
    title: 'spreads the records of each partition evenly',
    check: async ({ rdd, parts, n }) => {
      const sizes = (await rdd.repartition(n).glom().collect()).map((part) => part.length);
      const spread = Math.max(...sizes) - Math.min(...sizes);
      holds(spread <= Math.max(1, parts.length), `sizes ${sizes.join(' ')}`);
    },
  },
  {
    row: 'B.2 coalesce',
    title: 'with a shuffle may also make more partitions',
    check: ({ rdd, all, n }) => sameRecords(rdd.coalesce(n, true), all, n),
  },
  {
    row: 'B.2 sortBy',
    title: 'orders all records, ties as they were',
    needsOrder: true,
    check: async ({ rdd, all, n }) =>
      sameSequence(
        await rdd.sortBy((x) => x, true, n).collect(),
        sortedBy(all, (x) => x),
      ),
  },
  {
    row: 'B.2 sortBy',
    title: 'orders downwards',
    needsOrder: true,
    check: async ({ rdd, all, n }) =>
      sameSequence(
        await rdd.sortBy((x) => x, false, n).collect(),
        sortedBy(all, (x) => x, false),
      ),
  },
  {
    row: 'B.2 sortBy',
    title: 'by a computed key keeps the order of ties',
    check: async ({ rdd, all, n }) =>
      sameSequence(
        await rdd.sortBy((x) => weigh(x), true, n).collect(),
        sortedBy(all, (x) => weigh(x)),
      ),
  },
  {
    row: 'B.2 sortBy',
    title: 'gives every partition its range, at most n of them',
    needsOrder: true,
    check: async ({ rdd, n }) => {
      const found = (
        await rdd
          .sortBy((x) => x, true, n)
          .glom()
          .collect()
      ).filter((part) => part.length > 0);
      holds(found.length <= n, `${found.length} partitions of ${n}`);
      for (let i = 1; i < found.length; i += 1) {
        holds(orderOf(found[i - 1]!.at(-1), found[i]![0]) < 0, 'ranges that do not overlap');
      }
    },
  },
  {
    row: 'B.6 persist',
    title: 'a cached RDD answers the same again, and its children too',
    check: async ({ rdd, parts, all }) => {
      const kept = rdd.map((x) => [x]).cache();
      const expected = parts.map((part) => part.map((x) => [x]));
      await samePartitions(kept, expected);
      await samePartitions(kept, expected);
      sameSequence(await kept.map(([x]) => x).collect(), all);
      await kept.unpersist();
    },
  },
];

const actions: Claim[] = [
  {
    row: 'B.5 collect',
    title: 'is in partition order',
    check: async ({ rdd, all }) => sameSequence(await rdd.collect(), all),
  },
  {
    row: 'B.5 count',
    title: 'counts',
    check: async ({ rdd, all }) => same(await rdd.count(), all.length),
  },
  {
    row: 'B.5 first',
    title: 'is the first record past empty partitions, or says that there is none',
    check: async ({ rdd, all }) => {
      const found = await rdd.first().then(
        (value) => ({ value }),
        (error: unknown) => ({ code: codeOf(error) }),
      );
      same(found, all.length === 0 ? { code: 'EMPTY_RDD' } : { value: all[0] });
    },
  },
  {
    row: 'B.5 take',
    title: 'is the first n in partition order',
    check: async ({ rdd, all, n }) => sameSequence(await rdd.take(n), all.slice(0, n)),
  },
  {
    row: 'B.5 take',
    title: 'after sparse filters goes on to later partitions',
    check: async ({ rdd, all, n }) =>
      sameSequence(
        await rdd.filter((x) => isOdd(x)).take(n),
        all.filter((x) => isOdd(x)).slice(0, n),
      ),
  },
  {
    row: 'B.5 takeOrdered',
    title: 'is the n least, in order',
    needsOrder: true,
    check: async ({ rdd, all, n }) =>
      sameSequence(await rdd.takeOrdered(n), sortedBy(all, (x) => x).slice(0, n)),
  },
  {
    row: 'B.5 takeOrdered',
    title: 'by a key takes the first of equal ones',
    check: async ({ rdd, all, n }) =>
      sameSequence(
        await rdd.takeOrdered(n, (x) => weigh(x)),
        sortedBy(all, (x) => weigh(x)).slice(0, n),
      ),
  },
  {
    row: 'B.5 top',
    title: 'is the n greatest, from the greatest down',
    needsOrder: true,
    check: async ({ rdd, all, n }) =>
      sameBag(await rdd.top(n), sortedBy(all, (x) => x, false).slice(0, n)),
  },
  {
    row: 'B.5 takeSample',
    title: 'without replacement is n different records, or all',
    check: async ({ rdd, all, n, seed }) => {
      const positions = await rdd.zipWithIndex().values().takeSample(false, n, seed);
      same(positions.length, Math.min(n, all.length));
      same(new Set(positions).size, positions.length);
    },
  },
  {
    row: 'B.5 takeSample',
    title: 'with replacement is n records, the same for the same seed',
    check: async ({ rdd, all, n, seed }) => {
      const sample = await rdd.takeSample(true, n, seed);
      same(sample.length, all.length === 0 ? 0 : n);
      holds(
        sample.every((x) => isAmong(all, x)),
        'records of the RDD',
      );
      sameSequence(await rdd.takeSample(true, n, seed), sample);
    },
  },
  {
    row: 'B.5 isEmpty',
    title: 'says whether there is a record in any partition',
    check: async ({ rdd, all }) => same(await rdd.isEmpty(), all.length === 0),
  },
  {
    row: 'B.5 reduce',
    title: 'goes from left to right in partition order',
    check: async ({ rdd, all }) => {
      const texts = rdd.map((x) => `(${weigh(x)})`);
      const found = await texts.reduce((a, b) => a + b).catch(codeOf);
      same(found, all.length === 0 ? 'EMPTY_RDD' : all.map((x) => `(${weigh(x)})`).join(''));
    },
  },
  {
    row: 'B.5 fold',
    title: 'begins with zero in each partition and once more',
    check: async ({ rdd, parts }) =>
      same(
        await rdd.map((x) => String(weigh(x))).fold('0', (a, b) => `${a}+${b}`),
        ['0', ...parts.map((part) => ['0', ...part.map((x) => weigh(x))].join('+'))].join('+'),
      ),
  },
  {
    row: 'B.5 aggregate',
    title: 'gives each partition a zero of its own that may be changed',
    check: async ({ rdd, parts }) =>
      same(
        await rdd.aggregate(
          [[]] as unknown[][],
          (lists, x) => {
            lists.at(-1)!.push(x);
            return lists;
          },
          (a, b) => [...a, ...b],
        ),
        [[], ...parts],
      ),
  },
  {
    row: 'B.5 treeReduce',
    title: 'is reduce for every depth',
    check: async ({ rdd, all, n }) => {
      const found = await rdd
        .map((x) => `(${weigh(x)})`)
        .treeReduce((a, b) => a + b, n)
        .catch(codeOf);
      same(found, all.length === 0 ? 'EMPTY_RDD' : all.map((x) => `(${weigh(x)})`).join(''));
    },
  },
  {
    row: 'B.5 treeAggregate',
    title: 'is aggregate for every depth',
    check: async ({ rdd, all, n }) =>
      same(
        await rdd.treeAggregate(
          [] as unknown[],
          (list, x) => [...list, x],
          (a, b) => [...a, ...b],
          n,
        ),
        all,
      ),
  },
  {
    row: 'B.4 min max',
    title: 'are the ends of the total order',
    needsOrder: true,
    check: async ({ rdd, all }) => {
      if (all.length === 0) return;
      const order = sortedBy(all, (x) => x);
      sameBag([await rdd.min(), await rdd.max()], [order[0], order.at(-1)]);
    },
  },
  {
    row: 'B.4 min max',
    title: 'by a key are records with the least and the greatest one',
    check: async ({ rdd, all }) => {
      if (all.length === 0) return;
      const weights = all.map((x) => weigh(x));
      const least = await rdd.min((x) => weigh(x));
      const greatest = await rdd.max((x) => weigh(x));
      same([weigh(least), weigh(greatest)], [Math.min(...weights), Math.max(...weights)]);
      holds(isAmong(all, least) && isAmong(all, greatest), 'records of the RDD');
    },
  },
  {
    row: 'B.5 countByValue',
    title: 'counts by key equality, and answers by it',
    check: async ({ rdd, all }) => {
      const counts = await rdd.countByValue();
      sameBag(
        [...counts],
        grouped(all.map((x): Pair => [x, 1])).map(([x, ones]) => [x, ones.length]),
      );
      for (const x of all) {
        same(counts.get(x), all.filter((other) => textOf(other) === textOf(x)).length);
      }
    },
  },
  {
    row: 'B.4 countByValueApprox',
    title: 'is exact when all partitions end in time',
    check: async ({ rdd, all }) => {
      const approximate = await rdd.countByValueApprox(60_000);
      const counts = await approximate.final;
      sameBag(
        [...counts].map(([x, { mean }]) => [x, mean]),
        grouped(all.map((x): Pair => [x, 1])).map(([x, ones]) => [x, ones.length]),
      );
    },
  },
  {
    row: 'B.4 countApprox',
    title: 'is exact when all partitions end in time',
    check: async ({ rdd, all }) => {
      const { low, mean, high } = await (await rdd.countApprox(60_000)).final;
      same([low, mean, high], [all.length, all.length, all.length]);
    },
  },
  {
    row: 'B.4 countApproxDistinct',
    title: 'of few records is off by two at most',
    check: async ({ rdd, all }) => {
      const found = await rdd.countApproxDistinct(0.005);
      holds(Math.abs(found - distinct(all).length) <= 2, `${found} of ${distinct(all).length}`);
    },
  },
  {
    row: 'B.5 foreach',
    title: 'sees every record once',
    check: async ({ sc, rdd, all }) => {
      const seen = sc.collectionAccumulator<number>();
      await rdd.foreach((x) => {
        seen.add(weigh(x));
      });
      sameBag(
        seen.value,
        all.map((x) => weigh(x)),
      );
    },
  },
  {
    row: 'B.5 foreachPartition',
    title: 'is called once for each partition, empty ones too',
    check: async ({ sc, rdd, parts }) => {
      const sizes = sc.collectionAccumulator<number>();
      await rdd.foreachPartition((records) => {
        sizes.add(records.toArray().length);
      });
      sameBag(
        sizes.value,
        parts.map((part) => part.length),
      );
    },
  },
  {
    row: 'B.5 toLocalIterator',
    title: 'gives everything in order, with prefetch and without',
    check: async ({ rdd, all, n }) => {
      const found: unknown[] = [];
      for await (const x of rdd.toLocalIterator({ prefetch: n % 2 === 0 })) found.push(x);
      sameSequence(found, all);
    },
  },
  {
    row: 'B.1 runJob',
    title: 'runs the chosen partitions in the order that was asked for',
    check: async ({ sc, rdd, parts, n }) => {
      const chosen = parts.map((_, i) => (i * n) % parts.length);
      sameSequence(
        await sc.runJob(
          rdd,
          (records, context) => [context.partitionId, records.toArray()],
          chosen,
        ),
        chosen.map((index) => [index, parts[index]]),
      );
    },
  },
  {
    row: 'B.1 parallelize',
    title: 'slices evenly',
    check: ({ sc, all, n }) => samePartitions(sc.parallelize(all, n), slices(all, n)),
  },
];

interface Given {
  readonly first: Input;
  readonly second: Input;
  readonly n: number;
  readonly seed: number;
}

/** Claims about operators of any RDD, for each kind of records. */
export const recordProperties: readonly Property[] = Object.entries(recordKinds).flatMap(
  ([kind, { arbitrary, ordered }]) =>
    [...narrow, ...wide.map((claim) => ({ ...claim, isWide: true })), ...actions]
      .filter(({ needsOrder }) => ordered || needsOrder !== true)
      .map(({ row, title, isWide = false, check }: Claim) =>
        property<Given>(
          { row, title: `${title}: ${kind}`, isWide },
          fc.record({
            first: inputOf(arbitrary),
            second: inputOf(arbitrary),
            n: fc.integer({ min: 1, max: 5 }),
            seed: fc.integer({ min: 0, max: 2 ** 31 }),
          }),
          (sc, { first, second, n, seed }) =>
            check({
              sc,
              rdd: rddOf(sc, first),
              parts: first.parts,
              all: flat(first.parts),
              other: rddOf(sc, second),
              otherParts: second.parts,
              otherAll: flat(second.parts),
              n,
              seed,
            }),
        ),
      ),
);
