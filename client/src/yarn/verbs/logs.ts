import { setTimeout as delay } from 'node:timers/promises';
import axios from 'axios';
import { describeThrown } from '@heddle/common';
import { exitCodes } from '../../command/exit-codes.js';
import type { ClusterAccess } from '../cluster-access.js';
import { isEnded, masterContainerOf, type ApplicationReport } from '../rm-records.js';
import { StagingError } from '../yarn-errors.js';
import { aggregatedLogs, type AggregatedLogs, type ContainerLog } from './aggregated-logs.js';
import { liveLogText } from './live-log-text.js';
import type { VerbRequest } from './verb-request.js';

type LogsRequest = Extract<VerbRequest, { verb: 'logs' }>;

/** Files of a container that are worth reading, in this order. */
const logFiles = ['stderr', 'stdout', 'prelaunch.err'];
const followPauseMs = 1_000;
const requestTimeoutMs = 20_000;
/** How long aggregated logs may take to be complete after the end. */
const aggregationPatienceMs = 60_000;
/** And while the ResourceManager says that it goes on. */
const busyAggregationPatienceMs = 300_000;
/** How long after an application's end its nodes may not yet have told what they bring. */
const silencePatienceMs = 15_000;
/** As `--container`: the ApplicationMaster's, of the last attempt. YARN need not give it number 1. */
const masterContainer = 'am';
/** Before the nodes have begun, or of a ResourceManager that has been started again since. */
const notStarted = 'NOT_START';
const busyStates: ReadonlySet<string | undefined> = new Set([
  notStarted,
  'RUNNING',
  'RUNNING_WITH_FAILURE',
]);

/** Prints the logs of an application: from its nodes while it runs, from HDFS when it has ended. */
export async function printLogs(
  request: LogsRequest,
  cluster: ClusterAccess,
  write: (text: string) => void,
): Promise<number> {
  const shown = new Map<string, number>();
  /** @param goesOn the file may grow: a line that is not whole yet waits for its rest */
  const emit = (log: ContainerLog, goesOn: boolean): void => {
    const key = keyOf(log);
    const from = shown.get(key) ?? 0;
    const to = goesOn ? log.text.lastIndexOf('\n') + 1 : log.text.length;
    if (to <= from) return;
    const text = log.text.slice(from, to);
    shown.set(key, to);
    if (request.json) {
      write(JSON.stringify({ ...log, text }));
      return;
    }
    const title = from === 0 ? `=== ${log.container} on ${log.host}: ${log.file}\n` : '';
    // What writes ends the line by itself.
    write(`${title}${text.endsWith('\n') ? text.slice(0, -1) : text}`);
  };
  const complaints = new Set<string>();
  const complain = (line: string, details: object): void => {
    if (complaints.size === complaints.add(line).size) return;
    if (request.json) write(JSON.stringify(details));
    else write(`=== ${line}\n`);
  };
  const wanted = (container: string, report: ApplicationReport): boolean =>
    request.container === undefined ||
    (request.container === masterContainer
      ? container === masterContainerOf(report)
      : container.endsWith(request.container));
  for (;;) {
    const report = await cluster.rm.application(request.applicationId);
    if (isEnded(report.state)) break;
    const logs = await liveLogs(cluster, request.applicationId);
    const found = logs.filter(({ container }) => wanted(container, report));
    if (!request.follow && logs.length > 0 && found.length === 0) {
      throw missing(request, { logs, problems: [] });
    }
    for (const log of found) {
      const { container, host, file, problem } = log;
      if (problem === undefined) emit(log, request.follow);
      else complain(`${container} on ${host}: ${file} cannot be read now: ${problem}`, log);
    }
    if (!request.follow) return exitCodes.success;
    await delay(followPauseMs);
  }
  const sinceMs = performance.now();
  for (;;) {
    const report = await cluster.rm.application(request.applicationId);
    const aggregated = await aggregatedLogs(cluster, request.applicationId, report.user);
    const found = aggregated.logs.filter(({ container }) => wanted(container, report));
    for (const log of found) emit(log, false);
    for (const one of aggregated.problems) {
      complain(`logs of ${one.host} cannot be shown: ${one.problem}`, one);
    }
    const toldMs = report.finishedTime > 0 ? Date.now() - report.finishedTime : 0;
    const endedMs = Math.max(performance.now() - sinceMs, toldMs);
    if (found.length > 0 && isComplete(found, shown, report, endedMs)) return exitCodes.success;
    if (performance.now() - sinceMs >= patienceMs(report)) {
      if (shown.size > 0) return exitCodes.success;
      throw missing(request, aggregated);
    }
    await delay(followPauseMs);
  }
}

