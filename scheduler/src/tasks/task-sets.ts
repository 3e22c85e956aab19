import type { Pools } from './pool.js';
import type { TaskSetManager } from './task-set-manager.js';

/** The task sets that are not over, by stage; at most one of a stage is not suspended. Pure state. */
export class TaskSets {
  readonly pools: Pools;
  readonly #byStage = new Map<number, TaskSetManager[]>();

  constructor(pools: Pools) {
    this.pools = pools;
  }

  get isEmpty(): boolean {
    return this.#byStage.size === 0 && this.pools.isEmpty;
  }

  add(manager: TaskSetManager, poolName: string | undefined): void {
    const { stageId } = manager.taskSet;
    const managers = this.#byStage.get(stageId);
    if (managers === undefined) this.#byStage.set(stageId, [manager]);
    else managers.push(manager);
    this.pools.add(manager, poolName);
  }

  /** @returns whether it was there */
  remove(manager: TaskSetManager): boolean {
    const { stageId } = manager.taskSet;
    const managers = this.#byStage.get(stageId);
    const position = managers?.indexOf(manager) ?? -1;
    if (managers === undefined || position < 0) return false;
    managers.splice(position, 1);
    if (managers.length === 0) this.#byStage.delete(stageId);
    this.pools.remove(manager);
    return true;
  }

  /** Call after anything that may have changed whether the task set has a use for slots. */
  update(manager: TaskSetManager): void {
    this.pools.update(manager);
  }

  /** A list of its own: the caller may end task sets on the way. */
  ofStage(stageId: number): TaskSetManager[] {
    return (this.#byStage.get(stageId) ?? []).slice();
  }

  ofAttempt(stageId: number, stageAttempt: number): TaskSetManager[] {
    return this.ofStage(stageId).filter(({ taskSet }) => taskSet.stageAttempt === stageAttempt);
  }

  *all(): Generator<TaskSetManager> {
    for (const managers of this.#byStage.values()) yield* managers;
  }
}
