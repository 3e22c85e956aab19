import type { Split, TaskDescription, TaskMetrics } from 'heddle/internal';
import { noMetrics } from './task-metrics.js';

/** A task and the number of its run in the thread; later ones have higher numbers. */
export interface QueuedTask {
  readonly task: TaskDescription;
  readonly run: number;
}

/**
 * Tasks that follow another one of the same stage, as columns: what all share is sent once. Objects
 * of many properties are what makes a message between threads slow.
 */
export interface PackedTasks {
  readonly runs: readonly number[];
  readonly taskAttemptIds: readonly number[];
  readonly partitions: readonly number[];
  readonly attemptNumbers: readonly number[];
  /** `null` for a split that says nothing but the partition. */
  readonly splits: readonly (Split | null)[];
}

/** Packs tasks that differ only in attempt, partition and split. */
export function packTasks(tasks: readonly QueuedTask[]): PackedTasks {
  return {
    runs: tasks.map(({ run }) => run),
    taskAttemptIds: tasks.map(({ task }) => task.taskAttemptId),
    partitions: tasks.map(({ task }) => task.partition),
    attemptNumbers: tasks.map(({ task }) => task.attemptNumber),
    splits: tasks.map(({ task }) => (isPlain(task) ? null : task.split)),
  };
}

/** @param first the task that they follow */
export function unpackTasks(packed: PackedTasks, first: TaskDescription): QueuedTask[] {
  return packed.runs.map((run, position) => {
    const partition = packed.partitions[position]!;
    const task: TaskDescription = {
      taskAttemptId: packed.taskAttemptIds[position]!,
      stageId: first.stageId,
      stageAttempt: first.stageAttempt,
      generation: first.generation,
      partition,
      attemptNumber: packed.attemptNumbers[position]!,
      split: packed.splits[position] ?? { index: partition },
    };
    return { task, run };
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
