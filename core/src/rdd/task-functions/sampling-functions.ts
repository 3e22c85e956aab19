import { ArgumentError, describeThrown } from '@heddle/common';
import { engineFunction } from '../../closures/engine-function.js';
import { KeyMap } from '../../keys/index.js';
import { pairOf } from './pair-record.js';
import { poisson, randomFrom, type Random } from './random.js';

type Records = Iterable<unknown>;
type Pairs = Iterable<readonly [unknown, unknown]>;

/** Records whose random number lies in a cell: cells that share a seed share no record. */
export const cellOfRecords = engineFunction(
  'cellOfRecords',
  (args: readonly [seed: number, from: number, to: number]) =>
    function* (index: number, records: Records): Generator {
      const [seed, from, to] = args;
      const random = randomFrom(seed, index);
      for (const record of records) {
        const drawn = random();
        if (drawn >= from && drawn < to) yield record;
      }
    },
);

/** Pairs by the rate of their key. */
export const samplePairsByKey = engineFunction(
  'samplePairsByKey',
  (
    args: readonly [
      withReplacement: boolean,
      rates: readonly (readonly [unknown, number])[],
      seed: number,
    ],
  ) =>
    function* (index: number, pairs: Records): Generator<readonly [unknown, unknown]> {
      const [withReplacement, rates, seed] = args;
      const rateOf = new KeyMap<unknown, number>();
      for (const [key, rate] of rates) rateOf.set(key, rate);
      const random = randomFrom(seed, index);
      for (const record of pairs) {
        const pair = pairOf(record, 'sampleByKey');
        const rate = rateOf.get(pair[0]);
        if (rate === undefined) {
          throw new ArgumentError(
            `sampleByKey: fractions has no rate for the key ${describeThrown(pair[0], 100)}`,
          );
        }
        let times = withReplacement ? poisson(random, rate) : random() < rate ? 1 : 0;
        for (; times > 0; times -= 1) yield pair;
      }
    },
);

/** How many records of a key to take in one partition. */
export interface KeyQuota {
  readonly key: unknown;
  /** Records of the key in this partition. */
  readonly count: number;
  readonly take: number;
}

/** Exactly as many pairs of each key as the quotas of the partition say. */
export const takeQuotas = engineFunction(
  'takeQuotas',
  (
    args: readonly [
      withReplacement: boolean,
      quotas: readonly (readonly KeyQuota[])[],
      seed: number,
    ],
  ) =>
    function* (index: number, pairs: Pairs): Generator<readonly [unknown, unknown]> {
      const [withReplacement, quotas, seed] = args;
      const left = new KeyMap<unknown, { count: number; take: number }>();
      for (const { key, count, take } of quotas[index] ?? []) left.set(key, { count, take });
      const random = randomFrom(seed, index, 1);
      for (const pair of pairs) {
        const quota = left.get(pair[0]);
        if (quota === undefined || quota.count === 0) continue;
        let times = hits(random, quota.take, quota.count, withReplacement);
        quota.take -= times;
        quota.count -= 1;
        for (; times > 0; times -= 1) yield pair;
      }
    },
);

/** How many of `take` draws hit the first of `count` records. Source: Knuth, algorithm 3.4.2 S. */
function hits(random: Random, take: number, count: number, withReplacement: boolean): number {
  if (!withReplacement) return random() * count < take ? 1 : 0;
  if (count === 1) return take;
  let times = 0;
  for (let draw = 0; draw < take; draw += 1) if (random() * count < 1) times += 1;
  return times;
}
