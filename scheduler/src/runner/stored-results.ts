import type { Logger } from '@heddle/common';
import { describeThrown } from '@heddle/common';
import type { StoredResult, TaskFailure, TaskUpdate } from 'heddle/internal';
import type { SchedulerBackend } from '../backend/scheduler-backend.js';

type Success = Extract<TaskUpdate, { kind: 'succeeded' }>;

/** Results that are on their way at once; Spark's `spark.resultGetter.threads`. */
const MAX_FETCHES = 4;

/** What it needs of its owner. */
export interface StoredResultsOwner {
  /** Whether the attempt's end still matters: it was not given up meanwhile. */
  isWanted(update: Success): boolean;
  /** Hears of the task's end, with the bytes in place. */
  ended(update: TaskUpdate): void;
}

/**
 * Fetches results that were too large for a message, before anybody else hears that their tasks
 * ended: until then a task counts as running, so that it ends with its executor. When the result
 * does not come, the task failed; when nobody wants it any more, it is not fetched at all.
 * Source: Spark 4.0 `TaskResultGetter`.
 */
export class StoredResults {
  readonly #backend: SchedulerBackend;
  readonly #logger: Logger;
  readonly #owner: StoredResultsOwner;
  readonly #waiting: (() => Promise<void>)[] = [];
  #fetching = 0;

  constructor(backend: SchedulerBackend, logger: Logger, owner: StoredResultsOwner) {
    this.#backend = backend;
    this.#logger = logger;
    this.#owner = owner;
  }

  /** The update follows when the result is here, or is known not to come. */
  fetch(update: Success, stored: StoredResult): void {
    this.#waiting.push(() => this.#fetch(update, stored));
    this.#next();
  }

  #next(): void {
    while (this.#fetching < MAX_FETCHES) {
      const fetch = this.#waiting.shift();
      if (fetch === undefined) return;
      this.#fetching++;
      void fetch().finally(() => {
        this.#fetching--;
        this.#next();
      });
    }
  }

  async #fetch(update: Success, stored: StoredResult): Promise<void> {
    const { executorId, taskAttemptId } = update;
    if (!this.#owner.isWanted(update)) {
      this.#backend.dropResult?.(executorId, stored);
      this.#failed(update, { kind: 'killed', reason: 'its result was not wanted any more' });
      return;
    }
    let bytes: Uint8Array;
    try {
      bytes = await this.#bytes(executorId, stored);
    } catch (error) {
      const summary = `the result of ${stored.sizeBytes} bytes could not be fetched from executor ${executorId}: ${describeThrown(error)}`;
      this.#logger.warn('a result was lost', { executorId, taskAttemptId, reason: summary });
      this.#failed(update, { kind: 'resultLost', summary });
      return;
    }
    this.#owner.ended({ ...update, result: { kind: 'value', bytes } });
  }

  #failed({ taskAttemptId, executorId, metrics }: Success, failure: TaskFailure): void {
    this.#owner.ended({ kind: 'failed', taskAttemptId, executorId, failure, metrics });
  }

  async #bytes(executorId: string, stored: StoredResult): Promise<Uint8Array> {
    if (this.#backend.fetchResult === undefined) {
      throw new Error('its backend does not keep results on executors');
    }
    const bytes = await this.#backend.fetchResult(executorId, stored);
    if (bytes.byteLength !== stored.sizeBytes) {
      throw new Error(`${bytes.byteLength} bytes came instead of ${stored.sizeBytes}`);
    }
    return bytes;
  }
}
