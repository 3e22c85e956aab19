import { compareKeys, hashKey, LoserTree } from 'heddle/internal';
import type { PairSource } from './pair-source.js';
import { MAX_MERGED_RUNS, type Run, type RunStore } from './run-store.js';

/**
 * How runs are sorted: by unsigned hash and then key (any order that brings equal keys together), on
 * the map side by reduce partition before that; or by key.
 */
export type RunOrder =
  | {
      readonly kind: 'hash';
      readonly partitionOf?: ((key: unknown, hash: number) => number) | undefined;
    }
  | {
      readonly kind: 'key';
      readonly ascending: boolean;
      readonly keyFunction?: ((key: unknown) => unknown) | undefined;
    };

/** The next record of one sorted source. */
export class MergeCursor {
  readonly #source: PairSource;
  readonly #order: RunOrder;
  #keys: Float64Array | readonly unknown[] = [];
  #values: Float64Array | readonly unknown[] = [];
  #position = -1;
  #length = 0;
  key: unknown;
  /** The key's hash, unsigned, or 0 when runs are sorted by key. */
  hash = 0;
  /** The key's reduce partition, when runs are sorted by it. */
  partition = 0;
  /** What is compared: the key, or what the key function made of it. */
  sortKey: unknown;
  ended = false;

  constructor(source: PairSource, order: RunOrder) {
    this.#source = source;
    this.#order = order;
    this.advance();
  }

  get value(): unknown {
    return this.#values[this.#position];
  }

  advance(): void {
    if (++this.#position >= this.#length) {
      const pairs = this.#source.next();
      if (pairs === undefined) {
        this.ended = true;
        this.key = this.sortKey = undefined;
        return;
      }
      this.#keys = pairs.keys;
      this.#values = pairs.values;
      this.#length = pairs.length;
      this.#position = 0;
    }
    const key = this.#keys[this.#position];
    const order = this.#order;
    if (order.kind === 'hash') {
      // Equal neighbours are the rule: one hash for all values of a group.
      if (key !== this.key || this.#position === 0) {
        const hash = hashKey(key);
        this.hash = hash >>> 0;
        if (order.partitionOf !== undefined) {
          this.partition = order.partitionOf(key, hash);
        }
      }
      this.key = this.sortKey = key;
    } else {
      this.key = key;
      this.sortKey = order.keyFunction === undefined ? key : order.keyFunction(key);
    }
  }

  close(): void {
    this.#source.close();
  }
}

/**
 * Merges sorted sources into one sorted sequence. Records that are equal in the order come in the
 * order of their sources.
 */
export class RunMerge {
  readonly #cursors: readonly MergeCursor[];
  readonly #tree: LoserTree;

  constructor(sources: readonly PairSource[], order: RunOrder) {
    const cursors = sources.map((source) => new MergeCursor(source, order));
    this.#cursors = cursors;
    const compare =
      order.kind === 'hash' ? compareByHash : order.ascending ? compareByKey : compareByKeyDown;
    this.#tree = new LoserTree(
      cursors.length,
      (a, b) => compare(cursors[a]!, cursors[b]!),
      (source) => cursors[source]!.ended,
    );
  }

  /** The cursor at the next record, or undefined at the end; it stays there until `advance`. */
  get current(): MergeCursor | undefined {
    return this.#cursors[this.#tree.winner];
  }

  /** Passes the current record. */
  advance(): void {
    const cursor = this.#cursors[this.#tree.winner]!;
    cursor.advance();
    if (cursor.ended) {
      this.#tree.end();
    } else {
      this.#tree.replay();
    }
  }

  close(): void {
    for (const cursor of this.#cursors) {
      cursor.close();
    }
  }
}

function compareByHash(a: MergeCursor, b: MergeCursor): number {
  if (a.partition !== b.partition) {
    return a.partition - b.partition;
  }
  return a.hash === b.hash ? compareKeys(a.key, b.key) : a.hash - b.hash;
}

function compareByKey(a: MergeCursor, b: MergeCursor): number {
  return compareKeys(a.sortKey, b.sortKey);
}

function compareByKeyDown(a: MergeCursor, b: MergeCursor): number {
  return compareKeys(b.sortKey, a.sortKey);
}

/** Puts keys of equal hash into the order of keys; `order` is sorted by partition and hash already. */
export function orderHashTies(
  order: Uint32Array,
  starts: Uint32Array,
  hashes: Int32Array,
  keyAt: (entry: number) => unknown,
): void {
  for (let partition = 0; partition + 1 < starts.length; partition++) {
    const end = starts[partition + 1]!;
    let from = starts[partition]!;
    while (from < end) {
      let to = from + 1;
      while (to < end && hashes[order[to]!] === hashes[order[from]!]) {
        to++;
      }
      if (to > from + 1) {
        order.subarray(from, to).sort((a, b) => compareKeys(keyAt(a), keyAt(b)));
      }
      from = to;
    }
  }
}

/**
 * Merges runs in passes until one merge can read the rest; neighbours stay neighbours, so that equal
 * records keep their order.
 */
export function reduceRuns(store: RunStore, runs: readonly Run[], order: RunOrder): readonly Run[] {
  let current = runs;
  while (current.length > MAX_MERGED_RUNS) {
    const next: Run[] = [];
    for (let from = 0; from < current.length; from += MAX_MERGED_RUNS) {
      next.push(mergeToRun(store, current.slice(from, from + MAX_MERGED_RUNS), order));
    }
    current = next;
  }
  return current;
}

const COPY_RECORDS = 1024;

function mergeToRun(store: RunStore, runs: readonly Run[], order: RunOrder): Run {
  if (runs.length === 1) {
    return runs[0]!;
  }
  const merge = new RunMerge(
    runs.map((run) => store.openRun(run)),
    order,
  );
  const writer = store.beginRun();
  let keys: unknown[] = [];
  let values: unknown[] = [];
  for (let cursor = merge.current; cursor !== undefined; cursor = merge.current) {
    keys.push(cursor.key);
    values.push(cursor.value);
    merge.advance();
    if (keys.length === COPY_RECORDS) {
      writer.write(keys, values, 0, keys.length);
      keys = [];
      values = [];
    }
  }
  writer.write(keys, values, 0, keys.length);
  merge.close();
  return writer.finish();
}
