import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { YarnPrograms } from '../../src/yarn/yarn-programs.js';
import { deployModes, smallExecutor } from '../../src/yarn/yarn-user.js';

/** Tasks one after another, each of which waits for a file of its own number. */
const stepwise = `
  import { HeddleContext } from 'heddle';
  import { existsSync, writeFileSync } from 'node:fs';
  const folder = process.argv[2]!;
  const sc = await HeddleContext.getOrCreate();
  await sc.range(0, 4, 1, 4).mapPartitionsWithIndex((partition, numbers) => {
    console.log('stdout of task ' + partition);
    console.error('stderr of task ' + partition);
    writeFileSync(folder + '/task-' + partition, '');
    const cell = new Int32Array(new SharedArrayBuffer(4));
    for (let waits = 0; waits < 2_000 && !existsSync(folder + '/go-' + partition); waits++) Atomics.wait(cell, 0, 0, 50);
    return numbers;
  }).count();
  await sc.stop();
`;

interface AppRecord {
  readonly app: {
    readonly state: string;
    readonly finalStatus: string;
    readonly progress: number;
    readonly diagnostics: string;
    readonly trackingUrl: string;
  };
}

/** A part of the status page's own JSON. */
interface Status {
  readonly applicationId: string;
  readonly stages?: readonly { readonly active: number }[];
  readonly executors?: readonly { readonly host: string; readonly 'running tasks': number }[];
}

