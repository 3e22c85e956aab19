/** Hash of null and undefined: such keys go to partition 0, whatever the number of partitions. */
export const NULL_HASH = 0;
const NAN_HASH = 0x7ff80001;
const STRING_SEED = 0x2f0b4a27;
const STRING_FACTOR = 0x9e3779b1 | 0;
const DOUBLE_SEED = 0x5bd1e995;
const DOUBLE_FACTOR = 0x85ebca77 | 0;

const doubleView = new Float64Array(1);
const wordView = new Int32Array(doubleView.buffer);

/** Spreads every bit of `hash` over all 32 (a bijection): the finalizer of MurmurHash3. */
export function mix32(hash: number): number {
  let h = hash;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}

/** Joins the hash of another part into a running hash; order matters. End with `mix32`. */
export function combineHash(hash: number, part: number): number {
  return Math.imul(((hash << 5) | (hash >>> 27)) ^ part, STRING_FACTOR);
}

/**
 * Hash of a string over its UTF-16 code units, as int32.
 *
 * In JavaScript rather than through `Map`: V8 seeds its own string hash per process, and does not
 * show it.
 */
export function hashString(text: string): number {
  let h = STRING_SEED;
  for (let i = 0; i < text.length; i++) {
    h = Math.imul(h ^ text.charCodeAt(i), STRING_FACTOR);
  }
  return mix32(h);
}

/** Hash of a number, as int32: -0 as 0, every NaN alike, integers of 32 bits by one mixing. */
export function hashNumber(value: number): number {
  const int = value | 0;
  if (int === value) return mix32(int);
  if (value !== value) return NAN_HASH;
  doubleView[0] = value;
  return mix32(mix32(wordView[0]! ^ DOUBLE_SEED) ^ Math.imul(wordView[1]!, DOUBLE_FACTOR));
}

/**
 * The partition of a key with this hash: `hash` modulo `numPartitions`, never negative.
 * The one place that defines hash partitioning.
 */
export function partitionOfHash(hash: number, numPartitions: number): number {
  const remainder = hash % numPartitions;
  return remainder < 0 ? remainder + numPartitions : remainder;
}
