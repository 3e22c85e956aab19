import type { HeddleContext, It, RDD, StatCounter } from '../../src/index.js';
import { hasType, sameType } from './same-type.js';

/** Never called: its body is what the compiler checks. */
export function transformations(sc: HeddleContext, words: RDD<string>, numbers: RDD<number>): void {
  // Sources.
  sameType<ReturnType<typeof sc.textFile>, RDD<string>>(true);
  sameType<ReturnType<typeof sc.wholeTextFiles>, RDD<[string, string]>>(true);
  const listed = sc.parallelize([1, 2]);
  hasType<RDD<number>>()(listed, true);
  const fromSet = sc.parallelize(new Set(['a']));
  hasType<RDD<string>>()(fromSet, true);

  // An array literal of two becomes a pair, without a cast.
  const pairs = words.map((word) => [word, 1]);
  hasType<RDD<[string, number]>>()(pairs, true);
  const chosen = words.map((word) => (word === '' ? ['none', 0] : [word, 1]));
  hasType<RDD<[string, number]>>()(chosen, true);
  const fromFlatMap = words.flatMap((word) => [
    [word, 1],
    [word, 2],
  ]);
  hasType<RDD<[string, number]>>()(fromFlatMap, true);
  const fromGenerator = words.mapPartitions(function* (records) {
    for (const word of records) yield [word, word.length];
  });
  hasType<RDD<[string, number]>>()(fromGenerator, true);

  // Everything else keeps its type.
  const lengths = words.map((word) => word.length);
  hasType<RDD<number>>()(lengths, true);
  const split = words.map((word) => word.split(''));
  hasType<RDD<string[]>>()(split, true);
  const objects = words.map((word) => ({ word, marks: [1, 2] }));
  hasType<RDD<{ word: string; marks: number[] }>>()(objects, true);
  const nothing = words.map(() => undefined);
  hasType<RDD<undefined>>()(nothing, true);
  const parsed = words.map((word) => JSON.parse(word) as unknown);
  hasType<RDD<unknown>>()(parsed, true);
  const flat = words.flatMap((word) => word.split(' '));
  hasType<RDD<string>>()(flat, true);
  const characters = words.flatMap((word) => word);
  hasType<RDD<string>>()(characters, true);

  // Type guards narrow.
  const mixed = words as RDD<string | undefined>;
  const present = mixed.filter((word) => word !== undefined);
  hasType<RDD<string>>()(present, true);
  const truthy = numbers.filter((n) => n % 2);
  hasType<RDD<number>>()(truthy, true);

  // Partition functions get iterator objects with helpers.
  words.mapPartitions((records: It<string>) => records.filter(Boolean).map((word) => word.length));
  words.mapPartitionsWithIndex((index, records) => [`${index}: ${records.toArray().length}`]);

  const zipped = words.zipWithIndex();
  hasType<RDD<[string, number]>>()(zipped, true);
  const keyed = words.keyBy((word) => word.length);
  hasType<RDD<[number, string]>>()(keyed, true);
  const grouped = words.groupBy((word) => [word.length, word === '']);
  hasType<RDD<[[number, boolean], string[]]>>()(grouped, true);
  const glommed = words.glom();
  hasType<RDD<string[]>>()(glommed, true);
  const both = words.union(numbers);
  hasType<RDD<string | number>>()(both, true);
  const same = words.union(words);
  hasType<RDD<string>>()(same, true);
  const withEmpty = words.union(sc.emptyRDD());
  hasType<RDD<string>>()(withEmpty, true);
}

