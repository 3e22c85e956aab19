import type { AggregatorSpec, RootRef } from 'heddle/internal';
import type { TaskEnvironment } from '../task-environment.js';

type Binary = (a: unknown, b: unknown) => unknown;

/** The three functions of Spark's `Aggregator`, made for one attempt. */
export interface CompiledAggregator {
  readonly createCombiner: (value: unknown) => unknown;
  readonly mergeValue: Binary;
  readonly mergeCombiners: Binary;
}

/**
 * Takes the user's functions of an aggregator from the task. Zero elements are made afresh for each
 * key, since functions may change them in place.
 */
export function compileAggregator(
  spec: Exclude<AggregatorSpec, { kind: 'group' }>,
  env: TaskEnvironment,
): CompiledAggregator {
  switch (spec.kind) {
    case 'reduce': {
      const merge = env.root(spec.merge) as Binary;
      return { createCombiner: (value) => value, mergeValue: merge, mergeCombiners: merge };
    }
    case 'fold': {
      const merge = env.root(spec.merge) as Binary;
      const zero = zeroMaker(spec.zero, env);
      return {
        createCombiner: (value) => merge(zero(), value),
        mergeValue: merge,
        mergeCombiners: merge,
      };
    }
    case 'aggregate': {
      const seqOp = env.root(spec.seqOp) as Binary;
      const zero = zeroMaker(spec.zero, env);
      return {
        createCombiner: (value) => seqOp(zero(), value),
        mergeValue: seqOp,
        mergeCombiners: env.root(spec.combOp) as Binary,
      };
    }
    case 'combine':
      return {
        createCombiner: env.root(spec.createCombiner) as (value: unknown) => unknown,
        mergeValue: env.root(spec.mergeValue) as Binary,
        mergeCombiners: env.root(spec.mergeCombiners) as Binary,
      };
    case 'distinct':
      return { createCombiner: () => null, mergeValue: () => null, mergeCombiners: () => null };
  }
}

/** Gives another zero at each call; values that cannot be changed need no copies. */
function zeroMaker(ref: RootRef, env: TaskEnvironment): () => unknown {
  const zero = env.freshRoot(ref);
  const isMutable = (typeof zero === 'object' && zero !== null) || typeof zero === 'function';
  return isMutable ? () => env.freshRoot(ref) : () => zero;
}
