import { spawn } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { BenchmarkCluster } from './benchmark-cluster.js';

/** A moment of a submission, and who the time before it is spent by. */
interface Moment {
  readonly what: string;
  /** NaN when nobody noted it. */
  readonly atMs: number;
  readonly by: 'Heddle' | 'YARN';
}

/** What of one submission took how long. */
export interface Phase {
  readonly what: string;
  readonly ms: number;
  readonly by: 'Heddle' | 'YARN';
}

const timeoutMs = 120_000;

/**
 * Runs one submission and says which milliseconds went where: from what the command writes, what the
 * ApplicationMaster and the event log note, and the NodeManagers' own logs. All clocks are this machine's.
 */
export async function timeLineOf(
  cluster: BenchmarkCluster,
  command: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<readonly Phase[]> {
  const run = await observe(command, env);
  const id = /"applicationId":"(application_\d+_\d+)"/.exec(run.stderr)?.[1] ?? '';
  const eventLog = /"eventLog":"([^"]+)"/.exec(run.stderr)?.[1];
  if (id === '' || eventLog === undefined) throw new Error(run.stderr);
  const events = (await cluster.eventLog(eventLog))
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as LoggedEvent);
  const nodes = nodeManagerMoments(cluster.directory, id);
  // In the order of their starts: the ApplicationMaster's, then those of executors.
  const [first, second] = new Set(nodes.map(({ container }) => container));
  const master = nodes.filter(({ container }) => container === first);
  const executor = nodes.filter(({ container }) => container === second);
  const at = (list: readonly NodeMoment[], what: string): number =>
    list.find((one) => one.what === what)?.atMs ?? NaN;
  const seen = (pattern: string): number => run.lines.get(pattern) ?? NaN;
  const event = (kind: string): number => timeOf(events.find((one) => one.kind === kind));
  const moments: Moment[] = [
    { what: 'command started', atMs: run.startedMs, by: 'Heddle' },
    { what: 'program bundled, context asked for', atMs: event('applicationStart'), by: 'Heddle' },
    { what: 'sizes compared with the limits', atMs: seen('asking for'), by: 'Heddle' },
    { what: 'staged and submitted over REST', atMs: seen('submitted application'), by: 'Heddle' },
    { what: 'scheduled: a node has the container', atMs: at(master, 'localizing'), by: 'YARN' },
    { what: 'localized', atMs: at(master, 'localized'), by: 'YARN' },
    { what: 'launched', atMs: at(master, 'launched'), by: 'YARN' },
    {
      what: 'Node started, registered, seen by the command',
      atMs: seen(': RUNNING'),
      by: 'Heddle',
    },
    {
      what: 'connected; executors asked for, allocated',
      atMs: at(executor, 'localizing'),
      by: 'Heddle',
    },
    { what: 'localized', atMs: at(executor, 'localized'), by: 'YARN' },
    { what: 'launched', atMs: at(executor, 'launched'), by: 'YARN' },
    { what: 'Node started, executor registered', atMs: event('executorAdded'), by: 'Heddle' },
    { what: 'first task ended', atMs: event('taskEnd'), by: 'Heddle' },
    { what: 'result printed', atMs: run.resultMs, by: 'Heddle' },
    { what: 'command ended', atMs: run.endedMs, by: 'Heddle' },
  ];
  return moments
    .slice(1)
    .map(({ what, atMs, by }, i) => ({ what, by, ms: Math.max(0, atMs - moments[i]!.atMs) }));
}

/** Phases as Markdown, median of several runs. */
export function renderTimeLine(runs: readonly (readonly Phase[])[]): string {
  const names = runs[0]!.map(({ what, by }, i) => ({ what, by, i }));
  const rows = names.map(({ what, by, i }) => {
    const times = runs.map((run) => run[i]?.ms ?? NaN).sort((a, b) => a - b);
    return { what, by, ms: times[times.length >> 1]! };
  });
  const sum = (by?: Phase['by']): string =>
    rows
      .filter((row) => by === undefined || row.by === by)
      .reduce((total, { ms }) => total + ms, 0)
      .toFixed(0);
  return [
    '| until | ms | by |',
    '| ----- | -- | -- |',
    ...rows.map(({ what, ms, by }) => `| ${what} | ${ms.toFixed(0)} | ${by} |`),
    `| **in all** (Heddle ${sum('Heddle')}, YARN ${sum('YARN')}) | ${sum()} | |`,
  ].join('\n');
}

interface LoggedEvent {
  readonly kind: string;
  readonly timeMs?: number;
  readonly task?: { readonly launchTimeMs: number };
  readonly application?: { readonly startTimeMs: number };
}

function timeOf(event: LoggedEvent | undefined): number {
  return event?.timeMs ?? event?.task?.launchTimeMs ?? event?.application?.startTimeMs ?? NaN;
}

interface Observed {
  readonly startedMs: number;
  readonly endedMs: number;
  readonly resultMs: number;
  readonly stderr: string;
  /** When each of the lines was first seen. */
  readonly lines: ReadonlyMap<string, number>;
}

const awaitedLines = ['asking for', 'submitted application', ': RUNNING'];

async function observe(
  command: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<Observed> {
  const [file, ...words] = command;
  const startedMs = Date.now();
  const child = spawn(file!, words, { env: { ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
  const timer = setTimeout(() => child.kill('SIGKILL'), timeoutMs);
  const lines = new Map<string, number>();
  let stderr = '';
  let resultMs = NaN;
  child.stdout.on('data', () => (resultMs = Number.isNaN(resultMs) ? Date.now() : resultMs));
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
    for (const line of awaitedLines) {
      if (!lines.has(line) && stderr.includes(line)) lines.set(line, Date.now());
    }
  });
  const ended = Promise.withResolvers<number | null>();
  child.once('error', ended.reject);
  child.once('close', ended.resolve);
  const code = await ended.promise;
  clearTimeout(timer);
  if (code !== 0) throw new Error(`the command ended with ${code}: ${stderr}`);
  return { startedMs, endedMs: Date.now(), resultMs, stderr, lines };
}

interface NodeMoment {
  readonly container: string;
  readonly what: 'localizing' | 'localized' | 'launched';
  readonly atMs: number;
}

/** What NodeManagers (Hadoop 3.4.3) log of an application's containers, in order. */
function nodeManagerMoments(directory: string, applicationId: string): NodeMoment[] {
  const folder = join(directory, 'logs');
  const id = applicationId.replace(/^application_/, 'container_');
  const found: NodeMoment[] = [];
  for (const file of readdirSync(folder).filter((name) => /^nm\d\.log$/.test(name))) {
    for (const line of readFileSync(join(folder, file), 'utf8').split('\n')) {
      const container = new RegExp(`${id}_\\d+_\\d+`).exec(line)?.[0];
      const time = /^(\d{4}-\d\d-\d\d) ([\d:]+),(\d{3}) /.exec(line);
      if (container === undefined || time === null) continue;
      const what = line.includes('from NEW to LOCALIZING')
        ? 'localizing'
        : line.includes('from LOCALIZING to SCHEDULED')
          ? 'localized'
          : line.includes('launchContainer:')
            ? 'launched'
            : undefined;
      if (what === undefined) continue;
      found.push({
        container,
        what,
        atMs: new Date(`${time[1]!}T${time[2]!}.${time[3]!}`).getTime(),
      });
    }
  }
  return found.sort((a, b) => a.atMs - b.atMs);
}
