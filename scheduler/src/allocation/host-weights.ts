import type { ExecutorWish } from '../backend/scheduler-backend.js';
import type { TaskSetManager } from '../tasks/task-set-manager.js';

/** What a task counts as whose input has no known size: a block of the usual size. */
const USUAL_BYTES = 32 * 1024 * 1024;
/** Hosts that a wish names at most, the heaviest ones. */
const MAX_HOSTS = 1_000;
/** Waiting tasks that are looked at; a wish is a hint, and must stay cheap. */
const MAX_TASKS = 20_000;

/** The hosts of a wish in its order: heaviest first, the lightest left out when there are too many. */
export function heaviestFirst(weights: ReadonlyMap<string, number>): ExecutorWish['hosts'] {
  return [...weights]
    .map(([host, weight]) => ({ host, weight }))
    .sort((left, right) => right.weight - left.weight || (left.host < right.host ? -1 : 1))
    .slice(0, MAX_HOSTS);
}

/**
 * Hosts that hold the input of tasks that wait, weighed by bytes, heaviest first. The bytes of a task
 * are shared by the hosts that it may be read on.
 */
export function hostWeights(managers: Iterable<TaskSetManager>): ExecutorWish['hosts'] {
  const weights = new Map<string, number>();
  let tasks = 0;
  for (const manager of managers) {
    if (manager.taskSet.locations === undefined) continue;
    for (const index of manager.waiting()) {
      if (++tasks > MAX_TASKS) break;
      const hosts = new Set(manager.locations.of(index).map(({ host }) => host));
      const sizeBytes = manager.taskSet.inputBytes?.[index] ?? USUAL_BYTES;
      for (const host of hosts) {
        weights.set(host, (weights.get(host) ?? 0) + sizeBytes / hosts.size);
      }
    }
  }
  return heaviestFirst(weights);
}
