/** Blocks of this length are sorted by insertion before they are merged. */
const BLOCK = 8;

/**
 * Sorts indices in place by a comparison of indices, stably. About twice as fast as the built-in
 * `sort` with a comparison function, which crosses into JavaScript and back for every comparison.
 */
export function sortIndices(indices: Uint32Array, compare: (a: number, b: number) => number): void {
  const { length } = indices;
  for (let start = 0; start < length; start += BLOCK) {
    sortBlock(indices, start, Math.min(start + BLOCK, length), compare);
  }
  if (length <= BLOCK) return;
  let from: Uint32Array = indices;
  let to: Uint32Array = new Uint32Array(length);
  for (let width = BLOCK; width < length; width *= 2) {
    for (let start = 0; start < length; start += 2 * width) {
      const middle = Math.min(start + width, length);
      merge(from, to, start, middle, Math.min(middle + width, length), compare);
    }
    [from, to] = [to, from];
  }
  if (from !== indices) indices.set(from);
}

function sortBlock(
  indices: Uint32Array,
  start: number,
  end: number,
  compare: (a: number, b: number) => number,
): void {
  for (let i = start + 1; i < end; i++) {
    const index = indices[i]!;
    let at = i;
    while (at > start && compare(indices[at - 1]!, index) > 0) {
      indices[at] = indices[at - 1]!;
      at--;
    }
    indices[at] = index;
  }
}

function merge(
  from: Uint32Array,
  to: Uint32Array,
  start: number,
  middle: number,
  end: number,
  compare: (a: number, b: number) => number,
): void {
  // In order already: what comes sorted costs one comparison per block.
  if (middle >= end || compare(from[middle - 1]!, from[middle]!) <= 0) {
    to.set(from.subarray(start, end), start);
    return;
  }
  let left = start;
  let right = middle;
  for (let at = start; at < end; at++) {
    const takesLeft = left < middle && (right >= end || compare(from[left]!, from[right]!) <= 0);
    to[at] = from[takesLeft ? left++ : right++]!;
  }
}
