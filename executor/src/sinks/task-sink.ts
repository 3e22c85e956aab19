import type { RootRef, Sink, TaskResult } from 'heddle/internal';
import type { LoopSink } from '../pipeline/loop-run.js';
import type { BatchSource, TaskEnvironment } from '../task-environment.js';

/** Where the records of a task end: pushed by the loop, or pulled by the user's function. */
export type TaskSink = PushSink | PullSink;

/** The loop drives. */
export interface PushSink {
  readonly kind: 'push';
  readonly loop: LoopSink;
  /** The task's result, after the last record. */
  finish(): TaskResult;
  /** Drops what was written, after an error; idempotent, throws nothing. */
  abort(): void;
}

/** A user's function drives, through an iterator. */
export interface PullSink {
  readonly kind: 'pull';
  /** Reads what it wants of the partition; the caller closes the source. */
  run(records: BatchSource): TaskResult;
}

/** What sinks use of the thread besides the task's environment. */
export interface SinkServices {
  /** Largest encoded result of one task (`heddle.driver.maxResultSize`); 0 is no limit. */
  readonly maxResultBytes: number;
  /** The object that `TaskContext.get()` returns. */
  readonly context: unknown;
  /** Asks the driver for the right to commit; throws when another attempt has it. */
  requestCommit(saveId: number): void;
}

/** All that opening a sink needs. */
export interface SinkTask {
  readonly env: TaskEnvironment;
  readonly services: SinkServices;
  /** `reduce at app.ts:12`, or the sink's kind where no function of the user was captured. */
  readonly label: string;
}

export type SinkOf<K extends Sink['kind']> = Extract<Sink, { kind: K }>;

/** A captured function of the action. */
export function functionOf(task: SinkTask, ref: RootRef): (...args: readonly unknown[]) => unknown {
  return task.env.root(ref) as (...args: readonly unknown[]) => unknown;
}
