import type { TaskEnvironment } from '../task-environment.js';
import type { PairSource } from './pair-source.js';
import { RunStore, type Run, type RunWriter } from './run-store.js';
import { SizeMeter } from './size-estimator.js';

/** A list of values that can be read any number of times: in memory, or in a file beyond the limit. */
export class ReplayableValues {
  readonly #env: TaskEnvironment;
  readonly #limitBytes: number;
  readonly #meter = new SizeMeter();
  #values: unknown[] = [];
  #store: RunStore | undefined;
  #writer: RunWriter | undefined;
  #run: Run | undefined;
  #reader: PairSource | undefined;
  #given = false;

  constructor(env: TaskEnvironment, limitBytes: number) {
    this.#env = env;
    this.#limitBytes = limitBytes;
    env.onEnd(() => this.close());
  }

  get isEmpty(): boolean {
    return this.#values.length === 0 && this.#writer === undefined;
  }

  add(values: readonly unknown[]): void {
    for (let i = 0; i < values.length; i++) {
      this.#meter.add(values[i]);
      this.#values.push(values[i]);
    }
    if (this.#meter.bytes > this.#limitBytes) {
      this.#spill();
    }
  }

  /** Starts reading from the first value; ends adding. */
  rewind(): void {
    if (this.#writer !== undefined && this.#run === undefined) {
      this.#spill();
      this.#run = this.#writer.finish();
      this.#env.metrics.spills++;
    }
    if (this.#run !== undefined) {
      this.#reader = this.#store!.openRun(this.#run);
    }
    this.#given = false;
  }

  /** Some of the values, in order; undefined after the last. */
  nextChunk(): readonly unknown[] | undefined {
    if (this.#reader !== undefined) {
      const pairs = this.#reader.next();
      return pairs === undefined ? undefined : Array.from(pairs.values);
    }
    if (this.#given || this.#values.length === 0) {
      return undefined;
    }
    this.#given = true;
    return this.#values;
  }

  /** Forgets the values. */
  clear(): void {
    this.#values = [];
    this.#meter.reset();
    this.#reader = undefined;
    this.#run = undefined;
    this.#writer = undefined;
    this.#given = false;
    this.#store?.close();
    this.#store = undefined;
  }

  /** Frees memory and removes the file; idempotent. */
  close(): void {
    this.clear();
  }

  #spill(): void {
    this.#store ??= new RunStore(this.#env, 'join');
    this.#writer ??= this.#store.beginRun();
    const values = this.#values;
    this.#writer.write(new Array<null>(values.length).fill(null), values, 0, values.length);
    this.#values = [];
    this.#meter.reset();
  }
}
