import { join } from 'node:path';
import { expect } from 'chai';
import { Scratch, repositoryRoot, runHeddle } from '../src/command/run-heddle.js';

describe('a lineage of 10,000 steps (A.5)', function () {
  this.timeout(120_000);

  for (const master of ['local[2]', 'local-cluster[2,1,1024]']) {
    it(`runs as one stage in ${master}`, async () => {
      const scratch = new Scratch();
      try {
        const program = join(repositoryRoot, 'integration-tests/src/programs/deep-lineage.ts');
        const words = scratch.submit('--master', master, program);
        const { stdout, stderr } = await runHeddle(words, { timeoutMs: 110_000 });
        expect(stdout, stderr).to.equal('10000,10001,10002,10003\n');
      } finally {
        scratch.remove();
      }
    });
  }
});
