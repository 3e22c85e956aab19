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

  /** In no particular order. */
  getActiveJobIds(): number[] {
    return [...this.#core.application.runner.activeJobIds()];
  }

  getActiveStageIds(): number[] {
    return [...this.#core.application.runner.activeStageIds()];
  }

  /** Known jobs of a group, ended ones too; without a group those that have none. */
  getJobIdsForGroup(group?: string): number[] {
    return [...this.#core.application.runner.jobIdsForGroup(group)];
  }

  getJobInfo(jobId: number): JobInfo | undefined {
    return this.#core.application.runner.jobInfo(jobId);
  }

  getStageInfo(stageId: number): StageInfo | undefined {
    return this.#core.application.runner.stageInfo(stageId);
  }

  getExecutorInfos(): ExecutorStatus[] {
    return [...this.#core.application.runner.executors()];
  }
}
