import { encodeValue, ResultTooLargeError } from 'heddle/internal';
import type { TaskResult } from 'heddle/internal';
import type { SinkTask } from './task-sink.js';

/** A value as the task's result; a typed error when it is over the limit of results. */
export function valueResult(task: SinkTask, value: unknown): TaskResult {
  return bytesResult(task, encodeValue(value, task.env.code));
}

/** Encoded bytes as the task's result. */
export function bytesResult(task: SinkTask, bytes: Uint8Array): TaskResult {
  checkResultSize(task, bytes.length);
  return { kind: 'value', bytes };
}

/** Throws as soon as a result that is still growing is over the limit. */
export function checkResultSize(task: SinkTask, sizeBytes: number): void {
  const limit = task.services.maxResultBytes;
  if (limit > 0 && sizeBytes > limit) throw new ResultTooLargeError(sizeBytes, limit);
}
