import { expect } from 'chai';
import { expectNothingLeft } from '../../src/yarn/nothing-left.js';
import { YarnUser, deployModes, smallExecutor } from '../../src/yarn/yarn-user.js';

const count = 10;

describe('Many applications at once on YARN', function () {
  this.timeout(600_000);
  let user: YarnUser;

  before(async () => {
    user = await YarnUser.open('crowd');
  });
  after(() => user.close());
  afterEach(() => expectNothingLeft(user));

  it(`ten of both modes all end well, each with its own result (A-009)`, async () => {
    // All for the first time: they bring the engine together.
    await user.remove('.heddle/runtime');
    const results = await Promise.all(
      Array.from({ length: count }, async (_, n) => {
        const mode = deployModes[n % 2]!;
        const file = user.scratch.write(
          `program-${n}.ts`,
          `import { HeddleContext } from 'heddle';
          const sc = await HeddleContext.getOrCreate();
          const sums = sc.range(0, 1000, 1, 2).map((x) => [x % 10, x + ${n}]).reduceByKey((a, b) => a + b, 2);
          console.log('sum', await sums.values().sum());
          await sc.stop();`,
        );
        // So many at once may be too much for a small machine: YARN tries again what did not register in time.
        const words = [...smallExecutor, '--conf', 'heddle.yarn.maxAppAttempts=3'];
        const result = await user.submit(mode, { file }, { words, timeoutMs: 500_000 });
        expect(result.exitCode, result.stderr).to.equal(0);
        return {
          n,
          printed: await user.printed(mode, result),
          id: result.report?.['applicationId'],
        };
      }),
    );
    for (const { n, printed } of results)
      expect(printed).to.contain(`sum ${499_500 + n * 1_000}\n`);
    expect(new Set(results.map(({ id }) => id)).size).to.equal(count);
    const shared = await user.list('.heddle/runtime');
    expect(shared.filter((name) => name.endsWith('.tar.gz'))).to.have.length(2);
  });
});
