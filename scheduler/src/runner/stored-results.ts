import type { Logger } from '@heddle/common';
import { describeThrown } from '@heddle/common';
import type { StoredResult, TaskUpdate } from 'heddle/internal';
import type { SchedulerBackend } from '../backend/scheduler-backend.js';

type Success = Extract<TaskUpdate, { kind: 'succeeded' }>;

/**
 * Fetches results that were too large for a message, before anybody else hears that their tasks
 * ended: until then a task counts as running, so that it ends with its executor. When the result
 * does not come, the task failed. Source: Spark 4.0 `TaskResultGetter`.
 */
export class StoredResults {
  readonly #backend: SchedulerBackend;
  readonly #logger: Logger;
  readonly #ended: (update: TaskUpdate) => void;

  /** @param ended hears of the task's end, with the bytes in place */
  constructor(backend: SchedulerBackend, logger: Logger, ended: (update: TaskUpdate) => void) {
    this.#backend = backend;
    this.#logger = logger;
    this.#ended = ended;
  }

  fetch(update: Success, stored: StoredResult): void {
    const { executorId, taskAttemptId } = update;
    this.#bytes(executorId, stored).then(
      (bytes) => this.#ended({ ...update, result: { kind: 'value', bytes } }),
      (error: unknown) => {
        const summary = `the result of ${stored.sizeBytes} bytes could not be fetched from executor ${executorId}: ${describeThrown(error)}`;
        this.#logger.warn('a result was lost', { executorId, taskAttemptId, reason: summary });
        const failure = { kind: 'resultLost', summary } as const;
        const { metrics } = update;
        this.#ended({ kind: 'failed', taskAttemptId, executorId, failure, metrics });
      },
    );
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
