import type { TaskUpdate } from 'heddle/internal';
import { packMetrics, unpackMetrics } from '../thread/packed-runs.js';

/** The end of a task attempt. */
export type EndedUpdate = Exclude<TaskUpdate, { kind: 'running' }>;

type WithoutMetrics<Update> = Update extends unknown ? Omit<Update, 'metrics'> : never;

/**
 * Ends of task attempts on their way to the driver: those of one turn of the event loop are one
 * message, and their metrics, which are most of their fields, one array.
 */
export interface PackedUpdates {
  readonly updates: readonly WithoutMetrics<EndedUpdate>[];
  /** `packMetrics` of the updates. */
  readonly metrics: Float64Array;
}

export function packUpdates(updates: readonly EndedUpdate[]): PackedUpdates {
  const parted = updates.map(({ metrics, ...update }) => ({ metrics, update }));
  return {
    updates: parted.map(({ update }) => update),
    metrics: packMetrics(parted.map(({ metrics }) => metrics)),
  };
}

export function unpackUpdates({ updates, metrics }: PackedUpdates): EndedUpdate[] {
  return updates.map((update, position) => ({
    ...update,
    metrics: unpackMetrics(metrics, position),
  }));
}
