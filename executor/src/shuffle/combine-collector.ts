import {
  compareKeys,
  makeCombineTable,
  partitionOfHash,
  type CombineTable,
  type PartitionOf,
} from 'heddle/internal';
import type { TaskEnvironment } from '../task-environment.js';
import type { CompiledAggregator } from './aggregator.js';
import { gather } from './column.js';
import { MemoryShare } from './task-memory.js';
import type { PairColumns } from './pair-source.js';
import { orderHashTies, reduceRuns, RunMerge, type RunOrder } from './run-merge.js';
import { RunStore, type Run } from './run-store.js';

/** Records between two looks at the size of the table, at most. */
const MAX_CHECK_INTERVAL = 16 * 1024;
/** Entries of one table: arrays of more than this are slow to grow and to collect. */
const MAX_ENTRIES = 1 << 24;

/** One key and what became of its values. */
export interface CombinedStream {
  /** Moves to the next key; false at the end. */
  next(): boolean;
  readonly key: unknown;
  readonly combined: unknown;
  /** The key's reduce partition, when partitions were asked for and something was spilled. */
  readonly partition: number;
  close(): void;
}

/**
 * Combines the values of each key in a table, and spills the table as a sorted run whenever it
 * outgrows the budget; the runs are merged at the end, and combiners of equal keys merged then.
 * Follows Spark's `ExternalAppendOnlyMap` (3.5).
 */
export class CombineCollector {
  readonly #env: TaskEnvironment;
  readonly #aggregator: CompiledAggregator;
  readonly #share: MemoryShare;
  readonly #order: RunOrder & { kind: 'hash' };
  readonly #numPartitions: number;
  readonly #table: CombineTable;
  readonly #runs: Run[] = [];
  #store: RunStore | undefined;
  #untilCheck = 1;

  /**
   * `inputIsCombined`: what is added are combiners of the map side, not values.
   * `partitions`: runs are sorted by reduce partition first (by hash without `partitionOf`).
   */
  constructor(
    env: TaskEnvironment,
    aggregator: CompiledAggregator,
    inputIsCombined: boolean,
    partitions?: { readonly count: number; readonly partitionOf?: PartitionOf | undefined },
  ) {
    this.#env = env;
    this.#aggregator = aggregator;
    this.#share = new MemoryShare(env);
    this.#numPartitions = partitions?.count ?? 1;
    this.#order = { kind: 'hash', partitionOf: partitionFunction(partitions) };
    this.#table = inputIsCombined
      ? makeCombineTable(undefined, aggregator.mergeCombiners)
      : makeCombineTable(aggregator.createCombiner, aggregator.mergeValue);
    env.onEnd(() => this.close());
  }

  get hasSpilled(): boolean {
    return this.#store !== undefined;
  }

  /** The table, as long as nothing was spilled. */
  get table(): CombineTable {
    return this.#table;
  }

  add(key: unknown, value: unknown): void {
    this.#table.update(key, value);
    if (--this.#untilCheck === 0) {
      this.#checkSize();
    }
  }

  addColumns({ keys, values, length }: PairColumns): void {
    let from = 0;
    while (from < length) {
      const to = Math.min(length, from + this.#untilCheck);
      this.#table.updateColumns(keys, values, from, to);
      this.#untilCheck -= to - from;
      from = to;
      if (this.#untilCheck === 0) {
        this.#checkSize();
      }
    }
  }

  /** Every key once; nothing can be added afterwards. */
  finish(): CombinedStream {
    if (this.#store === undefined) {
      return new TableStream(this.#table, () => this.close());
    }
    this.#spill();
    const store = this.#store;
    const runs = reduceRuns(store, this.#runs, this.#order);
    const merge = new RunMerge(
      runs.map((run) => store.openRun(run)),
      this.#order,
    );
    return new MergedStream(merge, this.#aggregator.mergeCombiners, () => this.close());
  }

  /** Frees memory and removes the temporary file; idempotent. */
  close(): void {
    this.#store?.close();
    this.#table.clear();
    this.#share.close();
  }

  #checkSize(): void {
    this.#env.checkInterrupted();
    const bytes = this.#table.sizeBytes;
    const { count } = this.#table;
    if (this.#share.update(bytes) || count > MAX_ENTRIES) {
      this.#spill();
      this.#untilCheck = 1;
      return;
    }
    // Half as far as there is room at the present size of entries, but never far.
    const room = this.#share.roomBytes / Math.max(16, bytes / Math.max(1, count));
    this.#untilCheck = Math.max(
      1,
      Math.min(MAX_CHECK_INTERVAL, Math.floor(room / 2), Math.max(64, count)),
    );
  }

  #spill(): void {
    const table = this.#table;
    const { count } = table;
    if (count === 0) {
      return;
    }
    this.#store ??= new RunStore(this.#env, 'combine');
    const { keys, values } = table.columns();
    const sorted = table.sorted(this.#numPartitions, this.#order.partitionOf ?? toFirst);
    const { order, partitionStarts, hashes } = sorted;
    orderHashTies(order, partitionStarts, hashes, (entry) => keys[entry]);
    const writer = this.#store.beginRun();
    writer.write(gather(keys, order), gather(values, order), 0, count);
    this.#runs.push(writer.finish());
    this.#env.metrics.spills++;
    table.clear();
    this.#share.update(0);
  }
}

const toFirst: PartitionOf = () => 0;

function partitionFunction(
  partitions:
    { readonly count: number; readonly partitionOf?: PartitionOf | undefined } | undefined,
): PartitionOf | undefined {
  return partitions === undefined
    ? undefined
    : (partitions.partitionOf ?? ((_key, hash) => partitionOfHash(hash, partitions.count)));
}

class TableStream implements CombinedStream {
  readonly #table: CombineTable;
  readonly #onClose: () => void;
  #entry = -1;
  readonly partition = 0;

  constructor(table: CombineTable, onClose: () => void) {
    this.#table = table;
    this.#onClose = onClose;
  }

  get key(): unknown {
    return this.#table.keyAt(this.#entry);
  }

  get combined(): unknown {
    return this.#table.valueAt(this.#entry);
  }

  next(): boolean {
    if (++this.#entry < this.#table.count) {
      return true;
    }
    this.close();
    return false;
  }

  close(): void {
    this.#onClose();
  }
}

class MergedStream implements CombinedStream {
  readonly #merge: RunMerge;
  readonly #mergeCombiners: (a: unknown, b: unknown) => unknown;
  readonly #onClose: () => void;
  key: unknown;
  combined: unknown;
  partition = 0;

  constructor(
    merge: RunMerge,
    mergeCombiners: (a: unknown, b: unknown) => unknown,
    onClose: () => void,
  ) {
    this.#merge = merge;
    this.#mergeCombiners = mergeCombiners;
    this.#onClose = onClose;
  }

  next(): boolean {
    const merge = this.#merge;
    const first = merge.current;
    if (first === undefined) {
      this.close();
      return false;
    }
    const { hash, partition, key } = first;
    let combined = first.value;
    merge.advance();
    for (
      let cursor = merge.current;
      cursor?.hash === hash && cursor.partition === partition && compareKeys(cursor.key, key) === 0;
      cursor = merge.current
    ) {
      combined = this.#mergeCombiners(combined, cursor.value);
      merge.advance();
    }
    this.key = key;
    this.combined = combined;
    this.partition = partition;
    return true;
  }

  close(): void {
    this.#merge.close();
    this.#onClose();
  }
}