/** How long logs that are not there may still come. */
function patienceMs({ logAggregationStatus: status }: ApplicationReport): number {
  if (busyStates.has(status)) return busyAggregationPatienceMs;
  return status === undefined ? aggregationPatienceMs : 0;
}

/**
 * Whether no node has still to bring its file: one node's may be there long before another's.
 *
 * @param endedMs how long ago the application ended
 */
function isComplete(
  found: readonly ContainerLog[],
  shown: ReadonlyMap<string, number>,
  { logAggregationStatus: status }: ApplicationReport,
  endedMs: number,
): boolean {
  if (status !== undefined && status !== notStarted) return !busyStates.has(status);
  // Nobody says so: then everything that was seen while it ran must have come, and what ended too
  // soon to be seen has had its time.
  const there = new Set(found.map((log) => keyOf(log)));
  return endedMs > silencePatienceMs && [...shown.keys()].every((key) => there.has(key));
}

function keyOf({ container, file }: ContainerLog): string {
  return `${container}/${file}`;
}

function missing({ applicationId, container }: LogsRequest, found: AggregatedLogs): Error {
  const { logs, problems } = found;
  if (logs.length > 0) {
    const there = [...new Set(logs.map((log) => log.container))].join(', ');
    return new StagingError(
      `${applicationId} has no logs of a container '${container}'; it has those of ${there}`,
    );
  }
  if (problems.length > 0) {
    const reasons = problems.map(({ host, problem }) => `${host}: ${problem}`).join('; ');
    return new StagingError(
      `the logs of ${applicationId} cannot be shown (${reasons}); try yarn logs -applicationId ${applicationId}`,
    );
  }
  return new StagingError(
    `${applicationId} has ended, and its logs are not in the cluster's file system: log aggregation may be off (yarn.log-aggregation-enable); they are then on its nodes for a while, see yarn.nodemanager.log.retain-seconds`,
  );
}

/** A file of a running container; with a problem, its text is not known. */
type LiveLog = ContainerLog & { readonly problem?: string };

async function liveLogs(cluster: ClusterAccess, applicationId: string): Promise<LiveLog[]> {
  const containers = await cluster.rm.containers(applicationId);
  const logs = await Promise.all(
    containers.map(async ({ id, nodeHttpAddress }) => {
      const host = nodeHttpAddress.replace(/^https?:\/\//, '').split(':')[0]!;
      const files = await Promise.all(
        logFiles.map(async (file): Promise<LiveLog | undefined> => {
          const base = nodeHttpAddress.startsWith('http')
            ? nodeHttpAddress
            : `http://${nodeHttpAddress}`;
          const url = `${base}/ws/v1/node/containerlogs/${id}/${file}`;
          try {
            const text = await fetchText(url, cluster.user);
            if (text === undefined || text === '') return undefined;
            return { container: id, host, file, text };
          } catch (error) {
            const problem = describeThrown(error, 200);
            return { container: id, host, file, text: '', problem };
          }
        }),
      );
      return files.filter((log) => log !== undefined);
    }),
  );
  return logs.flat();
}

/** Undefined when the container has no such file. */
async function fetchText(url: string, user: string): Promise<string | undefined> {
  const answer = await axios.get<ArrayBuffer>(url, {
    params: { 'user.name': user },
    timeout: requestTimeoutMs,
    responseType: 'arraybuffer',
    validateStatus: () => true,
    proxy: false,
    headers: { Accept: 'text/plain' },
  });
  return answer.status === 200 ? liveLogText(Buffer.from(answer.data)) : undefined;
}
