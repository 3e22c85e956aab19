/** A thread whose memory is watched. */
export interface WatchedThread {
  /** Whether it runs a task. */
  readonly task: object | undefined;
  usedBytes(): Promise<number>;
  endForMemory(summary: string): void;
}

const intervalMs = 100;

/**
 * Ends threads whose user code takes ever more memory without coming back to the engine, where the
 * thread would notice itself: one task shall not bring down the whole executor. Buffers count, which
 * V8's own limit does not. A thread must be over the limit twice in a row, since garbage counts too.
 */
export class MemoryWatch {
  readonly #threads: readonly WatchedThread[];
  readonly #limitBytes: number;
  readonly #over = new Map<WatchedThread, object>();
  readonly #timer: NodeJS.Timeout;

  constructor(threads: readonly WatchedThread[], limitBytes: number) {
    this.#threads = threads;
    this.#limitBytes = limitBytes;
    this.#timer = setInterval(() => void this.look(), intervalMs);
    this.#timer.unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** One look at all threads that run a task. */
  async look(): Promise<void> {
    await Promise.all(this.#threads.map((thread) => this.#lookAt(thread)));
  }

  async #lookAt(thread: WatchedThread): Promise<void> {
    const { task } = thread;
    if (task === undefined) return;
    let usedBytes: number;
    try {
      usedBytes = await thread.usedBytes();
    } catch {
      // It has just ended.
      return;
    }
    if (usedBytes <= this.#limitBytes || thread.task !== task) {
      this.#over.delete(thread);
    } else if (this.#over.get(thread) !== task) {
      this.#over.set(thread, task);
    } else {
      this.#over.delete(thread);
      thread.endForMemory(
        `the task held ${usedBytes} bytes of heap and buffers, and its thread may hold ${this.#limitBytes}; ` +
          'use more partitions, keep fewer buffers at once, or raise heddle.executor.memory',
      );
    }
  }
}
