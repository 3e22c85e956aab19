import { hashKey } from '../hash-key.js';
import { keysEqual } from '../keys-equal.js';
import { hashNumber, hashString, mix32 } from '../mix.js';
import { SampledSize } from './estimate-size.js';
import { flatString } from './flat-string.js';

const FIRST_CAPACITY = 1_024;
/** `clear` keeps slots up to this capacity; larger ones are given back. */
const KEPT_CAPACITY = 65_536;
const SPREAD = 0x9e3779b1 | 0;

/**
 * Numbers distinct keys 0, 1, 2, … in order of first sight: the index under all tables of the
 * engine. Open addressing over pairs of (hash, entry + 1) in one Int32Array, at most half full, so
 * that a lookup touches one line of slots, then the key. Not limited to 2^24 keys as `Map` is.
 *
 * While every key is a number, keys stand in a Float64Array (`numberKeys`), else in `keys`.
 * The slot comes from the high bits of hash × golden ratio: all keys of a reduce partition agree in
 * `hash mod n`, so the low bits alone would pile up.
 */
export class KeyTable {
  /** Number of distinct keys. */
  count = 0;
  /** Keys by entry while all of them are numbers; entries from `count` on are undefined. */
  numberKeys: Float64Array | undefined = new Float64Array(FIRST_CAPACITY / 2);
  /** Keys by entry when not all of them are numbers. */
  keys: unknown[] = emptyGenericArray();

  #slots = new Int32Array(2 * FIRST_CAPACITY);
  #mask = FIRST_CAPACITY - 1;
  #shift = 32 - Math.log2(FIRST_CAPACITY);
  /** All keys are integers of 32 bits. */
  #areInt32 = true;
  #stringChars = 0;
  #strings = 0;
  readonly #otherSize = new SampledSize();

  /** Entry of the key if it is known; else adds it and returns `~entry` (negative). */
  add(key: unknown): number {
    if (typeof key === 'string') return this.addString(key);
    if (typeof key === 'number') return this.addNumber(key);
    return this.#addOther(key);
  }

  /** As `add`. Keys of 13 characters and more are copied when they are new: see `flatString`. */
  addString(key: string): number {
    const hash = hashString(key);
    const slots = this.#slots;
    const mask = this.#mask;
    const keys = this.keys;
    let slot = Math.imul(hash, SPREAD) >>> this.#shift;
    for (;;) {
      const entry = slots[2 * slot + 1]! - 1;
      if (entry < 0) return this.#insert(slot, hash, this.#ownString(key));
      if (slots[2 * slot] === hash && keys[entry] === key) return entry;
      slot = (slot + 1) & mask;
    }
  }

  /** As `add`. */
  addNumber(key: number): number {
    const int = key | 0;
    return int === key && this.#areInt32 ? this.#addInt32(int) : this.#addDouble(key);
  }

