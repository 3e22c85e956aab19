/** How values are added to an accumulator and partial values are put together. */
export interface AccumulatorParam<A, V> {
  /** Where every task begins, and the driver after `reset()`; each gets its own copy. */
  readonly zero: A;
  /** The accumulator with one more value; may change and return `accumulated`. */
  add(accumulated: A, value: V): A;
  /** Two accumulators together; may change and return `a`. */
  merge(a: A, b: A): A;
}

/** Adds numbers. */
export const sumParam: AccumulatorParam<number, number> = {
  zero: 0,
  add: (sum, value) => sum + value,
  merge: (a, b) => a + b,
};

/** Gathers values in an array; their order is that in which tasks end. */
export const collectionParam: AccumulatorParam<unknown[], unknown> = {
  zero: [],
  add: (items, value) => {
    items.push(value);
    return items;
  },
  merge: (a, b) => {
    for (const item of b) a.push(item);
    return a;
  },
};
