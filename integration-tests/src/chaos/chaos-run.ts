import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { repositoryRoot, runHeddle } from '../command/run-heddle.js';
import type { InjectedFault } from './fault-injector.js';
import { FaultInjector, descendantsOf } from './fault-injector.js';
import { expectedAnswers } from './oracle.js';
import type { ProgramSpec } from './program-spec.js';
import { drawProgram } from './program-spec.js';
import { SeededRandom } from './random.js';

/** How one random program went under its faults. */
export interface ChaosOutcome {
  readonly seed: number;
  readonly spec: ProgramSpec;
  readonly faults: readonly InjectedFault[];
  readonly wallMs: number;
  /** Empty when all was well. */
  readonly complaints: readonly string[];
  readonly stderr: string;
}

const program = join(repositoryRoot, 'integration-tests/src/chaos/chaos-program.ts');
const timeoutMs = 120_000;
const leftoverTimeoutMs = 20_000;

/** Runs the program of a seed in `local-cluster[3,1,512]` under the faults of that seed. */
export async function runChaos(seed: number): Promise<ChaosOutcome> {
  const spec = drawProgram(seed);
  const folder = mkdtempSync(join(tmpdir(), 'heddle-chaos-'));
  const startedMs = performance.now();
  try {
    const local = join(folder, 'local');
    mkdirSync(join(folder, 'out'));
    const settings = {
      'heddle.local.dir': local,
      'heddle.eventLog.enabled': 'false',
      'heddle.executor.heartbeatInterval': '300ms',
      'heddle.network.timeout': '3s',
      'heddle.executor.maxNumFailures': '12',
    };
    const words = [
      'submit',
      ...['--master', 'local-cluster[3,1,512]'],
      ...Object.entries(settings).flatMap(([key, value]) => ['--conf', `${key}=${value}`]),
      program,
      JSON.stringify(spec),
      join(folder, 'out'),
    ];
    let injector: FaultInjector | undefined;
    let watch: NodeJS.Timeout | undefined;
    const family = new Set<number>();
    const { exitCode, signal, stdout, stderr } = await runHeddle(words, {
      timeoutMs,
      onStarted: (pid) => {
        injector = new FaultInjector(pid, new SeededRandom(seed ^ 0x5eed));
        injector.start();
        watch = setInterval(() => {
          for (const one of descendantsOf(pid)) family.add(one.pid);
        }, 100);
      },
    }).finally(() => {
      injector?.stop();
      clearInterval(watch);
    });
    const end = String(signal ?? exitCode);
    const faults = injector?.faults ?? [];
    const complaints = [
      ...complaintsAboutAnswers(spec, end, stdout),
      ...(await complaintsAboutLeftovers(family, local)),
    ];
    if (faults.length === 0) complaints.push('no fault happened');
    const wallMs = Math.round(performance.now() - startedMs);
    return { seed, spec, faults, wallMs, complaints, stderr };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function complaintsAboutAnswers(spec: ProgramSpec, end: string, stdout: string): string[] {
  if (end !== '0') return [`the command ended with ${end}`];
  const answers = stdout
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => (JSON.parse(line) as { answer: string }).answer);
  return expectedAnswers(spec).flatMap((expected, i) =>
    answers[i] === expected
      ? []
      : [
          `${spec.actions[i]} gave ${shorten(answers[i] ?? 'nothing')} instead of ${shorten(expected)}`,
        ],
  );
}

/** Processes and files of the application that are there some time after its end. */
async function complaintsAboutLeftovers(
  family: ReadonlySet<number>,
  local: string,
): Promise<string[]> {
  const deadlineMs = performance.now() + leftoverTimeoutMs;
  for (;;) {
    const alive = [...family].filter((pid) => existsSync(`/proc/${pid}`));
    const files = existsSync(local) ? readdirSync(local) : [];
    if (alive.length === 0 && files.length === 0) return [];
    if (performance.now() > deadlineMs) {
      return [`left behind: processes ${alive.join(', ')}, files ${files.join(', ')}`];
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

function shorten(text: string): string {
  return text.length > 200 ? `${text.slice(0, 200)}… (${text.length} characters)` : text;
}
