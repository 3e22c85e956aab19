import type { KeyTable } from 'heddle/internal';
import { orderByPartition, type Column, type ColumnValues } from './column.js';

/** Values of one side brought together by slot, each group in order of arrival. */
export class GroupedValues {
  readonly values: ColumnValues;
  readonly #starts: Uint32Array;

  constructor(slots: Uint32Array, values: Column, groups: number) {
    const { order, starts } = orderByPartition(slots, values.length, groups);
    this.#starts = starts;
    this.values = values.gather(order);
    values.clear();
  }

  start(slot: number): number {
    return this.#starts[slot]!;
  }

  end(slot: number): number {
    return this.#starts[slot + 1]!;
  }

  /** A fresh array of the values between two positions. */
  slice(from: number, to: number): unknown[] {
    const { values } = this;
    return Array.isArray(values) ? values.slice(from, to) : Array.from(values.subarray(from, to));
  }
}

/** The build side of a hash join. */
export class GroupLookup {
  readonly #keys: KeyTable;
  readonly #onClose: () => void;
  #grouped: GroupedValues | undefined;

  constructor(keys: KeyTable, grouped: GroupedValues, onClose: () => void) {
    this.#onClose = onClose;
    this.#keys = keys;
    this.#grouped = grouped;
  }

  get size(): number {
    return this.#keys.count;
  }

  /** The key's slot, or -1. */
  find(key: unknown): number {
    return this.#keys.find(key);
  }

  key(slot: number): unknown {
    return this.#keys.keyAt(slot);
  }

  start(slot: number): number {
    return this.#grouped?.start(slot) ?? 0;
  }

  end(slot: number): number {
    return this.#grouped?.end(slot) ?? 0;
  }

  /** All values, those of a slot from `start` to `end - 1`. */
  get values(): ColumnValues {
    return this.#grouped?.values ?? [];
  }

  /** Frees the memory; idempotent. */
  close(): void {
    this.#grouped = undefined;
    this.#onClose();
  }
}
