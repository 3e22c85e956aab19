import type { ShuffleWriteSpec } from './partitioner-spec.js';

/** Which writer the map side of a shuffle uses, and why. */
export interface ShuffleWriterChoice {
  readonly writer: 'combine' | 'plain';
  readonly reason: string;
}

/** Chooses the writer of a shuffle, the same in driver and tasks. */
export function shuffleWriterOf(
  spec: Pick<ShuffleWriteSpec, 'mapSideCombine' | 'keyed' | 'aggregator'>,
): ShuffleWriterChoice {
  const { aggregator } = spec;
  if (!spec.keyed) return { writer: 'plain', reason: 'records have no keys to combine by' };
  if (aggregator === undefined) return { writer: 'plain', reason: 'nothing is aggregated' };
  if (aggregator.kind === 'group') {
    return { writer: 'plain', reason: 'groups keep every value, so combining saves nothing' };
  }
  if (!spec.mapSideCombine) return { writer: 'plain', reason: 'map-side combining is off' };
  return {
    writer: 'combine',
    reason: `${aggregator.kind} merges the values of a key before they leave`,
  };
}
