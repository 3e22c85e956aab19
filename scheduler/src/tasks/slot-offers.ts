import type { Cluster, ExecutorState } from './cluster.js';
import type { Match } from './offering.js';
import { Offering } from './offering.js';
import type { Pools } from './pool.js';
import type { TaskSetManager } from './task-set-manager.js';

/** Which executors could be of use after an event. */
export type OfferScope =
  | { readonly kind: 'none' }
  | { readonly kind: 'all' }
  | { readonly kind: 'one'; readonly executor: ExecutorState };

export const NOTHING: OfferScope = { kind: 'none' };
export const EVERYTHING: OfferScope = { kind: 'all' };

/** What offers slots takes: a match becomes a launch. */
export type Launcher = (manager: TaskSetManager, match: Match, nowMs: number) => void;

/**
 * Gives free slots to task sets, by pool, locality and exclusion, and knows when slots that stay
 * free should be offered again. Pure state.
 */
export class SlotOffers {
  readonly #cluster: Cluster;
  readonly #pools: Pools;
  readonly #isExcluded: (executor: ExecutorState) => boolean;
  readonly #launch: Launcher;
  /** Since when some slot has been free without a break. */
  #idleSinceMs = Infinity;

  constructor(
    cluster: Cluster,
    pools: Pools,
    isExcluded: (executor: ExecutorState) => boolean,
    launch: Launcher,
  ) {
    this.#cluster = cluster;
    this.#pools = pools;
    this.#isExcluded = isExcluded;
    this.#launch = launch;
  }

  /** Offers until no task set has a use for any free slot. */
  offer(scope: OfferScope, nowMs: number): void {
    const { freeSlots } = this.#cluster;
    if (freeSlots === 0) this.#idleSinceMs = Infinity;
    else if (this.#idleSinceMs === Infinity) this.#idleSinceMs = nowMs;
    let current = scope;
    while (current !== NOTHING && this.#cluster.freeSlots > 0) {
      current = this.#pass(current, nowMs) ? EVERYTHING : NOTHING;
    }
    if (this.#cluster.freeSlots === 0) this.#idleSinceMs = Infinity;
  }

  /** When slots that are refused now should be offered again; undefined: when something happens. */
  nextWakeMs(nowMs: number): number | undefined {
    if (this.#cluster.freeSlots === 0) return undefined;
    let timeMs: number | undefined;
    for (const manager of this.#pools.runnable()) {
      manager.delay.refused(nowMs);
      const wakeMs = manager.nextWakeMs(nowMs);
      if (wakeMs !== undefined && (timeMs === undefined || wakeMs < timeMs)) timeMs = wakeMs;
    }
    return timeMs;
  }

  /** @returns whether executors outside the scope may fit now */
  #pass(scope: OfferScope, nowMs: number): boolean {
    const executors = this.#executorsIn(scope);
    let slots = 0;
    for (const executor of executors) slots += executor.freeSlots;
    const offerings = new Map<TaskSetManager, Offering>();
    const exhausted = new Set<TaskSetManager>();
    while (slots > 0) {
      const manager = this.#pools.best(exhausted);
      if (manager === undefined) break;
      let offering = offerings.get(manager);
      if (offering === undefined) {
        offering = new Offering(manager, {
          executors,
          isOnlyExecutor: this.#cluster.size === 1,
          hasSeveralHosts: this.#cluster.hasSeveralHosts,
          nowMs,
          idleSinceMs: this.#idleSinceMs,
        });
        offerings.set(manager, offering);
      }
      const match = offering.next();
      if (match === undefined) {
        exhausted.add(manager);
        continue;
      }
      slots--;
      this.#launch(manager, match, nowMs);
      if (this.#cluster.freeSlots === 0 && !match.isSpecial) manager.delay.filled(match.level);
    }
    if (scope.kind !== 'one' || this.#cluster.freeSlots === 0) return false;
    for (const [manager, offering] of offerings) {
      if (manager.isRunnable && offering.hasClimbed) return true;
    }
    return false;
  }

  #executorsIn(scope: OfferScope): readonly ExecutorState[] {
    switch (scope.kind) {
      case 'none':
        return [];
      case 'one':
        return scope.executor.freeSlots > 0 && !this.#isExcluded(scope.executor)
          ? [scope.executor]
          : [];
      case 'all':
        return Array.from(this.#cluster.free).filter((executor) => !this.#isExcluded(executor));
    }
  }
}
