import type { JoinType } from 'heddle/internal';
import type { BatchSource, TaskEnvironment } from '../task-environment.js';
import type { GroupLookup } from './grouped-values.js';
import { BATCH_RECORDS } from './group-sources.js';
import type { PairColumns, PairSource } from './pair-source.js';

/** Which records without a partner a join keeps. */
export function keptSides(joinType: JoinType): readonly [left: boolean, right: boolean] {
  return [joinType === 'left' || joinType === 'full', joinType === 'right' || joinType === 'full'];
}

/**
 * `[key, [left, right]]` by looking each record of the streamed side up in the other side, which is
 * held in memory. Duplicates multiply batch by batch; partners that nobody asked for come last.
 */
export class HashJoinSource implements BatchSource {
  readonly #env: TaskEnvironment;
  readonly #stream: PairSource;
  readonly #lookup: GroupLookup;
  readonly #streamIsLeft: boolean;
  readonly #keepStream: boolean;
  /** By slot of the build side: 1 when some record asked for it; only when its rest is wanted. */
  readonly #matched: Uint8Array | undefined;
  #pairs: PairColumns | undefined;
  #record = 0;
  /** Partners of the current record that are still to be paired. */
  #match = 0;
  #matchEnd = 0;
  #phase: 'stream' | 'rest' | 'ended' = 'stream';
  #slot = 0;

  constructor(
    stream: PairSource,
    lookup: GroupLookup,
    streamIsLeft: boolean,
    joinType: JoinType,
    env: TaskEnvironment,
  ) {
    this.#env = env;
    this.#stream = stream;
    this.#lookup = lookup;
    this.#streamIsLeft = streamIsLeft;
    const [keepLeft, keepRight] = keptSides(joinType);
    this.#keepStream = streamIsLeft ? keepLeft : keepRight;
    if (streamIsLeft ? keepRight : keepLeft) {
      this.#matched = new Uint8Array(lookup.size);
    }
  }

  next(): unknown[] | undefined {
    this.#env.checkInterrupted();
    const batch: unknown[] = [];
    if (this.#phase === 'stream') {
      this.#joinStream(batch);
    }
    if (this.#phase === 'rest' && batch.length < BATCH_RECORDS) {
      this.#addRest(batch);
    }
    if (batch.length > 0) {
      return batch;
    }
    this.close();
    return undefined;
  }

  close(): void {
    this.#phase = 'ended';
    this.#pairs = undefined;
    this.#stream.close();
    this.#lookup.close();
  }

  #joinStream(batch: unknown[]): void {
    const partners = this.#lookup.values;
    while (batch.length < BATCH_RECORDS) {
      if (this.#match < this.#matchEnd) {
        const key = this.#pairs!.keys[this.#record];
        const value = this.#pairs!.values[this.#record];
        const end = Math.min(this.#matchEnd, this.#match + BATCH_RECORDS - batch.length);
        for (let at = this.#match; at < end; at++) {
          batch.push(this.#joined(key, value, partners[at]));
        }
        this.#match = end;
      } else if (!this.#nextRecord()) {
        return;
      } else if (this.#match === this.#matchEnd && this.#keepStream) {
        const key = this.#pairs!.keys[this.#record];
        batch.push(this.#joined(key, this.#pairs!.values[this.#record], undefined));
      }
    }
  }

  /** Moves to the next record of the streamed side and finds its partners; false at the end. */
  #nextRecord(): boolean {
    this.#record++;
    while (this.#pairs === undefined || this.#record >= this.#pairs.length) {
      this.#pairs = this.#stream.next();
      this.#record = 0;
      if (this.#pairs === undefined) {
        this.#stream.close();
        this.#phase = this.#matched === undefined ? 'ended' : 'rest';
        return false;
      }
    }
    const slot = this.#lookup.find(this.#pairs.keys[this.#record]);
    if (slot < 0) {
      this.#match = this.#matchEnd = 0;
    } else {
      this.#match = this.#lookup.start(slot);
      this.#matchEnd = this.#lookup.end(slot);
      if (this.#matched !== undefined) {
        this.#matched[slot] = 1;
      }
    }
    return true;
  }

  /** Records of the build side that no record asked for. */
  #addRest(batch: unknown[]): void {
    const lookup = this.#lookup;
    while (batch.length < BATCH_RECORDS) {
      if (this.#match < this.#matchEnd) {
        const key = lookup.key(this.#slot - 1);
        const partner = lookup.values[this.#match++];
        batch.push(this.#joined(key, undefined, partner));
      } else if (this.#slot === lookup.size) {
        this.#phase = 'ended';
        return;
      } else {
        const slot = this.#slot++;
        if (this.#matched![slot] === 0) {
          this.#match = lookup.start(slot);
          this.#matchEnd = lookup.end(slot);
        }
      }
    }
  }

  #joined(key: unknown, value: unknown, partner: unknown): unknown {
    return [key, this.#streamIsLeft ? [value, partner] : [partner, value]];
  }
}
