import { InternalError } from '@heddle/common';
import type { StageBinary, TaskDescription } from 'heddle/internal';
import type { BackendEvents, SchedulerBackend } from '@heddle/scheduler';
import { Executor } from '../host/executor.js';
import type { ExecutorOptions } from '../host/executor-options.js';

/**
 * The backend of `local[N]`: one executor with N task threads in the driver's own process. The same
 * closures, codecs and shuffle files as on a cluster. Source: Spark 4.0 `LocalSchedulerBackend`.
 */
export class LocalBackend implements SchedulerBackend {
  readonly #executor: Executor;
  #events: BackendEvents | undefined;

  readonly #setLogLevel: (level: string) => void;

  /**
   * The threads start now, so that they load while the driver's program does.
   *
   * @param setLogLevel changes the level of the logger that the executor was given
   */
  constructor(options: ExecutorOptions, setLogLevel: (level: string) => void = () => undefined) {
    this.#setLogLevel = setLogLevel;
    this.#executor = new Executor(options, {
      taskUpdate: (update) => this.#events?.taskUpdate(update),
      mayCommit: ({ generation, partition, taskAttemptId }, saveId) =>
        this.#events?.mayCommit({ saveId, generation, partition, taskAttemptId }) ?? false,
      blocksChanged: (statuses) => this.#events?.blocksChanged(this.#executor.executorId, statuses),
    });
  }

  async start(events: BackendEvents): Promise<void> {
    if (this.#events !== undefined) throw new InternalError('a backend was started twice');
    this.#events = events;
    const { executorId, host, slots } = this.#executor;
    // At once: tasks may be launched before a thread is up, and wait there.
    events.executorAdded({ executorId, host, slots });
    await this.#executor.start();
  }

  registerStage(stage: StageBinary): void {
    this.#executor.registerStage(stage);
  }

  unregisterStage(stageId: number, stageAttempt: number): void {
    this.#executor.unregisterStage(stageId, stageAttempt);
  }

  launch(executorId: string, task: TaskDescription): void {
    this.#check(executorId);
    this.#executor.launch(task);
  }

  kill(executorId: string, taskAttemptId: number, reason: string): void {
    this.#check(executorId);
    this.#executor.kill(taskAttemptId, reason);
  }

  recall(executorId: string, taskAttemptId: number): void {
    this.#check(executorId);
    this.#executor.recall(taskAttemptId);
  }

  async removeRdd(rddId: number): Promise<void> {
    this.#executor.removeRdd(rddId);
    return Promise.resolve();
  }

  async removeShuffle(shuffleId: number): Promise<void> {
    await this.#executor.removeShuffle(shuffleId);
  }

  addBroadcast(broadcastId: number, bytes: SharedArrayBuffer): void {
    this.#executor.addBroadcast(broadcastId, bytes);
  }

  async removeBroadcast(broadcastId: number): Promise<void> {
    this.#executor.removeBroadcast(broadcastId);
    return Promise.resolve();
  }

  /** The executor logs through its owner's logger, whose level the owner sets. */
  setLogLevel(level: string): void {
    this.#setLogLevel(level);
  }

  async stop(): Promise<void> {
    await this.#executor.stop();
  }

  #check(executorId: string): void {
    if (executorId !== this.#executor.executorId) {
      throw new InternalError(`there is no executor ${executorId} in local mode`);
    }
  }
}