/** Never called. */
export function pairMethods(pairs: RDD<[string, number]>, names: RDD<[string, string]>): void {
  const summed = pairs.reduceByKey((a, b) => a + b);
  hasType<RDD<[string, number]>>()(summed, true);

  // Destructured tuples stay tuples in callbacks.
  const sumAndCount = pairs.mapValues((v) => [v, 1]);
  hasType<RDD<[string, [number, number]]>>()(sumAndCount, true);
  const means = sumAndCount
    .reduceByKey(([s1, c1], [s2, c2]) => [s1 + s2, c1 + c2])
    .mapValues(([s, c]) => s / c);
  hasType<RDD<[string, number]>>()(means, true);
  const aggregated = pairs.aggregateByKey(
    [0, 0],
    ([s, c], v) => [s + v, c + 1],
    ([s1, c1], [s2, c2]) => [s1 + s2, c1 + c2],
  );
  hasType<RDD<[string, [number, number]]>>()(aggregated, true);
  const sets = pairs.aggregateByKey(
    new Set<number>(),
    (set, v) => set.add(v),
    (a, b) => new Set([...a, ...b]),
  );
  hasType<RDD<[string, Set<number>]>>()(sets, true);
  const combined = pairs.combineByKey(
    (v): [number, number] => [v, 1],
    ([s, c], v) => [s + v, c + 1],
    ([s1, c1], [s2, c2]) => [s1 + s2, c1 + c2],
  );
  hasType<RDD<[string, [number, number]]>>()(combined, true);
  // Lists grow: the literal of a combiner stays an array, and so does one inside a pair.
  const lists = pairs.combineByKey(
    (v) => [v],
    (list, v) => [...list, v],
    (a, b) => [...a, ...b],
  );
  hasType<RDD<[string, number[]]>>()(lists, true);
  const merged = names.map(([k, v]) => [k, [v]]).reduceByKey((a, b) => [...a, ...b]);
  hasType<RDD<[string, string[]]>>()(merged, true);
  const folded = pairs.foldByKey(0, (a, b) => a + b);
  hasType<RDD<[string, number]>>()(folded, true);
  const swapped = pairs.map(([k, v]) => [v, k]).sortByKey(false);
  hasType<RDD<[number, string]>>()(swapped, true);

  const joined = pairs.join(names);
  hasType<RDD<[string, [number, string]]>>()(joined, true);
  const left = pairs.leftOuterJoin(names);
  hasType<RDD<[string, [number, string | undefined]]>>()(left, true);
  const right = pairs.rightOuterJoin(names);
  hasType<RDD<[string, [number | undefined, string]]>>()(right, true);
  const full = pairs.fullOuterJoin(names);
  hasType<RDD<[string, [number | undefined, string | undefined]]>>()(full, true);
  const grouped = pairs.cogroup(names, pairs, 3);
  hasType<RDD<[string, [number[], string[], number[]]]>>()(grouped, true);
  const groups = pairs.groupByKey();
  hasType<RDD<[string, number[]]>>()(groups, true);
  const streamed = pairs.flatMapGroups(function* (key, values) {
    for (const v of values) yield [key, v];
  });
  hasType<RDD<[string, number]>>()(streamed, true);
  const values = pairs.flatMapValues((v) => [v, v]);
  hasType<RDD<[string, number]>>()(values, true);

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
  hasType<number>()(total, true);
  const exact = await numbers.map((n) => BigInt(n)).sum();
  hasType<bigint>()(exact, true);
  const stats = await numbers.stats();
  hasType<StatCounter>()(stats, true);
  const map = await pairs.collectAsMap();
  hasType<Map<string, number>>()(map, true);
  const counts = await pairs.countByKey();
  hasType<Map<string, number>>()(counts, true);
  const byValue = await words.countByValue();
  hasType<Map<string, number>>()(byValue, true);
  const found = await pairs.lookup('a');
  hasType<number[]>()(found, true);
  const meanParts = await numbers.aggregate(
    [0, 0],
    ([s, c], x) => [s + x, c + 1],
    (a, b) => [a[0] + b[0], a[1] + b[1]],
  );
  hasType<[number, number]>()(meanParts, true);
  const text = await numbers.aggregate(
    '',
    (s, x) => `${s}${x}`,
    (a, b) => a + b,
  );
  hasType<string>()(text, true);
  const { signal } = new AbortController();
  await words.takeOrdered(3, { signal });
  await words.takeOrdered(3, (word) => word.length, { signal });
  const sizes = await sc.runJob(words, (records, context) => [
    context.partitionId,
    records.toArray().length,
  ]);
  hasType<number[][]>()(sizes, true);
  for await (const word of words.toLocalIterator({ prefetch: true })) {
    hasType<string>()(word, true);
  }
  await using scoped = sc;
  hasType<HeddleContext>()(scoped, true);

  const rows = sc.accumulator(0, 'rows');
  rows.add(1);
  const set = sc.accumulator({
    zero: new Set<string>(),
    add: (s: Set<string>, v: string) => s.add(v),
    merge: (a: Set<string>, b: Set<string>) => new Set([...a, ...b]),
  });
  hasType<Set<string>>()(set.value, true);
  // @ts-expect-error an accumulator of strings adds strings
  set.add(1);
  const list = sc.collectionAccumulator<string>();
  hasType<string[]>()(list.value, true);
  const stop = sc.broadcast(new Set(['a']));
  hasType<Set<string>>()(stop.value, true);
}