describe('Containers of an application on YARN', function () {
  this.timeout(400_000);
  let yarn: YarnPrograms;

  before(async () => {
    yarn = await YarnPrograms.open('containers');
  });

  after(() => yarn.close());

  afterEach(() => yarn.tidy());

  /** The record of an application, once it is as wished. */
  async function record(
    id: string,
    what: string,
    wish: (app: AppRecord['app']) => boolean,
  ): Promise<AppRecord['app']> {
    let found: AppRecord['app'] | undefined;
    await yarn.until(async () => {
      found = (await yarn.rest<AppRecord>(`apps/${id}`)).app;
      return wish(found);
    }, what);
    return found!;
  }

  it('are launched by NodeManagers, write below their log directories, and show progress and a page through the proxy (A-052, A-054, A-057, A-066)', async () => {
    const { id, result } = await yarn.start('client', stepwise, { args: [yarn.folder] });
    await yarn.heard('task-0');
    await record(id, 'no progress at first', ({ progress }) => progress === 0);
    const { directory } = yarn.cluster.plan;
    for (const { container } of yarn.processes(id)) {
      const launched = globSync(join(directory, 'logs/nm*.log')).filter((file) =>
        readFileSync(file, 'utf8').includes(`Start request for ${container}`),
      );
      expect(launched, `NodeManagers that launched ${container}`).to.have.length(1);
      const logs = globSync(join(directory, 'hosts/*/nm-logs', id, container, '*'));
      const names = logs.map((file) => file.slice(file.lastIndexOf('/') + 1));
      expect(names, container).to.include.members(['stdout', 'stderr']);
    }
    // The proxy asks people whether they trust a stranger's page; they answer by a cookie.
    const proxied = async (path: string): Promise<Response> => {
      const url = `${await yarn.cluster.resourceManagerUrl()}/proxy/${id}/${path}`;
      return fetch(url, { headers: { cookie: `checked_${id}=true` } });
    };
    const page = await proxied('');
    expect(page.status).to.equal(200);
    expect(await page.text()).to.contain(id);
    const executors = yarn.processes(id).filter(({ kind }) => kind === 'executor');
    await yarn.until(async () => {
      const status = (await (await proxied('status.json')).json()) as Status;
      expect(status.applicationId).to.equal(id);
      return (
        status.executors?.length === executors.length &&
        status.executors.some((one) => one['running tasks'] === 1) &&
        status.stages?.[0]?.active === 1
      );
    }, 'the page knows the executors and the task that runs');
    const table = await (await proxied('')).text();
    for (const title of ['Jobs', 'Stages', 'Executors']) {
      expect(table).to.contain(`<h2>${title}</h2>`);
    }
    for (const { host } of executors) expect(table).to.contain(`<td>${host}</td>`);
    expect((await proxied('../../etc/passwd')).status).to.equal(404);
    for (const [partition, progress] of [25, 50, 75].entries()) {
      yarn.say(`go-${partition}`);
      await record(id, `${progress} %`, (app) => Math.round(app.progress) === progress);
    }
    yarn.say('go-3');
    const ended = await result;
    expect(ended.exitCode, ended.stderr).to.equal(0);
    const last = await record(id, 'its end', ({ state }) => state === 'FINISHED');
    expect(last).to.include({ finalStatus: 'SUCCEEDED', progress: 100 });
    const log = await yarn.log(id);
    for (const stream of ['stdout', 'stderr']) {
      for (const task of [0, 1, 2, 3]) expect(log).to.contain(`${stream} of task ${task}`);
    }
    // After the end the link leads to what YARN keeps of it.
    const after = await proxied('');
    expect(after.ok, `${after.url} ${after.status}`).to.equal(true);
  });

  it('leave no file in the local directories of NodeManagers (A-053)', async () => {
    const { id, result } = await yarn.start(
      'client',
      stepwise.replace(
        "console.log('stdout",
        "writeFileSync('left-behind', 'x'); console.log('stdout",
      ),
      { args: [yarn.folder] },
    );
    await yarn.heard('task-0');
    const local = join(yarn.cluster.plan.directory, 'hosts/*/nm-local/usercache/*/appcache', id);
    expect(globSync(join(local, '*/left-behind')), 'the fault happened').to.have.length(1);
    for (const partition of [0, 1, 2, 3]) yarn.say(`go-${partition}`);
    expect((await result).exitCode).to.equal(0);
    await yarn.until(() => globSync(local).length === 0, 'nothing of it in local directories');
  });

  it('share one download of the engine on each node, over applications (A-051)', async () => {
    const program = `
      import { HeddleContext } from 'heddle';
      const sc = await HeddleContext.getOrCreate();
      const hosts = await sc.range(0, 30, 1, 30).map(() => {
        const end = Date.now() + 100;
        while (Date.now() < end);
        return process.env['NM_HOST']!;
      }).collect();
      console.log('hosts ' + JSON.stringify([...new Set(hosts)].sort()));
      await sc.stop();`;
    /** Local copies of what stands in the user's `.heddle/runtime`, by node. */
    const copies = async (): Promise<string[]> => {
      const names = await yarn.account.list('.heddle/runtime');
      expect(names).not.to.deep.equal([]);
      return names
        .flatMap((name) =>
          globSync(
            join(
              yarn.cluster.plan.directory,
              `hosts/*/nm-local/{usercache/${yarn.user}/filecache,filecache}/*/${name}`,
            ),
          ),
        )
        .sort();
    };
    const hostsOf = async (): Promise<string[]> => {
      const words = ['--num-executors', '3', '--executor-memory', '2000m'];
      const result = await yarn.submit('client', program, { words });
      expect(result.exitCode, result.stderr).to.equal(0);
      return JSON.parse(/^hosts (.*)$/m.exec(result.stdout)![1]!) as string[];
    };
    const first = await hostsOf();
    const after = await copies();
    expect(after, 'copies').not.to.deep.equal([]);
    const second = await hostsOf();
    expect(
      second.filter((host) => first.includes(host)),
      'nodes of both',
    ).not.to.deep.equal([]);
    const kept = (await copies()).filter((path) =>
      first.some((host) => path.includes(`/${host}/`)),
    );
    expect(kept).to.deep.equal(
      after.filter((path) => first.some((host) => path.includes(`/${host}/`))),
    );
  });

  it('are as many as there is room for; the others come when there is more (A-055)', async () => {
    // A node has room for one of them, beside one or two ApplicationMasters.
    const large = ['--executor-memory', '2400m'];
    const waiting = (name: string): string => `
      import { HeddleContext } from 'heddle';
      import { existsSync, writeFileSync } from 'node:fs';
      const folder = process.argv[2]!;
      const sc = await HeddleContext.getOrCreate();
      console.log('first ' + await sc.range(0, 60, 1, 6).count());
      writeFileSync(folder + '/first-${name}', '');
      for (let waits = 0; waits < 2_000 && !existsSync(folder + '/go-${name}'); waits++) {
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
      console.log('second ' + await sc.range(0, 60, 1, 6).count());
      await sc.stop();`;
    const options = (executors: number): { words: string[]; args: string[] } => ({
      words: ['--num-executors', String(executors), ...large],
      args: [yarn.folder],
    });
    const one = await yarn.start('client', waiting('one'), options(1));
    await yarn.heard('first-one');
    const other = await yarn.start('client', waiting('other'), options(4));
    await yarn.heard('first-other');
    await yarn.executors(other.id, 2);
    const executorsOf = (id: string): number =>
      yarn.processes(id).filter(({ kind }) => kind === 'executor').length;
    expect(executorsOf(other.id), 'as long as the first runs').to.equal(2);
    yarn.say('go-one');
    expect((await one.result).exitCode).to.equal(0);
    await yarn.executors(other.id, 3);
    yarn.say('go-other');
    const ended = await other.result;
    expect(ended.exitCode, ended.stderr).to.equal(0);
    expect(ended.stdout).to.match(/first 60\nsecond 60/);
  });

  for (const mode of deployModes) {
    it(`that fail again and again end the application, with the last reason, in ${mode} mode (A-061)`, async () => {
      const result = await yarn.submit(
        mode,
        `import { HeddleContext } from 'heddle';
        const sc = await HeddleContext.getOrCreate();
        await sc.range(0, 2, 1, 2).map((x) => {
          // As a crash does: tasks may not end their process by its own means.
          process.getBuiltinModule('node:child_process').spawnSync('sh', ['-c', 'kill -9 $PPID']);
          return x;
        }).count();
        await sc.stop();`,
        {
          words: smallExecutor,
          conf: { 'heddle.executor.maxNumFailures': '2', 'heddle.task.maxFailures': '1000' },
        },
      );
      expect(result.exitCode).not.to.equal(0);
      const id = String(result.report?.['applicationId']);
      const app = await record(
        id,
        'its end',
        ({ state }) => state === 'FINISHED' || state === 'FAILED',
      );
      expect(app.finalStatus).to.equal('FAILED');
      expect(app.diagnostics)
        .to.contain('heddle.executor.maxNumFailures')
        .and.to.match(/137|SIGKILL/);
      expect(await yarn.leftProcesses(id)).to.deep.equal([]);
    });
  }
});
