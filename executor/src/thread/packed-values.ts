import type { TaskResult } from 'heddle/internal';

/**
 * Small results, one after another. A view that travels by itself costs more than the few bytes that
 * most results of short tasks have.
 */
export interface PackedValues {
  readonly bytes: Uint8Array;
  /** Bytes of each value. */
  readonly sizesBytes: Uint32Array;
}

/** Values of at least this many bytes travel by themselves. */
export const PACKED_VALUE_LIMIT_BYTES = 4096;

/** The result of a task of which nothing else need be told; undefined when it travels by itself. */
export function smallValueOf(result: TaskResult, others: number): Uint8Array | undefined {
  if (others > 0 || result.kind !== 'value') return undefined;
  return result.bytes.byteLength < PACKED_VALUE_LIMIT_BYTES ? result.bytes : undefined;
}

/** Puts values one after another, in bytes of their own. */
export function packValues(values: readonly Uint8Array[]): PackedValues {
  const sizesBytes = new Uint32Array(values.length);
  let totalBytes = 0;
  values.forEach((value, i) => {
    sizesBytes[i] = value.length;
    totalBytes += value.length;
  });
  const bytes = new Uint8Array(totalBytes);
  let at = 0;
  for (const value of values) {
    bytes.set(value, at);
    at += value.length;
  }
  return { bytes, sizesBytes };
}

/** The values again, in their order, as views of the packed bytes. */
export class PackedValueReader {
  readonly #values: PackedValues;
  #next = 0;
  #at = 0;

  constructor(values: PackedValues) {
    this.#values = values;
  }

  next(): Uint8Array {
    const from = this.#at;
    this.#at += this.#values.sizesBytes[this.#next++] ?? 0;
    return this.#values.bytes.subarray(from, this.#at);
  }
}
