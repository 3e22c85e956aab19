/** Numbers from 0 up to but not including 1, the same for the same seed on every machine. */
export type Random = () => number;

/** Mixes a seed (any finite number) and further whole numbers into 32 bits. */
export function mixSeed(seed: number, ...more: readonly number[]): number {
  const bits = new Uint32Array(new Float64Array([seed]).buffer);
  let hash = 0x9e3779b9;
  for (const part of [bits[0]!, bits[1]!, ...more]) {
    hash = Math.imul(hash ^ (part | 0), 0x85ebca6b);
    hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
    hash ^= hash >>> 16;
  }
  return hash | 0;
}

/** A generator of its own for a seed and, say, a partition. Source: xoshiro128** of Blackman and Vigna. */
export function randomFrom(seed: number, ...more: readonly number[]): Random {
  let state = mixSeed(seed, ...more);
  const next = (): number => {
    // splitmix32: spreads the seed over the state.
    state = (state + 0x9e3779b9) | 0;
    let z = state ^ (state >>> 16);
    z = Math.imul(z, 0x21f0aaad);
    z ^= z >>> 15;
    z = Math.imul(z, 0x735a2d97);
    return (z ^ (z >>> 15)) | 0;
  };
  let [a, b, c, d] = [next(), next(), next(), next() | 1];
  const bits = (): number => {
    const t = Math.imul(b, 5);
    const result = Math.imul((t << 7) | (t >>> 25), 9);
    const shifted = b << 9;
    c ^= a;
    d ^= b;
    b ^= c;
    a ^= d;
    c ^= shifted;
    d = (d << 11) | (d >>> 21);
    return result >>> 0;
  };
  return () => ((bits() >>> 5) * 0x4000000 + (bits() >>> 6)) / 0x20000000000000;
}

/** How often something happens whose expected number is `mean`. */
export function poisson(random: Random, mean: number): number {
  let count = 0;
  let left = mean;
  // exp(-mean) is 0 for large means: taken in steps.
  while (left > 0) {
    const step = Math.min(left, 500);
    const limit = Math.exp(-step);
    for (let product = random(); product > limit; product *= random()) count += 1;
    left -= step;
  }
  return count;
}
