import { compareKeys, KeyTable, sortEntries } from 'heddle/internal';
import type { TaskEnvironment } from '../task-environment.js';
import { Column, orderByPartition, type ColumnValues } from './column.js';
import type { PairColumns, PairSource } from './pair-source.js';
import { orderHashTies, reduceRuns, RunMerge } from './run-merge.js';
import { RunStore, type Run } from './run-store.js';

/** Values that are handed out at once. */
const CHUNK_RECORDS = 1024;
/** Records of one side in memory: what one array may hold without trouble. */
const MAX_RECORDS = 1 << 26;
/** Keys in memory. */
const MAX_KEYS = 1 << 24;

/** All groups of a reduce partition, one key after another, with the values of each side. */
export interface GroupStream {
  /** Moves to the next key, past what is left of the current one; false at the end. */
  nextKey(): boolean;
  readonly key: unknown;
  /** More values of a side of the current key, in map order; a fresh array, undefined at the end. */
  nextValues(side: number): unknown[] | undefined;
  /** Idempotent. */
  close(): void;
}

/** The records of one side: for each the slot of its key and its value. */
class Side {
  slots = new Uint32Array(CHUNK_RECORDS);
  readonly values = new Column();
  readonly runs: Run[] = [];

  add(slot: number, value: unknown): void {
    const at = this.values.length;
    if (at === this.slots.length) {
      const grown = new Uint32Array(2 * at);
      grown.set(this.slots);
      this.slots = grown;
    }
    this.slots[at] = slot;
    this.values.push(value);
  }

  get bytes(): number {
    // Grouping needs an order and a second copy of the values.
    return 12 * this.values.length + this.values.bytes;
  }
}

/**
 * Brings together the records of one key from any number of sides. Keys are kept once, values in
 * columns; nothing is grouped before the end. Beyond the budget all sides are spilled as runs that
 * are sorted by hash and key, and the groups are streamed from a merge: a group of any size passes
 * through bounded memory.
 *
 * Without spills groups come in the order of their keys' first appearance.
 */
export class GroupCollector {
  readonly #env: TaskEnvironment;
  readonly #budgetBytes: number;
  readonly #keys = new KeyTable();
  readonly #sides: Side[];
  #store: RunStore | undefined;

  constructor(env: TaskEnvironment, sides: number, budgetBytes = env.memoryBudgetBytes) {
    this.#env = env;
    this.#budgetBytes = budgetBytes;
    this.#sides = Array.from({ length: sides }, () => new Side());
    env.onEnd(() => this.close());
  }

  get hasSpilled(): boolean {
    return this.#store !== undefined;
  }

  /** Reads a whole source into one side; sides are filled one after another. */
  addAll(side: number, source: PairSource): void {
    const target = this.#sides[side]!;
    for (let pairs = source.next(); pairs !== undefined; pairs = source.next()) {
      this.#addColumns(target, pairs);
      this.#env.checkInterrupted();
    }
    source.close();
  }

