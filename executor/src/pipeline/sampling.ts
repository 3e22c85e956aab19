/**
 * A small seeded generator (xoshiro128++, Blackman and Vigna), seeded through splitmix32. The same
 * seed and stream give the same numbers on every machine and under every scheduling.
 */
export class SeededRandom {
  #a: number;
  #b: number;
  #c: number;
  #d: number;

  /** `stream` is the partition index: neighbouring partitions get unrelated sequences. */
  constructor(seed: number, stream: number) {
    // Both halves of the seed count: seeds are numbers up to 2^53.
    let state =
      Math.imul(seed | 0, 0x9e3779b1) ^ Math.imul(Math.floor(seed / 2 ** 32) | 0, 0x85ebca77);
    state = (state ^ Math.imul(stream + 1, 0xc2b2ae3d)) | 0;
    const next = (): number => {
      state = (state + 0x9e3779b9) | 0;
      let z = state;
      z = Math.imul(z ^ (z >>> 16), 0x21f0aaad);
      z = Math.imul(z ^ (z >>> 15), 0x735a2d97);
      return z ^ (z >>> 15);
    };
    this.#a = next();
    this.#b = next();
    this.#c = next();
    this.#d = next() | 1;
  }

  /** 32 random bits as an unsigned integer. */
  nextUint32(): number {
    const mixed = (this.#a + this.#d) | 0;
    const result = (((mixed << 7) | (mixed >>> 25)) + this.#a) >>> 0;
    const t = this.#b << 9;
    this.#c ^= this.#a;
    this.#d ^= this.#b;
    this.#b ^= this.#c;
    this.#a ^= this.#d;
    this.#c ^= t;
    this.#d = (this.#d << 11) | (this.#d >>> 21);
    return result;
  }

  /** A double in [0, 1) with 53 random bits. */
  next(): number {
    return (this.nextUint32() * 2 ** 21 + (this.nextUint32() >>> 11)) * 2 ** -53;
  }

  /** An integer in 0 … bound - 1; `bound` at most 2^53. */
  below(bound: number): number {
    return Math.floor(this.next() * bound);
  }
}

/** Keeps each record with the same probability (Spark's `BernoulliSampler`). */
export class BernoulliSampler {
  readonly #random: SeededRandom;
  readonly #fraction: number;

  constructor(fraction: number, seed: number, partition: number) {
    this.#fraction = fraction;
    this.#random = new SeededRandom(seed, partition);
  }

  accept(): boolean {
    return this.#random.next() < this.#fraction;
  }
}

/** Says how often a record is taken in sampling with replacement (Spark's `PoissonSampler`). */
export class PoissonSampler {
  readonly #random: SeededRandom;
  readonly #fraction: number;

  constructor(fraction: number, seed: number, partition: number) {
    this.#fraction = fraction;
    this.#random = new SeededRandom(seed, partition);
  }

  /** A Poisson number with mean `fraction`: large means are sums of independent small ones. */
  copies(): number {
    let left = this.#fraction;
    let count = 0;
    while (left > 0) {
      const mean = Math.min(left, 32);
      left -= mean;
      count += this.#small(mean);
    }
    return count;
  }

  #small(mean: number): number {
    const limit = Math.exp(-mean);
    let product = this.#random.next();
    let count = 0;
    while (product > limit) {
      count++;
      product *= this.#random.next();
    }
    return count;
  }
}
