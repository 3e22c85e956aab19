import type { ReduceKind, SourceSpec } from './program-spec.js';

/** What every program of this kind computes with. */
export type Pair = [key: number, value: number];

const limit = 1_000_003;

/** The `i`-th pair of a source. */
export function sourcePair(source: SourceSpec, i: number): Pair {
  return [(i * source.factor) % source.keys, i];
}

export function scaled(value: number, factor: number, offset: number): number {
  return (value * factor + offset) % limit;
}

export function copiesOf([key, value]: Pair, copies: number): Pair[] {
  return Array.from({ length: copies }, (_, n): Pair => [key + n, (value + n) % limit]);
}

export function swapped([key, value]: Pair, modulus: number): Pair {
  return [value % modulus, key];
}

/** Associative and commutative, so that the answer does not depend on any order. */
export function reduced(kind: ReduceKind, a: number, b: number): number {
  if (kind === 'max') return Math.max(a, b);
  if (kind === 'min') return Math.min(a, b);
  return (a + b) % limit;
}

export function joined(left: number, right: number): number {
  return (left * 31 + right) % limit;
}

/** Sum over pairs that tells apart what a sum of values would not. */
export function fingerprint([key, value]: Pair): number {
  return (key * 65_537 + value * 31) % limit;
}
