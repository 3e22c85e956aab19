import { compareKeys } from 'heddle/internal';
import { refuseAsyncFunction } from '../pipeline/loop-helpers.js';
import { valueResult } from './result-bytes.js';
import { functionOf, type PushSink, type SinkOf, type SinkTask } from './task-sink.js';

/** `takeOrdered`, `top` → the best `limit` records of the partition, in order. */
export function openTakeOrdered(task: SinkTask, sink: SinkOf<'takeOrdered'>): PushSink {
  const key = sink.keyFunction === undefined ? undefined : functionOf(task, sink.keyFunction);
  refuseAsyncFunction(key, task.label);
  const heap = new BoundedHeap(sink.limit, sink.descending, key);
  return {
    kind: 'push',
    loop: { form: 'records', label: task.label, target: heap },
    finish: () => valueResult(task, heap.sorted()),
    abort: () => undefined,
  };
}

/**
 * The best `limit` of all records that were added, with the worst of them at the root of a binary
 * heap. Of equal records the ones that came first stay, and keep their order.
 */
export class BoundedHeap {
  readonly #limit: number;
  readonly #sign: number;
  readonly #key: ((record: unknown) => unknown) | undefined;
  readonly #records: unknown[] = [];
  readonly #keys: unknown[] = [];
  /** Arrival of each record: decides between equals. */
  readonly #arrivals: number[] = [];
  #arrived = 0;

  constructor(limit: number, descending: boolean, key: ((record: unknown) => unknown) | undefined) {
    this.#limit = limit;
    this.#sign = descending ? -1 : 1;
    this.#key = key;
  }

  add(record: unknown): void {
    const key = this.#key === undefined ? record : this.#key(record);
    const arrival = this.#arrived++;
    const size = this.#records.length;
    if (size < this.#limit) {
      this.#siftUp(size, record, key, arrival);
    } else if (size > 0 && this.#sign * compareKeys(key, this.#keys[0]) < 0) {
      this.#siftDown(record, key, arrival);
    }
  }

  /** The kept records, best first. */
  sorted(): unknown[] {
    return this.#records
      .map((_, index) => index)
      .sort((a, b) => (this.#isWorse(a, this.#keys[b], this.#arrivals[b]!) ? 1 : -1))
      .map((index) => this.#records[index]);
  }

  /** Whether the entry at `index` is worse than another. */
  #isWorse(index: number, key: unknown, arrival: number): boolean {
    const order = this.#sign * compareKeys(this.#keys[index], key);
    return order !== 0 ? order > 0 : this.#arrivals[index]! > arrival;
  }

  #siftUp(start: number, record: unknown, key: unknown, arrival: number): void {
    let at = start;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (this.#isWorse(parent, key, arrival)) break;
      this.#move(parent, at);
      at = parent;
    }
    this.#place(at, record, key, arrival);
  }

  /** Replaces the root. */
  #siftDown(record: unknown, key: unknown, arrival: number): void {
    const size = this.#records.length;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= size) break;
      const right = child + 1;
      if (right < size && this.#isWorse(right, this.#keys[child], this.#arrivals[child]!)) {
        child = right;
      }
      if (!this.#isWorse(child, key, arrival)) break;
      this.#move(child, at);
      at = child;
    }
    this.#place(at, record, key, arrival);
  }

  #move(from: number, to: number): void {
    this.#place(to, this.#records[from], this.#keys[from], this.#arrivals[from]!);
  }

  #place(at: number, record: unknown, key: unknown, arrival: number): void {
    this.#records[at] = record;
    this.#keys[at] = key;
    this.#arrivals[at] = arrival;
  }
}
