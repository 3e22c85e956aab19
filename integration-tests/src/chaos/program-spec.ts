import { SeededRandom } from './random.js';

/** Pairs `[i * factor % keys, i]` for `i` in `0 … count-1`. */
export interface SourceSpec {
  readonly count: number;
  readonly keys: number;
  readonly factor: number;
  readonly partitions: number;
}

export type ReduceKind = 'sum' | 'max' | 'min';

/** One transformation of `RDD<[number, number]>`; every value stays a whole number below 2^31. */
export type StepSpec =
  | { readonly kind: 'mapValues'; readonly factor: number; readonly offset: number }
  | { readonly kind: 'filter'; readonly modulus: number; readonly remainder: number }
  | { readonly kind: 'flatMap'; readonly copies: number }
  | { readonly kind: 'swap'; readonly modulus: number }
  | { readonly kind: 'reduceByKey'; readonly reduce: ReduceKind; readonly partitions: number }
  | { readonly kind: 'groupSizes'; readonly partitions: number }
  | { readonly kind: 'join'; readonly other: SourceSpec; readonly partitions: number }
  | { readonly kind: 'cogroupSizes'; readonly other: SourceSpec; readonly partitions: number }
  | { readonly kind: 'union'; readonly other: SourceSpec }
  | { readonly kind: 'distinct'; readonly partitions: number }
  | { readonly kind: 'repartition'; readonly partitions: number }
  | { readonly kind: 'sortByKey'; readonly partitions: number }
  | { readonly kind: 'cache' };

export type ActionKind = 'collect' | 'count' | 'save' | 'accumulate';

/** A program as data: both the engine and the oracle can run it. */
export interface ProgramSpec {
  readonly seed: number;
  readonly source: SourceSpec;
  readonly steps: readonly StepSpec[];
  /** Run one after the other over the same RDD. */
  readonly actions: readonly ActionKind[];
  /** Busy time of each partition of sources and after shuffles, so that faults find something to hit. */
  readonly burnMs: number;
}

/** Draws a program: the same one for the same seed, for ever. */
export function drawProgram(seed: number): ProgramSpec {
  const random = new SeededRandom(seed);
  const source = drawSource(random, random.int(2_000, 40_000));
  const steps: StepSpec[] = [];
  // Each program shuffles at least once: what a lost executor had written is the hard part.
  steps.push(drawWideStep(random));
  const more = random.int(2, 6);
  for (let i = 0; i < more; i++) {
    steps.push(random.chance(0.5) ? drawWideStep(random) : drawNarrowStep(random));
  }
  const actions: ActionKind[] = [random.pick(['collect', 'count', 'save', 'accumulate'])];
  if (random.chance(0.5)) actions.push(random.pick(['collect', 'count', 'accumulate']));
  return { seed, source, steps, actions, burnMs: random.int(30, 80) };
}

function drawSource(random: SeededRandom, count: number): SourceSpec {
  return {
    count,
    keys: random.pick([1, 7, 100, 1_009, 20_011]),
    factor: random.pick([1, 31, 7_919]),
    partitions: random.int(2, 12),
  };
}

function drawNarrowStep(random: SeededRandom): StepSpec {
  switch (random.int(0, 5)) {
    case 0:
      return { kind: 'filter', modulus: random.int(2, 5), remainder: 0 };
    case 1:
      return { kind: 'flatMap', copies: random.int(0, 3) };
    case 2:
      return { kind: 'swap', modulus: random.pick([5, 97, 1_013]) };
    case 3:
      return { kind: 'union', other: drawSource(random, random.int(0, 3_000)) };
    case 4:
      return { kind: 'cache' };
    default:
      return { kind: 'mapValues', factor: random.int(1, 9), offset: random.int(0, 99) };
  }
}

function drawWideStep(random: SeededRandom): StepSpec {
  const partitions = random.int(1, 10);
  switch (random.int(0, 6)) {
    case 0:
      return { kind: 'groupSizes', partitions };
    case 1:
      return { kind: 'join', other: joinable(drawSource(random, 500)), partitions };
    case 2:
      return { kind: 'cogroupSizes', other: drawSource(random, 500), partitions };
    case 3:
      return { kind: 'distinct', partitions };
    case 4:
      return { kind: 'repartition', partitions };
    case 5:
      return { kind: 'sortByKey', partitions };
    default:
      return { kind: 'reduceByKey', reduce: random.pick(['sum', 'max', 'min']), partitions };
  }
}

/** A join multiplies what has the same key: the other side has each key once. */
function joinable(source: SourceSpec): SourceSpec {
  return { ...source, keys: Math.max(source.keys, source.count), factor: 1 };
}
