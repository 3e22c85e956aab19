import type { ExclusionOptions } from './exclusion-options.js';

/** Failures on one executor. */
export interface ExecutorFailures {
  readonly executorId: string;
  readonly host: string;
  /** index → failures there, and when the last one was */
  readonly tasks: Map<number, { count: number; lastMs: number }>;
}

/**
 * Where the tasks of one task set failed, and where they do not run again. Pure state. What it knows
 * goes to the `HealthTracker` when the task set ended well: a broken program says nothing about
 * executors.
 *
 * Source: Spark 4.0 `TaskSetExcludelist`.
 */
export class TaskSetExclusion {
  readonly #options: ExclusionOptions;
  readonly #executors = new Map<string, ExecutorFailures>();
  /** host → index → executors of the host on which the task failed */
  readonly #hosts = new Map<string, Map<number, number>>();
  readonly #excludedExecutors = new Set<string>();
  readonly #excludedHosts = new Set<string>();
  readonly #failedTasks = new Set<number>();

  constructor(options: ExclusionOptions) {
    this.#options = options;
  }

  /** A task failed in a way that counts. @returns what the whole task set avoids from now on */
  failed(
    index: number,
    executorId: string,
    host: string,
    nowMs: number,
  ): { readonly executorExcluded: boolean; readonly hostExcluded: boolean } {
    this.#failedTasks.add(index);
    let failures = this.#executors.get(executorId);
    if (failures === undefined) {
      failures = { executorId, host, tasks: new Map() };
      this.#executors.set(executorId, failures);
    }
    const task = failures.tasks.get(index);
    failures.tasks.set(index, { count: (task?.count ?? 0) + 1, lastMs: nowMs });
    let onHost = this.#hosts.get(host);
    if (onHost === undefined) this.#hosts.set(host, (onHost = new Map<number, number>()));
    onHost.set(index, (onHost.get(index) ?? 0) + 1);
    const { stageMaxFailedTasksPerExecutor, stageMaxFailedExecutorsPerHost } = this.#options;
    const executorExcluded =
      failures.tasks.size >= stageMaxFailedTasksPerExecutor &&
      !this.#excludedExecutors.has(executorId);
    let hostExcluded = false;
    if (executorExcluded) {
      this.#excludedExecutors.add(executorId);
      let count = 0;
      for (const each of this.#executors.values()) {
        if (each.host === host && this.#excludedExecutors.has(each.executorId)) count++;
      }
      hostExcluded = count >= stageMaxFailedExecutorsPerHost && !this.#excludedHosts.has(host);
      if (hostExcluded) this.#excludedHosts.add(host);
    }
    return { executorExcluded, hostExcluded };
  }

  /** Whether a task has failed anywhere, so that not every executor may have it. */
  hasFailed(index: number): boolean {
    return this.#failedTasks.has(index);
  }

  /** Whether the whole task set avoids the executor. */
  isExcluded(executorId: string, host: string): boolean {
    return this.#excludedExecutors.has(executorId) || this.#excludedHosts.has(host);
  }

  /** Whether a task does not run there again. */
  isExcludedFor(index: number, executorId: string, host: string): boolean {
    const { maxTaskAttemptsPerExecutor, maxTaskAttemptsPerHost } = this.#options;
    const count = this.#executors.get(executorId)?.tasks.get(index)?.count ?? 0;
    if (count >= maxTaskAttemptsPerExecutor) return true;
    return (this.#hosts.get(host)?.get(index) ?? 0) >= maxTaskAttemptsPerHost;
  }

  get failures(): Iterable<ExecutorFailures> {
    return this.#executors.values();
  }
}
