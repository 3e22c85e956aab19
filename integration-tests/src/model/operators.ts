import type { RDD } from 'heddle';

export type Pairs = RDD<[number, number]>;

/** A transformation as the rules for every operator see it. */
export interface OperatorCase {
  /** Row of the API's table. */
  readonly row: string;
  /** The method, as lineages name it. */
  readonly name: string;
  apply(rdd: Pairs): RDD<unknown>;
  /** The same with a function that throws at a record; left out where there is no function of the user. */
  fail?(rdd: Pairs): RDD<unknown>;
  /** Partitions of the result for a parent with so many; left out where a sort decides it. */
  partitions?(parent: number): number;
  /** What becomes of the partitioner of a parent with 4 partitions. */
  readonly partitioner: 'kept' | 'dropped' | 'own';
  /** Narrow steps read no more of their parent than an action needs. */
  readonly isNarrow: boolean;
  /** Needs pairs: other records are an error of the task. */
  readonly needsPairs?: boolean;
  /** Records of the result for three empty partitions. @default none */
  readonly ofEmptyPartitions?: number;
}

const asIs = (parent: number): number => parent;
const three = (): number => 3;

/** Throws, as functions of users do. */
export function bad(): never {
  throw new RangeError('a bad record');
}

const narrow = (
  row: string,
  name: string,
  apply: OperatorCase['apply'],
  more: Partial<OperatorCase> = {},
): OperatorCase => ({
  row: `${row} ${name}`,
  name,
  apply,
  partitions: asIs,
  partitioner: 'dropped',
  isNarrow: true,
  ...more,
});

const wide = (
  row: string,
  name: string,
  apply: OperatorCase['apply'],
  more: Partial<OperatorCase> = {},
): OperatorCase => ({
  row: `${row} ${name}`,
  name,
  apply,
  partitions: three,
  partitioner: 'own',
  isNarrow: false,
  ...more,
});

const pairs = { needsPairs: true } as const;
const kept = { partitioner: 'kept' } as const;

