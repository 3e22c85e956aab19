import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { repositoryRoot } from '../../src/command/run-heddle.js';
import { exampleRuns, isOutputOf, poem } from '../../src/examples/example-runs.js';
import { expectNothingLeft } from '../../src/yarn/nothing-left.js';
import { YarnUser, deployModes, smallExecutor } from '../../src/yarn/yarn-user.js';

const folder = join(repositoryRoot, 'examples');
const scripts = 'hdfs:///user/learner/examples/streaming';

describe('The examples on YARN', function () {
  this.timeout(300_000);
  let user: YarnUser;

  before(async () => {
    user = await YarnUser.open('learner');
    // Relative paths are below the user's home: the same programs find the same files there.
    const inputs = ['data', 'streaming'].flatMap((below) =>
      readdirSync(join(folder, below)).map((name) => `${below}/${name}`),
    );
    for (const name of inputs) {
      await user.put(`examples/${name}`, readFileSync(join(folder, name)));
    }
    await user.put('poem.txt', poem);
  });
  after(() => user.close());
  afterEach(() => expectNothingLeft(user));

  it('are all tried', () => {
    const programs = readdirSync(folder).filter((name) => name.endsWith('.ts'));
    expect(exampleRuns.map(({ name }) => `${name}.ts`).sort()).to.deep.equal(programs.sort());
  });

  for (const example of exampleRuns) {
    const { name, claim, args } = example;
    it(`${name} ${claim}, in both modes (A-039)`, async () => {
      await Promise.all(
        deployModes.map(async (mode) => {
          const file = join(folder, `${name}.ts`);
          const words = smallExecutor;
          const result = await user.submit(
            mode,
            { file },
            { words, args: args('poem.txt', scripts) },
          );
          expect(result.exitCode, result.stderr).to.equal(0);
          const printed = await user.printed(mode, result);
          expect(isOutputOf(example, printed), `${mode}: ${printed}`).to.equal(true);
        }),
      );
    });
  }
});
