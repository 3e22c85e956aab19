import { compareKeys, type KeyTable } from 'heddle/internal';
import type { GroupedValues } from './grouped-values.js';
import type { RunMerge } from './run-merge.js';
import { SizeMeter } from './size-estimator.js';

const CHUNK_RECORDS = 1024;

/** All groups of a reduce partition, one key after another, with the values of each side. */
export interface GroupStream {
  /** Moves to the next key, past what is left of the current one; false at the end. */
  nextKey(): boolean;
  readonly key: unknown;
  /** All values are in memory anyway, and `nextValues` gives those of a side at once. */
  readonly isInMemory: boolean;
  /** More values of a side of the current key, in map order; a fresh array, undefined at the end. */
  nextValues(side: number): unknown[] | undefined;
  /** Idempotent. */
  close(): void;
}

/** Groups from tables in memory, in the order of their keys' first appearance. */
export class MemoryGroups implements GroupStream {
  readonly isInMemory = true;
  readonly #keys: KeyTable;
  #sides: readonly GroupedValues[];
  readonly #given: Uint8Array;
  readonly #onClose: () => void;
  #slot = -1;

  constructor(keys: KeyTable, sides: readonly GroupedValues[], onClose: () => void) {
    this.#onClose = onClose;
    this.#keys = keys;
    this.#sides = sides;
    this.#given = new Uint8Array(sides.length);
  }

  get key(): unknown {
    return this.#keys.keyAt(this.#slot);
  }

  nextKey(): boolean {
    this.#given.fill(0);
    if (++this.#slot < this.#keys.count) {
      return true;
    }
    this.close();
    return false;
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
    this.#onClose();
  }
}

/** Groups from sorted runs, in the order of their keys' hashes. */
export class MergedGroups implements GroupStream {
  readonly isInMemory = false;
  readonly #chunkBytes: number;
  readonly #meter = new SizeMeter();
  readonly #merges: readonly RunMerge[];
  readonly #onClose: () => void;
  #hash = 0;
  #started = false;
  key: unknown;

  constructor(merges: readonly RunMerge[], chunkBytes: number, onClose: () => void) {
    this.#chunkBytes = chunkBytes;
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
    const meter = this.#meter;
    meter.reset();
    while (
      values.length < CHUNK_RECORDS &&
      meter.bytes <= this.#chunkBytes &&
      this.#isAtKey(merge)
    ) {
      const value = merge.current!.value;
      meter.add(value);
      values.push(value);
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
