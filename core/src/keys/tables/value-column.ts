import { SampledSize } from './estimate-size.js';
import { emptyGenericArray, grownNumbers } from './key-table.js';

const FIRST_LENGTH = 512;
/** `clear` keeps numbers up to this length. */
const KEPT_LENGTH = 32_768;

/**
 * A growing column of values: a Float64Array while all of them are numbers (no boxes, nothing for
 * the garbage collector to visit), a general array from the first other value on.
 */
export class ValueColumn {
  length = 0;
  /** Set while all values are numbers; entries from `length` on are undefined. */
  numbers: Float64Array | undefined = new Float64Array(FIRST_LENGTH);
  /** The values otherwise. */
  objects: unknown[] = emptyGenericArray();
  readonly #objectSize = new SampledSize();

  push(value: unknown): void {
    const numbers = this.numbers;
    if (numbers === undefined) {
      this.objects.push(value);
    } else if (typeof value === 'number') {
      if (this.length === numbers.length) this.numbers = grownNumbers(numbers, 2 * numbers.length);
      this.numbers![this.length] = value;
    } else {
      this.#leaveNumbers(numbers);
      this.objects.push(value);
    }
    this.length++;
  }

  get(index: number): unknown {
    return this.numbers === undefined ? this.objects[index] : this.numbers[index];
  }

  set(index: number, value: unknown): void {
    if (this.numbers !== undefined) {
      if (typeof value === 'number') {
        this.numbers[index] = value;
        return;
      }
      this.#leaveNumbers(this.numbers);
    }
    this.objects[index] = value;
  }

  /** The values: a view or the column's own array, valid until the next change. */
  column(): readonly unknown[] | Float64Array {
    return this.numbers === undefined ? this.objects : this.numbers.subarray(0, this.length);
  }

  /** Estimated bytes of heap and of array buffers. */
  get sizeBytes(): number {
    if (this.numbers !== undefined) return this.numbers.byteLength;
    return 8 * this.length + this.#objectSize.total(this.length, (index) => this.objects[index]);
  }

  clear(): void {
    this.length = 0;
    this.objects = emptyGenericArray();
    this.#objectSize.reset();
    if (this.numbers === undefined || this.numbers.length > KEPT_LENGTH) {
      this.numbers = new Float64Array(FIRST_LENGTH);
    }
  }

  #leaveNumbers(numbers: Float64Array): void {
    for (let i = 0; i < this.length; i++) this.objects.push(numbers[i]);
    this.numbers = undefined;
  }
}
