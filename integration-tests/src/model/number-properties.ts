import fc from 'fast-check';
import type { HeddleContext, RDD } from 'heddle';
import { inputOf, rddOf, type Input } from './inputs.js';
import { flat, slices } from './naive.js';
import { property, type Property } from './property.js';
import { holds, same, sameSequence } from './values.js';

interface Trial {
  readonly sc: HeddleContext;
  readonly rdd: RDD<number>;
  readonly all: readonly number[];
  readonly n: number;
  readonly borders: readonly number[];
}

interface Claim {
  readonly row: string;
  readonly title: string;
  check(trial: Trial): Promise<void>;
}

const sum = (numbers: readonly number[]): number => numbers.reduce((a, b) => a + b, 0);
const mean = (numbers: readonly number[]): number =>
  numbers.length === 0 ? 0 : sum(numbers) / numbers.length;
/** Mean square deviation, two passes, divided by `count`. */
const variance = (numbers: readonly number[], count: number): number =>
  count <= 0 ? NaN : sum(numbers.map((x) => (x - mean(numbers)) ** 2)) / count;

/** Fails unless both are the same number up to rounding. */
function near(actual: number, expected: number): void {
  if (Number.isNaN(expected) || Number.isNaN(actual)) {
    same(actual, expected);
    return;
  }
  const scale = Math.max(1, Math.abs(expected));
  holds(Math.abs(actual - expected) <= 1e-9 * scale, `got ${actual}, expected ${expected}`);
}

const claims: Claim[] = [
  {
    row: 'B.4 sum',
    title: 'adds all numbers, 0 of none',
    check: async ({ rdd, all }) => near(await rdd.sum(), sum(all)),
  },
  {
    row: 'B.4 sum',
    title: 'loses nothing of a small number beside large ones that cancel',
    check: async ({ rdd, all }) => {
      const spread = rdd.flatMap((x) => [1e16, Math.trunc(x), -1e16]);
      same(await spread.sum(), sum(all.map((x) => Math.trunc(x))) + 0);
    },
  },
  {
    row: 'B.4 sum',
    title: 'of bigints is exact',
    check: async ({ rdd, all }) => {
      const big = 10n ** 30n;
      const exact = all.reduce((total, x) => total + 10n ** 30n + BigInt(Math.trunc(x)), 0n);
      const found = await rdd.map((x) => big + BigInt(Math.trunc(x))).sum();
      // Of no records nobody knows that they would be bigints.
      same(found, all.length === 0 ? 0 : exact);
    },
  },
  {
    row: 'B.4 moments',
    title: 'mean is the sum by the count, 0 of none',
    check: async ({ rdd, all }) => near(await rdd.mean(), mean(all)),
  },
  {
    row: 'B.4 moments',
    title: 'variance and stdev divide by n',
    check: async ({ rdd, all }) => {
      near(await rdd.variance(), variance(all, all.length));
      near(await rdd.popVariance(), variance(all, all.length));
      near(await rdd.stdev(), Math.sqrt(variance(all, all.length)));
      near(await rdd.popStdev(), Math.sqrt(variance(all, all.length)));
    },
  },
  {
    row: 'B.4 moments',
    title: 'sample variance and deviation divide by n - 1',
    check: async ({ rdd, all }) => {
      near(await rdd.sampleVariance(), variance(all, all.length - 1));
      near(await rdd.sampleStdev(), Math.sqrt(variance(all, all.length - 1)));
    },
  },
  {
    row: 'B.4 moments',
    title: 'stay right far from zero',
    check: async ({ rdd, all }) => {
      const whole = all.map((x) => Math.trunc(x));
      const far = rdd.map((x) => 1e9 + Math.trunc(x));
      const found = await far.variance();
      if (all.length === 0) same(found, NaN);
      else holds(Math.abs(found - variance(whole, whole.length)) < 1e-4, `got ${found}`);
    },
  },
  {
    row: 'B.4 moments',
    title: 'stats has all of them in one pass',
    check: async ({ rdd, all }) => {
      const stats = await rdd.stats();
      same(stats.count, all.length);
      near(stats.sum, sum(all));
      near(stats.mean, mean(all));
      near(stats.variance, variance(all, all.length));
      sameSequence(
        [stats.min, stats.max].map((x) => x + 0),
        [Math.min(...all), Math.max(...all)].map((x) => x + 0),
      );
    },
  },
  {
    row: 'B.4 histogram',
    title: 'counts between borders, the last one closed, what is outside not at all',
    check: async ({ rdd, all, borders }) => {
      const [found, counts] = await rdd.histogram(borders);
      sameSequence(found, borders);
      sameSequence(
        counts,
        borders.slice(1).map((to, i) => {
          const from = borders[i]!;
          const isLast = i === borders.length - 2;
          return all.filter((x) => x >= from && (isLast ? x <= to : x < to)).length;
        }),
      );
    },
  },
  {
    row: 'B.4 histogram',
    title: 'of n buckets covers everything from the least to the greatest',
    check: async ({ rdd, all, n }) => {
      if (all.length === 0) return;
      const [borders, counts] = await rdd.histogram(n);
      same(sum(counts), all.length);
      same(borders.length, counts.length + 1);
      near(borders[0]!, Math.min(...all));
      near(borders.at(-1)!, Math.max(...all));
      same(counts.length, Math.min(...all) === Math.max(...all) ? 1 : n);
    },
  },
  {
    row: 'B.4 sumApprox meanApprox',
    title: 'are exact when all partitions end in time',
    check: async ({ rdd, all }) => {
      near((await (await rdd.sumApprox(60_000)).final).mean, sum(all));
      near((await (await rdd.meanApprox(60_000)).final).mean, mean(all));
    },
  },
  {
    row: 'B.1 range',
    title: 'leaves the end out and is cut evenly',
    check: async ({ sc, all, n, borders }) => {
      const step = all.length % 2 === 0 ? n : -n;
      const [start, end] = [borders[0]!, borders.at(-1)! * 3];
      const expected: number[] = [];
      for (let x = start; step > 0 ? x < end : x > end; x += step) expected.push(x);
      sameSequence(await sc.range(start, end, step, n).glom().collect(), slices(expected, n));
    },
  },
];

interface Given {
  readonly input: Input<number>;
  readonly n: number;
  readonly borders: readonly number[];
}

const given = fc.record({
  input: inputOf(
    fc.oneof(
      fc.integer({ min: -20, max: 20 }),
      fc.integer({ min: -80, max: 80 }).map((x) => x / 4),
    ),
  ),
  n: fc.integer({ min: 1, max: 5 }),
  borders: fc
    .uniqueArray(fc.integer({ min: -12, max: 12 }), { minLength: 2, maxLength: 6 })
    .map((list) => list.sort((a, b) => a - b)),
});

/** Claims about operators of numbers. */
export const numberProperties: readonly Property[] = claims.map(({ row, title, check }) =>
  property<Given>({ row, title, isWide: false }, given, (sc, { input, n, borders }) =>
    check({ sc, rdd: rddOf(sc, input), all: flat(input.parts), n, borders }),
  ),
);
