import { ArgumentError } from '@heddle/common';
import { WrongSideError } from '../errors/index.js';
import type { AccumulatorSpec } from '../plan/index.js';
import type { Accumulator } from './accumulator.js';
import { collectionParam, sumParam, type AccumulatorParam } from './accumulator-param.js';

/**
 * A task's half of an accumulator: starts at zero in every attempt and is reported with it. One
 * object serves all attempts of a stage in a thread; `begin` makes it fresh.
 */
export class TaskAccumulator implements Accumulator<unknown, unknown> {
  readonly id: number;
  readonly name: string | undefined;
  readonly #isSum: boolean;
  readonly #isCollection: boolean;
  #param: AccumulatorParam<unknown, unknown> | undefined;
  #partial: unknown;
  #sum = 0;
  #wasUsed = false;

  /** Of custom accumulators the `param` comes with `begin`. */
  constructor(spec: AccumulatorSpec) {
    this.id = spec.id;
    this.name = spec.name;
    this.#isSum = spec.kind === 'sum';
    this.#isCollection = spec.kind === 'collection';
    if (spec.kind === 'collection') this.#param = collectionParam;
  }

  /**
   * Starts an attempt.
   *
   * @param param of a custom accumulator: its captured param, decoded for this attempt (so that its
   *   zero is fresh)
   */
  begin(param?: AccumulatorParam<unknown, unknown>): void {
    if (param !== undefined) this.#param = param;
    this.#sum = sumParam.zero;
    this.#partial = this.#isCollection ? [] : this.#param?.zero;
    this.#wasUsed = false;
  }

  add(value: unknown): void {
    this.#wasUsed = true;
    if (this.#isSum) {
      if (typeof value !== 'number') {
        throw new ArgumentError(
          `a number accumulator adds numbers, and was given ${String(value)}`,
        );
      }
      this.#sum += value;
    } else {
      this.#partial = this.#param!.add(this.#partial, value);
    }
  }

  /** Whether the attempt added anything; else there is nothing to report. */
  get wasUsed(): boolean {
    return this.#wasUsed;
  }

  /** What the attempt reports. */
  get partial(): unknown {
    return this.#isSum ? this.#sum : this.#partial;
  }

  /** @throws WrongSideError always: no task sees what the others added */
  get value(): never {
    throw new WrongSideError(
      `the value of accumulator ${this.name ?? this.id} was read in a task; tasks only add, and the driver reads it after the action`,
    );
  }

  /** @throws WrongSideError always */
  reset(): never {
    throw new WrongSideError(
      `accumulator ${this.name ?? this.id} was reset in a task; only the driver may do that`,
    );
  }
}
