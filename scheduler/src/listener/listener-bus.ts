import type { Logger } from '@heddle/common';
import { describeThrown } from '@heddle/common';
import type { Listener, ListenerEvent } from './events.js';

/** After so many errors of one listener its next ones are counted, not logged. */
const MAX_LOGGED_ERRORS = 10;

/**
 * Tells every listener every event, in order, before `post` returns. What a listener posts is told
 * after the event that it is hearing. A listener that throws is reported and stays on the bus.
 */
export class ListenerBus {
  readonly #logger: Logger;
  readonly #listeners = new Map<Listener, { errors: number }>();
  readonly #queue: ListenerEvent[] = [];
  #isTelling = false;

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  add(listener: Listener): void {
    if (!this.#listeners.has(listener)) this.#listeners.set(listener, { errors: 0 });
  }

  remove(listener: Listener): void {
    this.#listeners.delete(listener);
  }

  /** Whether anyone listens: without listeners events need not be made. */
  get hasListeners(): boolean {
    return this.#listeners.size > 0;
  }

  /** Errors that a listener has thrown so far. */
  errorsOf(listener: Listener): number {
    return this.#listeners.get(listener)?.errors ?? 0;
  }

  post(event: ListenerEvent): void {
    this.#queue.push(event);
    if (this.#isTelling) return;
    this.#isTelling = true;
    try {
      for (let next = this.#queue.shift(); next !== undefined; next = this.#queue.shift()) {
        for (const [listener, state] of this.#listeners) this.#tell(listener, state, next);
      }
    } finally {
      this.#isTelling = false;
    }
  }

  #tell(listener: Listener, state: { errors: number }, event: ListenerEvent): void {
    try {
      listener.onEvent(event);
    } catch (thrown) {
      state.errors++;
      if (state.errors > MAX_LOGGED_ERRORS) return;
      this.#logger.error('a listener threw; it stays on the bus', {
        listener: listener.constructor.name,
        event: event.kind,
        error: describeThrown(thrown),
        errors: state.errors,
      });
    }
  }
}
