import type { Operator, RootRef, StepOperator } from 'heddle/internal';
import { assertNever } from '@heddle/common';
import { BernoulliSampler, PoissonSampler } from './sampling.js';
import type { StepForm } from './loop-shape.js';

/** Whether the generated loop fuses this operator. */
export function isStep(operator: Operator): operator is StepOperator {
  return operator.kind in stepKinds;
}

const stepKinds: Readonly<Record<StepOperator['kind'], true>> = {
  map: true,
  filter: true,
  flatMap: true,
  keyBy: true,
  mapValues: true,
  flatMapValues: true,
  keys: true,
  values: true,
  pairWithNull: true,
  sample: true,
  zipWithIndex: true,
  glom: true,
};

/** How the loop's text runs a step. */
export function stepForm(operator: StepOperator): StepForm {
  if (operator.kind !== 'sample') return operator.kind;
  return operator.withReplacement ? 'samplePoisson' : 'sampleBernoulli';
}

/** The user's function of a step, when it has one. */
export function stepFunction(operator: StepOperator): RootRef | undefined {
  switch (operator.kind) {
    case 'map':
    case 'filter':
    case 'flatMap':
    case 'keyBy':
    case 'mapValues':
    case 'flatMapValues':
      return operator.function;
    case 'keys':
    case 'values':
    case 'pairWithNull':
    case 'sample':
    case 'zipWithIndex':
    case 'glom':
      return undefined;
    default:
      return assertNever(operator, 'step operator');
  }
}

/** What the loop gets for a step without a user's function: a sampler, or the first index. */
export function stepParameter(operator: StepOperator, partition: number): unknown {
  switch (operator.kind) {
    case 'sample': {
      const Sampler = operator.withReplacement ? PoissonSampler : BernoulliSampler;
      return new Sampler(operator.fraction, operator.seed, partition);
    }
    case 'zipWithIndex':
      return operator.offsets[partition] ?? 0;
    default:
      return undefined;
  }
}
