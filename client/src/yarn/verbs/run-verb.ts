import { HeddleError, assertNever, settingsRegistry, type ConfigSource } from '@heddle/common';
import { CommandConsole } from '../../command/command-console.js';
import { reportError } from '../../command/error-report.js';
import { exitCodes, signalExitCode } from '../../command/exit-codes.js';
import { mergeSettings } from '../../command/submitted-settings.js';
import {
  openCluster,
  stagingRoot,
  type ClusterAccess,
  type Environment,
} from '../cluster-access.js';
import { applicationType } from '../application-submission.js';
import { describeState, shortDiagnostics } from '../application-watch.js';
import { hasSucceeded, isEnded, type ApplicationReport } from '../rm-records.js';
import { runDoctor } from './doctor.js';
import { printLogs } from './logs.js';
import type { VerbRequest } from './verb-request.js';

/** Settings of most verbs come from site files alone. */
const noSettings: ReadonlyMap<string, string> = new Map();
/** How long a killed application may take to be gone. */
const killTimeoutMs = 60_000;

/** Does what a verb says; the exit code tells whether it could. */
export async function runVerb(request: VerbRequest, environment: Environment): Promise<void> {
  const console = new CommandConsole(false);
  // `heddle ls | head`: nobody reads on.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    process.exit(signalExitCode('SIGPIPE'));
  });
  try {
    const source = settingsOf(request);
    const cluster = openCluster(environment, source, console.logger);
    process.exitCode = await perform(request, cluster, source);
  } catch (error) {
    if (!(error instanceof HeddleError)) throw error;
    const report = reportError(error);
    if (request.json) print({ error: { code: report.code, message: error.message } });
    else console.tell('error', `heddle: ${error.message}`);
    process.exitCode = exitCodes.failure;
  }
}

async function perform(
  request: VerbRequest,
  cluster: ClusterAccess,
  source: ConfigSource,
): Promise<number> {
  switch (request.verb) {
    case 'ls': {
      const states = request.all ? [] : ['NEW', 'NEW_SAVING', 'SUBMITTED', 'ACCEPTED', 'RUNNING'];
      const applications = await cluster.rm.applications(applicationType, states);
      if (request.json) print(applications);
      else for (const one of applications) write(line(one));
      return exitCodes.success;
    }
    case 'status': {
      const report = await cluster.rm.application(request.applicationId);
      if (request.json) print(report);
      else write(details(report));
      return isEnded(report.state) && !hasSucceeded(report) ? exitCodes.failure : exitCodes.success;
    }
    case 'kill':
      return kill(request.applicationId, cluster, request.json);
    case 'logs':
      return printLogs(request, cluster, write);
    case 'doctor':
      return runDoctor(cluster, source, request.json, write);
    default:
      return assertNever(request);
  }
}

/** @throws ConfigError */
function settingsOf(request: VerbRequest): ReadonlyMap<string, string> {
  if (request.verb !== 'doctor') return noSettings;
  const { conf, queue } = request;
  const merged = mergeSettings({ conf, queue }, noSettings, settingsRegistry);
  return new Map([...merged].map(([key, { value }]) => [key, value]));
}

async function kill(applicationId: string, cluster: ClusterAccess, json: boolean): Promise<number> {
  const deadlineMs = performance.now() + killTimeoutMs;
  const before = await cluster.rm.application(applicationId);
  if (!isEnded(before.state)) {
    while (!(await cluster.rm.kill(applicationId, `killed by ${cluster.user} (heddle kill)`))) {
      if (performance.now() > deadlineMs) break;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
  const staged = `${stagingRoot(noSettings, cluster.files)}/${applicationId}`;
  await cluster.files.fileSystem.delete(staged).catch(() => false);
  const report = await cluster.rm.application(applicationId);
  if (json) print(report);
  else write(`${applicationId}: ${describeState(report)}`);
  return isEnded(report.state) ? exitCodes.success : exitCodes.failure;
}

function line(report: ApplicationReport): string {
  const { id, state, finalStatus, user, queue, name } = report;
  const shown = state === 'FINISHED' ? finalStatus : state;
  return [id, shown.padEnd(9), user, queue, new Date(report.startedTime).toISOString(), name].join(
    '  ',
  );
}

function details(report: ApplicationReport): string {
  const rows: readonly (readonly [string, string])[] = [
    ['application', report.id],
    ['name', report.name],
    ['state', describeState(report)],
    ['final status', report.finalStatus],
    ['user', report.user],
    ['queue', report.queue],
    ['started', new Date(report.startedTime).toISOString()],
    ['finished', report.finishedTime > 0 ? new Date(report.finishedTime).toISOString() : 'N/A'],
    ['containers', String(report.runningContainers)],
    ['memory', `${report.allocatedMiB} MiB`],
    ['master', report.amHostHttpAddress ?? 'N/A'],
    ['page', report.trackingUrl ?? 'N/A'],
    ['logs', report.amContainerLogs ?? 'N/A'],
    ['diagnostics', shortDiagnostics(report.diagnostics) || 'N/A'],
  ];
  return rows.map(([name, value]) => `${name.padEnd(13)}${value}`).join('\n');
}

function write(text: string): void {
  process.stdout.write(`${text}\n`);
}

function print(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value)}\n`);
}
