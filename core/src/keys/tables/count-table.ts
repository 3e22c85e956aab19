import { KeyMap } from '../key-map.js';
import { grownNumbers, KeyTable } from './key-table.js';

const FIRST_LENGTH = 512;

/** Counts how often each key comes (`countByKey`, `countByValue`). */
export class CountTable {
  readonly #keys = new KeyTable();
  #counts: Float64Array = new Float64Array(FIRST_LENGTH);

  add(key: unknown, times = 1): void {
    const entry = this.#keys.add(key);
    if (entry >= 0) {
      this.#counts[entry]! += times;
    } else {
      if (~entry === this.#counts.length) {
        this.#counts = grownNumbers(this.#counts, 2 * this.#counts.length);
      }
      this.#counts[~entry] = times;
    }
  }

  /** Number of distinct keys. */
  get count(): number {
    return this.#keys.count;
  }

  /** Estimated bytes of heap and of array buffers. */
  get sizeBytes(): number {
    return this.#keys.sizeBytes + this.#counts.byteLength;
  }

  get(key: unknown): number {
    const entry = this.#keys.find(key);
    return entry < 0 ? 0 : this.#counts[entry]!;
  }

  /** `[key, count]` in order of first sight. */
  entries(): [unknown, number][] {
    return Array.from({ length: this.count }, (_, i): [unknown, number] => [
      this.#keys.keyAt(i),
      this.#counts[i]!,
    ]);
  }

  toMap(): KeyMap<unknown, number> {
    return new KeyMap(this.entries());
  }
}
