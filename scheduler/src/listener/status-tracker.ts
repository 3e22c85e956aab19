import type { JobInfo, StageInfo } from 'heddle/internal';
import type { Listener, ListenerEvent, StageDescription } from './events.js';

interface JobRecord {
  readonly jobId: number;
  readonly jobGroup: string | undefined;
  readonly stageIds: number[];
  status: JobInfo['status'];
}

interface StageRecord {
  readonly stageId: number;
  readonly name: string;
  numTasks: number;
  attemptId: number;
  numActiveTasks: number;
  numCompletedTasks: number;
  numFailedTasks: number;
}

/**
 * What runs and what ran lately: the store behind `sc.statusTracker` and the progress bar. Ended jobs
 * and stages are forgotten oldest first beyond the limit; active ones never.
 *
 * Source: Spark 4.0 `AppStatusListener` (`spark.ui.retainedJobs`, `spark.ui.retainedStages`).
 */
export class StatusTracker implements Listener {
  readonly #maxEnded: number;
  /** In the order of their starts. */
  readonly #jobs = new Map<number, JobRecord>();
  readonly #stages = new Map<number, StageRecord>();
  readonly #activeJobs = new Set<number>();
  readonly #activeStages = new Set<number>();

  /** @param maxEnded jobs, and stages, that are remembered after their end */
  constructor(maxEnded = 1_000) {
    this.#maxEnded = maxEnded;
  }

  onEvent(event: ListenerEvent): void {
    switch (event.kind) {
      case 'jobStart':
        this.#jobs.set(event.jobId, {
          jobId: event.jobId,
          jobGroup: event.jobGroup,
          stageIds: event.stages.map(({ stageId }) => stageId),
          status: 'RUNNING',
        });
        this.#activeJobs.add(event.jobId);
        for (const stage of event.stages) this.#stage(stage);
        break;
      case 'jobEnd': {
        const job = this.#jobs.get(event.jobId);
        if (job !== undefined) {
          job.status = event.outcome === 'succeeded' ? 'SUCCEEDED' : 'FAILED';
        }
        this.#activeJobs.delete(event.jobId);
        this.#forget();
        break;
      }
      case 'stageSubmitted': {
        const stage = this.#stage(event.stage);
        stage.attemptId = event.stageAttempt;
        stage.numTasks = event.numTasks;
        stage.numActiveTasks = 0;
        stage.numCompletedTasks = 0;
        stage.numFailedTasks = 0;
        this.#activeStages.add(stage.stageId);
        for (const jobId of event.jobIds) {
          const stageIds = this.#jobs.get(jobId)?.stageIds;
          if (stageIds !== undefined && !stageIds.includes(stage.stageId))
            stageIds.push(stage.stageId);
        }
        break;
      }
      case 'stageCompleted':
        if (this.#stages.get(event.stageId)?.attemptId === event.stageAttempt) {
          this.#activeStages.delete(event.stageId);
        }
        break;
      case 'taskStart': {
        const stage = this.#attempt(event.task.stageId, event.task.stageAttempt);
        if (stage !== undefined) stage.numActiveTasks++;
        break;
      }
      case 'taskEnd': {
        const stage = this.#attempt(event.task.stageId, event.task.stageAttempt);
        if (stage === undefined) break;
        stage.numActiveTasks--;
        if (event.failure === undefined) stage.numCompletedTasks++;
        else stage.numFailedTasks++;
        break;
      }
      default:
        break;
    }
  }

  activeJobIds(): readonly number[] {
    return [...this.#activeJobs];
  }

  activeStageIds(): readonly number[] {
    return [...this.#activeStages];
  }

  /** @param group undefined: jobs without a group */
  jobIdsForGroup(group: string | undefined): readonly number[] {
    return [...this.#jobs.values()].filter((job) => job.jobGroup === group).map((job) => job.jobId);
  }

  jobInfo(jobId: number): JobInfo | undefined {
    const job = this.#jobs.get(jobId);
    return job && { jobId, status: job.status, stageIds: [...job.stageIds] };
  }

  stageInfo(stageId: number): StageInfo | undefined {
    const stage = this.#stages.get(stageId);
    if (stage === undefined) return undefined;
    const { attemptId, name, numTasks, numActiveTasks, numCompletedTasks, numFailedTasks } = stage;
    return {
      stageId,
      attemptId,
      name,
      numTasks,
      numActiveTasks,
      numCompletedTasks,
      numFailedTasks,
    };
  }

  #stage(description: StageDescription): StageRecord {
    const { stageId, name, numTasks } = description;
    let stage = this.#stages.get(stageId);
    if (stage === undefined) {
      stage = {
        stageId,
        name,
        numTasks,
        attemptId: 0,
        numActiveTasks: 0,
        numCompletedTasks: 0,
        numFailedTasks: 0,
      };
      this.#stages.set(stageId, stage);
    }
    return stage;
  }

  #attempt(stageId: number, stageAttempt: number): StageRecord | undefined {
    const stage = this.#stages.get(stageId);
    return stage?.attemptId === stageAttempt ? stage : undefined;
  }

  #forget(): void {
    for (const jobId of this.#jobs.keys()) {
      if (this.#jobs.size - this.#activeJobs.size <= this.#maxEnded) break;
      if (!this.#activeJobs.has(jobId)) this.#jobs.delete(jobId);
    }
    const needed = new Set<number>();
    for (const jobId of this.#activeJobs) {
      for (const stageId of this.#jobs.get(jobId)?.stageIds ?? []) needed.add(stageId);
    }
    for (const stageId of this.#stages.keys()) {
      if (this.#stages.size - needed.size <= this.#maxEnded) break;
      if (!needed.has(stageId)) this.#stages.delete(stageId);
    }
  }
}
