import { InternalError } from '@heddle/common';
import { RunStore, type Run, type RunWriter } from '../shuffle/run-store.js';
import { SizeMeter } from '../shuffle/size-estimator.js';
import type { BatchSource, TaskEnvironment } from '../task-environment.js';

/**
 * Records that are written once and read in order any number of times, also by several readers at
 * once: in memory, and all of them in a file of the task when they are more than a limit.
 */
export class KeptRecords {
  readonly #env: TaskEnvironment;
  readonly #limitBytes: number;
  readonly #meter = new SizeMeter();
  #batches: unknown[][] = [];
  #store: RunStore | undefined;
  #writer: RunWriter | undefined;
  #run: Run | undefined;
  #records = 0;
  #isComplete = false;

  constructor(env: TaskEnvironment, limitBytes: number) {
    this.#env = env;
    this.#limitBytes = limitBytes;
    env.onEnd(() => this.close());
  }

  get isEmpty(): boolean {
    return this.#records === 0;
  }

  /** Copies the batch; its records stay the same objects as long as they are in memory. */
  add(batch: readonly unknown[]): void {
    this.#records += batch.length;
    this.#batches.push([...batch]);
    for (const record of batch) this.#meter.add(record);
    if (this.#meter.bytes > this.#limitBytes) this.#spill();
  }

  /** Ends adding. */
  complete(): void {
    this.#isComplete = true;
    if (this.#writer === undefined) return;
    this.#spill();
    this.#run = this.#writer.finish();
    this.#env.metrics.spills++;
  }

  /** Reads from the first record. */
  open(): BatchSource {
    if (!this.#isComplete) throw new InternalError('records are read before all of them are kept');
    if (this.#run !== undefined) {
      const pairs = this.#store!.openRun(this.#run);
      return {
        next: () => {
          const columns = pairs.next();
          return columns === undefined ? undefined : Array.from(columns.values);
        },
        close: () => pairs.close(),
      };
    }
    let at = 0;
    return { next: () => this.#batches[at++]?.slice(), close: () => undefined };
  }

  /** Frees memory and removes the file; idempotent. */
  close(): void {
    this.#batches = [];
    this.#run = undefined;
    this.#writer = undefined;
    this.#store?.close();
    this.#store = undefined;
  }

  #spill(): void {
    this.#store ??= new RunStore(this.#env, 'kept');
    this.#writer ??= this.#store.beginRun();
    for (const batch of this.#batches) {
      const keys = new Array<null>(batch.length).fill(null);
      this.#writer.write(keys, batch, 0, batch.length);
    }
    this.#batches = [];
    this.#meter.reset();
  }
}
