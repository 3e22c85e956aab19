import { compareNumbers } from '../compare-keys.js';
import { radixSortPairs } from './radix.js';

/** Runs of equal high words up to this length are sorted by comparing. */
const COMPARED_RUN = 48;
const SIGN = 0x8000_0000;

const doubleView = new Float64Array(1);
const wordView = new Int32Array(doubleView.buffer);

/**
 * Order of numbers (NaN last when ascending, -0 equal to 0), stable in both directions.
 *
 * Radix sort over the 32 bits that decide: the integer itself when all numbers are integers of 32
 * bits, else the high word of the double in an order-preserving form; ties go by the low word.
 */
export function argsortNumbers(numbers: Float64Array, ascending: boolean): Uint32Array {
  const count = numbers.length;
  const pairs = new Uint32Array(2 * count);
  const flip = ascending ? 0 : 0xffff_ffff;
  const areIntegers = fillIntegers(pairs, numbers, flip);
  if (!areIntegers) fillHighWords(pairs, numbers, flip);
  const sorted = radixSortPairs(pairs, new Uint32Array(2 * count), count);
  const order = new Uint32Array(count);
  for (let i = 0; i < count; i++) order[i] = sorted[2 * i + 1]!;
  if (!areIntegers) sortTies(order, sorted, numbers, flip);
  return order;
}

function fillIntegers(pairs: Uint32Array, numbers: Float64Array, flip: number): boolean {
  for (let i = 0; i < numbers.length; i++) {
    const value = numbers[i]!;
    const int = value | 0;
    if (int !== value) return false;
    pairs[2 * i] = int ^ SIGN ^ flip;
    pairs[2 * i + 1] = i;
  }
  return true;
}

function fillHighWords(pairs: Uint32Array, numbers: Float64Array, flip: number): void {
  for (let i = 0; i < numbers.length; i++) {
    pairs[2 * i] = highWord(numbers[i]!) ^ flip;
    pairs[2 * i + 1] = i;
  }
}

/** High word of a double such that unsigned order is the order of numbers. */
function highWord(value: number): number {
  if (value !== value) return -1;
  doubleView[0] = value + 0;
  const high = wordView[1]!;
  return high < 0 ? ~high : high | SIGN;
}

function lowWord(value: number): number {
  if (value !== value) return -1;
  doubleView[0] = value + 0;
  return wordView[1]! < 0 ? ~wordView[0]! : wordView[0]!;
}

function sortTies(
  order: Uint32Array,
  sorted: Uint32Array,
  numbers: Float64Array,
  flip: number,
): void {
  const count = order.length;
  for (let start = 0, end; start < count; start = end) {
    const high = sorted[2 * start]!;
    end = start + 1;
    while (end < count && sorted[2 * end] === high) end++;
    if (end - start === 1) continue;
    const run = order.subarray(start, end);
    if (run.length <= COMPARED_RUN) sortByInsertion(run, numbers, flip === 0 ? 1 : -1);
    else sortByLowWord(run, numbers, flip);
  }
}

function sortByInsertion(run: Uint32Array, numbers: Float64Array, direction: number): void {
  for (let i = 1; i < run.length; i++) {
    const index = run[i]!;
    const value = numbers[index]!;
    let at = i;
    while (at > 0 && direction * compareNumbers(numbers[run[at - 1]!]!, value) > 0) {
      run[at] = run[at - 1]!;
      at--;
    }
    run[at] = index;
  }
}

function sortByLowWord(run: Uint32Array, numbers: Float64Array, flip: number): void {
  const pairs = new Uint32Array(2 * run.length);
  for (let i = 0; i < run.length; i++) {
    pairs[2 * i] = lowWord(numbers[run[i]!]!) ^ flip;
    pairs[2 * i + 1] = run[i]!;
  }
  const sorted = radixSortPairs(pairs, new Uint32Array(2 * run.length), run.length);
  for (let i = 0; i < run.length; i++) run[i] = sorted[2 * i + 1]!;
}
