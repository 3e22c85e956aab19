import { assertNever } from '@heddle/common';
import type { ProgramSpec, SourceSpec, StepSpec } from './program-spec.js';
import type { Pair } from './steps.js';
import { copiesOf, fingerprint, joined, reduced, scaled, sourcePair, swapped } from './steps.js';

/** Answers of a program's actions, as text that can be compared. */
export type Answers = readonly string[];

/** Runs a program in this process over plain arrays. */
export function expectedAnswers(spec: ProgramSpec): Answers {
  let pairs = pairsOf(spec.source);
  for (const step of spec.steps) pairs = apply(pairs, step);
  return spec.actions.map((action) => {
    switch (action) {
      case 'count':
        return String(pairs.length);
      case 'accumulate':
        return String(pairs.reduce((sum, pair) => sum + fingerprint(pair), 0));
      case 'collect':
      case 'save':
        return canonical(pairs);
      default:
        return assertNever(action, 'action');
    }
  });
}

/** Pairs as one text, whatever order they came in. */
export function canonical(pairs: readonly Pair[]): string {
  return pairs
    .map(([key, value]) => `${key},${value}`)
    .sort()
    .join(' ');
}

function pairsOf(source: SourceSpec): Pair[] {
  return Array.from({ length: source.count }, (_, i) => sourcePair(source, i));
}

function apply(pairs: readonly Pair[], step: StepSpec): Pair[] {
  switch (step.kind) {
    case 'mapValues':
      return pairs.map(([key, value]) => [key, scaled(value, step.factor, step.offset)]);
    case 'filter':
      return pairs.filter(([, value]) => value % step.modulus !== step.remainder);
    case 'flatMap':
      return pairs.flatMap((pair) => copiesOf(pair, step.copies));
    case 'swap':
      return pairs.map((pair) => swapped(pair, step.modulus));
    case 'union':
      return [...pairs, ...pairsOf(step.other)];
    case 'reduceByKey':
      return [...grouped(pairs)].map(([key, values]) => [
        key,
        values.reduce((a, b) => reduced(step.reduce, a, b)),
      ]);
    case 'groupSizes':
      return [...grouped(pairs)].map(([key, values]) => [key, values.length]);
    case 'join': {
      const other = grouped(pairsOf(step.other));
      return pairs.flatMap(([key, value]) =>
        (other.get(key) ?? []).map((right): Pair => [key, joined(value, right)]),
      );
    }
    case 'cogroupSizes': {
      const left = grouped(pairs);
      const right = grouped(pairsOf(step.other));
      const keys = new Set([...left.keys(), ...right.keys()]);
      return [...keys].map((key) => [
        key,
        (left.get(key)?.length ?? 0) * 1_000 + (right.get(key)?.length ?? 0),
      ]);
    }
    case 'distinct':
      return [...new Map(pairs.map((pair) => [pair.join(), pair])).values()];
    case 'repartition':
    case 'sortByKey':
    case 'cache':
      return [...pairs];
    default:
      return assertNever(step, 'step');
  }
}

function grouped(pairs: readonly Pair[]): Map<number, number[]> {
  const groups = new Map<number, number[]>();
  for (const [key, value] of pairs) {
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [value]);
    else group.push(value);
  }
  return groups;
}
