import { expect } from 'chai';
import { loadHadoopConfiguration, type HadoopConfiguration } from '@heddle/hadoop-conf';
import { sharedCluster, type MiniCluster } from '@heddle/integration-tests/cluster';
import { WebHdfsFileSystem, webHdfsOptions } from '@heddle/webhdfs/hadoop';
import { Scratch, linkEngine, runHeddle } from '../src/command/run-heddle.js';
import { eventually } from './hadoop/eventually.js';

const user = 'weaver';

describe('programs on HDFS', function () {
  this.timeout(240_000);
  let cluster: MiniCluster;
  let fs: WebHdfsFileSystem;
  let root: string;
  let scratch: Scratch;

  before(async () => {
    cluster = await sharedCluster();
    const conf: HadoopConfiguration = loadHadoopConfiguration({ directories: [cluster.confDir] });
    const client = (name: string): WebHdfsFileSystem =>
      new WebHdfsFileSystem(webHdfsOptions({ conf, user: name }, 'hdfs', ''));
    fs = client(user);
    root = `/user/${user}/engine-${process.pid}`;
    await client(cluster.superUser).makeDirectories(root);
    // The home too: it may be new, and whoever deletes needs the right to write above.
    await client(cluster.superUser).setOwner(`/user/${user}`, user);
    await client(cluster.superUser).setOwner(root, user);
  });
  after(async () => {
    await fs.delete(root);
    fs.close();
  });
  beforeEach(() => {
    scratch = new Scratch();
    linkEngine(scratch.path);
  });
  afterEach(() => scratch.remove());

  /** Runs a program that finds its context in `sc`, its folder in `root`, and prints JSON. */
  async function run(body: string, master = 'local[2]'): Promise<unknown> {
    const text = `import { HeddleContext } from 'heddle';
      const sc = await HeddleContext.getOrCreate();
      const root = 'hdfs://${root}';
      const nameOf = (error: unknown) => (error as Error).name;
      const print = (value: unknown) => console.log(JSON.stringify(value));
      ${body}
      await sc.stop();\n`;
    const result = await runHeddle(
      scratch.submit('--master', master, scratch.write('app.ts', text)),
      {
        env: { HADOOP_CONF_DIR: cluster.confDir, HADOOP_USER_NAME: user },
      },
    );
    expect(result.exitCode, result.stderr).to.equal(0);
    return JSON.parse(result.stdout);
  }
  const write = async (path: string, content: string, blockSizeBytes?: number): Promise<void> => {
    const writer = await fs.create(path, blockSizeBytes === undefined ? {} : { blockSizeBytes });
    await writer.write(Buffer.from(content));
    await writer.close();
  };

  it('A-072 A-073 cuts a file at its blocks, and prefers the hosts that hold them', async () => {
    await write(`${root}/blocks`, 'x'.repeat(99).concat('\n').repeat(53), 1024);
    // DataNodes report the replicas of a closed file a moment later: until then hosts are missing.
    const blocks = await eventually('two replicas of each block', async () => {
      const located = await fs.blockLocations(`${root}/blocks`, 0, 5300);
      return located.every(({ hosts }) => hosts.length === 2) ? located : undefined;
    });
    const found = await run(`
      const rdd = sc.textFile(root + '/blocks', 1);
      const partitions = await rdd.getNumPartitions();
      const hosts = [];
      for (let i = 0; i < partitions; i += 1) hosts.push([...(await rdd.preferredLocations(i))].sort());
      print({ partitions, hosts, count: await rdd.count() });`);
    // Five blocks of 1024 bytes and one of 180, which is more than a tenth.
    expect(blocks).to.have.length(6);
    expect(found).to.deep.equal({
      partitions: 6,
      // Replicas that are equally near come in any order.
      hosts: blocks.map(({ hosts }) => [...hosts].sort()),
      count: 53,
    });
  });

  it('A-074 reads each line once, whatever ends it and wherever blocks are cut', async () => {
    const lines = Array.from({ length: 120 }, (_, i) => `${i}:${'ü'.repeat((i * 7) % 61)}`);
    lines[60] = 'long '.repeat(700);
    await fs.makeDirectories(`${root}/ends`);
    for (const [name, end] of [
      ['lf', '\n'],
      ['crlf', '\r\n'],
      ['cr', '\r'],
    ] as const) {
      await write(`${root}/ends/${name}`, lines.join(end) + end, 1024);
      await write(`${root}/ends/${name}-open`, lines.join(end), 1024);
    }
    const found = await run(`
      const all: string[][] = [];
      for (const name of ['lf', 'crlf', 'cr', 'lf-open', 'crlf-open', 'cr-open']) {
        all.push(await sc.textFile(root + '/ends/' + name).collect());
      }
      print(all);`);
    for (const some of found as string[][]) expect(some).to.deep.equal(lines);
  });

  for (const master of ['local[2]', 'local-cluster[2,1,512]']) {
    it(`A-080 A-081 writes, refuses, replaces and reads outputs (${master})`, async () => {
      const out = `out-${master.length}`;
      const found = await run(
        `const out = root + '/${out}';
        await sc.range(0, 1000, 1, 4).map((i) => 'line ' + i).saveAsTextFile(out);
        const refused = await sc.range(0, 1).saveAsTextFile(out).catch(nameOf);
        const count = await sc.textFile(out).count();
        await sc.parallelize(['new'], 2).saveAsTextFile(out, { overwrite: true, codec: 'gzip' });
        const whole = (await sc.wholeTextFiles(out).collect()).map(([, text]) => text);
        const glob = await sc.textFile(out + '/part-0000[01]*').collect();
        const gone = await sc.textFile(root + '/none-*').count().catch(nameOf);
        print({ refused, count, whole: whole.sort(), glob, gone });`,
        master,
      );
      expect(found).to.deep.equal({
        refused: 'OutputExistsError',
        count: 1000,
        whole: ['', 'new\n'],
        glob: ['new'],
        gone: 'InputNotFoundError',
      });
      const names = ['_SUCCESS', 'part-00000.gz', 'part-00001.gz'];
      expect(await fs.listNames(`${root}/${out}`)).to.deep.equal(names);
      const siblings = await fs.listNames(root);
      expect(
        siblings.filter((name) => name.startsWith('._heddle')),
        'temporary folders',
      ).to.deep.equal([]);
    });
  }

  it('A-085 fails a program that may not read, with the user and the reason', async () => {
    await write(`${root}/secret`, 'x');
    await fs.setPermission(`${root}/secret`, 0o600);
    const found = await run(`
      const file = root + '/secret';
      print(await sc.textFile(file).count());`);
    expect(found).to.equal(1);
    const scratchUser = scratch.write(
      'other.ts',
      `import { HeddleContext } from 'heddle';
      const sc = await HeddleContext.getOrCreate();
      const failed = await sc.textFile('hdfs://${root}/secret').count().catch((error) => error);
      console.log(failed.name, failed.message);
      await sc.stop();`,
    );
    const result = await runHeddle(scratch.submit('--master', 'local[1]', scratchUser), {
      env: { HADOOP_CONF_DIR: cluster.confDir, HADOOP_USER_NAME: 'mallory' },
    });
    expect(result.stdout).to.include('Permission denied: user=mallory');
    expect(result.stdout).to.include(`${root}/secret`);
  });
});
