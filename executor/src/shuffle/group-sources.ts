import type { BatchSource, TaskEnvironment } from '../task-environment.js';
import type { CombinedStream } from './combine-collector.js';
import type { GroupStream } from './group-streams.js';
import { collectGroup } from './group-values.js';
import { SizeMeter } from './size-estimator.js';

/** Records of one output batch. */
export const BATCH_RECORDS = 1024;

/** `[key, values]` of each group. */
export class GroupSource implements BatchSource {
  readonly #env: TaskEnvironment;
  readonly #groups: GroupStream;
  readonly #meter = new SizeMeter();

  constructor(groups: GroupStream, env: TaskEnvironment) {
    this.#groups = groups;
    this.#env = env;
  }

  next(): unknown[] | undefined {
    const batch: unknown[] = [];
    let values = 0;
    // A batch of big groups is a short batch, so that it does not hold many of them at once.
    while (batch.length < BATCH_RECORDS && values < 16 * BATCH_RECORDS && this.#groups.nextKey()) {
      this.#meter.reset();
      const group = collectGroup(this.#groups, 0, this.#env.memoryBudgetBytes, this.#meter);
      values += group.length;
      batch.push([this.#groups.key, group]);
    }
    return batch.length === 0 ? undefined : batch;
  }

  close(): void {
    this.#groups.close();
  }
}

/** `[key, [values of side 0, values of side 1, …]]` of each group. */
export class CogroupSource implements BatchSource {
  readonly #env: TaskEnvironment;
  readonly #groups: GroupStream;
  readonly #meter = new SizeMeter();
  readonly #sides: number;

  constructor(groups: GroupStream, sides: number, env: TaskEnvironment) {
    this.#groups = groups;
    this.#sides = sides;
    this.#env = env;
  }

  next(): unknown[] | undefined {
    const batch: unknown[] = [];
    let values = 0;
    while (batch.length < BATCH_RECORDS && values < 16 * BATCH_RECORDS && this.#groups.nextKey()) {
      this.#meter.reset();
      const all: unknown[][] = [];
      for (let side = 0; side < this.#sides; side++) {
        const group = collectGroup(this.#groups, side, this.#env.memoryBudgetBytes, this.#meter);
        values += group.length;
        all.push(group);
      }
      batch.push([this.#groups.key, all]);
    }
    return batch.length === 0 ? undefined : batch;
  }

  close(): void {
    this.#groups.close();
  }
}

/** `[key, combined]` of each key, or the keys alone (`distinct`). */
export class CombinedSource implements BatchSource {
  readonly #stream: CombinedStream;
  readonly #keysOnly: boolean;
  #ended = false;

  constructor(stream: CombinedStream, keysOnly: boolean) {
    this.#stream = stream;
    this.#keysOnly = keysOnly;
  }

  next(): unknown[] | undefined {
    const stream = this.#stream;
    const batch: unknown[] = [];
    while (batch.length < BATCH_RECORDS && !this.#ended) {
      if (stream.next()) {
        batch.push(this.#keysOnly ? stream.key : [stream.key, stream.combined]);
      } else {
        this.#ended = true;
      }
    }
    return batch.length === 0 ? undefined : batch;
  }

  close(): void {
    this.#ended = true;
    this.#stream.close();
  }
}
