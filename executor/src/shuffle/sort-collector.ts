import { argsortKeys } from 'heddle/internal';
import type { TaskEnvironment } from '../task-environment.js';
import { Column, type ColumnValues } from './column.js';
import { MemoryShare } from './task-memory.js';
import type { PairSource } from './pair-source.js';
import { reduceRuns, RunMerge, type RunOrder } from './run-merge.js';
import { RunStore, type Run } from './run-store.js';

/** Records in memory: what one array may hold without trouble. */
const MAX_RECORDS = 1 << 26;

/**
 * Sorts the pairs of a reduce partition by key, stable in map order: in memory while they fit, else
 * as sorted runs on disk that are merged. Follows Spark's `ExternalSorter` (3.5).
 */
export class SortCollector {
  readonly #env: TaskEnvironment;
  readonly #order: RunOrder & { kind: 'key' };
  readonly #keys = new Column();
  readonly #values = new Column();
  readonly #runs: Run[] = [];
  readonly #share: MemoryShare;
  #store: RunStore | undefined;

  constructor(
    env: TaskEnvironment,
    ascending: boolean,
    keyFunction: ((key: unknown) => unknown) | undefined,
  ) {
    this.#env = env;
    this.#order = { kind: 'key', ascending, keyFunction };
    this.#share = new MemoryShare(env);
    env.onEnd(() => this.close());
  }

  /** Reads a whole source. */
  addAll(source: PairSource): void {
    const keys = this.#keys;
    const values = this.#values;
    for (let pairs = source.next(); pairs !== undefined; pairs = source.next()) {
      for (let i = 0; i < pairs.length; i++) {
        keys.push(pairs.keys[i]);
        values.push(pairs.values[i]);
      }
      this.#env.checkInterrupted();
      // Sorting needs prefixes, an order and the sorted copy besides the columns.
      const bytes = 2 * (keys.bytes + values.bytes) + 16 * keys.length;
      if (this.#share.update(bytes) || keys.length > MAX_RECORDS) {
        this.#spill();
      }
    }
    source.close();
  }

  /** All pairs in order; nothing can be added afterwards. */
  finish(): SortedPairs {
    if (this.#store === undefined) {
      const { keys, values, length } = this.#sorted();
      return new MemorySortedPairs(keys, values, length, () => this.close());
    }
    if (this.#keys.length > 0) {
      this.#spill();
    }
    const store = this.#store;
    const runs = reduceRuns(store, this.#runs, this.#order);
    const merge = new RunMerge(
      runs.map((run) => store.openRun(run)),
      this.#order,
    );
    return new MergedSortedPairs(merge, () => this.close());
  }

  /** Frees memory and removes the temporary file; idempotent. */
  close(): void {
    this.#store?.close();
    this.#keys.clear();
    this.#values.clear();
    this.#share.close();
  }

  #spill(): void {
    this.#store ??= new RunStore(this.#env, 'sort');
    const { keys, values, length } = this.#sorted();
    const writer = this.#store.beginRun();
    writer.write(keys, values, 0, length);
    this.#runs.push(writer.finish());
    this.#env.metrics.spills++;
    this.#share.update(0);
  }

  #sorted(): { keys: ColumnValues; values: ColumnValues; length: number } {
    const length = this.#keys.length;
    const { keyFunction, ascending } = this.#order;
    let sortKeys = this.#keys.trimmed();
    if (keyFunction !== undefined) {
      const derived = new Array<unknown>(length);
      for (let i = 0; i < length; i++) {
        derived[i] = keyFunction(sortKeys[i]);
      }
      sortKeys = derived;
    }
    const order = argsortKeys(sortKeys, ascending);
    const keys = this.#keys.gather(order);
    const values = this.#values.gather(order);
    this.#keys.clear();
    this.#values.clear();
    return { keys, values, length };
  }
}

/** Sorted pairs, pulled in batches of fresh `[key, value]` arrays. */
export interface SortedPairs {
  /** Up to `limit` pairs; undefined at the end. */
  next(limit: number): unknown[] | undefined;
  close(): void;
}

class MemorySortedPairs implements SortedPairs {
  #keys: ColumnValues;
  #values: ColumnValues;
  readonly #length: number;
  readonly #onClose: () => void;
  #position = 0;

  constructor(keys: ColumnValues, values: ColumnValues, length: number, onClose: () => void) {
    this.#onClose = onClose;
    this.#keys = keys;
    this.#values = values;
    this.#length = length;
  }

  next(limit: number): unknown[] | undefined {
    const from = this.#position;
    const to = Math.min(this.#length, from + limit);
    this.#position = to;
    if (from === to) {
      this.close();
      return undefined;
    }
    return makePairs(this.#keys, this.#values, from, to);
  }

  close(): void {
    this.#position = this.#length;
    this.#keys = this.#values = [];
    this.#onClose();
  }
}

class MergedSortedPairs implements SortedPairs {
  readonly #merge: RunMerge;
  readonly #onClose: () => void;

  constructor(merge: RunMerge, onClose: () => void) {
    this.#merge = merge;
    this.#onClose = onClose;
  }

  next(limit: number): unknown[] | undefined {
    const batch: unknown[] = [];
    while (batch.length < limit) {
      const cursor = this.#merge.current;
      if (cursor === undefined) {
        this.#onClose();
        break;
      }
      batch.push([cursor.key, cursor.value]);
      this.#merge.advance();
    }
    return batch.length === 0 ? undefined : batch;
  }

  close(): void {
    this.#merge.close();
    this.#onClose();
  }
}

/** Fresh `[key, value]` arrays of the records `from … to - 1` of two columns. */
export function makePairs(
  keys: Float64Array | readonly unknown[],
  values: Float64Array | readonly unknown[],
  from: number,
  to: number,
): unknown[] {
  const pairs = new Array<unknown>(to - from);
  for (let i = from; i < to; i++) {
    pairs[i - from] = [keys[i], values[i]];
  }
  return pairs;
}
