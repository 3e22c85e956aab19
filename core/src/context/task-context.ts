import { HeddleError } from '@heddle/common';

/** What a task thread tells of the attempt it runs. */
export interface TaskContextInit {
  readonly stageId: number;
  readonly stageAttemptNumber: number;
  readonly partitionId: number;
  readonly attemptNumber: number;
  readonly taskAttemptId: number;
  readonly executorId: string;
  /** Flow-local properties of the job. */
  readonly properties: Readonly<Record<string, string>>;
  /** Whether the attempt was asked to end. */
  isInterrupted(): boolean;
}

/** Several completion or failure listeners of one task threw. */
export class TaskListenerError extends HeddleError {
  readonly code = 'TASK_LISTENER';

  constructor(readonly errors: readonly unknown[]) {
    super(`${errors.length} listener(s) of the task's end threw; the first one is the cause`, {
      cause: errors[0],
    });
  }
}

/**
 * The task attempt that runs in this thread: its numbers, its job's properties, and hooks on its end.
 * Source: Spark 4.0 `TaskContext`.
 */
export class TaskContext {
  readonly stageId: number;
  readonly stageAttemptNumber: number;
  /** Logical partition of the stage's last RDD. */
  readonly partitionId: number;
  /** 0 for the first attempt of this partition in this stage attempt. */
  readonly attemptNumber: number;
  /** Unique in the application. */
  readonly taskAttemptId: number;
  readonly executorId: string;
  readonly #init: TaskContextInit;
  readonly #completionListeners: ((context: TaskContext) => void)[] = [];
  readonly #failureListeners: ((context: TaskContext, error: Error) => void)[] = [];

  /** Made by the task thread only. */
  constructor(init: TaskContextInit) {
    this.stageId = init.stageId;
    this.stageAttemptNumber = init.stageAttemptNumber;
    this.partitionId = init.partitionId;
    this.attemptNumber = init.attemptNumber;
    this.taskAttemptId = init.taskAttemptId;
    this.executorId = init.executorId;
    this.#init = init;
  }

  /**
   * The context of the task that runs in this thread; `undefined` on the driver.
   *
   * @example
   * await sc.range(0, 2, 1, 2).map(() => TaskContext.get()?.partitionId).collect(); // [0, 1]
   */
  static get(): TaskContext | undefined {
    return holder[slot];
  }

  /**
   * A property that the driver set with `setLocalProperty` before it called the action.
   *
   * @example
   * const teams = sc.range(0, 1, 1, 1).map(() => TaskContext.get()?.getLocalProperty('team'));
   * await sc.withLocalProperties({ team: 'red' }, () => teams.collect()); // ['red']
   */
  getLocalProperty(key: string): string | undefined {
    return Object.hasOwn(this.#init.properties, key) ? this.#init.properties[key] : undefined;
  }

  /**
   * Whether the attempt was asked to end; long loops of user code may look and return.
   *
   * @example
   * await sc.range(0, 1, 1, 1).map(() => TaskContext.get()?.isInterrupted()).collect(); // [false]
   */
  isInterrupted(): boolean {
    return this.#init.isInterrupted();
  }

  /**
   * Runs `listener` when the attempt has ended, whatever its outcome; last registered runs first.
   *
   * @example
   * const ended = sc.range(3).map((x) => {
   *   TaskContext.get()?.onCompletion((task) => console.log(`task ${task.taskAttemptId} ended`));
   *   return x;
   * });
   * await ended.count(); // 3
   */
  onCompletion(listener: (context: TaskContext) => void): void {
    this.#completionListeners.push(listener);
  }

  /**
   * Runs `listener` when the attempt has failed, before the completion listeners.
   *
   * @example
   * const watched = sc.range(3).map((x) => {
   *   TaskContext.get()?.onFailure((_, error) => console.log(error.message));
   *   return x;
   * });
   * await watched.count(); // 3
   */
  onFailure(listener: (context: TaskContext, error: Error) => void): void {
    this.#failureListeners.push(listener);
  }

  /**
   * Runs the listeners, each once, last registered first; all run even when some throw.
   * Called by the task thread when the attempt ends.
   *
   * @throws TaskListenerError when listeners threw
   * @internal
   */
  static finish(context: TaskContext, failure: Error | undefined): void {
    const errors: unknown[] = [];
    const runAll = <L>(listeners: L[], call: (listener: L) => void): void => {
      for (let listener = listeners.pop(); listener !== undefined; listener = listeners.pop()) {
        try {
          call(listener);
        } catch (error) {
          errors.push(error);
        }
      }
    };
    if (failure !== undefined) {
      runAll(context.#failureListeners, (listener) => listener(context, failure));
    }
    runAll(context.#completionListeners, (listener) => listener(context));
    if (errors.length > 0) throw new TaskListenerError(errors);
  }
}

// On globalThis, because the user's code in a task thread may load its own copy of this module.
const slot = Symbol.for('heddle.taskContext');
const holder = globalThis as { [slot]?: TaskContext | undefined };

/** Sets what `TaskContext.get()` returns in this thread; `undefined` between tasks. @internal */
export function setCurrentTaskContext(context: TaskContext | undefined): void {
  holder[slot] = context;
}
