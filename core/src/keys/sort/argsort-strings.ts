import { compareStringsFrom } from '../compare-strings.js';
import { sortIndices } from './merge-sort.js';
import { radixSortPairs } from './radix.js';

/** Runs up to this length are sorted by comparing. */
const COMPARED_RUN = 24;
/** Runs from this length on are first searched for a common prefix. */
const PREFIX_SEARCH_FROM = 64;
/** After so many windows the rest is compared: strings that differ only deep inside. */
const MAX_LEVELS = 64;
/** Most characters that a window takes. */
const WINDOW = 8;
/** Codes of a window: 0 behind the end, a code unit + 1, or `WIDE` from the first of these on. */
const WIDE = 0xd801;

/**
 * Order of strings by code point, stable in both directions.
 *
 * Radix sort over windows of up to eight characters, from the first that differs on. The characters
 * of a window are numbered among those that occur, so that 32 bits hold eight digits, six small
 * letters, or two Chinese characters. Strings whose windows are alike are sorted by the next window,
 * or by comparing when they are few or hold surrogates.
 */
export function argsortStrings(strings: readonly string[], ascending: boolean): Uint32Array {
  const order = new Uint32Array(strings.length);
  for (let i = 0; i < order.length; i++) order[i] = i;
  new StringSort(strings, ascending).sort(order, 0, 0);
  return order;
}

class StringSort {
  readonly #strings: readonly string[];
  readonly #flip: number;
  readonly #direction: number;
  /** Rank of each code among those that occur in the windows at hand; 0 for others. */
  readonly #ranks = new Uint16Array(WIDE + 1);

  constructor(strings: readonly string[], ascending: boolean) {
    this.#strings = strings;
    this.#flip = ascending ? 0 : 0xffff_ffff;
    this.#direction = ascending ? 1 : -1;
  }

  /** Sorts strings that agree in their first `depth` code units. */
  sort(run: Uint32Array, depth: number, level: number): void {
    if (run.length <= COMPARED_RUN) {
      this.#sortByInsertion(run, depth);
    } else if (level > MAX_LEVELS) {
      this.#sortByComparing(run, depth);
    } else {
      const start = run.length < PREFIX_SEARCH_FROM ? depth : this.#commonPrefix(run, depth);
      this.#sortByWindow(run, start, level);
    }
  }

  #sortByWindow(run: Uint32Array, depth: number, level: number): void {
    const { length } = run;
    const codes = this.#codesOf(run, depth);
    const alphabet = this.#rank(codes);
    const bits = 32 - Math.clz32(alphabet.length);
    const characters = Math.min(WINDOW, Math.floor(32 / bits));
    const pairs = this.#windowsOf(run, codes, bits, characters);
    const endsWide = alphabet[alphabet.length - 1] === WIDE ? alphabet.length : -1;
    for (const code of alphabet) this.#ranks[code] = 0;
    const sorted = radixSortPairs(pairs, new Uint32Array(2 * length), length);
    for (let i = 0; i < length; i++) run[i] = sorted[2 * i + 1]!;

    const lastOf = bits === 32 ? 0xffff_ffff : (1 << bits) - 1;
    for (let start = 0, end; start < length; start = end) {
      const window = sorted[2 * start]!;
      end = start + 1;
      while (end < length && sorted[2 * end] === window) end++;
      if (end - start === 1) continue;
      const last = (window ^ this.#flip) & lastOf;
      // All of them ended inside the window: they are equal, and in the order in which they came.
      if (last === 0) continue;
      const tie = run.subarray(start, end);
      if (last === endsWide) this.#sortByComparing(tie, depth);
      else this.sort(tie, depth + characters, level + 1);
    }
  }

  /** The next characters of each string, `WINDOW` codes for each. */
  #codesOf(run: Uint32Array, depth: number): Uint16Array {
    const strings = this.#strings;
    const codes = new Uint16Array(WINDOW * run.length);
    for (let i = 0; i < run.length; i++) {
      const text = strings[run[i]!]!;
      const count = Math.min(WINDOW, text.length - depth);
      const base = WINDOW * i;
      for (let at = 0; at < count; at++) {
        const unit = text.charCodeAt(depth + at);
        if (unit >= WIDE - 1) {
          codes.fill(WIDE, base + at, base + WINDOW);
          break;
        }
        codes[base + at] = unit + 1;
      }
    }
    return codes;
  }

  /** Numbers the codes that occur from 1 on, in their order; returns them. */
  #rank(codes: Uint16Array): number[] {
    const ranks = this.#ranks;
    const alphabet: number[] = [];
    for (let i = 0; i < codes.length; i++) {
      const code = codes[i]!;
      if (code !== 0 && ranks[code] === 0) {
        ranks[code] = 1;
        alphabet.push(code);
      }
    }
    alphabet.sort((a, b) => a - b);
    alphabet.forEach((code, at) => (ranks[code] = at + 1));
    return alphabet;
  }

  #windowsOf(run: Uint32Array, codes: Uint16Array, bits: number, characters: number): Uint32Array {
    const ranks = this.#ranks;
    const flip = this.#flip;
    const pairs = new Uint32Array(2 * run.length);
    for (let i = 0; i < run.length; i++) {
      let window = 0;
      for (let at = WINDOW * i; at < WINDOW * i + characters; at++) {
        window = (window << bits) | ranks[codes[at]!]!;
      }
      pairs[2 * i] = window ^ flip;
      pairs[2 * i + 1] = run[i]!;
    }
    return pairs;
  }

  #sortByComparing(run: Uint32Array, depth: number): void {
    const strings = this.#strings;
    const direction = this.#direction;
    sortIndices(run, (a, b) => direction * compareStringsFrom(strings[a]!, strings[b]!, depth));
  }

  #sortByInsertion(run: Uint32Array, depth: number): void {
    const strings = this.#strings;
    const direction = this.#direction;
    for (let i = 1; i < run.length; i++) {
      const index = run[i]!;
      const text = strings[index]!;
      let at = i;
      while (at > 0 && direction * compareStringsFrom(strings[run[at - 1]!]!, text, depth) > 0) {
        run[at] = run[at - 1]!;
        at--;
      }
      run[at] = index;
    }
  }

  /** Length of what all strings begin with, at least `depth`. */
  #commonPrefix(run: Uint32Array, depth: number): number {
    let prefix = this.#strings[run[0]!]!;
    for (let i = 1; i < run.length && prefix.length > depth; i++) {
      const other = this.#strings[run[i]!]!;
      if (other.startsWith(prefix)) continue;
      let at = depth;
      while (at < other.length && other.charCodeAt(at) === prefix.charCodeAt(at)) at++;
      prefix = prefix.slice(0, at);
    }
    const end = Math.max(depth, prefix.length);
    // Never start between the halves of a surrogate pair.
    const before = end > depth ? prefix.charCodeAt(end - 1) : 0;
    return before >= 0xd800 && before <= 0xdbff ? end - 1 : end;
  }
}
