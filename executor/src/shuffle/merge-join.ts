import type { JoinType } from 'heddle/internal';
import type { BatchSource, TaskEnvironment } from '../task-environment.js';
import type { GroupStream } from './group-streams.js';
import { BATCH_RECORDS } from './group-sources.js';
import { keptSides } from './hash-join.js';
import { ReplayableValues } from './replayable-values.js';

const MISSING: readonly unknown[] = [undefined];

/**
 * `[key, [left, right]]` from groups that stream from disk. The right values of a key are kept to be
 * read again for each block of left values: in memory, or in a temporary file when there are too
 * many, so that no key is too big to join.
 */
export class MergeJoinSource implements BatchSource {
  readonly #env: TaskEnvironment;
  readonly #groups: GroupStream;
  readonly #keepLeft: boolean;
  readonly #keepRight: boolean;
  readonly #right: ReplayableValues;
  #left: readonly unknown[] | undefined;
  #leftAt = 0;
  #rightChunk: readonly unknown[] | undefined;
  #rightAt = 0;
  /** Whether the right values are those that were kept, or are read once as they come. */
  #mode: 'replay' | 'rightOnly' = 'replay';
  #ended = false;

  constructor(groups: GroupStream, joinType: JoinType, env: TaskEnvironment) {
    this.#env = env;
    this.#groups = groups;
    [this.#keepLeft, this.#keepRight] = keptSides(joinType);
    this.#right = new ReplayableValues(env, env.memoryBudgetBytes / 2);
  }

  next(): unknown[] | undefined {
    this.#env.checkInterrupted();
    const batch: unknown[] = [];
    while (batch.length < BATCH_RECORDS && !this.#ended) {
      if (this.#left === undefined || this.#rightChunk === undefined) {
        this.#nextKey();
      } else {
        this.#emit(batch, this.#left, this.#rightChunk);
      }
    }
    return batch.length === 0 ? undefined : batch;
  }

  close(): void {
    this.#ended = true;
    this.#left = this.#rightChunk = undefined;
    this.#right.close();
    this.#groups.close();
  }

  #emit(batch: unknown[], left: readonly unknown[], right: readonly unknown[]): void {
    const { key } = this.#groups;
    while (batch.length < BATCH_RECORDS) {
      if (this.#rightAt < right.length) {
        batch.push([key, [left[this.#leftAt], right[this.#rightAt++]]]);
      } else if (++this.#leftAt < left.length) {
        this.#rightAt = 0;
      } else {
        this.#nextChunk();
        return;
      }
    }
  }

  /** This block of left values met this chunk of right values: the next chunk, then the next block. */
  #nextChunk(): void {
    this.#leftAt = 0;
    this.#rightAt = 0;
    if (this.#mode === 'rightOnly') {
      this.#rightChunk = this.#groups.nextValues(1);
      return;
    }
    this.#rightChunk = this.#right.nextChunk();
    if (this.#rightChunk === undefined) {
      this.#left = this.#groups.nextValues(0);
      if (this.#left !== undefined) {
        this.#right.rewind();
        this.#rightChunk = this.#right.nextChunk();
      }
    }
  }

  #nextKey(): void {
    if (!this.#groups.nextKey()) {
      this.#ended = true;
      return;
    }
    this.#leftAt = 0;
    this.#rightAt = 0;
    this.#mode = 'replay';
    this.#left = this.#groups.nextValues(0);
    if (this.#left === undefined) {
      if (this.#keepRight) {
        this.#mode = 'rightOnly';
        this.#left = MISSING;
        this.#rightChunk = this.#groups.nextValues(1);
      }
      return;
    }
    this.#right.clear();
    for (let values = this.#groups.nextValues(1); values !== undefined;) {
      this.#right.add(values);
      values = this.#groups.nextValues(1);
    }
    if (this.#right.isEmpty && this.#keepLeft) {
      this.#right.add([...MISSING]);
    }
    this.#right.rewind();
    this.#rightChunk = this.#right.nextChunk();
  }
}
