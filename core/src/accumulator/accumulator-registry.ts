import { describeThrown, type Logger } from '@heddle/common';
import type { AccumulatorSink } from '../context/job-runner.js';
import type { DriverAccumulator } from './accumulator.js';

/** The accumulators of an application by id; takes in what tasks report. */
export class AccumulatorRegistry implements AccumulatorSink {
  // Strong: plans of running jobs need one also when the program has dropped it.
  readonly #accumulators = new Map<number, DriverAccumulator<unknown, never>>();
  #nextId = 0;
  #logger: Logger | undefined;

  /** Where failed merges are told. */
  set logger(logger: Logger) {
    this.#logger = logger;
  }

  nextId(): number {
    return this.#nextId++;
  }

  add<A, V>(accumulator: DriverAccumulator<A, V>): void {
    const entry = accumulator as unknown as DriverAccumulator<unknown, never>;
    this.#accumulators.set(accumulator.id, entry);
  }

  find(id: number): DriverAccumulator<unknown, never> | undefined {
    return this.#accumulators.get(id);
  }

  /** A merge that throws does not fail the job, as in Spark; it is logged. */
  merge(accumulatorId: number, value: Uint8Array): void {
    const accumulator = this.find(accumulatorId);
    if (accumulator === undefined) return;
    try {
      accumulator.mergePartial(value);
    } catch (error) {
      this.#logger?.error('an accumulator could not take in what a task added', {
        accumulatorId,
        accumulator: accumulator.name,
        error: describeThrown(error),
      });
    }
  }
}
