import { expect } from 'chai';
import fc from 'fast-check';
import {
  compareKeys,
  encodeValue,
  hashKey,
  KeyMap,
  partitionOfHash,
  plainCodeTable,
  type AggregatorSpec,
  type JoinType,
  type ShuffleWriteSpec,
} from 'heddle/internal';
import {
  reduceAll,
  Roots,
  sourceOf,
  useLocalDirectory,
  writeShuffle,
  type Pair,
} from './test-environment.js';

const REDUCERS = 3;
const AMPLE = 64 * 1024 * 1024;
/** A few hundred records spill a few times. */
const SMALL = 16.5 * 1024;
/** Less than an empty table takes: every look at the size spills, so that merges need several passes. */
const TINY = 11 * 1024;

const hashSpec = (shuffleId: number, more: Partial<ShuffleWriteSpec> = {}): ShuffleWriteSpec => ({
  shuffleId,
  partitioner: { kind: 'hash', numPartitions: REDUCERS },
  mapSideCombine: false,
  keyed: true,
  ...more,
});

/** Keys of every kind, few enough that they repeat. */
const key = fc.oneof(
  { weight: 4, arbitrary: fc.integer({ min: -20, max: 20 }) },
  { weight: 4, arbitrary: fc.constantFrom('a', 'b', 'word', 'ключ', '𝒳', '') },
  { weight: 4, arbitrary: fc.integer({ min: -300, max: 300 }) },
  { weight: 3, arbitrary: fc.string({ minLength: 20, maxLength: 60 }) },
  fc.constantFrom(null, undefined, true, NaN, 1n, 0.5, [1, 'a'], [1, 'b'], { x: 1 }, new Date(5)),
);
const value = fc.oneof(
  fc.integer(),
  fc.string({ maxLength: 12 }),
  fc.constantFrom(null, undefined, 2.5),
  fc.record({ n: fc.integer(), t: fc.string({ maxLength: 5 }) }),
);
const number = fc.integer({ min: -1000, max: 1000 });

/**
 * Records that each map partition has besides the random ones: so many long keys, no two the same,
 * that every reducer has to spill, whatever was drawn.
 */
function ballast(map: number, budget: number): Pair[] {
  const length = budget === AMPLE ? 0 : budget === SMALL ? 300 : 60;
  return Array.from({ length }, (_, i) => [`${'ballast '.repeat(7)}${map}.${i}`, i]);
}

/** Records of up to four map partitions; they spill when the budget is small. */
function mapsOf(of: fc.Arbitrary<unknown>, budget: number): fc.Arbitrary<Pair[][]> {
  const length = {
    minLength: budget === AMPLE ? 0 : 30,
    maxLength: budget === AMPLE ? 60 : 100,
    size: 'max' as const,
  };
  const maps = fc.array(fc.array(fc.tuple(key, of), length), {
    minLength: budget === AMPLE ? 1 : 3,
    maxLength: 4,
  });
  return maps.map((drawn) =>
    drawn.map((records, map): Pair[] => [...records, ...ballast(map, budget)]),
  );
}

const partitionOf = (k: unknown): number => partitionOfHash(hashKey(k), REDUCERS);

/** Values of each key in map order, for one reducer or all. */
function groupsOf(records: readonly Pair[][]): KeyMap<unknown, unknown[]> {
  const groups = new KeyMap<unknown, unknown[]>();
  for (const [k, v] of records.flat()) {
    const group = groups.get(k);
    if (group === undefined) {
      groups.set(k, [v]);
    } else {
      group.push(v);
    }
  }
  return groups;
}

const byKey = (records: readonly unknown[]): Pair[] =>
  [...(records as Pair[])].sort((a, b) => compareKeys(a[0], b[0]));

