import { safeFileName } from '../storage/local-directories.js';
import type { TaskEnvironment } from '../task-environment.js';

/**
 * Name of the map output that this attempt will publish: application (whose id holds its start
 * time), its attempt, and the task attempt, which is unique in the application. Short, because a
 * request to the stock shuffle service names many of them in 4,096 bytes.
 */
export function makeMapId(env: TaskEnvironment): string {
  const application = env.applicationId ?? fallbackApplicationId;
  const applicationAttempt =
    env.applicationAttemptId === undefined ? '' : `_${env.applicationAttemptId}`;
  return `heddle_${safeFileName(`${application}${applicationAttempt}`)}_t${env.task.taskAttemptId}`;
}

/** Without an application id (tests, tools): this process since its start, which no other shares. */
const fallbackApplicationId = `p${process.pid}_${Math.round(performance.timeOrigin * 1000)}_${process.hrtime.bigint().toString(36)}`;
