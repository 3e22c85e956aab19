import { expect } from 'chai';
import { isHealthy } from '@heddle/integration-tests/cluster';
import { MatrixPrograms, user } from './programs.js';

const fsShell = 'org.apache.hadoop.fs.FsShell';

describe('A cluster whose web servers speak TLS only', function () {
  this.timeout(400_000);
  let programs: MatrixPrograms;

  before(async function () {
    this.timeout(900_000);
    programs = await MatrixPrograms.open();
  });
  after(() => programs.close());

  it('is healthy, and answers nothing without TLS', async () => {
    const { cluster } = programs;
    expect(isHealthy(await cluster.health())).to.equal(true);
    for (const url of [await cluster.webHdfsUrl(), await cluster.resourceManagerUrl()]) {
      expect(url).to.match(/^https:/);
      const plain = await fetch(url.replace('https:', 'http:')).then(
        ({ status }) => status,
        () => 'refused',
      );
      expect(plain).not.to.equal(200);
    }
  });

  for (const mode of ['client', 'cluster'] as const) {
    it(`runs a program in ${mode} mode that reads and writes hdfs://`, async () => {
      const { cluster } = programs;
      const out = `/user/${user}/out-${mode}`;
      const result = await programs.submit(
        mode,
        `import { HeddleContext } from 'heddle';
        const sc = await HeddleContext.getOrCreate();
        await sc.range(0, 100, 1, 2).map((i) => 'line ' + i).saveAsTextFile('${out}');
        console.log('count', await sc.textFile('${out}').count());
        await sc.stop();`,
        ['--conf', `heddle.hadoop.tls.caFile=${cluster.caFile}`],
      );
      expect(result.exitCode, result.stderr).to.equal(0);
      const names = ['_SUCCESS', 'part-00000', 'part-00001'];
      expect(await programs.files.listNames(out)).to.deep.equal(names);
    });
  }

  it('shows its applications to the command, which trusts what Node is told to trust', async () => {
    const { cluster } = programs;
    const env = { NODE_EXTRA_CA_CERTS: cluster.caFile };
    const listed = await programs.run(['ls', '--all', '--json'], { env });
    expect(listed.exitCode, listed.stderr).to.equal(0);
    expect(JSON.parse(listed.stdout)).to.have.length(2);
  });

  it('is refused without its authority: the error names ResourceManager and setting', async () => {
    const result = await programs.submit(
      'client',
      `import { HeddleContext } from 'heddle';
      await HeddleContext.getOrCreate();`,
    );
    expect(result.exitCode).not.to.equal(0);
    expect(result.stderr).to.include('heddle.hadoop.tls.caFile');
    const listed = await programs.run(['ls', '--json']);
    expect(listed.exitCode).not.to.equal(0);
    expect(listed.stdout).to.include('"CERTIFICATE"').and.to.include('heddle.hadoop.tls.caFile');
    expect(listed.stdout).to.include(new URL(await programs.cluster.resourceManagerUrl()).port);
  });

  it('shares files with Hadoop’s own client over swebhdfs', async () => {
    const { cluster } = programs;
    const { port } = new URL(await cluster.webHdfsUrl());
    const host = cluster.daemon('nn').host.name;
    const path = `swebhdfs://${host}:${port}/tmp/tls-shell.txt`;
    const put = await cluster.runHadoop(fsShell, ['-put', '-', path], { input: 'theirs\n' });
    expect(put.code, put.stderr).to.equal(0);
    const reader = await programs.files.openRead('/tmp/tls-shell.txt');
    const bytes = Buffer.alloc(10);
    expect(bytes.subarray(0, await reader.read(0, bytes)).toString()).to.equal('theirs\n');
    await reader.close();
  });
});
