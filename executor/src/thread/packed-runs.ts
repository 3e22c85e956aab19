import type { Split, TaskDescription, TaskMetrics } from 'heddle/internal';
import { noMetrics } from './task-metrics.js';

/** A task and the number of its run in the thread; later ones have higher numbers. */
export interface QueuedTask {
  readonly task: TaskDescription;
  readonly run: number;
}

/**
 * Tasks that follow another one of the same stage, as columns: what all share is sent once. Objects
 * of many properties are what makes messages slow.
 */
export interface PackedTasks {
  readonly taskAttemptIds: readonly number[];
  readonly partitions: readonly number[];
  readonly attemptNumbers: readonly number[];
  /** `null` for a split that says nothing but the partition; left out when all are such. */
  readonly splits?: readonly (Split | null)[];
  /** Left out when none has any. */
  readonly blockLocations?: readonly TaskDescription['blockLocations'][];
}

/** Packs tasks that differ only in attempt, partition, split and the blocks that they may read. */
export function packTasks(tasks: readonly TaskDescription[]): PackedTasks {
  return {
    taskAttemptIds: tasks.map(({ taskAttemptId }) => taskAttemptId),
    partitions: tasks.map(({ partition }) => partition),
    attemptNumbers: tasks.map(({ attemptNumber }) => attemptNumber),
    ...(!tasks.every(isPlain) && {
      splits: tasks.map((task) => (isPlain(task) ? null : task.split)),
    }),
    ...(tasks.some((task) => task.blockLocations !== undefined) && {
      blockLocations: tasks.map((task) => task.blockLocations),
    }),
  };
}

/** @param first the task that they follow */
export function unpackTasks(packed: PackedTasks, first: TaskDescription): TaskDescription[] {
  const { stageId, stageAttempt, generation } = first;
  return packed.taskAttemptIds.map((taskAttemptId, position) => {
    const partition = packed.partitions[position]!;
    const blockLocations = packed.blockLocations?.[position];
    return {
      taskAttemptId,
      stageId,
      stageAttempt,
      generation,
      partition,
      attemptNumber: packed.attemptNumbers[position]!,
      split: packed.splits?.[position] ?? { index: partition },
      ...(blockLocations !== undefined && { blockLocations }),
    };
  });
}

function isPlain({ split, partition }: TaskDescription): boolean {
  return split.index === partition && split.source === undefined && split.parents === undefined;
}

const metricNames = Object.keys(noMetrics) as (keyof TaskMetrics)[];

/** Numbers that `packMetrics` makes of one run. */
export const metricsOfRun = metricNames.length;

/** Metrics of several runs, one after another. */
export function packMetrics(all: readonly TaskMetrics[]): Float64Array {
  const packed = new Float64Array(all.length * metricNames.length);
  let position = 0;
  for (const metrics of all) {
    for (const name of metricNames) packed[position++] = metrics[name];
  }
  return packed;
}

export function unpackMetrics(packed: Float64Array, run: number): TaskMetrics {
  const metrics: { -readonly [Name in keyof TaskMetrics]: number } = { ...noMetrics };
  let position = run * metricNames.length;
  for (const name of metricNames) metrics[name] = packed[position++] ?? 0;
  return metrics;
}
