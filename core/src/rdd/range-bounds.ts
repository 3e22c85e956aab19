import { decodeValue } from '../codec/index.js';
import { driverCodeTable } from '../closures/index.js';
import type { ActionCall } from '../context/driver-core.js';
import { argsortKeys, compareKeys } from '../keys/index.js';
import type { ClosureData } from '../plan/index.js';
import type { RddNode } from './rdd-node.js';

/** Keys that are looked at for each partition of the result. */
const samplesPerPartition = 20;
const maxSamples = 1e6;

/** What a task of the `sampleKeys` sink reports. */
interface KeySample {
  readonly count: number;
  readonly sample: readonly unknown[];
}

interface WeightedKeys {
  readonly keys: readonly unknown[];
  /** Keys of the RDD that each one stands for. */
  readonly weight: number;
}

/**
 * Bounds that split the keys of a prepared RDD of pairs into `numPartitions` ranges of about the same
 * size: at most `numPartitions - 1`, in rising order, fewer when there are fewer distinct keys.
 *
 * Samples 20 keys for each wanted partition (at most a million), three times as many as its share in
 * each parent partition, and samples again those that turn out to hold much more than their share.
 * Source: Spark 4.0 `RangePartitioner` (sketch, determineBounds).
 */
export async function sampleRangeBounds(
  node: RddNode,
  numPartitions: number,
  keyFunction: ClosureData | undefined,
  call: ActionCall,
): Promise<unknown[]> {
  if (numPartitions <= 1 || node.partitionCount === 0) return [];
  const sampleSize = Math.min(samplesPerPartition * numPartitions, maxSamples);
  const sizePerPartition = Math.ceil((3 * sampleSize) / node.partitionCount);
  const all = Array.from({ length: node.partitionCount }, (_, i) => i);
  const sketches = await sampleKeys(node, all, sizePerPartition, keyFunction, call);
  const total = sketches.reduce((sum, sketch) => sum + sketch.count, 0);
  if (total === 0) return [];

  const fraction = Math.min(sampleSize / total, 1);
  const candidates: WeightedKeys[] = [];
  const imbalanced: number[] = [];
  let largestCount = 0;
  sketches.forEach(({ count, sample }, partition) => {
    if (fraction * count > sizePerPartition) {
      imbalanced.push(partition);
      largestCount = Math.max(largestCount, count);
    } else if (sample.length > 0) {
      candidates.push({ keys: sample, weight: count / sample.length });
    }
  });
  if (imbalanced.length > 0) {
    const size = Math.ceil(fraction * largestCount);
    const again = await sampleKeys(node, imbalanced, size, keyFunction, call);
    for (const { count, sample } of again) {
      if (sample.length > 0) candidates.push({ keys: sample, weight: count / sample.length });
    }
  }
  const found = candidates.reduce((sum, { keys }) => sum + keys.length, 0);
  return determineBounds(candidates, Math.min(numPartitions, found));
}

async function sampleKeys(
  node: RddNode,
  partitions: readonly number[],
  size: number,
  keyFunction: ClosureData | undefined,
  call: ActionCall,
): Promise<readonly KeySample[]> {
  const samples = new Array<KeySample>(partitions.length);
  await node.core.runJob(
    {
      node,
      partitions,
      sink: {
        build: (place) => ({
          kind: 'sampleKeys',
          size,
          seed: node.rddId,
          ...(keyFunction === undefined
            ? {}
            : { keyFunction: { closure: place(keyFunction), root: 0 } }),
        }),
      },
      onResult: (position, bytes) => {
        samples[position] = decodeValue(bytes, driverCodeTable()) as KeySample;
      },
    },
    call,
  );
  return samples;
}

/** Walks the weighted keys in order and cuts where the weight of a partition is reached; equal keys stay together. */
function determineBounds(candidates: readonly WeightedKeys[], numPartitions: number): unknown[] {
  const keys: unknown[] = [];
  const weights: number[] = [];
  let totalWeight = 0;
  for (const candidate of candidates) {
    for (const key of candidate.keys) {
      keys.push(key);
      weights.push(candidate.weight);
      totalWeight += candidate.weight;
    }
  }
  const step = totalWeight / numPartitions;
  const bounds: unknown[] = [];
  let reached = 0;
  let target = step;
  for (const index of argsortKeys(keys, true)) {
    if (bounds.length >= numPartitions - 1) break;
    reached += weights[index]!;
    const isNew = bounds.length === 0 || compareKeys(keys[index], bounds.at(-1)) > 0;
    if (reached >= target && isNew) {
      bounds.push(keys[index]);
      target += step;
    }
  }
  return bounds;
}
