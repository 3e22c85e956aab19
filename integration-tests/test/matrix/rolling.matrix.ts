import { expect } from 'chai';
import { YarnPrograms } from '../../src/yarn/yarn-programs.js';
import { deployModes } from '../../src/yarn/yarn-user.js';

/** A task that waits for a file `go`. */
const program = `
  import { HeddleContext } from 'heddle';
  import { existsSync } from 'node:fs';
  const folder = process.argv[2]!;
  const sc = await HeddleContext.getOrCreate();
  const sum = await sc.range(0, 10, 1, 1).mapPartitions((numbers) => {
    const cell = new Int32Array(new SharedArrayBuffer(4));
    for (let waits = 0; waits < 4_000 && !existsSync(folder + '/go'); waits++) Atomics.wait(cell, 0, 0, 50);
    return numbers;
  }).sum();
  console.log('sum', sum, 'then', await sc.range(0, 100, 1, 4).count());
  await sc.stop();
`;
const newer = /a newer AMRM token has come/g;
const patienceMs = 150_000;

describe('A cluster that replaces the tokens of ApplicationMasters', function () {
  this.timeout(400_000);
  let yarn: YarnPrograms;

  before(async function () {
    this.timeout(900_000);
    yarn = await YarnPrograms.open('rolling');
  });
  after(() => yarn.close());
  afterEach(() => yarn.tidy());

  for (const mode of deployModes) {
    it(`takes back an ApplicationMaster whose first token is long void, in ${mode} mode (A-071)`, async () => {
      const { id, result } = await yarn.start(mode, program, { args: [yarn.folder] });
      const tokens = async (): Promise<number> => {
        const logs = await yarn.account.run(['logs', id, '--container', 'am']);
        return logs.stdout.match(newer)?.length ?? 0;
      };
      // With the second one the key of the first is gone.
      await yarn.until(async () => (await tokens()) >= 2, 'two newer tokens have come', patienceMs);
      await yarn.cluster.kill('rm');
      await yarn.cluster.startDaemon('rm');
      await yarn.until(
        async () => /registering again/.test((await yarn.account.run(['logs', id])).stdout),
        'it has registered again',
        60_000,
      );
      yarn.say('go');
      const ended = await result;
      expect(ended.exitCode, ended.stderr).to.equal(0);
      expect(await yarn.account.printed(mode, ended)).to.contain('sum 45 then 100');
    });
  }
});
