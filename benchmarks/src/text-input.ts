import { closeSync, existsSync, openSync, renameSync, writeSync } from 'node:fs';

/**
 * Writes `sizeBytes` of text whose word frequencies fall as in natural language (Zipf over 200,000
 * words), lines of about 80 characters; the same bytes on every machine. Does nothing when the file
 * is there.
 */
export function ensureTextInput(path: string, sizeBytes: number): void {
  if (existsSync(path)) return;
  const random = mulberry32(42);
  const words = Array.from({ length: 200_000 }, (_, rank) => makeWord(rank, random));
  const cumulative = zipfTable(words.length);
  const file = openSync(`${path}.tmp`, 'w');
  let written = 0;
  let chunk = '';
  let lineLength = 0;
  while (written < sizeBytes) {
    const word = words[pick(cumulative, random())]!;
    lineLength += word.length + 1;
    const endsLine = lineLength > 80;
    chunk += word + (endsLine ? '\n' : ' ');
    if (endsLine) lineLength = 0;
    if (endsLine && chunk.length > 1 << 20) {
      written += writeSync(file, chunk);
      chunk = '';
    }
  }
  closeSync(file);
  renameSync(`${path}.tmp`, path);
}

function mulberry32(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** Frequent words are short, as in natural text; the rank makes each word unique. */
function makeWord(rank: number, random: () => number): string {
  const letters = 'etaoinshrdlucmfwypvbgkjqxz';
  let word = '';
  for (let n = rank; ; n = Math.floor(n / 26) - 1) {
    word = letters[n % 26]! + word;
    if (n < 26) break;
  }
  const extra = rank < 50 ? 0 : Math.floor(random() * 5);
  for (let i = 0; i < extra; i++) word += letters[Math.floor(random() * 12)]!;
  return word;
}

function zipfTable(size: number): Float64Array {
  const table = new Float64Array(size);
  let sum = 0;
  for (let i = 0; i < size; i++) table[i] = sum += 1 / (i + 2.7);
  for (let i = 0; i < size; i++) table[i]! /= sum;
  return table;
}

function pick(cumulative: Float64Array, point: number): number {
  let low = 0;
  let high = cumulative.length - 1;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (cumulative[middle]! < point) low = middle + 1;
    else high = middle;
  }
  return low;
}
