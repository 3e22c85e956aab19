import type { HeddleContext, It, RDD, StatCounter } from '../../src/index.js';
import { sameType } from './same-type.js';

/** Never called: its body is what the compiler checks. */
export function transformations(sc: HeddleContext, words: RDD<string>, numbers: RDD<number>): void {
  // Sources.
  sameType<ReturnType<typeof sc.textFile>, RDD<string>>(true);
  sameType<ReturnType<typeof sc.wholeTextFiles>, RDD<[string, string]>>(true);
  const listed = sc.parallelize([1, 2]);
  sameType<typeof listed, RDD<number>>(true);
  const fromSet = sc.parallelize(new Set(['a']));
  sameType<typeof fromSet, RDD<string>>(true);

  // An array literal of two becomes a pair, without a cast.
  const pairs = words.map((word) => [word, 1]);
  sameType<typeof pairs, RDD<[string, number]>>(true);
  const chosen = words.map((word) => (word === '' ? ['none', 0] : [word, 1]));
  sameType<typeof chosen, RDD<[string, number]>>(true);
  const fromFlatMap = words.flatMap((word) => [
    [word, 1],
    [word, 2],
  ]);
  sameType<typeof fromFlatMap, RDD<[string, number]>>(true);
  const fromGenerator = words.mapPartitions(function* (records) {
    for (const word of records) yield [word, word.length];
  });
  sameType<typeof fromGenerator, RDD<[string, number]>>(true);

  // Everything else keeps its type.
  const lengths = words.map((word) => word.length);
  sameType<typeof lengths, RDD<number>>(true);
  const split = words.map((word) => word.split(''));
  sameType<typeof split, RDD<string[]>>(true);
  const objects = words.map((word) => ({ word, marks: [1, 2] }));
  sameType<typeof objects, RDD<{ word: string; marks: number[] }>>(true);
  const nothing = words.map(() => undefined);
  sameType<typeof nothing, RDD<undefined>>(true);
  const parsed = words.map((word) => JSON.parse(word) as unknown);
  sameType<typeof parsed, RDD<unknown>>(true);
  const flat = words.flatMap((word) => word.split(' '));
  sameType<typeof flat, RDD<string>>(true);
  const characters = words.flatMap((word) => word);
  sameType<typeof characters, RDD<string>>(true);

  // Type guards narrow.
  const mixed = words as RDD<string | undefined>;
  const present = mixed.filter((word) => word !== undefined);
  sameType<typeof present, RDD<string>>(true);
  const truthy = numbers.filter((n) => n % 2);
  sameType<typeof truthy, RDD<number>>(true);

  // Partition functions get iterator objects with helpers.
  words.mapPartitions((records: It<string>) => records.filter(Boolean).map((word) => word.length));
  words.mapPartitionsWithIndex((index, records) => [`${index}: ${records.toArray().length}`]);

  const zipped = words.zipWithIndex();
  sameType<typeof zipped, RDD<[string, number]>>(true);
  const keyed = words.keyBy((word) => word.length);
  sameType<typeof keyed, RDD<[number, string]>>(true);
  const grouped = words.groupBy((word) => [word.length, word === '']);
  sameType<typeof grouped, RDD<[[number, boolean], string[]]>>(true);
  const glommed = words.glom();
  sameType<typeof glommed, RDD<string[]>>(true);
  const both = words.union(numbers);
  sameType<typeof both, RDD<string | number>>(true);
  const same = words.union(words);
  sameType<typeof same, RDD<string>>(true);
  const withEmpty = words.union(sc.emptyRDD());
  sameType<typeof withEmpty, RDD<string>>(true);
}

