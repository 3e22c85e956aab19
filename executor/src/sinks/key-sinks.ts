import { CombineTable, CountTable, keysEqual } from 'heddle/internal';
import { refuseAsyncFunction } from '../pipeline/loop-helpers.js';
import { openBatches } from './collect-sink.js';
import { checkResultSize, valueResult } from './result-bytes.js';
import { functionOf, type PushSink, type SinkOf, type SinkTask } from './task-sink.js';

/** A table is larger than its encoded result, but not by more than this. */
const tableOverhead = 8;
/** How many records pass between two looks at the size of a table. */
const sizeCheckRecords = 65_536;

/** `countByKey`, `countByValue` → array of `[key, count]`. */
export function openCountBy(task: SinkTask, sink: SinkOf<'countBy'>): PushSink {
  const counts = new CountTable();
  const guard = new SizeGuard(task, () => counts.sizeBytes);
  const add = (key: unknown): void => {
    counts.add(key);
    guard.tick();
  };
  return {
    kind: 'push',
    loop: { form: sink.byKey ? 'pairs' : 'records', label: task.label, target: { add } },
    finish: () => valueResult(task, counts.entries()),
    abort: () => undefined,
  };
}

/** `reduceByKeyLocally` (merged), `collectAsMap` (last one wins) → array of `[key, value]`. */
export function openReduceLocally(task: SinkTask, sink: SinkOf<'reduceLocally'>): PushSink {
  const merge = sink.merge === undefined ? undefined : functionOf(task, sink.merge);
  refuseAsyncFunction(merge, task.label);
  const table = new CombineTable(undefined, merge ?? ((_before, value) => value));
  const guard = new SizeGuard(task, () => table.sizeBytes);
  const add = (key: unknown, value: unknown): void => {
    table.update(key, value);
    guard.tick();
  };
  return {
    kind: 'push',
    loop: { form: 'pairs', label: task.label, target: { add } },
    finish: () => {
      const entries: [unknown, unknown][] = [];
      table.forEach((key, value) => entries.push([key, value]));
      return valueResult(task, entries);
    },
    abort: () => undefined,
  };
}

/** `lookup` → encoded batches of the values of one key. */
export function openLookup(task: SinkTask, sink: SinkOf<'lookup'>): PushSink {
  const wanted = task.env.root(sink.key);
  const batches = openBatches(task);
  const add = (key: unknown, value: unknown): void => {
    if (keysEqual(key, wanted)) batches.add(value);
  };
  return {
    kind: 'push',
    loop: { form: 'pairs', label: task.label, target: { add } },
    finish: () => batches.finish(),
    abort: () => undefined,
  };
}

/** Ends a task whose result can only be over the limit, before its memory is. */
class SizeGuard {
  readonly #task: SinkTask;
  readonly #sizeBytes: () => number;
  #records = 0;

  constructor(task: SinkTask, sizeBytes: () => number) {
    this.#task = task;
    this.#sizeBytes = sizeBytes;
  }

  tick(): void {
    if (++this.#records % sizeCheckRecords !== 0) return;
    checkResultSize(this.#task, Math.floor(this.#sizeBytes() / tableOverhead));
  }
}
