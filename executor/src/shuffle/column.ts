import { SizeMeter } from './size-estimator.js';

/** Values of one column in order: typed while all of them are numbers, else as they are. */
export type ColumnValues = Float64Array | unknown[];

const FIRST_CAPACITY = 1024;

/** A growing column; numbers take 8 bytes each as long as nothing else comes. */
export class Column {
  #numbers: Float64Array | undefined = new Float64Array(FIRST_CAPACITY);
  #mixed: unknown[] = [];
  #length = 0;
  readonly #meter = new SizeMeter();

  get length(): number {
    return this.#length;
  }

  /** Whether all values so far are numbers. */
  get isNumeric(): boolean {
    return this.#numbers !== undefined;
  }

  /** Estimated bytes of the values. */
  get bytes(): number {
    return this.#numbers === undefined ? this.#meter.bytes : 8 * this.#length;
  }

  push(value: unknown): void {
    const numbers = this.#numbers;
    if (numbers !== undefined) {
      if (typeof value === 'number') {
        if (this.#length < numbers.length) {
          numbers[this.#length++] = value;
        } else {
          this.#growAndPush(value);
        }
        return;
      }
      this.#mixed = Array.from(numbers.subarray(0, this.#length));
      this.#numbers = undefined;
      this.#meter.addBytes(24 * this.#length);
    }
    this.#mixed.push(value);
    this.#meter.add(value);
    this.#length++;
  }

  /** The values; longer than `length` when numeric. Valid until the next `push` or `clear`. */
  values(): ColumnValues {
    return this.#numbers ?? this.#mixed;
  }

  /** The values, as many as `length`. Valid until the next `push` or `clear`. */
  trimmed(): ColumnValues {
    return this.#numbers?.subarray(0, this.#length) ?? this.#mixed;
  }

  /** The values in another order: result[i] = value[order[i]]. */
  gather(order: Uint32Array): ColumnValues {
    return gather(this.#numbers ?? this.#mixed, order);
  }

  /** Empties the column; it stays untyped once it was, since more of the same is likely. */
  clear(): void {
    this.#length = 0;
    this.#mixed = [];
    this.#meter.reset();
  }

  #growAndPush(value: number): void {
    const grown = new Float64Array(2 * this.#numbers!.length);
    grown.set(this.#numbers!);
    grown[this.#length++] = value;
    this.#numbers = grown;
  }
}

/** Values in another order: result[i] = values[order[i]]. */
export function gather(
  values: Float64Array | readonly unknown[],
  order: Uint32Array,
): ColumnValues {
  const length = order.length;
  if (values instanceof Float64Array) {
    const gathered = new Float64Array(length);
    for (let i = 0; i < length; i++) {
      gathered[i] = values[order[i]!]!;
    }
    return gathered;
  }
  const gathered = new Array<unknown>(length);
  for (let i = 0; i < length; i++) {
    gathered[i] = values[order[i]!];
  }
  return gathered;
}

/**
 * Order of records by partition, stable: a counting sort. `starts[p]` to `starts[p + 1]` are the
 * positions of partition `p` in the order.
 */
export function orderByPartition(
  partitions: Uint32Array,
  length: number,
  numPartitions: number,
): { order: Uint32Array; starts: Uint32Array } {
  const starts = new Uint32Array(numPartitions + 1);
  for (let i = 0; i < length; i++) {
    starts[partitions[i]! + 1]!++;
  }
  for (let p = 0; p < numPartitions; p++) {
    starts[p + 1]! += starts[p]!;
  }
  const next = starts.slice(0, numPartitions);
  const order = new Uint32Array(length);
  for (let i = 0; i < length; i++) {
    order[next[partitions[i]!]!++] = i;
  }
  return { order, starts };
}
