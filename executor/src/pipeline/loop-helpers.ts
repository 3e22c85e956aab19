import { RecordTypeError } from 'heddle/internal';
import type { FailureLabel } from './failure-label.js';
import { showRecord } from './show-record.js';

/**
 * The rare paths of one generated loop: what it calls when a record or a returned value is not what
 * the fast path expects. One instance for each run, since it knows the labels of the loop's operators.
 */
export class LoopHelpers {
  readonly #sourceLabel: string;
  readonly #labels: readonly string[];
  readonly #sinkLabel: string;
  readonly #failure: FailureLabel;

  constructor(
    sourceLabel: string,
    labels: readonly string[],
    sinkLabel: string,
    failure: FailureLabel,
  ) {
    this.#sourceLabel = sourceLabel;
    this.#labels = labels;
    this.#sinkLabel = sinkLabel;
    this.#failure = failure;
  }

  /** The error itself, after its operator was noted. */
  located(error: unknown, at: number): unknown {
    this.#failure.note(error, this.#label(at));
    return error;
  }

  /** An iterator over what a function returned, or the typed error for what cannot be iterated. */
  iterate(value: unknown, at: number): Iterator<unknown> {
    return iteratorOf(value, this.#label(at));
  }

  /** Closes an iterator that is not read to its end because enough records are there. */
  close(iterator: Iterator<unknown>): void {
    iterator.return?.();
  }

  /** Closes an iterator because of an error, which must not be replaced by another. */
  abandon(iterator: Iterator<unknown>): void {
    try {
      iterator.return?.();
    } catch {
      // The first error is the one to report, as in a `for…of`.
    }
  }

  /** Throws when a function whose value is needed now returned a promise for it. */
  noPromise(value: unknown, at: number): void {
    refusePromise(value, this.#label(at));
  }

  notAPair(record: unknown, at: number): never {
    throw new RecordTypeError(
      `${this.#label(at)} needs pairs [key, value], arrays of length 2, and got ${showRecord(record)}; ` +
        'make pairs with map(x => [key, value]) or keyBy before it',
    );
  }

  #label(at: number): string {
    if (at < 0) return this.#sourceLabel;
    return this.#labels[at] ?? this.#sinkLabel;
  }
}

/** An iterator over what a user's function returned; promises and other things are typed errors. */
export function iteratorOf(value: unknown, label: string): Iterator<unknown> {
  refusePromise(value, label);
  if (typeof value === 'object' || typeof value === 'string' || typeof value === 'function') {
    const iterable = value as (Partial<Iterable<unknown>> & Partial<AsyncIterable<unknown>>) | null;
    if (iterable !== null) {
      if (typeof iterable[Symbol.iterator] === 'function') {
        return (iterable as Iterable<unknown>)[Symbol.iterator]();
      }
      if (typeof iterable[Symbol.asyncIterator] === 'function') {
        throw new RecordTypeError(
          `the function of ${label} returned an async iterable, but tasks are synchronous; ` +
            'do asynchronous work in mapAsync, or on the driver',
        );
      }
    }
  }
  throw new RecordTypeError(
    `the function of ${label} must return an iterable (an array, a string, a generator …) and returned ` +
      `${showRecord(value)}; return [] for "nothing"`,
  );
}

/** Throws when a step that needs its function's value now got a promise for it. */
export function refusePromise(value: unknown, label: string): void {
  if (typeof value !== 'object' || value === null) return;
  if (typeof (value as { then?: unknown }).then !== 'function') return;
  throw new RecordTypeError(
    `the function of ${label} returned a promise, but tasks are synchronous; ` +
      'do asynchronous work in mapAsync, or on the driver',
  );
}

/** Refuses an `async` function before the first record where its result could never be used. */
export function refuseAsyncFunction(candidate: unknown, label: string): void {
  const kind: unknown = Object.prototype.toString.call(candidate);
  if (kind !== '[object AsyncFunction]' && kind !== '[object AsyncGeneratorFunction]') return;
  throw new RecordTypeError(
    `the function of ${label} is async, but tasks are synchronous; ` +
      'do asynchronous work in mapAsync, or on the driver',
  );
}
