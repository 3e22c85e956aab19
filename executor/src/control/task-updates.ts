import type { TaskUpdate } from 'heddle/internal';
import { packMetrics, unpackMetrics } from '../thread/packed-runs.js';
import {
  PackedValueReader,
  packValues,
  smallValueOf,
  type PackedValues,
} from '../thread/packed-values.js';

/** The end of a task attempt. */
export type EndedUpdate = Exclude<TaskUpdate, { kind: 'running' }>;

/** What of an update the message does not have: who sends it, and metrics, which are one array. */
type Told<Update> = Update extends unknown ? Omit<Update, 'metrics' | 'executorId'> : never;

/**
 * Ends of task attempts on their way to the driver: those of one turn of the event loop are one
 * message, and their metrics, which are most of their fields, one array.
 */
export interface PackedUpdates {
  /** An attempt's id alone: it succeeded, and its result is the next one of `values`. */
  readonly updates: readonly (Told<EndedUpdate> | number)[];
  readonly values: PackedValues;
  /** `packMetrics` of the updates. */
  readonly metrics: Float64Array;
}

export function packUpdates(updates: readonly EndedUpdate[]): PackedUpdates {
  const values: Uint8Array[] = [];
  const told = updates.map((update) => {
    const value = smallValue(update);
    if (value !== undefined) {
      values.push(value);
      return update.taskAttemptId;
    }
    return withoutShared(update);
  });
  return {
    updates: told,
    values: packValues(values),
    metrics: packMetrics(updates.map(({ metrics }) => metrics)),
  };
}

/** @param executorId who sent it */
export function unpackUpdates(
  { updates, values, metrics }: PackedUpdates,
  executorId: string,
): EndedUpdate[] {
  const reader = new PackedValueReader(values);
  return updates.map((update, position) => {
    const both = { executorId, metrics: unpackMetrics(metrics, position) };
    if (typeof update !== 'number') return { ...update, ...both };
    return {
      kind: 'succeeded',
      taskAttemptId: update,
      result: { kind: 'value', bytes: reader.next() },
      accumulators: [],
      blocks: [],
      ...both,
    };
  });
}

function withoutShared(update: EndedUpdate): Told<EndedUpdate> {
  const { taskAttemptId } = update;
  switch (update.kind) {
    case 'succeeded': {
      const { kind, result, accumulators, blocks } = update;
      return { kind, taskAttemptId, result, accumulators, blocks };
    }
    case 'failed':
      return { kind: update.kind, taskAttemptId, failure: update.failure };
  }
}

function smallValue(update: EndedUpdate): Uint8Array | undefined {
  if (update.kind !== 'succeeded') return undefined;
  return smallValueOf(update.result, update.accumulators.length + update.blocks.length);
}
