import { freshCopy } from './fresh-copy.js';
import { KeyTable } from './key-table.js';
import { partitionEntries, sortEntries } from './sorted-entries.js';
import type { PartitionOf, SortedEntries } from './sorted-entries.js';
import { ValueColumn } from './value-column.js';

/** Keys with one value each, in order of first sight. Columns are valid until the table changes. */
export interface TableColumns {
  readonly keys: readonly unknown[] | Float64Array;
  readonly values: readonly unknown[] | Float64Array;
  readonly count: number;
}

/** The first value of a key → what is kept for it. */
export type CreateCombiner = (value: unknown) => unknown;
/** What is kept for a key, and another value of it → what is kept from now on. */
export type MergeValue = (combined: unknown, value: unknown) => unknown;

/**
 * Combines values by key, on the map and on the reduce side of a shuffle (Spark's
 * `AppendOnlyMap`, without its limit of entries).
 *
 * Values are Float64Array elements while all of them are numbers. Nothing spills by itself: watch
 * `sizeBytes`, write `sorted` entries out, and `clear`.
 */
export class CombineTable {
  readonly #keys = new KeyTable();
  readonly #values = new ValueColumn();
  /** Combines one value into the table. A field, since each table has code of its own. */
  readonly update: (key: unknown, value: unknown) => void;
  /** Combines rows `from` to `to` (excluded) of two columns. */
  readonly updateColumns: UpdateColumns;

  constructor(create: CreateCombiner | undefined, merge: MergeValue) {
    const make = freshCopy(makeUpdates, merge);
    const updates = make(this.#keys, this.#values, create, merge);
    this.update = updates.update;
    this.updateColumns = updates.updateColumns;
  }

  /** Number of distinct keys. */
  get count(): number {
    return this.#keys.count;
  }

  /** Estimated bytes of heap and of array buffers; cheap enough to ask after every batch. */
  get sizeBytes(): number {
    return this.#keys.sizeBytes + this.#values.sizeBytes;
  }

  has(key: unknown): boolean {
    return this.#keys.find(key) >= 0;
  }

  get(key: unknown): unknown {
    const entry = this.#keys.find(key);
    return entry < 0 ? undefined : this.#values.get(entry);
  }

  keyAt(entry: number): unknown {
    return this.#keys.keyAt(entry);
  }

  valueAt(entry: number): unknown {
    return this.#values.get(entry);
  }

  forEach(visit: (key: unknown, value: unknown) => void): void {
    for (let i = 0; i < this.count; i++) visit(this.#keys.keyAt(i), this.#values.get(i));
  }

  columns(): TableColumns {
    return { keys: this.#keys.column(), values: this.#values.column(), count: this.count };
  }

  /** Hashes of the keys, by entry. */
  hashes(): Int32Array {
    return this.#keys.hashes();
  }

  /** Entries by (partition, unsigned hash): for sorted runs that are merged by hash. */
  sorted(numPartitions: number, partitionOf?: PartitionOf): SortedEntries {
    return sortEntries(this.#keys, numPartitions, partitionOf);
  }

  /** Entries by partition, in order of first sight inside of one: for the last write of a map task. */
  partitioned(numPartitions: number, partitionOf?: PartitionOf): SortedEntries {
    return partitionEntries(this.#keys, numPartitions, partitionOf);
  }

  /** Empties the table and gives back large memory. */
  clear(): void {
    this.#keys.clear();
    this.#values.clear();
  }
}

/** A combine table whose calls of `create` (default: the value itself) and `merge` V8 can inline. */
export function makeCombineTable(
  create: CreateCombiner | undefined,
  merge: MergeValue,
): CombineTable {
  return new CombineTable(create, merge);
}

type UpdateColumns = (
  keys: readonly unknown[] | Float64Array,
  values: readonly unknown[] | Float64Array,
  from: number,
  to: number,
) => void;

/** Copied per table (`freshCopy`): may use its parameters only. */
function makeUpdates(
  table: KeyTable,
  column: ValueColumn,
  create: CreateCombiner | undefined,
  merge: MergeValue,
): { update: (key: unknown, value: unknown) => void; updateColumns: UpdateColumns } {
  const first = create ?? ((value: unknown): unknown => value);

  function apply(entry: number, value: unknown): void {
    if (entry < 0) {
      column.push(first(value));
      return;
    }
    const numbers = column.numbers;
    if (numbers === undefined) {
      column.objects[entry] = merge(column.objects[entry], value);
      return;
    }
    const merged = merge(numbers[entry], value);
    if (typeof merged === 'number') numbers[entry] = merged;
    else column.set(entry, merged);
  }

  function update(key: unknown, value: unknown): void {
    apply(table.add(key), value);
  }

  function updateNumbers(keys: Float64Array, values: Float64Array, from: number, to: number): void {
    for (let i = from; i < to; i++) apply(table.addNumber(keys[i]!), values[i]!);
  }

  function updateColumns(
    keys: readonly unknown[] | Float64Array,
    values: readonly unknown[] | Float64Array,
    from: number,
    to: number,
  ): void {
    if (keys instanceof Float64Array && values instanceof Float64Array) {
      updateNumbers(keys, values, from, to);
    } else {
      for (let i = from; i < to; i++) apply(table.add(keys[i]), values[i]);
    }
  }

  return { update, updateColumns };
}
