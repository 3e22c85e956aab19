import type { TaskSetManager } from './task-set-manager.js';

export type SchedulingMode = 'FIFO' | 'FAIR';

/** A share of the slots, as settings describe it. */
export interface PoolSpec {
  readonly name: string;
  /** Share relative to other pools. */
  readonly weight: number;
  /** Slots that the pool gets before others get more than theirs. */
  readonly minShare: number;
  /** Order of the task sets inside the pool. */
  readonly mode: SchedulingMode;
}

/** Name of the pool of jobs that name none. */
export const DEFAULT_POOL = 'default';

/** What the comparison of fair sharing looks at. */
interface Share {
  readonly weight: number;
  readonly minShare: number;
  readonly running: number;
}

/**
 * The runnable task sets of one pool, in the pool's order.
 *
 * FIFO: earlier jobs first, then earlier stages. FAIR: the one that is farthest below its share.
 * Source: Spark 4.0 `Pool`, `SchedulingAlgorithm`.
 */
export class Pool {
  readonly spec: PoolSpec;
  readonly #runnable: TaskSetManager[] = [];
  /** Slots that the pool's task sets have now; kept by `Pools`. */
  running = 0;
  /** Task sets that belong here, runnable or not; kept by `Pools`. */
  members = 0;

  constructor(spec: PoolSpec) {
    this.spec = spec;
  }

  /** Makes a task set a candidate; without effect when it is one. */
  add(manager: TaskSetManager): void {
    const position = this.#position(manager);
    if (this.#runnable[position] !== manager) this.#runnable.splice(position, 0, manager);
  }

  remove(manager: TaskSetManager): void {
    const position = this.#position(manager);
    if (this.#runnable[position] === manager) this.#runnable.splice(position, 1);
  }

  get isEmpty(): boolean {
    return this.#runnable.length === 0;
  }

  get runnable(): readonly TaskSetManager[] {
    return this.#runnable;
  }

  /** The task set whose turn it is, among those that are not excluded. */
  best(excluded: ReadonlySet<TaskSetManager>): TaskSetManager | undefined {
    if (this.spec.mode === 'FIFO') return this.#runnable.find((each) => !excluded.has(each));
    let best: TaskSetManager | undefined;
    for (const manager of this.#runnable) {
      if (excluded.has(manager)) continue;
      if (best === undefined || manager.slotsInUse < best.slotsInUse) best = manager;
    }
    return best;
  }

  /** Where a task set stands, or would stand. */
  #position(manager: TaskSetManager): number {
    let low = 0;
    let high = this.#runnable.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const other = this.#runnable[middle];
      if (other !== undefined && compareAge(other, manager) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** All pools and the task sets in them; which task set is next. */
export class Pools {
  readonly #mode: SchedulingMode;
  readonly #specs: ReadonlyMap<string, PoolSpec>;
  readonly #pools = new Map<string, Pool>();
  readonly #poolOf = new Map<TaskSetManager, Pool>();

  constructor(mode: SchedulingMode, specs: readonly PoolSpec[]) {
    this.#mode = mode;
    this.#specs = new Map(specs.map((spec) => [spec.name, spec]));
  }

  get isEmpty(): boolean {
    return this.#pools.size === 0;
  }

  /** @param poolName pool of the job; in FIFO mode there is only one */
  add(manager: TaskSetManager, poolName: string | undefined): void {
    const pool = this.#pool(this.#mode === 'FIFO' ? DEFAULT_POOL : (poolName ?? DEFAULT_POOL));
    pool.members++;
    this.#poolOf.set(manager, pool);
    this.update(manager);
  }

  /** Takes a task set out for good. Pools without task sets are forgotten: programs name them. */
  remove(manager: TaskSetManager): void {
    const pool = this.#poolOf.get(manager);
    if (pool === undefined) return;
    this.#poolOf.delete(manager);
    pool.remove(manager);
    pool.members--;
    if (pool.members === 0) this.#pools.delete(pool.spec.name);
  }

  /** Call after anything that may have changed whether the task set has waiting tasks. */
  update(manager: TaskSetManager): void {
    const pool = this.#poolOf.get(manager);
    if (manager.isRunnable) pool?.add(manager);
    else pool?.remove(manager);
  }

  slotTaken(manager: TaskSetManager): void {
    manager.slotsInUse++;
    const pool = this.#poolOf.get(manager);
    if (pool === undefined) return;
    pool.running++;
    if (!manager.isRunnable) pool.remove(manager);
  }

  slotFreed(manager: TaskSetManager): void {
    manager.slotsInUse--;
    const pool = this.#poolOf.get(manager);
    if (pool !== undefined) pool.running--;
  }

  *runnable(): Generator<TaskSetManager> {
    for (const pool of this.#pools.values()) yield* pool.runnable;
  }

  /** The task set that should get the next slot, among those that are not excluded. */
  best(excluded: ReadonlySet<TaskSetManager>): TaskSetManager | undefined {
    let bestPool: Pool | undefined;
    let best: TaskSetManager | undefined;
    for (const pool of this.#pools.values()) {
      if (pool.isEmpty) continue;
      if (bestPool !== undefined && !isNeedier(pool, bestPool)) continue;
      const candidate = pool.best(excluded);
      if (candidate === undefined) continue;
      bestPool = pool;
      best = candidate;
    }
    return best;
  }

  #pool(name: string): Pool {
    let pool = this.#pools.get(name);
    if (pool === undefined) {
      const spec = this.#mode === 'FIFO' ? undefined : this.#specs.get(name);
      pool = new Pool(spec ?? { name, weight: 1, minShare: 0, mode: 'FIFO' });
      this.#pools.set(name, pool);
    }
    return pool;
  }
}

function isNeedier(pool: Pool, other: Pool): boolean {
  const difference = compareShares(share(pool), share(other));
  return difference !== 0 ? difference < 0 : pool.spec.name < other.spec.name;
}

function share(pool: Pool): Share {
  return { weight: pool.spec.weight, minShare: pool.spec.minShare, running: pool.running };
}

/**
 * Below its minimum share goes first, then the smaller part of the minimum, then the smaller part
 * of the weight. Source: Spark 4.0 `FairSchedulingAlgorithm`.
 */
export function compareShares(left: Share, right: Share): number {
  const leftIsNeedy = left.running < left.minShare;
  const rightIsNeedy = right.running < right.minShare;
  if (leftIsNeedy !== rightIsNeedy) return leftIsNeedy ? -1 : 1;
  if (leftIsNeedy) {
    return left.running / Math.max(left.minShare, 1) - right.running / Math.max(right.minShare, 1);
  }
  return left.running / left.weight - right.running / right.weight;
}

function compareAge(left: TaskSetManager, right: TaskSetManager): number {
  const a = left.taskSet;
  const b = right.taskSet;
  return a.jobId - b.jobId || a.stageId - b.stageId || a.stageAttempt - b.stageAttempt;
}
