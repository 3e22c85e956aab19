import { shuffleWriterOf, type ShuffleWriteSpec } from 'heddle/internal';
import type { TaskEnvironment } from '../task-environment.js';
import { CombineWriter } from './combine-writer.js';
import { PlainWriter } from './plain-writer.js';
import type { ShuffleWriter } from './shuffle-writer.js';

/**
 * The map side of a shuffle for one task attempt: combining when the spec asks for it, else plain.
 * The loop calls `add(record[0], record[1])` when the spec is keyed, else `addRecord(record)`.
 */
export function createShuffleWriter(spec: ShuffleWriteSpec, env: TaskEnvironment): ShuffleWriter {
  const { aggregator } = spec;
  const { writer } = shuffleWriterOf(spec);
  if (writer === 'combine' && aggregator !== undefined && aggregator.kind !== 'group') {
    return new CombineWriter(spec, aggregator, env);
  }
  return new PlainWriter(spec, env);
}
