import { setTimeout as sleep } from 'node:timers/promises';
import { InternalError } from '@heddle/common';
import type { BatchSource } from '../task-environment.js';
import { RecordIterator } from './record-iterator.js';

/** How long a killed attempt may wait for promises before it notices. */
const checkEveryMs = 50;

/** A call of the function, in the order of the records. */
type Call =
  | { readonly state: 'running' }
  | { readonly state: 'done'; readonly value: unknown }
  | { readonly state: 'failed'; readonly error: unknown };

/** What an asynchronous map needs of its task. */
export interface AsyncMapOptions {
  readonly concurrency: number;
  /** Throws when the attempt was killed. */
  checkInterrupted(): void;
}

/**
 * Calls a function that gives promises for up to `concurrency` records at once, and has the results
 * in the order of the records. Whoever reads it waits for `fill` before each `next`.
 */
export class AsyncMap implements BatchSource {
  readonly #input: RecordIterator<unknown>;
  readonly #function: (record: unknown) => unknown;
  readonly #options: AsyncMapOptions;
  /** Calls whose results nobody has got, in order: at most twice the concurrency. */
  readonly #calls: Call[] = [];
  #first = 0;
  #running = 0;
  #hasFailed = false;
  #inputEnded = false;
  #ready: unknown[] = [];
  #settled = Promise.withResolvers<undefined>();

  constructor(
    input: BatchSource,
    userFunction: (record: unknown) => unknown,
    options: AsyncMapOptions,
  ) {
    this.#input = new RecordIterator(input);
    this.#function = userFunction;
    this.#options = options;
  }

  /** Resolves when `next` has results, or nothing more comes; rejects with what a call rejected with. */
  async fill(): Promise<void> {
    for (;;) {
      this.#options.checkInterrupted();
      this.#begin();
      this.#takeInOrder();
      if (this.#ready.length > 0 || this.#isOver) return;
      await this.#someSettled();
    }
  }

  next(): unknown[] | undefined {
    if (this.#ready.length === 0) {
      if (this.#isOver) return undefined;
      throw new InternalError('an asynchronous map is read before its results are there');
    }
    const ready = this.#ready;
    this.#ready = [];
    return ready;
  }

  close(): void {
    this.#inputEnded = true;
    this.#calls.length = 0;
    this.#first = 0;
    this.#ready = [];
    this.#input.return();
  }

  get #isOver(): boolean {
    return this.#inputEnded && this.#calls.length === 0;
  }

  /** Begins calls up to the limit; after a failure none. */
  #begin(): void {
    const { concurrency } = this.#options;
    while (
      !this.#inputEnded &&
      !this.#hasFailed &&
      this.#running < concurrency &&
      this.#calls.length < 2 * concurrency
    ) {
      const record = this.#input.next();
      if (record.done === true) this.#inputEnded = true;
      else void this.#call(record.value, this.#first + this.#calls.length);
    }
  }

  async #call(record: unknown, number: number): Promise<void> {
    this.#calls.push({ state: 'running' });
    this.#running += 1;
    let ended: Call;
    try {
      ended = { state: 'done', value: await this.#function(record) };
    } catch (error) {
      this.#hasFailed = true;
      ended = { state: 'failed', error };
    }
    this.#running -= 1;
    const position = number - this.#first;
    if (position < this.#calls.length) this.#calls[position] = ended;
    this.#settled.resolve(undefined);
  }

  #takeInOrder(): void {
    let taken = 0;
    for (const call of this.#calls) {
      if (call.state === 'running') break;
      if (call.state === 'failed') {
        // The results before it go out first: an action that needs no more than those succeeds.
        if (taken > 0 || this.#ready.length > 0) break;
        throw call.error;
      }
      this.#ready.push(call.value);
      taken += 1;
    }
    this.#calls.splice(0, taken);
    this.#first += taken;
  }

  async #someSettled(): Promise<void> {
    const timer = new AbortController();
    this.#settled = Promise.withResolvers<undefined>();
    // A call may have ended while the loop of `fill` ran.
    if (this.#calls[0] !== undefined && this.#calls[0].state !== 'running') return;
    await Promise.race([
      this.#settled.promise,
      sleep(checkEveryMs, undefined, { signal: timer.signal }).catch(() => undefined),
    ]);
    timer.abort();
  }
}