/** Never called. */
export function pairMethods(pairs: RDD<[string, number]>, names: RDD<[string, string]>): void {
  const summed = pairs.reduceByKey((a, b) => a + b);
  sameType<typeof summed, RDD<[string, number]>>(true);

  // Destructured tuples stay tuples in callbacks.
  const sumAndCount = pairs.mapValues((v) => [v, 1]);
  sameType<typeof sumAndCount, RDD<[string, [number, number]]>>(true);
  const means = sumAndCount
    .reduceByKey(([s1, c1], [s2, c2]) => [s1 + s2, c1 + c2])
    .mapValues(([s, c]) => s / c);
  sameType<typeof means, RDD<[string, number]>>(true);
  const aggregated = pairs.aggregateByKey(
    [0, 0],
    ([s, c], v) => [s + v, c + 1],
    ([s1, c1], [s2, c2]) => [s1 + s2, c1 + c2],
  );
  sameType<typeof aggregated, RDD<[string, [number, number]]>>(true);
  const sets = pairs.aggregateByKey(
    new Set<number>(),
    (set, v) => set.add(v),
    (a, b) => new Set([...a, ...b]),
  );
  sameType<typeof sets, RDD<[string, Set<number>]>>(true);
  const combined = pairs.combineByKey(
    (v) => [v, 1],
    ([s, c], v) => [s + v, c + 1],
    ([s1, c1], [s2, c2]) => [s1 + s2, c1 + c2],
  );
  sameType<typeof combined, RDD<[string, [number, number]]>>(true);
  const folded = pairs.foldByKey(0, (a, b) => a + b);
  sameType<typeof folded, RDD<[string, number]>>(true);
  const swapped = pairs.map(([k, v]) => [v, k]).sortByKey(false);
  sameType<typeof swapped, RDD<[number, string]>>(true);

  const joined = pairs.join(names);
  sameType<typeof joined, RDD<[string, [number, string]]>>(true);
  const left = pairs.leftOuterJoin(names);
  sameType<typeof left, RDD<[string, [number, string | undefined]]>>(true);
  const right = pairs.rightOuterJoin(names);
  sameType<typeof right, RDD<[string, [number | undefined, string]]>>(true);
  const full = pairs.fullOuterJoin(names);
  sameType<typeof full, RDD<[string, [number | undefined, string | undefined]]>>(true);
  const grouped = pairs.cogroup(names, pairs, 3);
  sameType<typeof grouped, RDD<[string, [number[], string[], number[]]]>>(true);
  const groups = pairs.groupByKey();
  sameType<typeof groups, RDD<[string, number[]]>>(true);
  const streamed = pairs.flatMapGroups(function* (key, values) {
    for (const v of values) yield [key, v];
  });
  sameType<typeof streamed, RDD<[string, number]>>(true);
  const values = pairs.flatMapValues((v) => [v, v]);
  sameType<typeof values, RDD<[string, number]>>(true);

  // @ts-expect-error keys of a join have one type
  pairs.join(names.map(([k, v]) => [k.length, v]));
  // @ts-expect-error the merged value has the type of the values
  pairs.reduceByKey((a, b) => String(a + b));
  // @ts-expect-error a partitioner has no place in sortByKey
  pairs.sortByKey(true, { numPartitions: 2 });
}

/** Never called. */
export function refused(words: RDD<string>, pairs: RDD<[string, number]>): void {
  // @ts-expect-error pair methods exist on pairs only
  words.reduceByKey((a) => a);
  // @ts-expect-error pair methods exist on pairs only
  words.groupByKey();
  // @ts-expect-error pair methods exist on pairs only
  void words.countByKey();
  // @ts-expect-error numeric methods exist on numbers only
  void words.sum();
  // @ts-expect-error numeric methods exist on numbers only
  void pairs.stats();
  // @ts-expect-error there is no mean of bigints
  void (words as unknown as RDD<bigint>).mean();
}

/** Never called. */
export async function actions(
  sc: HeddleContext,
  words: RDD<string>,
  numbers: RDD<number>,
  pairs: RDD<[string, number]>,
): Promise<void> {
  sameType<Awaited<ReturnType<typeof words.collect>>, string[]>(true);
  const total = await numbers.sum();
  sameType<typeof total, number>(true);
  const exact = await numbers.map((n) => BigInt(n)).sum();
  sameType<typeof exact, bigint>(true);
  const stats = await numbers.stats();
  sameType<typeof stats, StatCounter>(true);
  const map = await pairs.collectAsMap();
  sameType<typeof map, Map<string, number>>(true);
  const counts = await pairs.countByKey();
  sameType<typeof counts, Map<string, number>>(true);
  const byValue = await words.countByValue();
  sameType<typeof byValue, Map<string, number>>(true);
  const found = await pairs.lookup('a');
  sameType<typeof found, number[]>(true);
  const meanParts = await numbers.aggregate(
    [0, 0],
    ([s, c], x) => [s + x, c + 1],
    (a, b) => [a[0] + b[0], a[1] + b[1]],
  );
  sameType<typeof meanParts, [number, number]>(true);
  const text = await numbers.aggregate('', (s, x) => s + x, (a, b) => a + b);
  sameType<typeof text, string>(true);
  const { signal } = new AbortController();
  await words.takeOrdered(3, { signal });
  await words.takeOrdered(3, (word) => word.length, { signal });
  const sizes = await sc.runJob(words, (records, context) => [context.partitionId, records.toArray().length]);
  sameType<typeof sizes, number[][]>(true);
  for await (const word of words.toLocalIterator({ prefetch: true })) {
    sameType<typeof word, string>(true);
  }
  await using scoped = sc;
  void scoped;

  const rows = sc.accumulator(0, 'rows');
  rows.add(1);
  const set = sc.accumulator({
    zero: new Set<string>(),
    add: (s: Set<string>, v: string) => s.add(v),
    merge: (a: Set<string>, b: Set<string>) => new Set([...a, ...b]),
  });
  sameType<typeof set.value, Set<string>>(true);
  // @ts-expect-error an accumulator of strings adds strings
  set.add(1);
  const list = sc.collectionAccumulator<string>();
  sameType<typeof list.value, string[]>(true);
  const stop = sc.broadcast(new Set(['a']));
  sameType<typeof stop.value, Set<string>>(true);
}
