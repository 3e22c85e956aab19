import { ArgumentError, describeThrown } from '@heddle/common';
import { captureCallSite, driverCodeTable } from '../../closures/index.js';
import { decodeValue } from '../../codec/index.js';
import type { ActionCall } from '../../context/driver-core.js';
import { KeyMap } from '../../keys/index.js';
import { checkBoolean, isPlainObject } from '../arguments.js';
import { captureRoots } from '../capture.js';
import { RddNode, oneToOne } from '../rdd-node.js';
import { randomFrom } from '../task-functions/random.js';
import {
  samplePairsByKey,
  takeQuotas,
  type KeyQuota,
} from '../task-functions/sampling-functions.js';
import { orderSensitive } from './create.js';
import { engineStep } from './engine-step.js';
import { checkSeed, rootOf } from './narrow.js';

/** A rate for each key: a map, or an object for keys that are strings. */
export type Fractions<K> = ReadonlyMap<K, number> | Readonly<Record<string, number>>;

type SampleByKey = 'sampleByKey' | 'sampleByKeyExact';

function ratesOf(
  fractions: Fractions<unknown>,
  withReplacement: boolean,
  operator: SampleByKey,
): (readonly [unknown, number])[] {
  checkBoolean(withReplacement, operator, 'withReplacement');
  const isTable = fractions instanceof Map || isPlainObject(fractions);
  if (!isTable) {
    throw new ArgumentError(
      `${operator}: fractions is a Map or an object with a rate for each key`,
    );
  }
  const rates = fractions instanceof Map ? [...fractions] : Object.entries(fractions);
  for (const [key, rate] of rates as [unknown, unknown][]) {
    const isRate = typeof rate === 'number' && rate >= 0 && (withReplacement || rate <= 1);
    if (isRate && rate < Infinity) continue;
    throw new ArgumentError(
      `${operator}: the rate of ${describeThrown(key, 100)} must be a number from 0${withReplacement ? '' : ' to 1'}, and is ${describeThrown(rate, 100)}`,
    );
  }
  return rates as (readonly [unknown, number])[];
}

/** `sampleByKey(withReplacement, fractions, seed?)`. */
export function sampleByKeyNode(
  parent: RddNode,
  withReplacement: boolean,
  fractions: Fractions<unknown>,
  seed: number | undefined,
): RddNode {
  parent.core.checkRunning();
  const rates = ratesOf(fractions, withReplacement, 'sampleByKey');
  const chosenSeed = checkSeed(seed, 'sampleByKey');
  const callSite = captureCallSite('sampleByKey');
  const sampler = samplePairsByKey(withReplacement, rates, chosenSeed);
  return engineStep(parent, {
    callSite,
    form: 'partitions',
    keepsPartitioner: true,
    function: captureRoots(parent.core, [sampler], callSite),
  });
}

/**
 * `sampleByKeyExact`: exactly `ceil(n * rate)` of the n pairs of each key. Counts the keys of each
 * partition first, by a job, and deals every key's number out to the partitions; tasks take their share.
 */
export function sampleByKeyExactNode(
  parent: RddNode,
  withReplacement: boolean,
  fractions: Fractions<unknown>,
  seed: number | undefined,
): RddNode {
  const { core } = parent;
  core.checkRunning();
  const rates = ratesOf(fractions, withReplacement, 'sampleByKeyExact');
  const chosenSeed = checkSeed(seed, 'sampleByKeyExact');
  const callSite = captureCallSite('sampleByKeyExact');
  return new RddNode(core, callSite, {
    kind: 'MapPartitionsRDD',
    parents: [parent],
    wide: false,
    needsWork: () => parent.partitionCount > 0,
    prepare: async (run) => {
      const call = { callSite, flow: core.flow.current, signal: run.signal };
      const counts = parent.partitionCount === 0 ? [] : await countKeys(parent, call);
      const quotas = dealOut(counts, rates, withReplacement, chosenSeed);
      const sampler = takeQuotas(withReplacement, quotas, chosenSeed);
      const closure = captureRoots(core, [sampler], callSite);
      return {
        partitionCount: parent.partitionCount,
        partitioning: parent.facts.partitioning,
        dependencies: [oneToOne(parent)],
        determinacy: orderSensitive(parent.determinacy),
        operator: (place) => ({
          kind: 'mapPartitions',
          function: rootOf(place, closure),
          withIndex: true,
        }),
      };
    },
  });
}

type KeyCounts = readonly (readonly [key: unknown, count: number])[];

async function countKeys(parent: RddNode, call: ActionCall): Promise<KeyCounts[]> {
  const partitions = Array.from({ length: parent.partitionCount }, (_, i) => i);
  const counts = new Array<KeyCounts>(partitions.length);
  await parent.core.runJob(
    {
      node: parent,
      partitions,
      sink: { build: () => ({ kind: 'countBy', byKey: true }) },
      onResult: (position, bytes) => {
        counts[position] = decodeValue(bytes, driverCodeTable()) as KeyCounts;
      },
    },
    call,
  );
  return counts;
}

/** For each partition, what it has to take of its keys. */
function dealOut(
  counts: readonly KeyCounts[],
  rates: readonly (readonly [unknown, number])[],
  withReplacement: boolean,
  seed: number,
): KeyQuota[][] {
  const rateOf = new KeyMap<unknown, number>();
  for (const [key, rate] of rates) rateOf.set(key, rate);
  const places = new KeyMap<unknown, { partition: number; count: number }[]>();
  counts.forEach((keys, partition) => {
    for (const [key, count] of keys) {
      const known = places.get(key);
      if (known === undefined) places.set(key, [{ partition, count }]);
      else known.push({ partition, count });
    }
  });
  const quotas: KeyQuota[][] = counts.map(() => []);
  const random = randomFrom(seed);
  for (const [key, shares] of places) {
    const rate = rateOf.get(key);
    if (rate === undefined) {
      throw new ArgumentError(
        `sampleByKeyExact: fractions has no rate for the key ${describeThrown(key, 100)}`,
      );
    }
    const left = shares.map(({ count }) => count);
    let total = left.reduce((sum, count) => sum + count, 0);
    const takes = left.map(() => 0);
    for (let draws = Math.ceil(total * rate); draws > 0; draws -= 1) {
      let at = Math.floor(random() * total);
      let i = 0;
      while (at >= left[i]!) at -= left[i++]!;
      takes[i]! += 1;
      if (withReplacement) continue;
      left[i]! -= 1;
      total -= 1;
    }
    shares.forEach(({ partition, count }, i) => {
      quotas[partition]!.push({ key, count, take: takes[i]! });
    });
  }
  return quotas;
}
