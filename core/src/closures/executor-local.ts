import { ArgumentError } from '@heddle/common';

let lastId = 0;
const objects = new Map<number, ExecutorLocal<unknown>>();

/** Marks `ExecutorLocal` objects for the capture, also those of another copy of the engine. */
export const executorLocalSymbol: unique symbol = Symbol.for('heddle.executorLocal') as never;

/** A value that each task thread makes for itself when it is first used. */
export class ExecutorLocal<T> {
  readonly #make: () => T;
  #value: { readonly made: T } | undefined;
  readonly [executorLocalSymbol]: { readonly id: number; readonly make: () => T };

  constructor(id: number, make: () => T) {
    this.#make = make;
    this[executorLocalSymbol] = { id, make };
  }

  get value(): T {
    this.#value ??= { made: this.#make() };
    return this.#value.made;
  }
}

/**
 * Something that cannot travel, such as a client or a compiled template: `make` runs once per task
 * thread, at the first use of `value` there. On the driver `value` makes one of its own.
 *
 * @throws ArgumentError when `make` is no function
 *
 * @example
 * const format = executorLocal(() => new Intl.NumberFormat('en'));
 * await sc.parallelize([1234]).map((n) => format.value.format(n)).collect(); // ['1,234']
 */
export function executorLocal<T>(make: () => T): { readonly value: T } {
  if (typeof make !== 'function') {
    throw new ArgumentError('executorLocal takes a function that makes the value');
  }
  return new ExecutorLocal(++lastId, make);
}

/** The object of this thread for an id of the driver; `make` counts only the first time. */
export function executorLocalById(id: number, make: () => unknown): ExecutorLocal<unknown> {
  let object = objects.get(id);
  if (object === undefined) {
    object = new ExecutorLocal(id, make);
    objects.set(id, object);
  }
  return object;
}
