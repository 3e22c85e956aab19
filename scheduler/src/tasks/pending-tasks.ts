import type { Locality, TaskLocation } from './locality.js';
import { ANY, NODE_LOCAL, NO_PREF, PROCESS_LOCAL, RACK_LOCAL } from './locality.js';

/** Which executors, hosts and racks are there. */
export interface ClusterView {
  /** Slots of executors that are to stay. */
  readonly slots: number;
  hasExecutor(executorId: string): boolean;
  hasHost(host: string): boolean;
  hasRack(rack: string): boolean;
  rackOf(host: string): string | undefined;
}

/**
 * The tasks of a set that wait for a slot, findable by executor, host and rack.
 *
 * A task stands in several stacks at once; when one of them gives it away, the others drop it when
 * they next meet it (`isPending` says no). So every entry is pushed and popped once, and finding a
 * task costs constant time on average, however many tasks and executors there are.
 */
export class PendingTasks {
  readonly #forExecutor = new Map<string, number[]>();
  readonly #forHost = new Map<string, number[]>();
  readonly #forRack = new Map<string, number[]>();
  readonly #noPreference: number[] = [];
  /** Every task that has a preference. */
  readonly #located: number[] = [];
  /** Keys of the maps above that may have tasks and are alive; refilled when the cluster changes. */
  readonly #live: readonly [Set<string>, Set<string>, Set<string>] = [
    new Set(),
    new Set(),
    new Set(),
  ];
  readonly #isPending: (index: number) => boolean;
  readonly #cluster: ClusterView;

  /** Stack entries looked at so far; tests prove with it that nothing scans. */
  visits = 0;

  constructor(cluster: ClusterView, isPending: (index: number) => boolean) {
    this.#cluster = cluster;
    this.#isPending = isPending;
  }

  /** Adds a task; the one added last is taken first. */
  push(index: number, locations: readonly TaskLocation[]): void {
    if (locations.length === 0) {
      this.#noPreference.push(index);
      return;
    }
    this.#located.push(index);
    for (const { host, executorId } of locations) {
      if (executorId !== undefined) {
        pushTo(this.#forExecutor, executorId, index);
        if (this.#cluster.hasExecutor(executorId)) this.#live[0].add(executorId);
      }
      pushTo(this.#forHost, host, index);
      if (this.#cluster.hasHost(host)) this.#live[1].add(host);
      const rack = this.#cluster.rackOf(host);
      if (rack === undefined) continue;
      pushTo(this.#forRack, rack, index);
      if (this.#cluster.hasRack(rack)) this.#live[2].add(rack);
    }
  }

  /** Takes a task that has just this locality on the executor. */
  take(level: Locality, executorId: string, host: string): number | undefined {
    switch (level) {
      case PROCESS_LOCAL:
        return this.#takeFrom(this.#forExecutor, executorId);
      case NODE_LOCAL:
        return this.#takeFrom(this.#forHost, host);
      case NO_PREF:
        return this.#pop(this.#noPreference);
      case RACK_LOCAL: {
        const rack = this.#cluster.rackOf(host);
        return rack === undefined ? undefined : this.#takeFrom(this.#forRack, rack);
      }
      case ANY:
        return this.#pop(this.#located);
    }
  }

  /** Whether a task waits that some living executor could run at this level. */
  hasTasksAt(level: Locality): boolean {
    switch (level) {
      case PROCESS_LOCAL:
        return this.#anyLive(this.#forExecutor, this.#live[0]);
      case NODE_LOCAL:
        return this.#anyLive(this.#forHost, this.#live[1]);
      case NO_PREF:
        return this.#peek(this.#noPreference) !== undefined;
      case RACK_LOCAL:
        return this.#anyLive(this.#forRack, this.#live[2]);
      case ANY:
        return this.#peek(this.#located) !== undefined;
    }
  }

  /** @returns whether tasks wait that prefer this executor, its host or its rack */
  executorAdded(executorId: string, host: string): boolean {
    const rack = this.#cluster.rackOf(host);
    const keys = [executorId, host, rack];
    const maps = [this.#forExecutor, this.#forHost, this.#forRack];
    let preferred = false;
    keys.forEach((key, which) => {
      if (key === undefined || maps[which]?.has(key) !== true) return;
      this.#live[which]?.add(key);
      preferred = true;
    });
    return preferred;
  }

  executorRemoved(executorId: string, host: string): void {
    this.#live[0].delete(executorId);
    if (!this.#cluster.hasHost(host)) this.#live[1].delete(host);
    const rack = this.#cluster.rackOf(host);
    if (rack !== undefined && !this.#cluster.hasRack(rack)) this.#live[2].delete(rack);
  }

  /** Which hosts the cluster has, or awaits, is another question than before. */
  hostsAwaited(hosts: Iterable<string>): void {
    for (const host of hosts) if (this.#forHost.has(host)) this.#live[1].add(host);
    for (const host of this.#live[1]) if (!this.#cluster.hasHost(host)) this.#live[1].delete(host);
  }

  #takeFrom(map: Map<string, number[]>, key: string): number | undefined {
    const stack = map.get(key);
    if (stack === undefined) return undefined;
    const index = this.#pop(stack);
    if (stack.length === 0) map.delete(key);
    return index;
  }

  #pop(stack: number[]): number | undefined {
    const index = this.#peek(stack);
    if (index !== undefined) stack.pop();
    return index;
  }

  /** The first task of a stack that still waits; what does not is dropped on the way. */
  #peek(stack: number[]): number | undefined {
    while (stack.length > 0) {
      this.visits++;
      const index = stack[stack.length - 1];
      if (index !== undefined && this.#isPending(index)) return index;
      stack.pop();
    }
    return undefined;
  }

  #anyLive(map: Map<string, number[]>, live: Set<string>): boolean {
    for (const key of live) {
      const stack = map.get(key);
      if (stack !== undefined) {
        if (this.#peek(stack) !== undefined) return true;
        map.delete(key);
      }
      live.delete(key);
    }
    return false;
  }
}

function pushTo(map: Map<string, number[]>, key: string, index: number): void {
  const stack = map.get(key);
  if (stack === undefined) map.set(key, [index]);
  else stack.push(index);
}
