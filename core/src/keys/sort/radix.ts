/** Below this many pairs the short histograms of 8 bits win over fewer passes of 11 bits. */
const WIDE_DIGITS_FROM = 4_096;

/**
 * Sorts `count` pairs of (32-bit key, payload), interleaved in `pairs`, by the unsigned key; stable
 * (least significant digit first). Works between `pairs` and `spare`; returns the one with the result.
 */
export function radixSortPairs(pairs: Uint32Array, spare: Uint32Array, count: number): Uint32Array {
  const bits = count < WIDE_DIGITS_FROM ? 8 : 11;
  const passes = bits === 8 ? 4 : 3;
  const buckets = 1 << bits;
  const histograms = countDigits(pairs, count, bits, passes);
  let from = pairs;
  let to = spare;
  for (let pass = 0; pass < passes; pass++) {
    const starts = histograms.subarray(pass * buckets, (pass + 1) * buckets);
    if (startsOrSkip(starts, count)) {
      scatter(from, to, count, starts, pass * bits, buckets - 1);
      [from, to] = [to, from];
    }
  }
  return from;
}

function countDigits(pairs: Uint32Array, count: number, bits: number, passes: number): Uint32Array {
  const buckets = 1 << bits;
  const digits = buckets - 1;
  const histograms = new Uint32Array(passes * buckets);
  for (let i = 0; i < 2 * count; i += 2) {
    const key = pairs[i]!;
    for (let pass = 0; pass < passes; pass++) {
      histograms[pass * buckets + ((key >>> (pass * bits)) & digits)]!++;
    }
  }
  return histograms;
}

/** Turns counts into starts; false when all keys have this digit alike, so that the pass is idle. */
function startsOrSkip(counts: Uint32Array, count: number): boolean {
  let start = 0;
  for (let digit = 0; digit < counts.length; digit++) {
    const size = counts[digit]!;
    if (size === count) return false;
    counts[digit] = start;
    start += size;
  }
  return true;
}

function scatter(
  from: Uint32Array,
  to: Uint32Array,
  count: number,
  starts: Uint32Array,
  shift: number,
  digits: number,
): void {
  for (let i = 0; i < 2 * count; i += 2) {
    const key = from[i]!;
    const at = 2 * starts[(key >>> shift) & digits]!++;
    to[at] = key;
    to[at + 1] = from[i + 1]!;
  }
}
