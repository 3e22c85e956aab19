/** How small partitions of a stage's reduce side are put together into launches. */
export interface AdaptiveOptions {
  /** Input bytes that one launch should have at most. */
  readonly targetBytes: number;
  /** Task slots of all executors. */
  readonly slots: () => number;
}

/** Which partitions of a stage go to an executor together. Fixed for all attempts of a generation. */
export interface LaunchPlan {
  readonly generation: number;
  /** partition → its launch; partitions of one launch are neighbours */
  readonly launchOf: ReadonlyMap<number, number>;
}

/** A partition and what is known of its input. */
export interface PartitionInput {
  readonly partition: number;
  readonly sizeBytes: number;
  /** Executor that it must not be taken away from; undefined when it may run anywhere. */
  readonly place: string | undefined;
}

/**
 * What a task costs besides its bytes, as bytes. Without it, a thousand empty partitions would be
 * one launch, whatever the user's function does with each of them.
 */
const TASK_BYTES = 16 * 1024;
/** A launch takes at most this part of a slot's share of what is left, so that slots end together. */
const SHARE = 4;
/** And at least this part of a slot's share of all: a launch of its own for each of the last few costs more. */
const LEAST_SHARE = 32;

/**
 * Puts neighbouring partitions together, largest launches first: each takes at most a part of what is
 * left for each slot, so that the last launches are small and slots come to their end together
 * ("guided self-scheduling", with a least size). So there are always several launches for each slot, and a stage whose
 * partitions are few or large is left alone.
 *
 * @returns the begin of each launch in `inputs`, or undefined when each would be alone
 */
export function planLaunches(
  inputs: readonly PartitionInput[],
  slots: number,
  targetBytes: number,
): readonly number[] | undefined {
  let leftBytes = 0;
  for (const { sizeBytes } of inputs) leftBytes += sizeBytes + TASK_BYTES;
  const shares = SHARE * Math.max(1, slots);
  const leastShares = LEAST_SHARE * Math.max(1, slots);
  const leastBytes = leftBytes / leastShares;
  const least = Math.floor(inputs.length / leastShares);
  const starts: number[] = [];
  for (let from = 0; from < inputs.length;) {
    const limitBytes = Math.min(targetBytes, Math.max(leftBytes / shares, leastBytes));
    // Also by number: how long a partition takes need not have to do with its bytes.
    const limit = from + Math.max(Math.ceil((inputs.length - from) / shares), least);
    starts.push(from);
    const place = inputs[from]?.place;
    let sizeBytes = 0;
    let to = from;
    for (; to < limit; to++) {
      const next = inputs[to];
      if (next === undefined || next.place !== place) break;
      const nextBytes = next.sizeBytes + TASK_BYTES;
      if (to > from && sizeBytes + nextBytes > limitBytes) break;
      sizeBytes += nextBytes;
    }
    leftBytes -= sizeBytes;
    from = to;
  }
  return starts.length === inputs.length ? undefined : starts;
}

/** A partition that is far larger than the others. */
export interface Skew {
  readonly partition: number;
  readonly sizeBytes: number;
  readonly medianBytes: number;
}

/** How many times the median a skewed partition has at least (Spark's `skewedPartitionFactor`). */
const SKEW_FACTOR = 5;
/** Smaller partitions are never called skewed. */
const SKEW_BYTES = 64 * 1024 * 1024;

/** The largest partition, if it is skewed. */
export function findSkew(inputs: readonly PartitionInput[]): Skew | undefined {
  let largest = inputs[0];
  for (const input of inputs) if (input.sizeBytes > (largest?.sizeBytes ?? 0)) largest = input;
  if (largest === undefined || largest.sizeBytes < SKEW_BYTES) return undefined;
  const sizes = Float64Array.from(inputs, ({ sizeBytes }) => sizeBytes).sort();
  const medianBytes = sizes[sizes.length >> 1] ?? 0;
  if (largest.sizeBytes < SKEW_FACTOR * medianBytes) return undefined;
  return { partition: largest.partition, sizeBytes: largest.sizeBytes, medianBytes };
}
