import type { HeddleContext } from 'heddle';

/** What was run for some actions. */
export interface JobsSeen {
  readonly jobs: number;
  /** Stages that ran tasks, of all jobs; skipped ones do not count. */
  readonly stages: number;
  readonly tasks: number;
  /** Tasks of each stage that ran, in the order of stage ids. */
  readonly tasksOfStages: readonly number[];
}

let groups = 0;

/** Runs `act` in a job group of its own and tells what the scheduler ran for it. */
export async function jobsOf(sc: HeddleContext, act: () => Promise<unknown>): Promise<JobsSeen> {
  groups += 1;
  const group = `suite-${groups}`;
  await sc.withJobGroup(group, act);
  const { statusTracker } = sc;
  const jobIds = statusTracker.getJobIdsForGroup(group);
  const stageIds = new Set(jobIds.flatMap((id) => statusTracker.getJobInfo(id)?.stageIds ?? []));
  const tasksOfStages = [...stageIds]
    .sort((a, b) => a - b)
    .map((id) => statusTracker.getStageInfo(id)?.numCompletedTasks ?? 0)
    .filter((tasks) => tasks > 0);
  return {
    jobs: jobIds.length,
    stages: tasksOfStages.length,
    tasks: tasksOfStages.reduce((sum, tasks) => sum + tasks, 0),
    tasksOfStages,
  };
}
