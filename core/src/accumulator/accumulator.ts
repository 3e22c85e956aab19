import { ArgumentError } from '@heddle/common';
import { driverCodeTable } from '../closures/index.js';
import { decodeValue, encodeValue } from '../codec/index.js';
import { referenceSymbol, type CapturedReference } from '../context/reference.js';
import type { AccumulatorSpec, ClosureData } from '../plan/index.js';
import type { AccumulatorParam } from './accumulator-param.js';

/**
 * A value that tasks can only add to and the driver reads.
 *
 * What the tasks of an action add counts once, however often they are tried. Added inside a
 * transformation it counts whenever that runs again. Source: Spark 4.0 `AccumulatorV2`.
 */
export interface Accumulator<A, V> {
  readonly id: number;
  readonly name: string | undefined;
  /**
   * Adds a value, in a task or on the driver.
   *
   * @example
   * const total = sc.longAccumulator();
   * await sc.range(4).foreach((x) => total.add(x));
   * total.value; // 6
   */
  add(value: V): void;
  /** Driver only. @throws WrongSideError in a task */
  readonly value: A;
  /**
   * Back to zero. Driver only.
   *
   * @throws WrongSideError in a task
   *
   * @example
   * const total = sc.accumulator(5);
   * total.add(1);
   * total.reset();
   * total.value; // 5
   */
  reset(): void;
}

/** What `DriverAccumulator` is made of. */
export interface AccumulatorInit<A, V> {
  readonly id: number;
  readonly name: string | undefined;
  readonly param: AccumulatorParam<A, V>;
  /** `start` of a number accumulator: what the driver begins with, while tasks begin with 0. */
  readonly initial?: A;
  readonly kind: 'sum' | 'collection' | 'custom';
  /** The captured param, of custom accumulators. */
  readonly closure?: ClosureData;
  /** Throws when the application that it belongs to has ended. */
  checkRunning(): void;
}

/** The driver's half of an accumulator. */
export class DriverAccumulator<A, V> implements Accumulator<A, V> {
  readonly id: number;
  readonly name: string | undefined;
  readonly #init: AccumulatorInit<A, V>;
  readonly #zero: Uint8Array;
  #value: A;

  constructor(init: AccumulatorInit<A, V>) {
    this.id = init.id;
    this.name = init.name;
    this.#init = init;
    this.#zero = encodeValue(init.initial ?? init.param.zero, driverCodeTable());
    this.#value = this.#freshZero();
  }

  get value(): A {
    return this.#value;
  }

  add(value: V): void {
    if (this.#init.kind === 'sum' && typeof value !== 'number') {
      throw new ArgumentError(`a number accumulator adds numbers, and was given ${String(value)}`);
    }
    this.#value = this.#init.param.add(this.#value, value);
  }

  reset(): void {
    this.#value = this.#freshZero();
  }

  /** Takes in what a task added. */
  mergePartial(bytes: Uint8Array): void {
    const partial = decodeValue(bytes, driverCodeTable()) as A;
    this.#value = this.#init.param.merge(this.#value, partial);
  }

  /** How a stage's plan tells its tasks of this accumulator. */
  spec(place: (closure: ClosureData) => number): AccumulatorSpec {
    const { id } = this;
    const { kind, closure } = this.#init;
    const named = this.name === undefined ? {} : { name: this.name };
    return kind === 'custom' && closure !== undefined
      ? { id, ...named, kind, param: { closure: place(closure), root: 0 } }
      : { id, ...named, kind: kind === 'collection' ? kind : 'sum' };
  }

  /**
   * How closures take it along: by id, which means another one in another application.
   *
   * @throws ContextStoppedError
   */
  get [referenceSymbol](): CapturedReference {
    this.#init.checkRunning();
    return { kind: 'accumulator', id: this.id };
  }

  toString(): string {
    return `Accumulator(${this.name ?? this.id}: ${String(this.#value)})`;
  }

  #freshZero(): A {
    return decodeValue(this.#zero, driverCodeTable()) as A;
  }
}
