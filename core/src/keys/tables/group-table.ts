import { KeyTable } from './key-table.js';
import { partitionEntries, sortEntries } from './sorted-entries.js';
import type { PartitionOf, SortedEntries } from './sorted-entries.js';
import { ValueColumn } from './value-column.js';

const FIRST_LENGTH = 1_024;

/**
 * Gathers the values of each key, in order of arrival.
 *
 * Values stand in one column, as they came, with the entry of their key beside; arrays per key are
 * made only when they are asked for, all at once by a counting sort. An array per key would take
 * over 100 bytes for its first values.
 */
export class GroupTable {
  readonly #keys = new KeyTable();
  readonly #values = new ValueColumn();
  /** Entry of each value's key. */
  #entryOf = new Uint32Array(FIRST_LENGTH);
  /** Values per entry. */
  #counts = new Uint32Array(FIRST_LENGTH);

  add(key: unknown, value: unknown): void {
    this.#append(this.#keys.add(key), value);
  }

  /** Adds rows `from` to `to` (excluded) of two columns. */
  addColumns(
    keys: readonly unknown[] | Float64Array,
    values: readonly unknown[] | Float64Array,
    from: number,
    to: number,
  ): void {
    for (let i = from; i < to; i++) this.#append(this.#keys.add(keys[i]), values[i]);
  }

  /** Number of distinct keys. */
  get count(): number {
    return this.#keys.count;
  }

  /** Number of values of all keys. */
  get valueCount(): number {
    return this.#values.length;
  }

  /** Estimated bytes of heap and of array buffers; cheap enough to ask after every batch. */
  get sizeBytes(): number {
    const indices = this.#entryOf.byteLength + this.#counts.byteLength;
    return this.#keys.sizeBytes + this.#values.sizeBytes + indices;
  }

  has(key: unknown): boolean {
    return this.#keys.find(key) >= 0;
  }

  /** Entry of a key, or -1. */
  find(key: unknown): number {
    return this.#keys.find(key);
  }

  keyAt(entry: number): unknown {
    return this.#keys.keyAt(entry);
  }

  valuesOf(entry: number): number {
    return this.#counts[entry]!;
  }

  keys(): readonly unknown[] | Float64Array {
    return this.#keys.column();
  }

  /** Values of every key as arrays of their own, by entry. */
  groups(): unknown[][] {
    const { starts, order } = this.valueOrder();
    const groups: unknown[][] = [];
    const values = this.#values.column();
    for (let entry = 0; entry < this.count; entry++) {
      const group: unknown[] = [];
      for (let i = starts[entry]!; i < starts[entry + 1]!; i++) group.push(values[order[i]!]);
      groups.push(group);
    }
    return groups;
  }

  forEach(visit: (key: unknown, values: unknown[]) => void): void {
    const groups = this.groups();
    for (let entry = 0; entry < groups.length; entry++) visit(this.keyAt(entry), groups[entry]!);
  }

  /** Values as they came; `valueOrder` brings them together by key. */
  values(): readonly unknown[] | Float64Array {
    return this.#values.column();
  }

  /** Indices of values by (entry, arrival); entry e has `order[starts[e]] … order[starts[e + 1] - 1]`. */
  valueOrder(): { starts: Uint32Array; order: Uint32Array } {
    const starts = new Uint32Array(this.count + 1);
    for (let entry = 0; entry < this.count; entry++) {
      starts[entry + 1] = starts[entry]! + this.#counts[entry]!;
    }
    const next = starts.slice();
    const order = new Uint32Array(this.valueCount);
    for (let i = 0; i < order.length; i++) order[next[this.#entryOf[i]!]!++] = i;
    return { starts, order };
  }

  /** Hashes of the keys, by entry. */
  hashes(): Int32Array {
    return this.#keys.hashes();
  }

  /** Entries by (partition, unsigned hash): for sorted runs that are merged by hash. */
  sorted(numPartitions: number, partitionOf?: PartitionOf): SortedEntries {
    return sortEntries(this.#keys, numPartitions, partitionOf);
  }

  /** Entries by partition, in order of first sight inside of one. */
  partitioned(numPartitions: number, partitionOf?: PartitionOf): SortedEntries {
    return partitionEntries(this.#keys, numPartitions, partitionOf);
  }

  /** Empties the table and gives back large memory. */
  clear(): void {
    this.#keys.clear();
    this.#values.clear();
    this.#entryOf = new Uint32Array(FIRST_LENGTH);
    this.#counts = new Uint32Array(FIRST_LENGTH);
  }

  #append(added: number, value: unknown): void {
    const at = this.#values.length;
    if (at === this.#entryOf.length) this.#entryOf = doubled(this.#entryOf);
    let entry = added;
    if (added < 0) {
      entry = ~added;
      if (entry === this.#counts.length) this.#counts = doubled(this.#counts);
    }
    this.#entryOf[at] = entry;
    this.#counts[entry]!++;
    this.#values.push(value);
  }
}

function doubled(numbers: Uint32Array<ArrayBuffer>): Uint32Array<ArrayBuffer> {
  const grown = new Uint32Array(2 * numbers.length);
  grown.set(numbers);
  return grown;
}
