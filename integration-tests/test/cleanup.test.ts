import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { Scratch, repositoryRoot, runHeddle } from '../src/command/run-heddle.js';

const program = join(repositoryRoot, 'integration-tests/src/programs/slow-save.ts');
const ends = [
  { how: 'SIGINT', exitCode: 130 },
  { how: 'SIGTERM', exitCode: 143 },
  { how: 'SIGKILL', exitCode: null },
  { how: 'process.exit', exitCode: 5 },
] as const;

describe('a program that ends in the middle of a save', function () {
  this.timeout(120_000);

  for (const master of ['local[2]', 'local-cluster[2,1,512]']) {
    for (const { how, exitCode } of ends) {
      it(`leaves no directory behind after ${how} in ${master}`, async () => {
        const scratch = new Scratch();
        try {
          const temporary = join(scratch.path, 'tmp');
          const outputs = join(scratch.path, 'outputs');
          mkdirSync(temporary);
          mkdirSync(outputs);
          const isSaving = (): boolean => readdirSync(outputs).length > 0;
          let signalled = false;
          const words = ['--master', master, program, join(outputs, 'out')];
          const result = await runHeddle(
            scratch.submit(...words, ...(how === 'process.exit' ? ['exit'] : [])),
            {
              env: { TMPDIR: temporary },
              onOutput: (_, kill) => {
                if (how === 'process.exit' || signalled) return;
                signalled = true;
                void waitFor(isSaving).then(() => kill(how));
              },
            },
          );
          expect(result.exitCode, result.stderr).to.equal(exitCode);
          const left = (): string[] => [
            ...readdirSync(temporary),
            ...readdirSync(outputs),
            ...scratch.leftovers(),
          ];
          await waitFor(() => left().length === 0).catch(() => undefined);
          expect(left()).to.deep.equal([]);
          expect(existsSync(join(outputs, 'out'))).to.equal(false);
        } finally {
          scratch.remove();
        }
      });
    }
  }
});

/** Rejects after 30 s. */
async function waitFor(condition: () => boolean): Promise<void> {
  const deadlineMs = performance.now() + 30_000;
  while (!condition()) {
    if (performance.now() > deadlineMs) throw new Error('waited in vain');
    await sleep(50);
  }
}
