import type { BoundedValue, HeddleContext, PartialResult, RDD } from '../../src/index.js';
import { hasType } from './same-type.js';

/** Never called: methods without annotations have these types. Those of `rdd.types.ts` are not repeated. */
export function ofTransformations(
  words: RDD<string>,
  numbers: RDD<number>,
  pairs: RDD<[string, number]>,
): void {
  const awaited = words.mapAsync(async (word) => await Promise.resolve(word.length));
  hasType<RDD<number>>()(awaited, true);
  const awaitedPairs = words.mapAsync((word) => Promise.resolve([word, 1] as [string, number]));
  hasType<RDD<[string, number]>>()(awaitedPairs, true);
  hasType<RDD<[string, number]>>()(words.cartesian(numbers), true);
  hasType<RDD<[string, number]>>()(words.zip(numbers), true);
  const sides = words.zipPartitions(numbers, pairs, function* (a, b, c) {
    for (const word of a) yield word;
    for (const n of b) yield n;
    for (const [, n] of c) yield n;
  });
  hasType<RDD<string | number>>()(sides, true);
  hasType<RDD<[string, number]>>()(words.zipWithUniqueId(), true);
  hasType<RDD<string>>()(words.sample(false, 0.5), true);
  hasType<RDD<string>[]>()(words.randomSplit([1, 2]), true);
  hasType<RDD<string>>()(words.distinct().intersection(words).subtract(words), true);
  hasType<RDD<string>>()(
    words
      .sortBy((word) => word.length)
      .coalesce(2)
      .repartition(3),
    true,
  );
  hasType<RDD<string>>()(numbers.pipe('cat'), true);
  hasType<RDD<string>>()(pairs.keys(), true);
  hasType<RDD<number>>()(pairs.values(), true);
  hasType<RDD<[string, number]>>()(pairs.partitionBy(2), true);
  hasType<RDD<[string, number]>>()(pairs.subtractByKey(pairs), true);
  hasType<RDD<[string, number]>>()(pairs.intersectByKey(pairs), true);
  hasType<RDD<[string, number]>>()(pairs.sampleByKey(false, { a: 0.5 }), true);
  hasType<RDD<[string, number]>>()(pairs.sampleByKeyExact(false, new Map([['a', 1]])), true);
  hasType<RDD<[string, number]>>()(pairs.filterByRange('a', 'b'), true);
  hasType<RDD<[string, number]>>()(pairs.repartitionAndSortWithinPartitions(2), true);
  hasType<RDD<[string, number]>>()(pairs.countApproxDistinctByKey(), true);
  hasType<RDD<[string, [number[], number[]]]>>()(pairs.groupWith(pairs), true);
}

/** Never called: pairs that a function makes by `map` of its own are pairs too. */
export function ofInnerPairs(words: RDD<string>, pairs: RDD<[string, number]>): void {
  type Counts = RDD<[string, number]>;
  const letters = words.flatMap((word) => word.split('').map((letter) => [letter, word.length]));
  hasType<Counts>()(letters, true);
  hasType<Counts>()(
    letters.reduceByKey((a, b) => a + b),
    true,
  );
  const copies = words.flatMap((word) => Array.from({ length: 3 }, (_, i) => [word, i]));
  hasType<Counts>()(copies, true);
  hasType<Counts>()(
    words.flatMap((word) => (word === '' ? [] : [[word, 1]])),
    true,
  );
  hasType<RDD<string>>()(
    words.flatMap((word) => word),
    true,
  );
  hasType<RDD<string[]>>()(
    words.flatMap((line) => line.split(';').map((part) => part.split(','))),
    true,
  );
  hasType<Counts>()(
    words.mapPartitions((it) => it.map((word) => [word, 1])),
    true,
  );
  hasType<RDD<[number, string]>>()(
    words.mapPartitionsWithIndex((index, it) => it.map((word) => [index, word])),
    true,
  );
  hasType<RDD<number>>()(
    words.mapPartitions((it) => it.map((word) => word.length)),
    true,
  );
  hasType<RDD<[string, [number, string]]>>()(
    pairs.flatMapValues((n) => ['a', 'b'].map((text) => [n, text])),
    true,
  );
  hasType<RDD<[string, string]>>()(
    pairs.flatMapValues((n) => ['a'.repeat(n)]),
    true,
  );
  hasType<Counts>()(
    pairs.flatMapGroups((key, values) => values.map((n) => [key, n])),
    true,
  );
  hasType<Counts>()(
    words.zipPartitions(pairs, (a, b) => b.map(([key, n]) => [key, n + a.toArray().length])),
    true,
  );
}

/** Never called. */
export async function ofActions(
  sc: HeddleContext,
  words: RDD<string>,
  numbers: RDD<number>,
  pairs: RDD<[string, number]>,
): Promise<void> {
  hasType<string>()(await words.first(), true);
  hasType<string[]>()(await words.take(3), true);
  hasType<string[]>()(await words.top(3, (word) => word.length), true);
  hasType<string[]>()(await words.takeSample(false, 3), true);
  hasType<string>()(await words.min(), true);
  hasType<string>()(await words.reduce((a, b) => a + b), true);
  hasType<string>()(await words.fold('', (a, b) => a + b), true);
  hasType<string>()(await words.treeReduce((a, b) => a + b), true);
  const length = await words.treeAggregate(
    0,
    (n, word) => n + word.length,
    (a, b) => a + b,
  );
  hasType<number>()(length, true);
  hasType<[number[], number[]]>()(await numbers.histogram(3), true);
  hasType<PartialResult<BoundedValue>>()(await numbers.sumApprox(10), true);
  hasType<PartialResult<Map<string, BoundedValue>>>()(await words.countByValueApprox(10), true);
  hasType<Map<string, number>>()(await pairs.reduceByKeyLocally((a, b) => a + b), true);
  hasType<boolean>()(await words.isEmpty(), true);
  hasType<RDD<[string, Uint8Array]>>()(sc.binaryFiles('/in'), true);
  hasType<RDD<string | number>>()(sc.union<string | number>([words, numbers]), true);
}
