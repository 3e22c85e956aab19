import { RecordTypeError } from 'heddle/internal';
import { showRecord } from '../pipeline/show-record.js';
import { valueResult } from './result-bytes.js';
import type { PushSink, SinkTask } from './task-sink.js';

/**
 * `sum` → `[sum]`, or `[]` for an empty partition. Numbers are added in the loop with Neumaier's
 * compensation; bigints here, exactly. A partition with both is refused.
 */
export function openSum(task: SinkTask): PushSink {
  let bigSum: bigint | undefined;
  let result: readonly unknown[] = [];
  const target = {
    /** `position`: how many records came before, this one included. */
    addOther(record: unknown, position: number): void {
      if (typeof record !== 'bigint') throw notNumeric(task.label, record);
      if (bigSum === undefined && position > 1) throw mixed(task.label, record);
      bigSum = (bigSum ?? 0n) + record;
      bigCount++;
    },
  };
  let bigCount = 0;
  return {
    kind: 'push',
    loop: {
      form: 'sum',
      label: task.label,
      target,
      complete: ({ n, sum, lost }) => {
        if (bigSum !== undefined && bigCount !== n) throw mixed(task.label, bigSum);
        if (n === 0) result = [];
        else if (bigSum !== undefined) result = [bigSum];
        else result = [compensated(sum, lost)];
      },
    },
    finish: () => valueResult(task, result),
    abort: () => undefined,
  };
}

/** The compensation of an infinite sum is NaN, and would spoil it. */
function compensated(sum: number, lost: number): number {
  return Number.isFinite(sum) ? sum + lost : sum;
}

/** `stats` → `[count, mean, m2, min, max, sum, sumCompensation]` (Welford, Neumaier). */
export function openStats(task: SinkTask): PushSink {
  const counter = new NumberStatistics(task.label);
  return {
    kind: 'push',
    loop: { form: 'records', label: task.label, target: counter },
    finish: () => valueResult(task, counter.toArray()),
    abort: () => undefined,
  };
}

class NumberStatistics {
  readonly #label: string;
  #count = 0;
  #mean = 0.0;
  #m2 = 0.0;
  #min = Infinity;
  #max = -Infinity;
  #sum = 0.0;
  #lost = 0.0;

  constructor(label: string) {
    this.#label = label;
  }

  add(record: unknown): void {
    if (typeof record !== 'number') throw notNumeric(this.#label, record);
    this.#count++;
    const delta = record - this.#mean;
    this.#mean += delta / this.#count;
    this.#m2 += delta * (record - this.#mean);
    this.#min = Math.min(this.#min, record);
    this.#max = Math.max(this.#max, record);
    const next = this.#sum + record;
    this.#lost +=
      Math.abs(this.#sum) >= Math.abs(record)
        ? this.#sum - next + record
        : record - next + this.#sum;
    this.#sum = next;
  }

  toArray(): readonly number[] {
    const lost = Number.isFinite(this.#sum) ? this.#lost : 0;
    return [this.#count, this.#mean, this.#m2, this.#min, this.#max, this.#sum, lost];
  }
}

function notNumeric(label: string, record: unknown): RecordTypeError {
  return new RecordTypeError(
    `${label} needs numbers and got ${showRecord(record)}; convert the records with map(Number) before it`,
  );
}

function mixed(label: string, record: unknown): RecordTypeError {
  return new RecordTypeError(
    `${label} got numbers and bigints in one partition, here ${showRecord(record)}; ` +
      'convert all records to one of the two before it',
  );
}
