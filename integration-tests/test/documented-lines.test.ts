import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { Scratch, repositoryRoot, runHeddle } from '../src/command/run-heddle.js';

describe('what the documentation says in code', function () {
  this.timeout(300_000);

  it('runs, and gives the values that it says: each example of a docstring, each line of the guide for Spark users', async () => {
    const scratch = new Scratch();
    try {
      const program = 'integration-tests/src/programs/documented-lines.ts';
      const words = scratch.submit('--master', 'local[2]', program, scratch.path);
      const { stdout, stderr, exitCode } = await runHeddle(words, { timeoutMs: 240_000 });
      const last = stdout.trimEnd().split('\n').at(-1);
      const calls = /^await documented\.(example|line)\(/gm;
      const count = readFileSync(join(repositoryRoot, program), 'utf8').match(calls)?.length ?? 0;
      expect(count).to.be.above(200);
      expect(last, stderr).to.equal(`${count} examples and lines, 0 wrong`);
      expect(exitCode).to.equal(0);
    } finally {
      scratch.remove();
    }
  });
});