describe('shuffle operators against plain oracles', () => {
  const local = useLocalDirectory();

  for (const budget of [AMPLE, SMALL, TINY]) {
    const memory = budget === AMPLE ? 'in memory' : `spilling beyond ${budget} bytes`;
    const numRuns = budget === AMPLE ? 15 : 2;
    const maps = mapsOf(value, budget);
    const numberMaps = mapsOf(number, budget);
    /** Spills of a test's reduce sides; undefined when nothing in it can spill. */
    let allSpills: number | undefined;
    const countSpills = (spills: number): void => {
      allSpills = (allSpills ?? 0) + spills;
    };
    beforeEach(() => {
      allSpills = undefined;
    });
    afterEach(() => {
      if (allSpills !== undefined) {
        expect(allSpills > 0, `${allSpills} spills`).to.equal(budget !== AMPLE);
      }
    });
    const options = (roots?: Roots) => ({
      directories: [local.path],
      memoryBudgetBytes: budget,
      ...(roots !== undefined ? { roots } : {}),
    });

    it(`A-152 partitionBy keeps each pair, in map order, in its key's partition (${memory})`, () => {
      fc.assert(
        fc.property(maps, (records) => {
          const spec = hashSpec(1);
          const { input } = writeShuffle(spec, records, options());
          const { partitions } = reduceAll(
            { kind: 'shuffleRead', shuffleId: 1, keyed: true },
            [input],
            options(),
          );
          partitions.forEach((partition, p) =>
            expect(partition).to.deep.equal(records.flat().filter(([k]) => partitionOf(k) === p)),
          );
        }),
        { numRuns, endOnFailure: true },
      );
    });

    it(`B.3 groupByKey gives every key once with its values in map order (${memory})`, () => {
      fc.assert(
        fc.property(maps, (records) => {
          const { input } = writeShuffle(hashSpec(1), records, options());
          const { partitions, spills } = reduceAll(
            {
              kind: 'shuffleCombine',
              shuffleId: 1,
              aggregator: { kind: 'group' },
              mapSideCombined: false,
            },
            [input],
            options(),
          );
          countSpills(spills);
          partitions.forEach((partition) =>
            (partition as Pair[]).forEach(([k]) =>
              expect(partition).to.equal(partitions[partitionOf(k)]),
            ),
          );
          expect(byKey(partitions.flat())).to.deep.equal(byKey([...groupsOf(records)]));
        }),
        { numRuns, endOnFailure: true },
      );
    });

    for (const mapSideCombine of [true, false]) {
      it(`B.3 reduceByKey adds up (${memory}, map-side combine ${mapSideCombine})`, () => {
        fc.assert(
          fc.property(numberMaps, (records) => {
            const roots = new Roots();
            const aggregator: AggregatorSpec = {
              kind: 'reduce',
              merge: roots.add((a: number, b: number) => a + b),
            };
            const spec = hashSpec(1, { aggregator, mapSideCombine });
            const { input } = writeShuffle(spec, records, options(roots));
            const { partitions, spills } = reduceAll(
              { kind: 'shuffleCombine', shuffleId: 1, aggregator, mapSideCombined: mapSideCombine },
              [input],
              options(roots),
            );
            countSpills(spills);
            const expected = [...groupsOf(records)].map(([k, vs]): Pair => [
              k,
              (vs as number[]).reduce((a, b) => a + b),
            ]);
            expect(byKey(partitions.flat())).to.deep.equal(byKey(expected));
          }),
          { numRuns, endOnFailure: true },
        );
      });
    }

    it(`B.3 aggregateByKey starts each key from a zero of its own (${memory})`, () => {
      fc.assert(
        fc.property(maps, (records) => {
          const roots = new Roots();
          const append = (list: unknown[], x: unknown): unknown[] => {
            list.push(x);
            return list;
          };
          const aggregator: AggregatorSpec = {
            kind: 'aggregate',
            zero: roots.add([]),
            seqOp: roots.add(append),
            combOp: roots.add((a: unknown[], b: unknown[]) => {
              a.push(...b);
              return a;
            }),
          };
          const spec = hashSpec(1, { aggregator, mapSideCombine: true });
          const { input } = writeShuffle(spec, records, options(roots));
          const { partitions, spills } = reduceAll(
            { kind: 'shuffleCombine', shuffleId: 1, aggregator, mapSideCombined: true },
            [input],
            options(roots),
          );
          countSpills(spills);
          expect(byKey(partitions.flat())).to.deep.equal(byKey([...groupsOf(records)]));
        }),
        { numRuns, endOnFailure: true },
      );
    });

    it(`B.2 distinct yields each key once, alone (${memory})`, () => {
      // Nulls take next to nothing.
      const tight = () => ({
        ...options(),
        memoryBudgetBytes: budget === AMPLE ? AMPLE : 10 * 1024,
      });
      fc.assert(
        fc.property(maps, (records) => {
          const pairs = records.map((part) => part.map(([k]): Pair => [k, null]));
          const aggregator: AggregatorSpec = { kind: 'distinct' };
          const spec = hashSpec(1, { aggregator, mapSideCombine: true });
          const { input, spills: mapSpills } = writeShuffle(spec, pairs, tight());
          const { partitions, spills } = reduceAll(
            { kind: 'shuffleCombine', shuffleId: 1, aggregator, mapSideCombined: true },
            [input],
            tight(),
          );
          countSpills(spills + mapSpills);
          expect([...partitions.flat()].sort(compareKeys)).to.deep.equal(
            [...groupsOf(pairs).keys()].sort(compareKeys),
          );
        }),
        { numRuns, endOnFailure: true },
      );
    });

    for (const ascending of [true, false]) {
      it(`B.3 sortByKey is stable in map order, ascending ${ascending} (${memory})`, () => {
        fc.assert(
          fc.property(maps, (records) => {
            const bounds = encodeValue([0, 'b'], plainCodeTable);
            const spec = hashSpec(1, {
              partitioner: { kind: 'range', numPartitions: REDUCERS, bounds, ascending },
            });
            const { input } = writeShuffle(spec, records, options());
            const { partitions, spills } = reduceAll(
              { kind: 'shuffleSort', shuffleId: 1, ascending },
              [input],
              options(),
            );
            countSpills(spills);
            const sign = ascending ? 1 : -1;
            const expected = records.flat().sort((a, b) => sign * compareKeys(a[0], b[0]));
            expect(partitions.flat()).to.deep.equal(expected);
          }),
          { numRuns, endOnFailure: true },
        );
      });
    }

    it(`api flatMapGroups streams each key's values in map order (${memory})`, () => {
      fc.assert(
        fc.property(maps, (records) => {
          const roots = new Roots();
          const { input } = writeShuffle(hashSpec(1), records, options());
          const { partitions, spills } = reduceAll(
            {
              kind: 'flatMapGroups',
              shuffleId: 1,
              function: roots.add(function* (k: unknown, values: Iterable<unknown>) {
                yield [k, [...values]];
              }),
            },
            [input],
            options(roots),
          );
          countSpills(spills);
          expect(byKey(partitions.flat())).to.deep.equal(byKey([...groupsOf(records)]));
        }),
        { numRuns, endOnFailure: true },
      );
    });

    it(`B.3 cogroup puts shuffled and narrow sides together (${memory})`, () => {
      fc.assert(
        fc.property(maps, maps, maps, (first, second, third) => {
          const a = writeShuffle(hashSpec(1), first, options());
          const b = writeShuffle(hashSpec(2), second, options());
          const narrow = third.flat();
          const { partitions, spills } = reduceAll(
            {
              kind: 'cogroup',
              sides: [
                { kind: 'shuffle', shuffleId: 1 },
                { kind: 'narrow', input: 0 },
                { kind: 'shuffle', shuffleId: 2 },
              ],
            },
            [a.input, b.input],
            options(),
            (p) => [() => sourceOf(narrow.filter(([k]) => partitionOf(k) === p))],
          );
          countSpills(spills);
          const sides = [groupsOf(first), groupsOf([narrow]), groupsOf(second)];
          const keys = groupsOf([
            sides.flatMap((side) => [...side.keys()].map((k): Pair => [k, 0])),
          ]);
          const expected = [...keys.keys()].map((k): Pair => [
            k,
            sides.map((side) => side.get(k) ?? []),
          ]);
          expect(byKey(partitions.flat())).to.deep.equal(byKey(expected));
        }),
        { numRuns, endOnFailure: true },
      );
    });

    for (const joinType of ['inner', 'left', 'right', 'full'] satisfies JoinType[]) {
      it(`B.3 ${joinType} join multiplies duplicates, missing sides undefined (${memory})`, () => {
        fc.assert(
          fc.property(maps, maps, fc.boolean(), (left, right, narrowRight) => {
            const a = writeShuffle(hashSpec(1), left, options());
            const b = writeShuffle(hashSpec(2), right, options());
            const { partitions, spills } = reduceAll(
              {
                kind: 'join',
                joinType,
                sides: [
                  { kind: 'shuffle', shuffleId: 1 },
                  narrowRight ? { kind: 'narrow', input: 0 } : { kind: 'shuffle', shuffleId: 2 },
                ],
              },
              [a.input, b.input],
              options(),
              (p) => [() => sourceOf(right.flat().filter(([k]) => partitionOf(k) === p))],
            );
            countSpills(spills);
            const shown = partitions.flat().map(show).sort();
            expect(shown).to.deep.equal(joinOracle(left, right, joinType).map(show).sort());
          }),
          { numRuns, endOnFailure: true },
        );
      });
    }

    it(`combines and groups a parent that is partitioned already (${memory})`, () => {
      fc.assert(
        fc.property(numberMaps, (records) => {
          const roots = new Roots();
          const narrow = () => [() => sourceOf(records.flat())];
          const sums = reduceAll(
            {
              kind: 'combineInPlace',
              aggregator: { kind: 'reduce', merge: roots.add((a: number, b: number) => a + b) },
            },
            [],
            options(roots),
            narrow,
          );
          const counts = reduceAll(
            {
              kind: 'flatMapGroupsInPlace',
              function: roots.add((k: unknown, values: Iterable<number>) => [
                [k, [...values].reduce((a, b) => a + b)],
              ]),
            },
            [],
            options(roots),
            narrow,
          );
          const expected = [...groupsOf(records)].map(([k, vs]): Pair => [
            k,
            (vs as number[]).reduce((a, b) => a + b),
          ]);
          expect(byKey(sums.partitions.flat())).to.deep.equal(byKey(expected));
          expect(byKey(counts.partitions.flat())).to.deep.equal(byKey(expected));
        }),
        { numRuns, endOnFailure: true },
      );
    });
  }
});

/** A text that differs for different records. */
function show(record: unknown): string {
  const [k, [l, r]] = record as [unknown, [unknown, unknown]];
  return [k, l, r].map(showPart).join('|');
}

function showPart(part: unknown): string {
  return typeof part === 'object' && part !== null
    ? Buffer.from(encodeValue(part, plainCodeTable)).toString('hex')
    : `${typeof part}:${String(part)}`;
}

function joinOracle(left: Pair[][], right: Pair[][], joinType: JoinType): unknown[] {
  const a = groupsOf(left);
  const b = groupsOf(right);
  const joined: unknown[] = [];
  for (const [k, ls] of a) {
    const rs = b.get(k) ?? (joinType === 'left' || joinType === 'full' ? [undefined] : []);
    for (const l of ls) {
      for (const r of rs) {
        joined.push([k, [l, r]]);
      }
    }
  }
  if (joinType === 'right' || joinType === 'full') {
    for (const [k, rs] of b) {
      if (!a.has(k)) {
        joined.push(...rs.map((r) => [k, [undefined, r]]));
      }
    }
  }
  return joined;
}