  /** The groups; nothing can be added afterwards. */
  finish(): GroupStream {
    if (this.#store === undefined) {
      return new MemoryGroups(
        this.#keys,
        this.#sides.map((side) => new GroupedValues(side.slots, side.values, this.#keys.count)),
      );
    }
    const store = this.#store;
    this.#spill();
    this.#keys.clear();
    const merges = this.#sides.map((side) => {
      const runs = reduceRuns(store, side.runs, { kind: 'hash' });
      return new RunMerge(
        runs.map((run) => store.openRun(run)),
        { kind: 'hash' },
      );
    });
    return new MergedGroups(merges, () => this.close());
  }

  /** The groups of one side by key, when nothing was spilled. */
  finishLookup(side: number): GroupLookup {
    const { slots, values } = this.#sides[side]!;
    return new GroupLookup(this.#keys, new GroupedValues(slots, values, this.#keys.count));
  }

  /** Frees memory and removes the temporary file; idempotent. */
  close(): void {
    this.#store?.close();
    this.#keys.clear();
    for (const side of this.#sides) {
      side.values.clear();
    }
  }

  #addColumns(side: Side, pairs: PairColumns): void {
    const { keys, values, length } = pairs;
    const table = this.#keys;
    for (let i = 0; i < length; i++) {
      const slot = table.add(keys[i]);
      side.add(slot < 0 ? ~slot : slot, values[i]);
    }
    if (
      this.#memoryBytes() > this.#budgetBytes ||
      table.count > MAX_KEYS ||
      side.values.length > MAX_RECORDS
    ) {
      this.#spill();
    }
  }

  #memoryBytes(): number {
    let bytes = this.#keys.sizeBytes;
    for (const side of this.#sides) {
      bytes += side.bytes;
    }
    return bytes;
  }

  /** Writes one run for each side that holds something. */
  #spill(): void {
    this.#store ??= new RunStore(this.#env, 'group');
    const { order, partitionStarts, hashes } = sortEntries(this.#keys, 1);
    orderHashTies(order, partitionStarts, hashes, (entry) => this.#keys.keyAt(entry));
    let wrote = false;
    for (const side of this.#sides) {
      if (side.values.length > 0) {
        wrote = true;
        side.runs.push(this.#writeRun(this.#store, side, order));
        side.values.clear();
      }
    }
    this.#keys.clear();
    if (wrote) {
      this.#env.metrics.spills++;
    }
  }

  #writeRun(store: RunStore, side: Side, order: Uint32Array): Run {
    const grouped = new GroupedValues(side.slots, side.values, this.#keys.count);
    const writer = store.beginRun();
    let keyChunk: unknown[] = [];
    let valueChunk: unknown[] = [];
    for (const slot of order) {
      const key = this.#keys.keyAt(slot);
      const end = grouped.end(slot);
      for (let at = grouped.start(slot); at < end; at++) {
        keyChunk.push(key);
        valueChunk.push(grouped.values[at]);
        if (keyChunk.length === CHUNK_RECORDS) {
          writer.write(keyChunk, valueChunk, 0, CHUNK_RECORDS);
          keyChunk = [];
          valueChunk = [];
        }
      }
    }
    writer.write(keyChunk, valueChunk, 0, keyChunk.length);
    return writer.finish();
  }
}

/** Values of one side brought together by slot, each group in order of arrival. */
class GroupedValues {
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
  readonly #grouped: GroupedValues;

  constructor(keys: KeyTable, grouped: GroupedValues) {
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
    return this.#grouped.start(slot);
  }

  end(slot: number): number {
    return this.#grouped.end(slot);
  }

  /** All values, those of a slot from `start` to `end - 1`. */
  get values(): ColumnValues {
    return this.#grouped.values;
  }
}

class MemoryGroups implements GroupStream {
  readonly #keys: KeyTable;
  #sides: readonly GroupedValues[];
  readonly #given: Uint8Array;
  #slot = -1;

  constructor(keys: KeyTable, sides: readonly GroupedValues[]) {
    this.#keys = keys;
    this.#sides = sides;
    this.#given = new Uint8Array(sides.length);
  }

  get key(): unknown {
    return this.#keys.keyAt(this.#slot);
  }

  nextKey(): boolean {
    this.#given.fill(0);
    return ++this.#slot < this.#keys.count;
  }

  nextValues(side: number): unknown[] | undefined {
    if (this.#given[side] === 1) {
      return undefined;
    }
    this.#given[side] = 1;
    const grouped = this.#sides[side]!;
    const start = grouped.start(this.#slot);
    const end = grouped.end(this.#slot);
    return start === end ? undefined : grouped.slice(start, end);
  }

  close(): void {
    this.#slot = this.#keys.count;
    this.#sides = [];
  }
}

class MergedGroups implements GroupStream {
  readonly #merges: readonly RunMerge[];
  readonly #onClose: () => void;
  #hash = 0;
  #started = false;
  key: unknown;

  constructor(merges: readonly RunMerge[], onClose: () => void) {
    this.#merges = merges;
    this.#onClose = onClose;
  }

  nextKey(): boolean {
    if (this.#started) {
      for (let side = 0; side < this.#merges.length; side++) {
        this.#skip(this.#merges[side]!);
      }
    }
    this.#started = true;
    let found = false;
    for (const merge of this.#merges) {
      const cursor = merge.current;
      if (
        cursor !== undefined &&
        (!found ||
          cursor.hash < this.#hash ||
          (cursor.hash === this.#hash && compareKeys(cursor.key, this.key) < 0))
      ) {
        found = true;
        this.#hash = cursor.hash;
        this.key = cursor.key;
      }
    }
    if (!found) {
      this.close();
    }
    return found;
  }

  nextValues(side: number): unknown[] | undefined {
    const merge = this.#merges[side]!;
    const values: unknown[] = [];
    while (values.length < CHUNK_RECORDS && this.#isAtKey(merge)) {
      values.push(merge.current!.value);
      merge.advance();
    }
    return values.length === 0 ? undefined : values;
  }

  close(): void {
    for (const merge of this.#merges) {
      merge.close();
    }
    this.#onClose();
  }

  #skip(merge: RunMerge): void {
    while (this.#isAtKey(merge)) {
      merge.advance();
    }
  }

  #isAtKey(merge: RunMerge): boolean {
    const cursor = merge.current;
    return (
      cursor?.hash === this.#hash &&
      (cursor.key === this.key || compareKeys(cursor.key, this.key) === 0)
    );
  }
}
