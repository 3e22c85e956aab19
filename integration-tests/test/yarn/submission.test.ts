import { expect } from 'chai';
import { expectNothingLeft } from '../../src/yarn/nothing-left.js';
import { YarnUser, deployModes, smallExecutor } from '../../src/yarn/yarn-user.js';

/** What YARN keeps about an application. */
interface YarnApplication {
  readonly name: string;
  readonly user: string;
  readonly queue: string;
  readonly applicationType: string;
  readonly applicationTags: string;
  readonly priority: number;
  readonly finalStatus: string;
  readonly diagnostics: string;
}

describe('What an application on YARN is submitted with', function () {
  this.timeout(300_000);
  let user: YarnUser;

  before(async () => {
    user = await YarnUser.open('asker');
  });
  after(() => user.close());
  afterEach(() => expectNothingLeft(user));

  async function known(id: unknown): Promise<YarnApplication> {
    const url = `${await user.cluster.resourceManagerUrl()}/ws/v1/cluster/apps/${String(id)}`;
    return ((await (await fetch(url)).json()) as { app: YarnApplication }).app;
  }

  for (const mode of deployModes) {
    it(`name, user, type, queue, tags and variables arrive in ${mode} mode (A-040, A-047, A-048, A-052)`, async () => {
      const result = await user.submit(
        mode,
        `import { HeddleContext } from 'heddle';
        const sc = await HeddleContext.getOrCreate();
        console.log('driver', process.env['GREETING']);
        console.log('task', await sc.range(1).map(() => process.env['GREETING']).first());
        await sc.stop();`,
        {
          words: [
            ...smallExecutor,
            ...['--name', 'a name with ünicode', '--queue', 'small'],
            ...['--conf', 'heddle.yarn.tags=nightly,team-a', '--conf', 'heddle.yarn.priority=3'],
            ...['--conf', 'heddle.yarn.appMasterEnv.GREETING=to the "master" $HOME'],
            ...['--conf', "heddle.executorEnv.GREETING=to `executors` 'too'"],
          ],
        },
      );
      expect(result.exitCode, result.stderr).to.equal(0);
      const id = String(result.report?.['applicationId']);
      expect(result.report).to.include({ appName: 'a name with ünicode', deployMode: mode });
      const eventLogs = (await user.list('.heddle/events')).filter((name) => name.includes(id));
      expect(eventLogs).to.have.length(1);
      expect(result.report?.['eventLog']).to.match(/^hdfs:/);
      expect(String(result.report?.['eventLog']).split('/').at(-1)).to.equal(eventLogs[0]);
      const application = await known(id);
      expect(application).to.include({
        name: 'a name with ünicode',
        user: 'asker',
        applicationType: 'HEDDLE',
        finalStatus: 'SUCCEEDED',
      });
      expect(application.queue).to.match(/(^|\.)small$/);
      expect(application.applicationTags.split(',').sort()).to.deep.equal(['nightly', 'team-a']);
      const output = await user.printed(mode, result);
      expect(output).to.contain("task to `executors` 'too'");
      if (mode === 'cluster') expect(output).to.contain('driver to the "master" $HOME');
    });
  }

  for (const mode of deployModes) {
    it(`a program may make one context after another in ${mode} mode, with shuffles and files of each`, async () => {
      const result = await user.submit(
        mode,
        `import { HeddleContext, HeddleFiles } from 'heddle';
        import { readFileSync, writeFileSync } from 'node:fs';
        const ids = new Set<string>();
        for (let round = 0; round < 3; round += 1) {
          const sc = await HeddleContext.getOrCreate();
          ids.add(sc.applicationId);
          writeFileSync('round.txt', String(round));
          await sc.addFile('round.txt');
          const sums = sc.range(0, 1000, 1, 4).map((x) => [x % 10, x + round]).reduceByKey((a, b) => a + b, 3);
          const seen = await sc.range(1).map(() => readFileSync(HeddleFiles.get('round.txt'), 'utf8')).first();
          console.log('round', seen, await sums.values().sum());
          await sc.stop();
        }
        console.log('applications', ids.size);`,
        { cwd: user.scratch.path },
      );
      expect(result.exitCode, result.stderr).to.equal(0);
      const rounds = ['round 0 499500', 'round 1 500500', 'round 2 501500'];
      const count = mode === 'client' ? 3 : 1;
      expect(await user.printed(mode, result)).to.equal(
        [...rounds, `applications ${count}`, ''].join('\n'),
      );
    });
  }

  it('is ended by YARN when its lifetime is over, and the command says so', async () => {
    const result = await user.submit(
      'cluster',
      `import { HeddleContext } from 'heddle';
      const sc = await HeddleContext.getOrCreate();
      await sc.range(1).map((x) => { const end = Date.now() + 200_000; while (Date.now() < end); return x; }).collect();`,
      { words: [...smallExecutor, '--conf', 'heddle.yarn.lifetime=5s'] },
    );
    expect(result.exitCode).to.equal(1);
    expect(result.report).to.include({ status: 'KILLED' });
    expect(result.report).to.have.nested.property('error.code', 'APPLICATION_FAILED');
    expect(result.stderr).to.match(/timeout|lifetime/i);
  });

  it('is tried as often as heddle.yarn.maxAppAttempts says (A-045)', async () => {
    const result = await user.submit(
      'cluster',
      `import { HeddleContext } from 'heddle';
      const sc = await HeddleContext.getOrCreate();
      console.log('attempt');
      // As the operating system does when memory is short.
      process.kill(process.pid, 'SIGKILL');
      await sc.stop();`,
      { words: [...smallExecutor, '--conf', 'heddle.yarn.maxAppAttempts=1'] },
    );
    expect(result.exitCode).to.equal(1);
    expect(result.report).to.include({ status: 'FAILED' });
    expect(result.stderr).to.contain('SIGKILL');
    const id = String(result.report?.['applicationId']);
    const logs = await user.run(['logs', id]);
    expect(logs.stdout.split('attempt\n').length - 1, 'one attempt').to.equal(1);
  });

  it('names the label that a cluster without labels does not know (A-062)', async () => {
    const result = await user.submit('cluster', 'export {};', {
      words: [...smallExecutor, '--conf', 'heddle.yarn.am.nodeLabelExpression=gpu'],
    });
    expect(result.exitCode).to.equal(1);
    expect(result.report).to.have.nested.property('error.code', 'RESOURCE_MANAGER_REFUSED');
    expect(result.stderr).to.match(/label/i);
  });

  it('stages with 0700 and 0600, and keeps nothing unless told to (A-065)', async () => {
    const staged = (): Promise<string[]> => user.list('.heddle/staging');
    const result = await user.submit(
      'client',
      `import { HeddleContext } from 'heddle';
      const sc = await HeddleContext.getOrCreate();
      await sc.addFile(process.argv[1]!);
      console.log(sc.applicationId, await sc.range(1).count());
      await sc.stop();`,
      {
        words: [
          ...smallExecutor,
          ...['--conf', 'heddle.yarn.preserve.staging.files=true'],
          ...['--files', user.scratch.write('given.txt', 'given')],
        ],
      },
    );
    expect(result.exitCode, result.stderr).to.equal(0);
    const kept = await staged();
    expect(kept).to.have.length(1);
    const modes: Record<string, string> = {};
    const { fileSystem, path: root } = user.files.registry.resolve('.heddle/staging');
    const walk = async (directory: string): Promise<void> => {
      for (const { path, kind, mode } of await fileSystem.list(directory)) {
        modes[path] = `${kind} ${(mode & 0o777).toString(8)}`;
        if (kind === 'directory') await walk(path);
      }
    };
    await walk(root);
    await user.remove('.heddle/staging');
    expect(Object.keys(modes).join()).to.contain('application.tar.gz').and.to.contain('given.txt');
    expect(Object.keys(modes).join(), 'what the program added').to.contain('program-client.ts');
    for (const [path, mode] of Object.entries(modes)) {
      expect(mode, path).to.be.oneOf(['directory 700', 'file 600']);
    }
  });
});
