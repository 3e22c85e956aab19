const MAX_NODES = 256;
const SAMPLED_ELEMENTS = 16;
const POINTER_BYTES = 8;

/**
 * About how many bytes of heap a value takes, itself and what it refers to. Looks at no more than a
 * few hundred parts; long arrays are judged by a sample of their elements.
 */
export function estimateSizeBytes(value: unknown): number {
  return new SizeEstimate().add(value);
}

class SizeEstimate {
  readonly #seen = new Set<object>();
  #nodes = 0;

  add(value: unknown): number {
    switch (typeof value) {
      case 'string':
        return stringBytes(value);
      case 'number':
        return Number.isInteger(value) ? 0 : 16;
      case 'bigint':
        return 24;
      case 'object':
        return value === null || this.#seen.has(value) || ++this.#nodes > MAX_NODES
          ? 0
          : this.#addObject(value);
      default:
        return 0;
    }
  }

  #addObject(value: object): number {
    this.#seen.add(value);
    if (Array.isArray(value)) return 32 + this.#addMembers(value, value.length, POINTER_BYTES);
    if (ArrayBuffer.isView(value)) return 112 + value.byteLength;
    if (value instanceof ArrayBuffer) return 112 + value.byteLength;
    if (value instanceof Map) return 64 + this.#addMembers(value, value.size, 40);
    if (value instanceof Set) return 64 + this.#addMembers(value, value.size, 32);
    const fields = Object.values(value);
    return 24 + this.#addMembers(fields, fields.length, POINTER_BYTES);
  }

  #addMembers(members: Iterable<unknown>, count: number, memberBytes: number): number {
    if (count === 0) return 0;
    let bytes = 0;
    let sampled = 0;
    if (Array.isArray(members)) {
      const step = Math.max(1, Math.floor(count / SAMPLED_ELEMENTS));
      for (let i = 0; i < count; i += step, sampled++) bytes += this.add(members[i]);
    } else {
      for (const member of members) {
        bytes += this.add(member);
        if (++sampled === SAMPLED_ELEMENTS) break;
      }
    }
    return Math.ceil((bytes * count) / sampled) + count * memberBytes;
  }
}

/** Heap bytes of a flat string. */
export function stringBytes(text: string): number {
  const looked = Math.min(text.length, 32);
  for (let i = 0; i < looked; i++) {
    if (text.charCodeAt(i) > 0xff) return 16 + 2 * text.length;
  }
  return 16 + text.length;
}

/** How many members are measured for the average of a collection. */
const SAMPLES = 32;

/**
 * Keeps an estimate of the total size of the `count` members of a growing collection. Measures a
 * sample again only when the collection was asked about often enough since (members may also grow
 * in place), so that asking after every batch is cheap.
 */
export class SampledSize {
  #averageBytes = 0;
  #measuredCount = 0;
  #asked = 0;
  #measureAt = 0;

  total(count: number, memberAt: (index: number) => unknown): number {
    if (count === 0) return 0;
    if (this.#asked++ >= this.#measureAt || count > this.#measuredCount * 2) {
      this.#measure(count, memberAt);
    }
    return Math.ceil(this.#averageBytes * count);
  }

  reset(): void {
    this.#averageBytes = 0;
    this.#measuredCount = 0;
    this.#asked = 0;
    this.#measureAt = 0;
  }

  #measure(count: number, memberAt: (index: number) => unknown): void {
    const samples = Math.min(SAMPLES, count);
    let bytes = 0;
    // Strides from a moving start, so that repeated measures see other members.
    const start = this.#asked % Math.max(1, Math.floor(count / samples));
    for (let i = 0; i < samples; i++) {
      bytes += estimateSizeBytes(memberAt((start + Math.floor((i * count) / samples)) % count));
    }
    this.#averageBytes = bytes / samples;
    this.#measuredCount = count;
    this.#measureAt = Math.ceil(this.#asked * 1.1) + 1;
  }
}
