/**
 * What a generated loop looks like, and nothing else: operator kinds, never values. Two pipelines of
 * the same shape have the same text; functions, seeds and offsets are parameters of the loop.
 */
export interface LoopShape {
  readonly source: SourceForm;
  readonly steps: readonly StepForm[];
  readonly sink: SinkForm;
}

/**
 * - `range`: numbers counted by the loop itself, no array, of step 1: a piece's bounds are the values;
 *   `stepRange`: whole numbers of another step; `realRange`: the rest (fractions, values beyond 2^53);
 * - `array`: a batch, or a piece of an array;
 * - `pairArray`: the same, where records are known to be `[key, value]` arrays;
 * - `cursor`: an iterator.
 */
export type SourceForm = 'range' | 'stepRange' | 'realRange' | 'array' | 'pairArray' | 'cursor';

export type StepForm =
  | 'map'
  | 'filter'
  | 'flatMap'
  | 'keyBy'
  | 'mapValues'
  | 'flatMapValues'
  | 'keys'
  | 'values'
  | 'pairWithNull'
  | 'sampleBernoulli'
  | 'samplePoisson'
  | 'zipWithIndex'
  | 'glom';

/**
 * How records leave the loop:
 * - `count`, `reduce`, `aggregate`, `sum`, `foreach` are computed in the loop's own variables;
 * - `batches` hands over arrays of `batchSize` records, `take` does and stops at a limit;
 * - `pairs` calls `add(key, value)`, `records` calls `add(record)` of a sink object;
 * - `pull` leaves the records of the piece in `state.out`;
 * - `generate` makes the loop a generator of batches (one suspension a batch, not a record), for
 *   shapes in which one record may become any number.
 */
export type SinkForm =
  | 'count'
  | 'reduce'
  | 'aggregate'
  | 'sum'
  | 'foreach'
  | 'batches'
  | 'take'
  | 'pairs'
  | 'records'
  | 'pull'
  | 'generate';

/** Records in a batch that leaves a loop. */
export const batchSize = 1024;

/** Equal for equal shapes; the key under which a loop's text is kept. */
export function shapeKey(shape: LoopShape): string {
  return `${shape.source}>${shape.steps.join('>')}>${shape.sink}`;
}

/** Whether one record in may become more than one record out. */
export function expands(steps: readonly StepForm[]): boolean {
  return steps.some(
    (step) => step === 'flatMap' || step === 'flatMapValues' || step === 'samplePoisson',
  );
}
