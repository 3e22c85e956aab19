import { checkBoolean, checkElementCount, type ActionOptions } from '../arguments.js';
import { checkSeed, sampleStep } from '../operators/narrow.js';
import type { RddNode } from '../rdd-node.js';
import { randomFrom, type Random } from '../task-functions/random.js';
import { beginAction, decodeRecords, decodeResult, runSink } from './run.js';

/**
 * `takeSample`: exactly `n` records (all, when there are fewer and none is taken twice), in random
 * order. Counts, samples somewhat more than enough, and again in the rare case that it was too little.
 * Source: Spark 4.0 `RDD.takeSample` and `SamplingUtils.computeFractionForSampleSize`.
 */
export async function takeSample<T>(
  node: RddNode,
  withReplacement: boolean,
  n: number,
  seed: number | undefined,
  options?: ActionOptions,
): Promise<T[]> {
  checkBoolean(withReplacement, 'takeSample', 'withReplacement');
  checkElementCount(n, 'takeSample');
  const chosenSeed = checkSeed(seed, 'takeSample');
  const call = beginAction(node.core, 'takeSample', options);
  if (n === 0) return [];
  const counts = await runSink(node, call, () => ({ kind: 'count' }), decodeResult<number>);
  const total = counts.reduce((sum, count) => sum + count, 0);
  if (total === 0) return [];
  const random = randomFrom(chosenSeed, 2);
  const collect = async (from: RddNode): Promise<T[]> => {
    const parts = await runSink(from, call, () => ({ kind: 'collect' }), decodeRecords<T>);
    return ([] as T[]).concat(...parts.map((part) => [...part]));
  };
  if (!withReplacement && n >= total) return shuffled(await collect(node), random);
  const fraction = fractionFor(n, total, withReplacement);
  for (let attempt = 0; ; attempt += 1) {
    const sampleSeed = Math.floor(random() * 2 ** 32);
    const found = await collect(
      sampleStep(node, withReplacement, fraction, sampleSeed, call.callSite),
    );
    if (found.length >= n) return shuffled(found, random).slice(0, n);
  }
}

/** A rate that gives at least `n` of `total` records in 9,999 of 10,000 samples. */
function fractionFor(n: number, total: number, withReplacement: boolean): number {
  if (withReplacement) {
    const deviations = n < 6 ? 12 : n < 16 ? 9 : 6;
    return Math.max(1e-10, (n + deviations * Math.sqrt(n)) / total);
  }
  const fraction = n / total;
  const gamma = -Math.log(1e-4) / total;
  return Math.min(
    1,
    Math.max(1e-10, fraction + gamma + Math.sqrt(gamma * gamma + 2 * gamma * fraction)),
  );
}

function shuffled<T>(records: T[], random: Random): T[] {
  for (let i = records.length - 1; i > 0; i -= 1) {
    const j = Math.floor(random() * (i + 1));
    [records[i], records[j]] = [records[j]!, records[i]!];
  }
  return records;
}
