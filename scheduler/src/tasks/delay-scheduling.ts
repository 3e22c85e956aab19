import type { Locality, LocalityWaits } from './locality.js';
import { ANY, NODE_LOCAL, NO_PREF, PROCESS_LOCAL, RACK_LOCAL } from './locality.js';

/**
 * How far from its data a task set may run now.
 *
 * A level is left when no waiting task could use it, or when a slot has been idle because of it for
 * the level's wait. Time counts only while slots are idle, and launches elsewhere do not start it
 * again: Spark's older rule did, and left half a cluster idle beside one busy local executor
 * (SPARK-18886; its cure in Spark 3.1 is what this follows).
 */
export class DelayScheduling {
  readonly #waits: LocalityWaits;
  readonly #hasTasksAt: (level: Locality) => boolean;
  #level: Locality = PROCESS_LOCAL;
  /** Since when an idle slot has been refused at this level. */
  #waitingSinceMs: number | undefined;

  constructor(waits: LocalityWaits, hasTasksAt: (level: Locality) => boolean) {
    this.#waits = waits;
    this.#hasTasksAt = hasTasksAt;
  }

  /**
   * The farthest level that is allowed.
   *
   * @param idleSinceMs since when some slot has been idle without a break; Infinity when none is
   */
  allowed(nowMs: number, idleSinceMs: number): Locality {
    if (this.#waitingSinceMs !== undefined && this.#waitingSinceMs < idleSinceMs) {
      this.#waitingSinceMs = undefined;
    }
    while (this.#level < ANY && this.#mayLeave(nowMs)) this.#level = (this.#level + 1) as Locality;
    return this.#level;
  }

  /** A slot stays idle although tasks wait. */
  refused(nowMs: number): void {
    this.#waitingSinceMs ??= nowMs;
  }

  /** All slots are busy, and the last task went out at this level: begin there next time. */
  filled(level: Locality): void {
    this.#waitingSinceMs = undefined;
    if (level !== NO_PREF) this.#level = level;
  }

  /** Tasks or executors came that may be nearer than the present level. */
  restart(): void {
    this.#level = PROCESS_LOCAL;
    this.#waitingSinceMs = undefined;
  }

  /** When the next level opens, if a slot is being refused. */
  nextWakeMs(): number | undefined {
    if (this.#waitingSinceMs === undefined || this.#level === ANY) return undefined;
    return this.#waitingSinceMs + this.#waitMs(this.#level);
  }

  #mayLeave(nowMs: number): boolean {
    const waitMs = this.#waitMs(this.#level);
    if (waitMs === 0 || !this.#hasTasksAt(this.#level)) return true;
    if (this.#waitingSinceMs === undefined || nowMs - this.#waitingSinceMs < waitMs) return false;
    this.#waitingSinceMs += waitMs;
    return true;
  }

  #waitMs(level: Locality): number {
    switch (level) {
      case PROCESS_LOCAL:
        return this.#waits.processMs;
      case NODE_LOCAL:
        return this.#waits.nodeMs;
      case RACK_LOCAL:
        return this.#waits.rackMs;
      case NO_PREF:
      case ANY:
        return 0;
    }
  }
}
