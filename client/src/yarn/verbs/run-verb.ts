import {
  HeddleError,
  assertNever,
  readOptionalSetting,
  settings,
  settingsRegistry,
  within,
  type ConfigSource,
} from '@heddle/common';
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
import { defaultEventLogDirectory } from '../cluster-event-log.js';
import { hasSucceeded, isEnded, type ApplicationReport } from '../rm-records.js';
import { runDoctor } from './doctor.js';
import {
  summarizeEventLog,
  type EventLogSummary,
  type JobCounts,
  type StageCounts,
} from './event-log-summary.js';
import { printLogs } from './logs.js';
import type { VerbRequest } from './verb-request.js';

/** Settings of most verbs come from site files alone. */
const noSettings: ReadonlyMap<string, string> = new Map();
/** How long a killed application may take to be gone. */
const killTimeoutMs = 60_000;
/** How long the event log may take: what the ResourceManager says is shown without it then. */
const eventLogTimeoutMs = 15_000;

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
      const log = isEnded(report.state) ? await eventLogOf(report, cluster, source) : undefined;
      if (request.json) print({ ...report, ...log });
      else write(details(report, log));
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

/** Undefined when there is none, or the file system does not tell it in time. */
async function eventLogOf(
  { id, user }: ApplicationReport,
  { files, user: ours }: ClusterAccess,
  source: ConfigSource,
): Promise<EventLogSummary | undefined> {
  const named = readOptionalSetting(source, settings.eventLogDir);
  const above = files.home.slice(0, files.home.lastIndexOf('/'));
  const home = user === ours ? files.home : `${above}/${user}`;
  const place = files.registry.resolve(named ?? `${home}/${defaultEventLogDirectory}`);
  const summary = summarizeEventLog(place.fileSystem, place.path, id);
  return within(eventLogTimeoutMs, summary);
}

function details(report: ApplicationReport, log: EventLogSummary | undefined): string {
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
    ...(log === undefined ? [] : [['event log', log.eventLog] as const]),
    ...(log?.jobs === undefined ? [] : [['jobs', countsText(log.jobs)] as const]),
    ...(log?.stages === undefined ? [] : [['stages', countsText(log.stages)] as const]),
    ['diagnostics', shortDiagnostics(report.diagnostics) || 'N/A'],
  ];
  return rows.map(([name, value]) => `${name.padEnd(13)}${value}`).join('\n');
}

/** `3 succeeded, 1 failed`; what did not happen is left out, but for those two. */
function countsText(counts: JobCounts | StageCounts): string {
  return Object.entries(counts)
    .filter(([name, value]) => value > 0 || name === 'succeeded' || name === 'failed')
    .map(([name, value]) => `${value} ${name}`)
    .join(', ');
}

function write(text: string): void {
  process.stdout.write(`${text}\n`);
}

function print(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value)}\n`);
}
