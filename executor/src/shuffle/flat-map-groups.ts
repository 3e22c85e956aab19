import { GroupPassedError } from 'heddle/internal';
import type { BatchSource, TaskEnvironment } from '../task-environment.js';
import type { GroupStream } from './group-streams.js';
import { BATCH_RECORDS } from './group-sources.js';

/** The user's function of `flatMapGroups`. */
export type GroupFunction = (key: unknown, values: Iterator<unknown>) => unknown;

/** The values of one key, streamed, until the next key begins. */
class GroupValues extends Iterator<unknown, undefined> {
  #groups: GroupStream | undefined;
  #isPassed = false;
  #chunk: readonly unknown[] = [];
  #position = 0;

  constructor(groups: GroupStream) {
    super();
    this.#groups = groups;
  }

  override next(): IteratorResult<unknown, undefined> {
    if (this.#isPassed) throw new GroupPassedError();
    if (this.#position === this.#chunk.length) {
      const chunk = this.#groups?.nextValues(0);
      if (chunk === undefined) {
        return this.return();
      }
      this.#chunk = chunk;
      this.#position = 0;
    }
    return { done: false, value: this.#chunk[this.#position++] };
  }

  override return(): IteratorResult<unknown, undefined> {
    this.#groups = undefined;
    this.#chunk = [];
    this.#position = 0;
    return { done: true, value: undefined };
  }

  /** The group is over. Whoever still wants values that were not read would find it empty, and lose them. */
  pass(): void {
    this.#isPassed = this.#groups !== undefined;
    this.return();
  }
}

/**
 * Calls the user's function with each key and its values, both streamed, and passes on what it
 * gives. Values that the function does not read are skipped.
 */
export class FlatMapGroupsSource implements BatchSource {
  readonly #env: TaskEnvironment;
  readonly #groups: GroupStream;
  readonly #function: GroupFunction;
  readonly #iterate: (returned: unknown) => Iterator<unknown>;
  #limit = 1;
  #values: GroupValues | undefined;
  #results: Iterator<unknown> | undefined;

  constructor(
    groups: GroupStream,
    userFunction: GroupFunction,
    iterate: (returned: unknown) => Iterator<unknown>,
    env: TaskEnvironment,
  ) {
    this.#groups = groups;
    this.#function = userFunction;
    this.#iterate = iterate;
    this.#env = env;
  }

  next(): unknown[] | undefined {
    this.#env.checkInterrupted();
    const batch: unknown[] = [];
    const limit = this.#limit;
    // Small batches first: a reader that stops early has then caused little work of the user's function.
    this.#limit = Math.min(BATCH_RECORDS, 2 * limit);
    while (batch.length < limit) {
      if (this.#results === undefined && !this.#nextGroup()) {
        break;
      }
      const result = this.#results!.next();
      if (result.done === true) {
        this.#values?.pass();
        this.#results = undefined;
      } else {
        batch.push(result.value);
      }
    }
    return batch.length === 0 ? undefined : batch;
  }

  close(): void {
    const results = this.#results;
    this.#results = undefined;
    try {
      results?.return?.();
    } finally {
      this.#values?.pass();
      this.#groups.close();
    }
  }

  #nextGroup(): boolean {
    if (!this.#groups.nextKey()) {
      return false;
    }
    this.#values = new GroupValues(this.#groups);
    this.#results = this.#iterate(this.#function(this.#groups.key, this.#values));
    return true;
  }
}
