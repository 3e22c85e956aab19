import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Scratch, repositoryRoot, runHeddle } from '../command/run-heddle.js';

/** How a million rows came through repartitions while an executor was killed. */
export interface RepartitionOutcome {
  readonly exitCode: number | null;
  /** Whether the kill happened. */
  readonly killed: boolean;
  readonly distinct: number | undefined;
  readonly repeated: number | undefined;
  /** What the application left in its local directories. */
  readonly leftovers: readonly string[];
  readonly stderr: string;
}

/** Phases in which `repartition-program.ts` can lose an executor: before, between, after its shuffles. */
export const repartitionPhases = [0, 1, 2, 3] as const;

const program = join(repositoryRoot, 'integration-tests/src/chaos/repartition-program.ts');

/** @param shuffleService whether map outputs outlive their executor */
export async function runRepartition(
  phase: number,
  shuffleService: boolean,
): Promise<RepartitionOutcome> {
  const scratch = new Scratch();
  try {
    const kills = join(scratch.path, 'kills');
    mkdirSync(kills);
    const token = join(kills, `kill-${phase}`);
    writeFileSync(token, '');
    const { exitCode, stdout, stderr } = await runHeddle(
      scratch.submit(
        ...['--master', 'local-cluster[3,1,512]'],
        ...['--conf', `heddle.shuffle.service.enabled=${shuffleService}`],
        program,
        kills,
      ),
      { timeoutMs: 120_000 },
    );
    const line = stdout.split('\n').find((text) => text.startsWith('{'));
    const answer = (line === undefined ? {} : JSON.parse(line)) as {
      distinct?: number;
      repeated?: number;
    };
    return {
      exitCode,
      killed: !existsSync(token),
      distinct: answer.distinct,
      repeated: answer.repeated,
      leftovers: scratch.leftovers(),
      stderr,
    };
  } finally {
    scratch.remove();
  }
}