/** Every transformation. */
export const operators: readonly OperatorCase[] = [
  narrow('B.2', 'map', (r) => r.map((x) => x), { fail: (r) => r.map(() => bad()) }),
  narrow('B.2', 'mapAsync', (r) => r.mapAsync((x) => Promise.resolve(x)), {
    fail: (r) => r.mapAsync(() => bad()),
  }),
  narrow('B.2', 'filter', (r) => r.filter(() => true), {
    ...kept,
    fail: (r) => r.filter(() => bad()),
  }),
  narrow('B.2', 'flatMap', (r) => r.flatMap((x) => [x, x]), {
    fail: (r) => r.flatMap(() => bad()),
  }),
  narrow('B.2', 'mapPartitions', (r) => r.mapPartitions((records) => records), {
    fail: (r) => r.mapPartitions((records) => records.map(() => bad())),
  }),
  narrow(
    'B.2',
    'mapPartitionsWithIndex',
    (r) => r.mapPartitionsWithIndex((_, records) => records),
    {
      fail: (r) => r.mapPartitionsWithIndex(() => bad()),
    },
  ),
  narrow('B.2', 'glom', (r) => r.glom(), { ofEmptyPartitions: 3 }),
  narrow('B.2', 'keyBy', (r) => r.keyBy(([, v]) => v), { fail: (r) => r.keyBy(() => bad()) }),
  narrow('B.2', 'sample', (r) => r.sample(false, 0.9, 1), kept),
  narrow('B.2', 'randomSplit', (r) => r.randomSplit([9, 1], 1)[0]!, kept),
  narrow('B.2', 'union', (r) => r.union(r.map((x) => x)), { partitions: (n) => 2 * n }),
  narrow('B.2', 'cartesian', (r) => r.cartesian(r), { partitions: (n) => n * n }),
  narrow('B.2', 'zip', (r) => r.zip(r)),
  narrow('B.2', 'zipPartitions', (r) => r.zipPartitions(r, (a) => a), {
    fail: (r) => r.zipPartitions(r, () => bad()),
  }),
  narrow('B.2', 'zipWithIndex', (r) => r.zipWithIndex()),
  narrow('B.2', 'zipWithUniqueId', (r) => r.zipWithUniqueId()),
  narrow('B.2', 'coalesce', (r) => r.coalesce(2), { partitions: (n) => Math.min(2, n) }),
  narrow('B.2', 'pipe', (r) => r.pipe('cat')),
  wide('B.2', 'distinct', (r) => r.distinct(3), { partitioner: 'dropped' }),
  wide('B.2', 'intersection', (r) => r.intersection(r, 3), { partitioner: 'dropped' }),
  wide('B.2', 'subtract', (r) => r.subtract(r, 3), { partitioner: 'dropped' }),
  wide('B.2', 'groupBy', (r) => r.groupBy(([k]) => k, 3), {
    fail: (r) => r.groupBy(() => bad(), 3),
  }),
  wide('B.2', 'sortBy', (r) => r.sortBy(([, v]) => -v, true, 3), {
    partitioner: 'dropped',
    fail: (r) => r.sortBy(() => bad(), true, 3),
  }),
  wide('B.2', 'repartition', (r) => r.repartition(3), { partitioner: 'dropped' }),
  wide(
    'B.2',
    'repartitionAndSortWithinPartitions',
    (r) => r.repartitionAndSortWithinPartitions(3),
    { ...pairs, fail: (r) => r.repartitionAndSortWithinPartitions(3, () => bad()) },
  ),
  narrow('B.3', 'keys', (r) => r.keys(), { row: 'B.3 keys values', ...pairs }),
  narrow('B.3', 'values', (r) => r.values(), { row: 'B.3 keys values', ...pairs }),
  narrow('B.3', 'mapValues', (r) => r.mapValues((v) => v), {
    ...kept,
    ...pairs,
    fail: (r) => r.mapValues(() => bad()),
  }),
  narrow('B.3', 'flatMapValues', (r) => r.flatMapValues((v) => [v]), {
    ...kept,
    ...pairs,
    fail: (r) => r.flatMapValues(() => bad()),
  }),
  narrow(
    'B.3',
    'sampleByKey',
    (r) =>
      r.sampleByKey(
        false,
        new Map([
          [0, 1],
          [1, 1],
          [2, 1],
        ]),
        1,
      ),
    {
      ...kept,
      ...pairs,
    },
  ),
  narrow('B.3', 'filterByRange', (r) => r.filterByRange(0, 9), { ...kept, ...pairs }),
  wide('B.3', 'partitionBy', (r) => r.partitionBy(3), {
    ...pairs,
    fail: (r) => r.partitionBy(3, () => bad()),
  }),
  wide('B.3', 'reduceByKey', (r) => r.reduceByKey((a, b) => a + b, 3), {
    ...pairs,
    fail: (r) => r.reduceByKey(() => bad(), 3),
  }),
  wide('B.3', 'foldByKey', (r) => r.foldByKey(0, (a, b) => a + b, 3), {
    ...pairs,
    fail: (r) => r.foldByKey(0, () => bad(), 3),
  }),
  wide(
    'B.3',
    'aggregateByKey',
    (r) =>
      r.aggregateByKey(
        0,
        (a, b) => a + b,
        (a, b) => a + b,
        3,
      ),
    {
      ...pairs,
      fail: (r) =>
        r.aggregateByKey<number, number, number>(
          0,
          () => bad(),
          (a) => a,
          3,
        ),
    },
  ),
  wide(
    'B.3',
    'combineByKey',
    (r) =>
      r.combineByKey(
        (v) => v,
        (a, b) => a + b,
        (a, b) => a + b,
        3,
      ),
    {
      ...pairs,
      fail: (r) =>
        r.combineByKey<number, number, number>(
          () => bad(),
          () => 0,
          () => 0,
          3,
        ),
    },
  ),
  wide('B.3', 'groupByKey', (r) => r.groupByKey(3), pairs),
  wide('B.3', 'flatMapGroups', (r) => r.flatMapGroups((k) => [k], 3), {
    ...pairs,
    partitioner: 'dropped',
    fail: (r) => r.flatMapGroups(() => bad(), 3),
  }),
  wide('B.3', 'cogroup', (r) => r.cogroup(r, 3), pairs),
  wide('B.3', 'join', (r) => r.join(r, 3), pairs),
  wide('B.3', 'leftOuterJoin', (r) => r.leftOuterJoin(r, 3), pairs),
  wide('B.3', 'rightOuterJoin', (r) => r.rightOuterJoin(r, 3), pairs),
  wide('B.3', 'fullOuterJoin', (r) => r.fullOuterJoin(r, 3), pairs),
  wide('B.3', 'subtractByKey', (r) => r.subtractByKey(r, 3), pairs),
  wide('B.3', 'intersectByKey', (r) => r.intersectByKey(r, 3), pairs),
  wide('B.3', 'sortByKey', (r) => r.sortByKey(true, 3), {
    ...pairs,
    fail: (r) => r.sortByKey(true, 3, () => bad()),
  }),
  wide('B.3', 'countApproxDistinctByKey', (r) => r.countApproxDistinctByKey(0.05, 3), pairs),
];
