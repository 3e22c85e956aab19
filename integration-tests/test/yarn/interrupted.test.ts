import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { applicationReport, waitForEnd, waitForReport } from '@heddle/integration-tests/cluster';
import { containerProcesses, expectNothingLeft } from '../../src/yarn/nothing-left.js';
import { YarnUser, smallExecutor } from '../../src/yarn/yarn-user.js';

/** Runs until a file says that it may end. */
const program = `import { HeddleContext } from 'heddle';
import { existsSync } from 'node:fs';
const sc = await HeddleContext.getOrCreate();
console.log(sc.applicationId);
const gate = process.argv[2]!;
await sc.range(1).map((x) => {
  const end = Date.now() + 120_000;
  while (!existsSync(gate) && Date.now() < end);
  return x;
}).collect();
console.log('done');
await sc.stop();`;

describe('A command on YARN that is interrupted', function () {
  this.timeout(400_000);
  let user: YarnUser;

  before(async () => {
    user = await YarnUser.open('hasty');
  });
  after(() => user.close());
  afterEach(() => expectNothingLeft(user));

  it('in cluster mode leaves the application running, which can be followed and ends well (F25, A-035)', async () => {
    const gate = `${user.scratch.path}/gate`;
    let id = '';
    const result = await user.submit('cluster', program, {
      args: [gate],
      onErrorOutput: (stderr, kill) => {
        const match = /(application_\d+_\d+): RUNNING/.exec(stderr);
        if (match === null || id !== '') return;
        id = match[1]!;
        kill('SIGINT');
      },
    });
    expect(result.exitCode, result.stderr).to.equal(130);
    expect(result.report).to.include({ status: 'DETACHED', applicationId: id });
    expect(result.stderr).to.contain(`heddle status ${id}`).and.to.contain(`heddle kill ${id}`);
    expect(await applicationReport(user.cluster, id)).to.include({ state: 'RUNNING' });
    // Attached again.
    user.scratch.write('gate', '');
    const followed = await user.run(['logs', '-f', id]);
    expect(followed.stdout).to.contain('done');
    expect(await waitForEnd(user.cluster, id)).to.include({ finalStatus: 'SUCCEEDED' });
  });

  it('in cluster mode and killed (kill -9) changes nothing for the application (F25)', async () => {
    let id = '';
    const result = await user.submit('cluster', program, {
      args: [user.scratch.write('open', '')],
      onErrorOutput: (stderr, kill) => {
        const match = /submitted (application_\d+_\d+)/.exec(stderr);
        if (match === null || id !== '') return;
        id = match[1]!;
        kill('SIGKILL');
      },
    });
    expect(result.signal).to.equal('SIGKILL');
    expect(await waitForEnd(user.cluster, id)).to.include({ finalStatus: 'SUCCEEDED' });
  });

  it('in client mode ends the application and frees its containers (A-036)', async () => {
    const result = await user.submit('client', program, {
      args: [`${user.scratch.path}/never`],
      onOutput: (stdout, kill) => {
        if (/application_/.test(stdout)) kill('SIGINT');
      },
    });
    expect(result.exitCode, result.stderr).to.equal(130);
    const id = result.stdout.trim();
    expect(await waitForEnd(user.cluster, id)).to.include({ finalStatus: 'KILLED' });
  });

  it('in client mode while it waits for its ApplicationMaster leaves nothing behind', async () => {
    let id = '';
    const result = await user.submit('client', program, {
      onErrorOutput: (stderr, kill) => {
        const match = /submitted (application_\d+_\d+)/.exec(stderr);
        if (match === null || id !== '') return;
        id = match[1]!;
        kill('SIGTERM');
      },
    });
    expect(result.exitCode, result.stderr).to.equal(143);
    expect(await waitForEnd(user.cluster, id)).to.include({ state: 'KILLED' });
  });

  it('before anything is submitted submits nothing, in both modes', async () => {
    const before = (await user.applications('--all')).length;
    for (const mode of ['client', 'cluster'] as const) {
      let interrupted = false;
      const result = await user.submit(mode, program, {
        onErrorOutput: (stderr, kill) => {
          if (interrupted || !stderr.includes('asking for an ApplicationMaster')) return;
          interrupted = true;
          kill('SIGINT');
        },
        words: [...smallExecutor, '--name', 'never'],
      });
      expect(result.exitCode, result.stderr).to.equal(130);
      // The signal may be later than the submission: then the command knows of it.
      if (!result.stderr.includes('submitted application_')) continue;
      const id = /submitted (application_\d+_\d+)/.exec(result.stderr)![1]!;
      await user.run(['kill', id]);
    }
    const after = await user.applications('--all');
    expect(after.slice(before).filter(({ state }) => state !== 'KILLED')).to.deep.equal([]);
  });

  it('in client mode and killed (kill -9) is noticed by the ApplicationMaster, which ends everything', async () => {
    const result = await user.submit('client', program, {
      words: [...smallExecutor, '--conf', 'heddle.client.reconnectTimeout=2s'],
      args: [`${user.scratch.path}/never`],
      onOutput: (stdout, kill) => {
        if (/application_/.test(stdout)) kill('SIGKILL');
      },
    });
    expect(result.signal).to.equal('SIGKILL');
    const id = result.stdout.trim();
    const report = await waitForReport(
      user.cluster,
      id,
      ({ state }) => state === 'FINISHED' || state === 'FAILED',
      90_000,
    );
    expect(report.finalStatus).to.equal('FAILED');
    expect(report.diagnostics).to.contain('driver');
  });

  it('never shows a key to those who look at processes', async () => {
    const gate = `${user.scratch.path}/gate-2`;
    const running = user.submit('client', program, { args: [gate] });
    const id = await user.untilRunning();
    const seen = containerProcesses(id);
    expect(seen.length).to.be.at.least(2);
    // The NodeManager tells the port of its shuffle service as base64 of some length.
    const environments = seen.map(({ pid }) =>
      readFileSync(`/proc/${pid}/environ`, 'latin1').replace(/NM_AUX_SERVICE_\w+=[^\0]*/g, ''),
    );
    user.scratch.write('gate-2', '');
    expect((await running).exitCode).to.equal(0);
    for (const text of [...environments, ...seen.map(({ command }) => command)]) {
      // 32 bytes as base64 or hex, with nothing around them: the only secrets there are.
      expect(text).to.not.match(/(^|[\0=" ])([A-Za-z0-9+/]{43}=|[\w-]{43}|[0-9a-f]{64})($|[\0" ])/);
    }
  });
});
