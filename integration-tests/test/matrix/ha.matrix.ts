import { expect } from 'chai';
import { MatrixPrograms, user } from './programs.js';

describe('Programs on a cluster with pairs of masters', function () {
  this.timeout(500_000);
  let programs: MatrixPrograms;

  before(async function () {
    this.timeout(900_000);
    programs = await MatrixPrograms.open();
  });
  after(() => programs.close());

  afterEach('all masters run, one of each pair is active', async () => {
    const { cluster } = programs;
    for (const name of ['nn1', 'nn2', 'rm1', 'rm2']) {
      if (!(await cluster.isRunning(name))) await cluster.startDaemon(name);
    }
    await cluster.waitForHealth(120_000);
  });

  /** The name of the active one of a pair, by its URL. */
  function nameOf(url: string): string {
    const { hostname } = new URL(url);
    const kinds = ['namenode', 'resourcemanager'];
    return programs.cluster.plan.daemons.find(
      ({ kind, host }) => kinds.includes(kind) && host.address === hostname,
    )!.name;
  }

  const other = (name: string): string =>
    name.endsWith('1') ? name.replace('1', '2') : name.replace('2', '1');

  async function killActive(url: Promise<string>): Promise<void> {
    const active = nameOf(await url);
    await programs.cluster.kill(active);
    await programs.cluster.activate(other(active));
  }

  it('are listed over REST whichever ResourceManager is active (A-071)', async () => {
    const { cluster } = programs;
    const list = async (): Promise<unknown> => {
      const result = await programs.run(['ls', '--all', '--json']);
      expect(result.exitCode, result.stderr).to.equal(0);
      return JSON.parse(result.stdout);
    };
    expect(await list()).to.be.an('array');
    const active = nameOf(await cluster.resourceManagerUrl());
    await cluster.kill(active);
    await cluster.activate(other(active));
    expect(await list()).to.be.an('array');
    // The first comes back as the standby, which sends to the other.
    await cluster.startDaemon(active);
    await cluster.waitForHealth(120_000);
    expect(await list()).to.be.an('array');
  });

  it('complete when the active NameNode dies in the middle of a job (A-086)', async () => {
    const out = `/user/${user}/out-nn`;
    let killed: Promise<void> | undefined;
    const file = programs.scratch.write('nn.ts', program(out));
    const result = await programs.run(['submit', '--master', 'local-cluster[2,1,512]', file], {
      onOutput: (stdout) => {
        if (stdout.includes('begun')) killed ??= killActive(programs.cluster.webHdfsUrl());
      },
    });
    expect(result.exitCode, result.stderr).to.equal(0);
    expect(killed, 'the fault happened').not.to.equal(undefined);
    await killed;
    expect(result.stdout).to.include('count 400');
  });

  it('complete when both active masters die in the middle of a job on YARN (A-071, A-086)', async () => {
    const { cluster } = programs;
    const out = `/user/${user}/out-both`;
    let killed: Promise<void> | undefined;
    const result = await programs.submit('client', program(out), [], {
      onOutput: (stdout) => {
        if (!stdout.includes('begun')) return;
        killed ??= killActive(cluster.webHdfsUrl()).then(() =>
          killActive(cluster.resourceManagerUrl()),
        );
      },
    });
    await killed;
    expect(result.exitCode, result.stderr).to.equal(0);
    expect(killed, 'the fault happened').not.to.equal(undefined);
    expect(result.stdout).to.include('count 400');
  });

  /** Saves and reads 400 lines; the tasks last long enough for a fault in the middle. */
  function program(out: string): string {
    return `import { HeddleContext } from 'heddle';
      const sc = await HeddleContext.getOrCreate();
      console.log('begun');
      await sc.range(0, 400, 1, 8).map((i) => {
        const until = Date.now() + 50;
        while (Date.now() < until);
        return 'line ' + i;
      }).saveAsTextFile('hdfs://heddle${out}');
      console.log('count', await sc.textFile('hdfs://heddle${out}').count());
      await sc.stop();`;
  }
});
