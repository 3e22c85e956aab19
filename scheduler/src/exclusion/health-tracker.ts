import type { ExclusionOptions } from './exclusion-options.js';
import type { ExecutorFailures } from './task-set-exclusion.js';

/** What a change of the tracker means for others. */
export type HealthChange =
  | {
      readonly kind: 'executorExcluded';
      readonly executorId: string;
      readonly failedTasks: number;
    }
  | { readonly kind: 'executorAllowed'; readonly executorId: string }
  | { readonly kind: 'hostExcluded'; readonly host: string }
  | { readonly kind: 'hostAllowed'; readonly host: string };

interface FailedTask {
  readonly stageId: number;
  readonly stageAttempt: number;
  readonly index: number;
  readonly expiresMs: number;
}

/**
 * Executors and hosts that no task set uses for a while, since tasks of stages that ended well had
 * failed there. Pure state; every exclusion ends by itself after the timeout.
 *
 * Source: Spark 4.0 `HealthTracker`.
 */
export class HealthTracker {
  readonly #options: ExclusionOptions;
  readonly #failures = new Map<string, FailedTask[]>();
  /** executor → its host and when it is allowed again */
  readonly #executors = new Map<string, { readonly host: string; readonly untilMs: number }>();
  readonly #hosts = new Map<string, number>();
  /** Excluded executors of a host; they count also when they are gone. */
  readonly #executorsOfHost = new Map<string, Set<string>>();

  constructor(options: ExclusionOptions) {
    this.#options = options;
  }

  isExcluded(executorId: string, host: string): boolean {
    return this.#executors.has(executorId) || this.#hosts.has(host);
  }

  /** A task set ended well: its failures speak against executors. */
  taskSetSucceeded(
    stageId: number,
    stageAttempt: number,
    failures: Iterable<ExecutorFailures>,
    nowMs: number,
  ): HealthChange[] {
    const changes: HealthChange[] = [];
    for (const { executorId, host, tasks } of failures) {
      let known = this.#failures.get(executorId);
      if (known === undefined) this.#failures.set(executorId, (known = []));
      for (const [index, { lastMs }] of tasks) {
        const expiresMs = lastMs + this.#options.timeoutMs;
        if (expiresMs > nowMs) known.push({ stageId, stageAttempt, index, expiresMs });
      }
      const alive = known.filter(({ expiresMs }) => expiresMs > nowMs);
      this.#failures.set(executorId, alive);
      if (alive.length >= this.#options.applicationMaxFailedTasksPerExecutor) {
        changes.push(...this.#exclude(executorId, host, alive.length, nowMs));
      }
    }
    return changes;
  }

  /**
   * Map outputs of an executor could not be read: what does not pass soon speaks against it, or, when
   * its host's shuffle service gave them, against the host. Source: Spark's `updateExcludedForFetchFailure`.
   */
  fetchFailed(executorId: string, host: string, ofHost: boolean, nowMs: number): HealthChange[] {
    if (!this.#options.onFetchFailure) return [];
    return ofHost ? this.#excludeHost(host, nowMs) : this.#exclude(executorId, host, 0, nowMs);
  }

  /** Allows again what has been excluded long enough. */
  expire(nowMs: number): HealthChange[] {
    const changes: HealthChange[] = [];
    for (const [executorId, { host, untilMs }] of this.#executors) {
      if (untilMs > nowMs) continue;
      this.#executors.delete(executorId);
      this.#failures.delete(executorId);
      const ofHost = this.#executorsOfHost.get(host);
      ofHost?.delete(executorId);
      if (ofHost?.size === 0) this.#executorsOfHost.delete(host);
      changes.push({ kind: 'executorAllowed', executorId });
    }
    for (const [host, untilMs] of this.#hosts) {
      if (untilMs > nowMs) continue;
      this.#hosts.delete(host);
      changes.push({ kind: 'hostAllowed', host });
    }
    return changes;
  }

  /** When the next exclusion ends. */
  nextExpiryMs(): number | undefined {
    let nextMs = Infinity;
    for (const { untilMs } of this.#executors.values()) nextMs = Math.min(nextMs, untilMs);
    for (const untilMs of this.#hosts.values()) nextMs = Math.min(nextMs, untilMs);
    return nextMs === Infinity ? undefined : nextMs;
  }

  executorRemoved(executorId: string): void {
    // Its exclusion stays: executors that keep dying excluded speak against their host.
    this.#failures.delete(executorId);
  }

  #exclude(executorId: string, host: string, failedTasks: number, nowMs: number): HealthChange[] {
    if (this.#executors.has(executorId)) return [];
    this.#executors.set(executorId, { host, untilMs: nowMs + this.#options.timeoutMs });
    const changes: HealthChange[] = [{ kind: 'executorExcluded', executorId, failedTasks }];
    let ofHost = this.#executorsOfHost.get(host);
    if (ofHost === undefined) this.#executorsOfHost.set(host, (ofHost = new Set()));
    ofHost.add(executorId);
    if (ofHost.size >= this.#options.applicationMaxFailedExecutorsPerHost) {
      changes.push(...this.#excludeHost(host, nowMs));
    }
    return changes;
  }

  #excludeHost(host: string, nowMs: number): HealthChange[] {
    if (this.#hosts.has(host)) return [];
    this.#hosts.set(host, nowMs + this.#options.timeoutMs);
    return [{ kind: 'hostExcluded', host }];
  }
}
