import { safeFileName } from '../storage/local-directories.js';
import type { TaskEnvironment } from '../task-environment.js';

/**
 * Name of the map output that this attempt will publish: application (whose id holds its start
 * time), its attempt, the shuffle, and the task attempt, which is unique in the application. Short,
 * because a request to the stock shuffle service names many of them in 4,096 bytes.
 */
export function makeMapId(env: TaskEnvironment, shuffleId: number): string {
  const application = env.applicationId ?? fallbackApplicationId;
  const start = mapIdStart(application, env.applicationAttemptId, shuffleId);
  return `${start}${env.task.taskAttemptId}`;
}

/** What the names of all outputs of a shuffle begin with, and nothing else does. */
export function mapIdStart(
  applicationId: string,
  applicationAttemptId: string | undefined,
  shuffleId: number,
): string {
  const attempt = applicationAttemptId === undefined ? '' : `_${applicationAttemptId}`;
  return `heddle_${safeFileName(`${applicationId}${attempt}`)}_s${shuffleId}_t`;
}

/** Without an application id (tests, tools): this process since its start, which no other shares. */
const fallbackApplicationId = `p${process.pid}_${Math.round(performance.timeOrigin * 1000)}_${process.hrtime.bigint().toString(36)}`;
