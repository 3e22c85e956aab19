/** How deep an estimate looks into nested values; what is deeper counts as a small object. */
const MAX_DEPTH = 6;
/** Elements of a collection that are looked at; the rest counts like their average. */
const MAX_ELEMENTS = 16;

/**
 * About how many bytes of V8's heap a value takes. Cheap rather than exact: collections and deep
 * structures are sampled. Sharing between values is not noticed.
 *
 * Follows the idea of Spark's `SizeEstimator`.
 */
export function estimateSizeBytes(value: unknown, depth = 0): number {
  switch (typeof value) {
    case 'number':
      // A small integer takes the 8 bytes of its slot, anything else a heap number beside it.
      return (value | 0) === value ? 8 : 24;
    case 'string':
      return 32 + value.length;
    case 'bigint':
      return 32;
    case 'object':
      return value === null ? 8 : estimateObject(value, depth);
    case 'boolean':
    case 'undefined':
    case 'symbol':
    case 'function':
      return 8;
  }
}

function estimateObject(value: object, depth: number): number {
  if (Array.isArray(value)) {
    return 40 + estimateElements(value, value.length, depth);
  }
  if (ArrayBuffer.isView(value)) {
    return 120 + value.byteLength;
  }
  if (value instanceof Map) {
    return 120 + 16 * value.size + estimateIterable(value.entries(), value.size, depth);
  }
  if (value instanceof Set) {
    return 120 + 8 * value.size + estimateIterable(value.values(), value.size, depth);
  }
  if (value instanceof Date) {
    return 88;
  }
  if (value instanceof ArrayBuffer) {
    return 120 + value.byteLength;
  }
  let bytes = 40;
  if (depth < MAX_DEPTH) {
    const fields = value as Record<string, unknown>;
    for (const name in fields) {
      bytes += 8 + estimateSizeBytes(fields[name], depth + 1);
    }
  }
  return bytes;
}

function estimateElements(elements: readonly unknown[], length: number, depth: number): number {
  if (length === 0 || depth >= MAX_DEPTH) {
    return length * 16;
  }
  const step = Math.max(1, Math.floor(length / MAX_ELEMENTS));
  let bytes = 0;
  let seen = 0;
  for (let i = 0; i < length; i += step) {
    bytes += estimateSizeBytes(elements[i], depth + 1);
    seen++;
  }
  return Math.ceil((bytes / seen) * length);
}

function estimateIterable(elements: Iterable<unknown>, length: number, depth: number): number {
  if (length === 0 || depth >= MAX_DEPTH) {
    return length * 16;
  }
  let bytes = 0;
  let seen = 0;
  for (const element of elements) {
    bytes += estimateSizeBytes(element, depth + 1);
    if (++seen === MAX_ELEMENTS) {
      break;
    }
  }
  return Math.ceil((bytes / seen) * length);
}

/** Every record at first, then one in this many is measured. */
const SAMPLE_EVERY = 16;
const MEASURE_ALL_UNTIL = 256;

/**
 * Keeps the estimated size of what a buffer holds while values are added to it. Numbers and strings
 * are always measured; of other values one in sixteen, and all that are long on their face.
 */
export class SizeMeter {
  #bytes = 0;
  #objects = 0;
  #sampledBytes = 0;
  #sampled = 0;

  /** Estimated bytes of everything added since the last `reset`. */
  get bytes(): number {
    return this.#bytes;
  }

  add(value: unknown): void {
    if (typeof value === 'number') {
      this.#bytes += 16;
    } else if (typeof value === 'string') {
      this.#bytes += 40 + value.length;
    } else if (typeof value === 'object' && value !== null) {
      this.#addObject(value);
    } else {
      this.#bytes += 16;
    }
  }

  /** Adds a known number of bytes. */
  addBytes(bytes: number): void {
    this.#bytes += bytes;
  }

  /** Forgets the bytes, keeps what was learnt about the size of values. */
  reset(): void {
    this.#bytes = 0;
  }

  #addObject(value: object): void {
    const count = this.#objects++;
    if (
      count < MEASURE_ALL_UNTIL ||
      count % SAMPLE_EVERY === 0 ||
      (Array.isArray(value) && value.length > 64) ||
      ArrayBuffer.isView(value)
    ) {
      const bytes = estimateSizeBytes(value);
      this.#bytes += 8 + bytes;
      this.#sampledBytes += bytes;
      this.#sampled++;
    } else {
      this.#bytes += 8 + this.#sampledBytes / this.#sampled;
    }
  }
}
