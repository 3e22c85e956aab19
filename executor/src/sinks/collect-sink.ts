import { ByteWriter, writeBatch } from 'heddle/internal';
import type { TaskResult } from 'heddle/internal';
import { batchSize } from '../pipeline/loop-shape.js';
import { bytesResult, checkResultSize } from './result-bytes.js';
import type { PushSink, SinkTask } from './task-sink.js';

/** Record batches that become a task's result; encoded as they come, so that records do not pile up. */
export interface ResultBatches {
  addBatch(records: readonly unknown[]): void;
  add(record: unknown): void;
  finish(): TaskResult;
}

export function openBatches(task: SinkTask): ResultBatches {
  const writer = new ByteWriter();
  let pending: unknown[] = [];
  const addBatch = (records: readonly unknown[]): void => {
    writeBatch(writer, records, 0, records.length, task.env.code);
    checkResultSize(task, writer.length);
  };
  const flush = (): void => {
    const full = pending;
    pending = [];
    if (full.length > 0) addBatch(full);
  };
  return {
    addBatch,
    add: (record) => {
      pending.push(record);
      if (pending.length === batchSize) flush();
    },
    finish: () => {
      flush();
      return bytesResult(task, writer.finish());
    },
  };
}

/** `collect`, and `take` with a limit. */
export function openCollect(task: SinkTask, limit?: number): PushSink {
  const batches = openBatches(task);
  return {
    kind: 'push',
    loop: {
      form: limit === undefined ? 'batches' : 'take',
      label: task.label,
      target: batches,
      prepare: (state) => {
        state.limit = limit ?? 0;
      },
      complete: ({ out, n }) => {
        out.length = n;
        if (n > 0) batches.addBatch(out);
      },
    },
    finish: () => batches.finish(),
    abort: () => undefined,
  };
}
