import type { JobInfo, JobRunner, StageInfo } from 'heddle/internal';

const intervalMs = 2_000;
/** Ended jobs that the page still shows. */
const keptJobs = 50;

/**
 * Tells the ApplicationMaster, now and then, what the status page behind YARN's tracking link shows,
 * and how far the running stages are.
 *
 * @param report takes a snapshot as JSON, and the progress (0 … 1)
 * @returns what stops it
 */
export function startStatusReports(
  runner: JobRunner,
  report: (json: string, progress: number) => void,
): () => void {
  const seen = new Set<number>();
  let last = '';
  const timer = setInterval(() => {
    for (const id of runner.activeJobIds()) seen.add(id);
    for (const id of [...seen].slice(0, -keptJobs)) seen.delete(id);
    const jobs = [...seen]
      .map((id) => runner.jobInfo(id))
      .filter((job): job is JobInfo => job !== undefined);
    const running = jobs.filter(({ status }) => status === 'RUNNING');
    const stages = running
      .flatMap(({ stageIds }) => stageIds)
      .map((id) => runner.stageInfo(id))
      .filter((stage): stage is StageInfo => stage !== undefined);
    const tasks = stages.reduce((sum, { numTasks }) => sum + numTasks, 0);
    const done = stages.reduce((sum, { numCompletedTasks }) => sum + numCompletedTasks, 0);
    const json = JSON.stringify({
      jobs: jobs
        .map(({ jobId, status, stageIds }) => ({ job: jobId, status, stages: stageIds.length }))
        .reverse(),
      stages: stages.map((stage) => ({
        stage: stage.stageId,
        attempt: stage.attemptId,
        name: stage.name,
        tasks: stage.numTasks,
        active: stage.numActiveTasks,
        completed: stage.numCompletedTasks,
        failed: stage.numFailedTasks,
      })),
      executors: runner
        .executors()
        .map(({ executorId, host, cores, runningTasks, cacheBytes }) => ({
          executor: executorId,
          host,
          cores,
          'running tasks': runningTasks,
          'cached bytes': cacheBytes,
        })),
    });
    if (json === last) return;
    last = json;
    report(json, tasks === 0 ? 0 : done / tasks);
  }, intervalMs);
  timer.unref();
  return () => clearInterval(timer);
}
