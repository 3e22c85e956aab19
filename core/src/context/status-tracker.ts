import type { DriverCore } from './driver-core.js';
import type { ExecutorStatus, JobInfo, StageInfo } from './job-runner.js';

/**
 * What runs in the application right now. Answers from memory, at once; old jobs and stages are
 * forgotten in time. Source: Spark 4.0 `SparkStatusTracker`.
 */
export class StatusTracker {
  readonly #core: DriverCore;

  constructor(core: DriverCore) {
    this.#core = core;
  }

  /**
   * Ids of the jobs that run now, in no particular order.
   *
   * @example
   * sc.statusTracker.getActiveJobIds(); // []
   */
  getActiveJobIds(): number[] {
    return [...this.#core.application.runner.activeJobIds()];
  }

  /**
   * Ids of the stages that have tasks to run now.
   *
   * @example
   * sc.statusTracker.getActiveStageIds(); // []
   */
  getActiveStageIds(): number[] {
    return [...this.#core.application.runner.activeStageIds()];
  }

  /**
   * Known jobs of a group, ended ones too; without a group those that have none.
   *
   * @example
   * await sc.withJobGroup('tracked', () => sc.range(3).count());
   * sc.statusTracker.getJobIdsForGroup('tracked').length; // 1
   */
  getJobIdsForGroup(group?: string): number[] {
    return [...this.#core.application.runner.jobIdsForGroup(group)];
  }

  /**
   * What is known of a job; undefined for one that is unknown, or long over.
   *
   * @example
   * await sc.withJobGroup('told', () => sc.range(3).count());
   * const [id = -1] = sc.statusTracker.getJobIdsForGroup('told');
   * sc.statusTracker.getJobInfo(id)?.status; // 'SUCCEEDED'
   */
  getJobInfo(jobId: number): JobInfo | undefined {
    return this.#core.application.runner.jobInfo(jobId);
  }

  /**
   * What is known of the latest attempt of a stage; undefined for one that is unknown, or long over.
   *
   * @example
   * await sc.withJobGroup('stages', () => sc.range(0, 3, 1, 3).count());
   * const [job = -1] = sc.statusTracker.getJobIdsForGroup('stages');
   * const [stage = -1] = sc.statusTracker.getJobInfo(job)?.stageIds ?? [];
   * sc.statusTracker.getStageInfo(stage)?.numCompletedTasks; // 3
   */
  getStageInfo(stageId: number): StageInfo | undefined {
    return this.#core.application.runner.stageInfo(stageId);
  }

  /**
   * The executors that live now.
   *
   * @example
   * sc.statusTracker.getExecutorInfos().length; // 1
   */
  getExecutorInfos(): ExecutorStatus[] {
    return [...this.#core.application.runner.executors()];
  }
}
