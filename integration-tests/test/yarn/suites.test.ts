import { join } from 'node:path';
import { expect } from 'chai';
import { repositoryRoot } from '../../src/command/run-heddle.js';
import { expectNothingLeft } from '../../src/yarn/nothing-left.js';
import { YarnUser, deployModes } from '../../src/yarn/yarn-user.js';

const program = { file: join(repositoryRoot, 'integration-tests/src/suites/in-driver/main.ts') };

/**
 * What runs in each mode. Where the driver is makes no difference to operators, so that cluster mode
 * runs those suites alone that jobs, files, shared variables and the driver's life have to do with.
 */
const parts = {
  client: { pattern: '', atLeast: 1_600 },
  cluster: {
    pattern:
      '^(actions|the application|jobs and stages|the end of a context|files of|checkpoint|functions that misbehave|classes that use|SequenceFiles|mapAsync|broadcast variables|accumulators|persisting)',
    atLeast: 70,
  },
};

/** The end of what the program prints. */
interface SuitesEnd {
  readonly passed: number;
  readonly failures: number;
  readonly pending: number;
}

describe('The action suites on YARN', function () {
  this.timeout(900_000);
  let user: YarnUser;

  before(async () => {
    user = await YarnUser.open('suiter');
  });
  after(() => user.close());

  for (const mode of deployModes) {
    const { pattern, atLeast } = parts[mode];
    it(`pass in ${mode} mode, in one driver (A-035, A-036, A-039)`, async () => {
      const result = await user.submit(mode, program, {
        words: ['--num-executors', '2', '--executor-memory', '1g'],
        args: [repositoryRoot, pattern],
        timeoutMs: 840_000,
      });
      const lines = (await user.printed(mode, result)).trimEnd().split('\n');
      const failed = lines.filter((line) => line.startsWith('{"failed"'));
      expect(failed.join('\n'), result.stderr.slice(-4_000)).to.equal('');
      const end = JSON.parse(lines.at(-1) ?? '') as SuitesEnd;
      expect(end).to.include({ failures: 0, pending: 0 });
      expect(end.passed).to.be.at.least(atLeast);
      expect(result.exitCode).to.equal(0);
      await expectNothingLeft(user);
    });
  }
});
