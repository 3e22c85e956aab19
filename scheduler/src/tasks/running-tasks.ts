import type { ExecutorState } from './cluster.js';
import type { TaskAttemptInfo } from './task-event.js';
import type { TaskSetManager } from './task-set-manager.js';

/** A task attempt that was launched and whose end is not known. */
export interface RunningTask {
  info: TaskAttemptInfo;
  readonly manager: TaskSetManager;
  readonly index: number;
  readonly executor: ExecutorState;
  /** The tasks that share its slot. */
  readonly launch: Launch;
  /** The executor was told to end it; its update is still to come. */
  isKilled: boolean;
  hasEnded: boolean;
}

/** Tasks that run one after another in one slot; often just one. */
export interface Launch {
  readonly tasks: RunningTask[];
  /** Position of the one that runs, as far as is known here; those behind it wait. */
  position: number;
}

/** The task attempts that are out. Pure state. */
export class RunningTasks {
  readonly #byId = new Map<number, RunningTask>();

  get size(): number {
    return this.#byId.size;
  }

  get(taskAttemptId: number): RunningTask | undefined {
    return this.#byId.get(taskAttemptId);
  }

  values(): Iterable<RunningTask> {
    return this.#byId.values();
  }

  add(task: RunningTask): void {
    task.launch.tasks.push(task);
    this.#byId.set(task.info.taskAttemptId, task);
  }

  /**
   * A task is over.
   *
   * @returns `slotFree`: nothing of its launch is left; `began`: the task whose turn it is now
   */
  end(task: RunningTask): {
    readonly slotFree: boolean;
    readonly began: RunningTask | undefined;
  } {
    const { info, launch, executor } = task;
    this.#byId.delete(info.taskAttemptId);
    executor.running.delete(info.taskAttemptId);
    task.hasEnded = true;
    const before = launch.position;
    while (launch.tasks[launch.position]?.hasEnded === true) launch.position++;
    const current = launch.tasks[launch.position];
    return {
      slotFree: current === undefined,
      began: launch.position === before ? undefined : current,
    };
  }

  /** Whether the task is the one that runs in its slot; the others wait for it. */
  isCurrent(task: RunningTask): boolean {
    return task.launch.tasks[task.launch.position] === task;
  }

  /** Attempts at one task of a task set. */
  attemptsAt(manager: TaskSetManager, index: number): RunningTask[] {
    const found: RunningTask[] = [];
    for (const task of this.#byId.values()) {
      if (task.manager === manager && task.index === index) found.push(task);
    }
    return found;
  }
}
