import type { HeddleContext, RDD } from '../../src/index.js';

/**
 * Never called: each line below must not compile. The build checks it; a line that compiles is an
 * error of its own (an unused `@ts-expect-error`).
 */
export function onPairsOnly(words: RDD<string>, other: RDD<[string, number]>): void {
  // @ts-expect-error pairs only
  words.keys();
  // @ts-expect-error pairs only
  words.values();
  // @ts-expect-error pairs only
  words.mapValues((v) => v);
  // @ts-expect-error pairs only
  words.flatMapValues((v) => [v]);
  // @ts-expect-error pairs only
  words.partitionBy(2);
  // @ts-expect-error pairs only
  words.foldByKey(0, () => 0);
  // @ts-expect-error pairs only
  words.aggregateByKey(
    0,
    () => 0,
    () => 0,
  );
  // @ts-expect-error pairs only
  words.combineByKey(
    () => 0,
    () => 0,
    () => 0,
  );
  // @ts-expect-error pairs only
  words.flatMapGroups(() => []);
  // @ts-expect-error pairs only
  words.join(other);
  // @ts-expect-error pairs only
  words.leftOuterJoin(other);
  // @ts-expect-error pairs only
  words.rightOuterJoin(other);
  // @ts-expect-error pairs only
  words.fullOuterJoin(other);
  // @ts-expect-error pairs only
  words.cogroup(other);
  // @ts-expect-error pairs only
  words.groupWith(other);
  // @ts-expect-error pairs only
  words.subtractByKey(other);
  // @ts-expect-error pairs only
  words.intersectByKey(other);
  // @ts-expect-error pairs only
  words.sampleByKey(false, { a: 1 });
  // @ts-expect-error pairs only
  words.sampleByKeyExact(false, { a: 1 });
  // @ts-expect-error pairs only
  words.sortByKey();
  // @ts-expect-error pairs only
  words.filterByRange('a', 'b');
  // @ts-expect-error pairs only
  words.repartitionAndSortWithinPartitions(2);
  // @ts-expect-error pairs only
  words.countApproxDistinctByKey();
  // @ts-expect-error pairs only
  void words.collectAsMap();
  // @ts-expect-error pairs only
  void words.reduceByKeyLocally((a) => a);
  // @ts-expect-error pairs only
  void words.lookup('a');
  // @ts-expect-error triples are no pairs
  (words as unknown as RDD<[string, number, number]>).groupByKey();
}

/** Never called. */
export function onNumbersOnly(words: RDD<string>, big: RDD<bigint>): void {
  // @ts-expect-error numbers only
  void words.mean();
  // @ts-expect-error numbers only
  void words.variance();
  // @ts-expect-error numbers only
  void words.stdev();
  // @ts-expect-error numbers only
  void words.sampleVariance();
  // @ts-expect-error numbers only
  void words.sampleStdev();
  // @ts-expect-error numbers only
  void words.popVariance();
  // @ts-expect-error numbers only
  void words.popStdev();
  // @ts-expect-error numbers only
  void words.histogram(3);
  // @ts-expect-error numbers only
  void words.sumApprox(10);
  // @ts-expect-error numbers only
  void words.meanApprox(10);
  // @ts-expect-error bigints have a sum, and no statistics
  void big.stats();
  // @ts-expect-error bigints have a sum, and no histogram
  void big.histogram(3);
}

/** Never called. */
export function wrongArguments(
  sc: HeddleContext,
  words: RDD<string>,
  pairs: RDD<[string, number]>,
): void {
  // @ts-expect-error mapAsync takes functions that give promises
  words.mapAsync((word) => word);
  // @ts-expect-error flatMap takes functions that give iterables
  words.flatMap((word) => word.length);
  // @ts-expect-error the merged value has the type of the records
  void words.reduce((a, b) => a.length + b.length);
  // @ts-expect-error zero has the type of the values
  pairs.foldByKey('', (a) => a);
  // @ts-expect-error both sides of an intersection hold the same records
  words.intersection(pairs);
  // @ts-expect-error both sides of a subtraction hold the same records
  words.subtract(pairs);
  // @ts-expect-error a key of another type is never there
  void pairs.lookup(1);
  // @ts-expect-error ends of a range are keys
  pairs.filterByRange(1, 2);
  // @ts-expect-error a function gets records of this RDD
  words.map((n: number) => n);
  // @ts-expect-error a filter gets records of this RDD
  pairs.filter((word: string) => word !== '');
  // @ts-expect-error records have one type for the function of a job
  void sc.runJob(words, (records: Iterable<number>) => records);
  // @ts-expect-error codecs have names
  void words.saveAsTextFile('/out', { codec: 'rar' });
  // @ts-expect-error zipPartitions ends in a function
  words.zipPartitions(pairs);
  // @ts-expect-error weights are numbers
  words.randomSplit(['1', '2']);
  // @ts-expect-error levels are constants of StorageLevel
  words.persist('MEMORY_ONLY');
}
