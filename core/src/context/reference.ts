/** On objects of the driver that closures take along by id: broadcasts and accumulators. */
export const referenceSymbol: unique symbol = Symbol.for('heddle.reference') as never;

/** On objects that only the driver has: the text says so, for the ClosureError. */
export const driverOnlySymbol: unique symbol = Symbol.for('heddle.driverOnly') as never;

/** What stands for a broadcast or an accumulator in a captured closure. */
export interface CapturedReference {
  readonly kind: 'broadcast' | 'accumulator';
  readonly id: number;
  /** Of an accumulator: how the task's half adds. */
  readonly param?: unknown;
}
