import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
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
  /** Kills the host's shuffle service, too. */
  readonly killService: boolean;
  readonly settings: Readonly<Record<string, string>>;
}

const program = join(repositoryRoot, 'integration-tests/src/chaos/lost-executor-program.ts');
const timeoutMs = 120_000;

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
    let mapRunsBefore = 0;
    const { exitCode, stdout, stderr } = await runHeddle(words, {
      timeoutMs,
      onStarted: (started) => (pid = started),
      onOutput: (text) => {
        if (isReady || !text.includes('\n')) return;
        isReady = true;
        mapRunsBefore = mapRuns(runs);
        if (plan.killService) killed.push(...killOne(pid, 'shuffle-service'));
        killed.push(...killOne(pid, 'executor-main'));
        writeFileSync(join(runs, 'go'), '');
      },
    });
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

function killOne(rootPid: number, name: string): string[] {
  const victim = descendantsOf(rootPid).find(({ commandLine }) => commandLine.includes(name));
  if (victim === undefined) return [];
  process.kill(victim.pid, 'SIGKILL');
  return [name];
}

function mapRuns(folder: string): number {
  return readdirSync(folder).filter((name) => name.startsWith('map-')).length;
}
