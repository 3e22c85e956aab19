import { mkdirSync, readFileSync, readdirSync, readlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Scratch, repositoryRoot, runHeddle } from '../command/run-heddle.js';
import { descendantsOf } from './fault-injector.js';

/** What a job did that read map outputs again after harm to the processes that had them. */
export interface LostExecutorOutcome {
  readonly exitCode: number | null;
  /** Sums of the job before and after. */
  readonly sums: readonly number[];
  /** Names of the processes that were killed. */
  readonly killed: readonly string[];
  readonly mapRunsBefore: number;
  readonly mapRunsAfter: number;
  readonly leftovers: readonly string[];
  readonly stderr: string;
}

export interface LostExecutorPlan {
  /** How often the host's shuffle service is killed before; it is started again three times. */
  readonly serviceKills: number;
  readonly settings: Readonly<Record<string, string>>;
}

const program = join(repositoryRoot, 'integration-tests/src/chaos/lost-executor-program.ts');
const timeoutMs = 120_000;
/** As often a driver starts a service again that has ended. */
const serviceRestarts = 3;

/** Kills one executor of two with `kill -9` after all map tasks, then lets the job read again. */
export async function runWithLostExecutor(plan: LostExecutorPlan): Promise<LostExecutorOutcome> {
  const scratch = new Scratch();
  try {
    const runs = join(scratch.path, 'runs');
    mkdirSync(runs);
    const settings = Object.entries(plan.settings).flatMap(([key, value]) => [
      '--conf',
      `${key}=${value}`,
    ]);
    const words = scratch.submit('--master', 'local-cluster[2,1,512]', ...settings, program, runs);
    let pid = 0;
    const killed: string[] = [];
    let isReady = false;
    let harm: Promise<void> | undefined;
    let mapRunsBefore = 0;
    const { exitCode, stdout, stderr } = await runHeddle(words, {
      timeoutMs,
      onStarted: (started) => (pid = started),
      onOutput: (text) => {
        if (isReady || !text.includes('\n')) return;
        isReady = true;
        mapRunsBefore = mapRuns(runs);
        harm = killServices(pid, plan.serviceKills).then((services) => {
          killed.push(...services, ...killOne(pid, 'executor-main'));
          writeFileSync(join(runs, 'go'), '');
        });
      },
    });
    await harm;
    const sums = stdout
      .split('\n')
      .filter((line) => line.startsWith('{'))
      .flatMap((line) => Object.values(JSON.parse(line) as Record<string, number>));
    return {
      exitCode,
      sums,
      killed,
      mapRunsBefore,
      mapRunsAfter: mapRuns(runs),
      leftovers: scratch.leftovers(),
      stderr,
    };
  } finally {
    scratch.remove();
  }
}

/** Kills one service after another; those that follow are waited for, the one after the last kill too. */
async function killServices(rootPid: number, times: number): Promise<string[]> {
  const killed: string[] = [];
  const gone = new Set<number>();
  const next = (): number | undefined =>
    descendantsOf(rootPid).find(
      ({ pid, commandLine }) => commandLine.includes('shuffle-service') && !gone.has(pid),
    )?.pid;
  const endsMs = performance.now() + 60_000;
  while (killed.length < times && performance.now() < endsMs) {
    const pid = next();
    // It is one to be killed once it serves.
    if (pid !== undefined && listens(pid)) {
      process.kill(pid, 'SIGKILL');
      gone.add(pid);
      killed.push('shuffle-service');
    } else await sleep(20);
  }
  if (times > 0 && times <= serviceRestarts) {
    for (let pid = next(); pid === undefined || !listens(pid); pid = next()) {
      if (performance.now() > endsMs) throw new Error('no other shuffle service came');
      await sleep(20);
    }
    // Its owner hears of it next.
    await sleep(500);
  }
  return killed;
}

/** Whether a process has a socket that listens. */
function listens(pid: number): boolean {
  try {
    const own = readdirSync(`/proc/${pid}/fd`).map((fd) => linkOf(`/proc/${pid}/fd/${fd}`));
    const sockets = new Set(own.flatMap((link) => /^socket:\[(\d+)\]$/.exec(link)?.[1] ?? []));
    return readFileSync('/proc/net/tcp', 'utf8')
      .split('\n')
      .map((line) => line.trim().split(/\s+/))
      .some((fields) => fields[3] === '0A' && sockets.has(fields[9] ?? ''));
  } catch {
    return false;
  }
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
}

function killOne(rootPid: number, name: string): string[] {
  const victim = descendantsOf(rootPid).find(({ commandLine }) => commandLine.includes(name));
  if (victim === undefined) return [];
  process.kill(victim.pid, 'SIGKILL');
  return [name];
}

function mapRuns(folder: string): number {
  return readdirSync(folder).filter((name) => name.startsWith('map-')).length;
}
