import { setTimeout as delay } from 'node:timers/promises';
import { stripVTControlCharacters } from 'node:util';
import type { CommandConsole } from '../command/command-console.js';
import type { ClusterAccess } from './cluster-access.js';
import { masterContainerOf, type ApplicationReport } from './rm-records.js';
import { aggregatedLogs } from './verbs/aggregated-logs.js';

const shownLines = 20;
const shownCharacters = 8_000;
/** How long the nodes may take to bring an application's logs to the cluster's file system. */
const patienceMs = 15_000;
const pauseMs = 500;

/**
 * Tells what the container wrote last in which the driver was, and how to see the rest. With `--json`
 * the lines stand on stderr as they are, as those of a driver in client mode do. Never throws.
 *
 * @param applicationReport of an application in cluster mode that has failed
 * @param signal nothing is told once it has come
 */
export async function tellMasterLog(
  cluster: ClusterAccess,
  applicationReport: ApplicationReport,
  signal: AbortSignal,
  console: CommandConsole,
): Promise<void> {
  const container = masterContainerOf(applicationReport);
  if (container === undefined) return;
  const { id } = applicationReport;
  const lines = await masterLogTail(cluster, applicationReport, container, signal);
  if (signal.aborted) return;
  if (lines.length > 0) {
    console.tell('yarn', "last lines of the driver's container (stderr):");
    for (const line of lines) console.terminal.writeLine(`  ${line}`);
  }
  console.tell('yarn', `heddle logs ${id} shows ${lines.length > 0 ? 'the rest' : 'its logs'}`);
}

/**
 * The last lines that the container of an application's last ApplicationMaster wrote on stderr; in
 * cluster mode they are the driver's too. Never throws.
 *
 * @param report of an application that has ended
 * @param container in which that ApplicationMaster was
 * @param signal ends the waiting
 * @returns nothing when they do not come in time, or cannot be read
 */
async function masterLogTail(
  cluster: ClusterAccess,
  report: ApplicationReport,
  container: string,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const stop = AbortSignal.any([signal, AbortSignal.timeout(patienceMs)]);
  // Reads of the file system have bounds of their own, which are longer than anybody waits here.
  const stopped = new Promise<readonly string[]>((resolve) =>
    stop.addEventListener('abort', () => resolve([]), { once: true }),
  );
  const lines = untilThere(cluster, report, container, stop).catch(() => []);
  return stop.aborted ? [] : Promise.race([lines, stopped]);
}

async function untilThere(
  cluster: ClusterAccess,
  { id, user }: ApplicationReport,
  container: string,
  signal: AbortSignal,
): Promise<readonly string[]> {
  for (;;) {
    const { logAggregationStatus } = await cluster.rm.application(id, signal);
    const isOff = logAggregationStatus === 'DISABLED';
    const { logs } = isOff ? { logs: [] } : await aggregatedLogs(cluster, id, user);
    const own = logs.filter((log) => log.container === container);
    if (isOff || own.length > 0) return tailOf(own.find(({ file }) => file === 'stderr')?.text);
    await delay(pauseMs, undefined, { signal });
  }
}

/** The last lines of a text, without what would steer a terminal. */
function tailOf(text = ''): readonly string[] {
  return stripVTControlCharacters(text.slice(-shownCharacters))
    .trimEnd()
    .split('\n')
    .map((line) => line.trimEnd())
    .filter((line) => line !== '')
    .slice(-shownLines);
}
