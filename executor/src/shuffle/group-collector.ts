import { KeyTable, sortEntries } from 'heddle/internal';
import type { TaskEnvironment } from '../task-environment.js';
import { Column } from './column.js';
import { MemoryGroups, MergedGroups, type GroupStream } from './group-streams.js';
import { GroupedValues, GroupLookup } from './grouped-values.js';
import type { PairColumns, PairSource } from './pair-source.js';
import { orderHashTies, reduceRuns, RunMerge } from './run-merge.js';
import { RunStore, type Run } from './run-store.js';
import { MemoryShare } from './task-memory.js';

const CHUNK_RECORDS = 1024;
/** Values of one key that a merge hands out at once. */
const MAX_CHUNK_BYTES = 1024 * 1024;
/** Records of one side in memory: what one array may hold without trouble. */
const MAX_RECORDS = 1 << 26;
/** Keys in memory. */
const MAX_KEYS = 1 << 24;

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
  readonly #share: MemoryShare;
  readonly #keys = new KeyTable();
  readonly #sides: Side[];
  #store: RunStore | undefined;

  constructor(env: TaskEnvironment, sides: number) {
    this.#env = env;
    this.#share = new MemoryShare(env);
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
        () => this.close(),
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
    const chunkBytes = Math.min(MAX_CHUNK_BYTES, this.#env.memoryBudgetBytes / 16);
    return new MergedGroups(merges, chunkBytes, () => this.close());
  }

  /** The groups of one side by key, when nothing was spilled. */
  finishLookup(side: number): GroupLookup {
    const { slots, values } = this.#sides[side]!;
    const grouped = new GroupedValues(slots, values, this.#keys.count);
    return new GroupLookup(this.#keys, grouped, () => this.close());
  }

  /** Frees memory and removes the temporary file; idempotent. */
  close(): void {
    this.#store?.close();
    this.#keys.clear();
    for (const side of this.#sides) {
      side.values.clear();
    }
    this.#share.close();
  }

  #addColumns(side: Side, pairs: PairColumns): void {
    const { keys, values, length } = pairs;
    const table = this.#keys;
    for (let i = 0; i < length; i++) {
      const slot = table.add(keys[i]);
      side.add(slot < 0 ? ~slot : slot, values[i]);
    }
    if (
      this.#share.update(this.#memoryBytes()) ||
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
    this.#share.update(0);
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
