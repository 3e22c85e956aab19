import type { Locality, TaskLocation } from './locality.js';
import { ANY, NODE_LOCAL, NO_PREF, PROCESS_LOCAL, RACK_LOCAL } from './locality.js';
import type { ClusterView } from './pending-tasks.js';
import type { TaskSet } from './task-set.js';

const NO_LOCATIONS: readonly TaskLocation[] = [];

/** Where the tasks of a set would best run. */
export class TaskSetLocations {
  readonly #taskSet: TaskSet;
  readonly #cluster: ClusterView;

  constructor(taskSet: TaskSet, cluster: ClusterView) {
    this.#taskSet = taskSet;
    this.#cluster = cluster;
  }

  of(index: number): readonly TaskLocation[] {
    return this.#taskSet.locations?.[index] ?? NO_LOCATIONS;
  }

  /** Where several tasks that run one after another would best run: with the largest one's data. */
  ofRange(from: number, to: number): readonly TaskLocation[] {
    const { locations, inputBytes } = this.#taskSet;
    if (locations === undefined) return NO_LOCATIONS;
    let largest = from;
    for (let index = from + 1; index < to; index++) {
      if ((inputBytes?.[index] ?? 0) > (inputBytes?.[largest] ?? 0)) largest = index;
    }
    return this.of(largest);
  }

  /** How near a task is on an executor. */
  localityOn(index: number, executorId: string, host: string): Locality {
    const locations = this.of(index);
    if (locations.length === 0) return NO_PREF;
    let best: Locality = ANY;
    const rack = this.#cluster.rackOf(host);
    for (const location of locations) {
      if (location.executorId === executorId) return PROCESS_LOCAL;
      if (location.host === host) best = NODE_LOCAL;
      else if (best === ANY && rack !== undefined && this.#cluster.rackOf(location.host) === rack) {
        best = RACK_LOCAL;
      }
    }
    return best;
  }
}
