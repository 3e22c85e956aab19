import { readSetting, settings } from '@heddle/common';
import type { ProgramRequest } from '../command/run-program.js';
import { runInClient } from './client-mode-program.js';
import type { Environment } from './cluster-access.js';
import { runInCluster } from './cluster-mode-program.js';

/** Runs a program on YARN: its driver in this process, or in a container of the cluster. */
export async function runYarnProgram(
  request: ProgramRequest,
  environment: Environment,
): Promise<void> {
  const source = new Map([...request.submitted].map(([key, { value }]) => [key, value]));
  if (readSetting(source, settings.submitDeployMode) === 'cluster') {
    await runInCluster(request, source, environment);
  } else {
    await runInClient(request, source, environment);
  }
}
