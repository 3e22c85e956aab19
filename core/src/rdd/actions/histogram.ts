import { ArgumentError } from '@heddle/common';
import { EmptyRddError } from '../../errors/index.js';
import { checkFinite, type ActionOptions } from '../arguments.js';
import { rootOf } from '../operators/narrow.js';
import type { RddNode } from '../rdd-node.js';
import { countBuckets, extremesOf } from '../task-functions/numeric-functions.js';
import { beginAction, captureFor, decodeResult, runSink } from './run.js';

/** More buckets than this are a slip of the pen: their counts come back from every task. */
const MAX_BUCKETS = 10_000_000;

/**
 * `histogram(buckets)`: borders and counts. With a number the borders are spread evenly from the least
 * to the greatest number. NaN is counted nowhere. Source: Spark 4.0 `DoubleRDDFunctions.histogram`,
 * PySpark for NaN and for numbers that are all equal.
 */
export async function histogram(
  node: RddNode,
  buckets: number | readonly number[],
  options?: ActionOptions,
): Promise<[number[], number[]]> {
  const given = typeof buckets === 'number' ? undefined : checkBorders(buckets);
  const count = given === undefined ? checkBucketCount(buckets) : 0;
  const call = beginAction(node.core, 'histogram', options);
  const run = async <R>(f: unknown): Promise<R[]> => {
    const closure = captureFor(node.core, call, [f]);
    return await runSink(
      node,
      call,
      (place) => ({ kind: 'run', function: rootOf(place, closure) }),
      decodeResult<R>,
    );
  };
  let borders = given;
  if (borders === undefined) {
    const parts = await run<readonly [number, number, number]>(extremesOf());
    if (parts.every(([, , numbers]) => numbers === 0)) throw new EmptyRddError('histogram');
    const least = Math.min(...parts.map(([low]) => low));
    const greatest = Math.max(...parts.map(([, high]) => high));
    if (!Number.isFinite(least) || !Number.isFinite(greatest)) {
      throw new ArgumentError(
        'histogram: an infinite number has no place between even borders; filter it out, or give the borders',
      );
    }
    if (least === greatest) {
      const numbers = parts.reduce((sum, part) => sum + part[2], 0);
      return [[least, greatest], [numbers]];
    }
    borders = evenBorders(least, greatest, count);
  }
  const counts = new Array<number>(borders.length - 1).fill(0);
  for (const part of await run<number[]>(countBuckets(borders))) {
    part.forEach((records, i) => (counts[i]! += records));
  }
  return [[...borders], counts];
}

function evenBorders(least: number, greatest: number, count: number): number[] {
  const step = greatest / count - least / count;
  const borders = Array.from({ length: count }, (_, i) => least + step * i);
  return [...borders, greatest];
}

function checkBucketCount(buckets: unknown): number {
  if (
    Number.isSafeInteger(buckets) &&
    (buckets as number) >= 1 &&
    (buckets as number) <= MAX_BUCKETS
  ) {
    return buckets as number;
  }
  throw new ArgumentError(
    `histogram: buckets is a number of buckets from 1 to ${MAX_BUCKETS}, or a list of borders, and is ${String(buckets)}`,
  );
}

function checkBorders(borders: readonly number[]): readonly number[] {
  if (!(borders instanceof Array) || borders.length < 2) {
    throw new ArgumentError('histogram: buckets is a number, or a list of at least two borders');
  }
  borders.forEach((border, i) => {
    if (border !== Infinity && border !== -Infinity)
      checkFinite(border, 'histogram', `buckets[${i}]`);
    if (i > 0 && !(border > borders[i - 1]!)) {
      throw new ArgumentError(
        `histogram: borders must rise, and buckets[${i}] (${border}) follows ${borders[i - 1]}`,
      );
    }
  });
  return [...borders];
}
