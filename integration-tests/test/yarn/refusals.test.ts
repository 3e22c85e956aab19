import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { expectNothingLeft } from '../../src/yarn/nothing-left.js';
import { YarnUser, deployModes, smallExecutor } from '../../src/yarn/yarn-user.js';

const program = `import { HeddleContext } from 'heddle';
const sc = await HeddleContext.getOrCreate();
console.log('ran', await sc.range(10).count());
await sc.stop();`;

describe('What a cluster refuses', function () {
  this.timeout(400_000);
  let user: YarnUser;

  before(async () => {
    user = await YarnUser.open('refused');
  });
  after(() => user.close());
  afterEach(() => expectNothingLeft(user));

  /** The cluster's configuration with other values, for one command. */
  function confWith(file: string, values: Readonly<Record<string, string>>): string {
    const conf = join(user.scratch.path, `conf-${Object.keys(values)[0]!}`);
    cpSync(user.cluster.confDir, conf, { recursive: true });
    const site = join(conf, file);
    const properties = Object.entries(values)
      .map(([name, value]) => `<property><name>${name}</name><value>${value}</value></property>`)
      .join('');
    // The last value of a name counts.
    const text = readFileSync(site, 'utf8').replace(
      '</configuration>',
      `${properties}</configuration>`,
    );
    writeFileSync(site, text);
    return conf;
  }

  it('asking too much fails before any upload, naming both numbers and both settings (A-049, F38)', async () => {
    await user.remove('.heddle');
    const before = await user.applications('--all');
    const cases = [
      {
        words: ['--executor-memory', '900g'],
        text: ['1013760 MiB', '4096 MiB', 'heddle.executor.memory'],
      },
      {
        words: ['--executor-cores', '99'],
        text: ['99 virtual cores', '8', 'heddle.executor.cores'],
      },
      {
        words: ['--driver-memory', '50g'],
        text: ['56320 MiB', '4096 MiB', 'heddle.driver.memory'],
      },
    ];
    for (const { words, text } of cases) {
      const result = await user.submit('cluster', program, { words });
      expect(result.exitCode).to.equal(1);
      expect(result.report).to.have.nested.property('error.code', 'RESOURCE_LIMIT');
      for (const part of text) expect(result.stderr).to.contain(part);
      expect(result.stderr).to.contain('yarn.scheduler.maximum-allocation-');
    }
    // Also what the program itself says.
    const code = `import { HeddleContext } from 'heddle';
      await HeddleContext.getOrCreate({ conf: { 'heddle.executor.memory': '900g' } });`;
    const inCode = await user.submit('client', code);
    expect(inCode.report).to.have.nested.property('error.code', 'RESOURCE_LIMIT');
    // As for somebody who has never run anything: not even the engine is there.
    expect(await user.list('.heddle')).to.deep.equal([]);
    expect(await user.applications('--all')).to.deep.equal(before);
  });

  it('a size of nothing is refused by the command (F38)', async () => {
    for (const words of [
      ['--executor-cores', '0'],
      ['--num-executors', '-1'],
      ['--executor-memory', '0'],
    ]) {
      const result = await user.submit('cluster', program, { words });
      expect(result.exitCode, words.join(' ')).to.equal(1);
      expect(result.report, result.stderr)
        .to.have.nested.property('error.code')
        .that.match(/CONFIG|USAGE|SUBMISSION/);
    }
  });

  it("an unknown queue is told in YARN's own words, in both modes (A-048, F38)", async () => {
    for (const mode of deployModes) {
      const result = await user.submit(mode, program, {
        words: [...smallExecutor, '--queue', 'nowhere'],
      });
      expect(result.exitCode, mode).to.equal(1);
      expect(result.report, mode)
        .to.have.nested.property('error.code')
        .that.match(/^(APPLICATION_FAILED|RESOURCE_MANAGER_REFUSED)$/);
      expect(result.stderr, mode).to.contain('unknown queue: nowhere');
    }
  });

  it('a wrong address of the ResourceManager is named, with the setting', async () => {
    // Nothing listens on port 1.
    const conf = confWith('yarn-site.xml', {
      'yarn.resourcemanager.webapp.address': '127.0.0.1:1',
      'yarn.resourcemanager.connect.max-wait.ms': '3000',
    });
    const env = { HADOOP_CONF_DIR: conf };
    const [listed, ...submitted] = await Promise.all([
      user.run(['ls', '--json'], { env }),
      ...deployModes.map((mode) => user.submit(mode, program, { env })),
    ]);
    expect(JSON.parse(listed.stdout)).to.have.nested.property(
      'error.code',
      'RESOURCE_MANAGER_UNREACHABLE',
    );
    for (const result of submitted) {
      expect(result.exitCode).to.equal(1);
      expect(result.report).to.have.nested.property('error.code', 'RESOURCE_MANAGER_UNREACHABLE');
      expect(result.stderr)
        .to.contain('127.0.0.1:1')
        .and.to.contain('yarn.resourcemanager.webapp.address');
    }
  });

  it('a NameNode in safe mode is waited for within a bound, then named', async () => {
    const admin = 'org.apache.hadoop.hdfs.tools.DFSAdmin';
    const safeMode = (action: string): Promise<unknown> =>
      user.cluster.runHadoop(admin, ['-safemode', action]);
    const env = {
      HADOOP_CONF_DIR: confWith('hdfs-site.xml', { 'dfs.client.failover.max.attempts': '4' }),
    };
    await safeMode('enter');
    try {
      const results = await Promise.all(
        deployModes.map((mode) => user.submit(mode, program, { env })),
      );
      for (const result of results) {
        expect(result.exitCode, result.stderr).to.equal(1);
        expect(result.report).to.have.nested.property('error.code', 'SAFE_MODE');
        expect(result.stderr).to.contain('safe mode');
      }
    } finally {
      await safeMode('leave');
    }
    const result = await user.submit('client', program);
    expect(result.stdout, result.stderr).to.contain('ran 10');
  });

  it('a full queue is waited for, which is told with the reason; then the application runs (F38)', async () => {
    // The queue has 2.4 GiB: room for the first application, and for the second one's ApplicationMaster.
    const words = [...smallExecutor, '--queue', 'small'];
    const gate = join(user.scratch.path, 'gate');
    const first = user.submit(
      'cluster',
      `import { HeddleContext } from 'heddle';
      import { existsSync } from 'node:fs';
      const sc = await HeddleContext.getOrCreate();
      const gate = process.argv[2]!;
      await sc.range(1).map((x) => {
        const end = Date.now() + 120_000;
        while (!existsSync(gate) && Date.now() < end);
        return x;
      }).collect();
      await sc.stop();`,
      { words, args: [gate] },
    );
    await user.untilRunning();
    let told = '';
    const second = await user.submit('client', program, {
      words,
      onErrorOutput: (stderr) => {
        told = stderr;
        if (/still waiting for|in queue [\w.]*small \(/.test(stderr)) writeFileSync(gate, '');
      },
    });
    expect(told, 'why it waits').to.match(/still waiting for|in queue [\w.]*small \(/);
    expect(second.stdout, second.stderr).to.contain('ran 10');
    expect((await first).exitCode).to.equal(0);
  });
});