  /**
   * Hashes of integers of 32 bits are all different, so that equal hashes are equal keys while the
   * table holds nothing else: one access to memory less.
   */
  #addInt32(key: number): number {
    const hash = mix32(key);
    const slots = this.#slots;
    const mask = this.#mask;
    let slot = Math.imul(hash, SPREAD) >>> this.#shift;
    for (;;) {
      const entry = slots[2 * slot + 1]! - 1;
      if (entry < 0) return this.#insertNumber(slot, hash, key);
      if (slots[2 * slot] === hash) return entry;
      slot = (slot + 1) & mask;
    }
  }

  #addDouble(key: number): number {
    const numbers = this.numberKeys;
    if (numbers === undefined) return this.#addOther(key);
    const hash = hashNumber(key);
    const slots = this.#slots;
    const mask = this.#mask;
    let slot = Math.imul(hash, SPREAD) >>> this.#shift;
    for (;;) {
      const entry = slots[2 * slot + 1]! - 1;
      if (entry < 0) {
        this.#areInt32 = false;
        return this.#insertNumber(slot, hash, key);
      }
      if (slots[2 * slot] === hash) {
        const known = numbers[entry]!;
        if (known === key || (known !== known && key !== key)) return entry;
      }
      slot = (slot + 1) & mask;
    }
  }

  #addOther(key: unknown): number {
    const hash = hashKey(key);
    const slots = this.#slots;
    const mask = this.#mask;
    let slot = Math.imul(hash, SPREAD) >>> this.#shift;
    for (;;) {
      const entry = slots[2 * slot + 1]! - 1;
      if (entry < 0) return this.#insert(slot, hash, key);
      if (slots[2 * slot] === hash && keysEqual(this.keyAt(entry), key)) return entry;
      slot = (slot + 1) & mask;
    }
  }

  /** Entry of the key, or -1. */
  find(key: unknown): number {
    const hash = hashKey(key);
    const slots = this.#slots;
    let slot = Math.imul(hash, SPREAD) >>> this.#shift;
    for (;;) {
      const entry = slots[2 * slot + 1]! - 1;
      if (entry < 0) return -1;
      if (slots[2 * slot] === hash && keysEqual(this.keyAt(entry), key)) return entry;
      slot = (slot + 1) & this.#mask;
    }
  }

  /** The key that came first among its equals; 0 for -0. */
  keyAt(entry: number): unknown {
    return this.numberKeys === undefined ? this.keys[entry] : this.numberKeys[entry];
  }

  /** Keys in order of entries: a view or the table's own array, valid until the next `add`. */
  column(): readonly unknown[] | Float64Array {
    return this.numberKeys === undefined ? this.keys : this.numberKeys.subarray(0, this.count);
  }

  /** Hashes of keys (`hashKey`) by entry. */
  hashes(): Int32Array {
    const hashes = new Int32Array(this.count);
    const slots = this.#slots;
    for (let slot = 0; slot < slots.length; slot += 2) {
      const entry = slots[slot + 1]! - 1;
      if (entry >= 0) hashes[entry] = slots[slot]!;
    }
    return hashes;
  }

  /** Estimated bytes of heap and of array buffers. */
  get sizeBytes(): number {
    const slots = this.#slots.byteLength;
    if (this.numberKeys !== undefined) return slots + this.numberKeys.byteLength;
    const others = this.count - this.#strings;
    const strings = this.#strings * 16 + this.#stringChars;
    const otherBytes = others === 0 ? 0 : this.#otherSize.total(this.count, (i) => this.keys[i]);
    return slots + 8 * this.count + Math.max(strings, otherBytes);
  }

  /** Forgets all keys and gives back large memory. */
  clear(): void {
    this.count = 0;
    this.keys = emptyGenericArray();
    this.#areInt32 = true;
    this.#strings = 0;
    this.#stringChars = 0;
    this.#otherSize.reset();
    if (this.#slots.length <= 2 * KEPT_CAPACITY) {
      this.#slots.fill(0);
      this.numberKeys ??= new Float64Array(this.#slots.length / 4);
    } else {
      this.#slots = new Int32Array(2 * FIRST_CAPACITY);
      this.#mask = FIRST_CAPACITY - 1;
      this.#shift = 32 - Math.log2(FIRST_CAPACITY);
      this.numberKeys = new Float64Array(FIRST_CAPACITY / 2);
    }
  }

  #ownString(key: string): string {
    this.#strings++;
    this.#stringChars += key.length;
    return flatString(key);
  }

  #insert(slot: number, hash: number, key: unknown): number {
    if (this.numberKeys !== undefined) this.#leaveNumbers(this.numberKeys);
    const entry = this.count++;
    this.#slots[2 * slot] = hash;
    this.#slots[2 * slot + 1] = entry + 1;
    // -0 comes back as 0, as from a Map: which of the two came first must not show.
    this.keys.push(key === 0 ? 0 : key);
    if (2 * this.count > this.#mask) this.#grow();
    return ~entry;
  }

  #insertNumber(slot: number, hash: number, key: number): number {
    const entry = this.count++;
    this.#slots[2 * slot] = hash;
    this.#slots[2 * slot + 1] = entry + 1;
    this.numberKeys![entry] = key + 0;
    if (2 * this.count > this.#mask) this.#grow();
    return ~entry;
  }

  #leaveNumbers(numbers: Float64Array): void {
    this.#areInt32 = false;
    for (let entry = 0; entry < this.count; entry++) this.keys.push(numbers[entry]);
    this.numberKeys = undefined;
  }

  #grow(): void {
    const old = this.#slots;
    const slots = new Int32Array(2 * old.length);
    const mask = slots.length / 2 - 1;
    const shift = this.#shift - 1;
    for (let from = 0; from < old.length; from += 2) {
      const entry = old[from + 1]!;
      if (entry === 0) continue;
      const hash = old[from]!;
      let slot = Math.imul(hash, SPREAD) >>> shift;
      while (slots[2 * slot + 1] !== 0) slot = (slot + 1) & mask;
      slots[2 * slot] = hash;
      slots[2 * slot + 1] = entry;
    }
    this.#slots = slots;
    this.#mask = mask;
    this.#shift = shift;
    if (this.numberKeys !== undefined)
      this.numberKeys = grownNumbers(this.numberKeys, (mask + 1) >>> 1);
  }
}

/** A longer copy, zeros behind. */
export function grownNumbers(numbers: Float64Array, length: number): Float64Array {
  const grown = new Float64Array(length);
  grown.set(numbers);
  return grown;
}

/** An empty array whose elements V8 stores as general values from the start, without later changes. */
export function emptyGenericArray(): unknown[] {
  const array: unknown[] = [''];
  array.length = 0;
  return array;
}
