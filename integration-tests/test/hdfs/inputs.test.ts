import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { mapConcurrently } from '@heddle/webhdfs';
import { expect } from 'chai';
import { HdfsPrograms } from '../../src/hdfs/hdfs-programs.js';
import { eventually } from '../hadoop/eventually.js';

const dfsck = 'org.apache.hadoop.hdfs.tools.DFSck';

describe('Inputs on HDFS', function () {
  this.timeout(300_000);
  let hdfs: HdfsPrograms;

  before(async function () {
    this.timeout(900_000);
    hdfs = await HdfsPrograms.open('reader');
  });
  after(() => hdfs.close());

  it('A-072 A-073 have a partition for each block, on the hosts that fsck names; more on request, never fewer', async () => {
    // Five blocks, the last one as full as the others.
    await hdfs.write('five', 'x'.repeat(1023).concat('\n').repeat(5), { blockSizeBytes: 1024 });
    const { files, root } = hdfs;
    await eventually('two replicas of each block', async () => {
      const located = await files.blockLocations(`${root}/five`, 0, 5 * 1024);
      return located.every(({ hosts }) => hosts.length === 2) ? true : undefined;
    });
    const steps = await hdfs.steps(`
      for (const wish of [1, 2, 10]) {
        await step('wish ' + wish, async () => {
          const lines = sc.textFile(root + '/five', wish);
          return [await lines.getNumPartitions(), await lines.count()];
        });
      }
      await step('hosts', async () => {
        const lines = sc.textFile(root + '/five', 1);
        return Promise.all([0, 1, 2, 3, 4].map((i) => lines.preferredLocations(i)));
      });`);
    for (const wish of [1, 2]) {
      expect(steps.get(`wish ${wish}`), `${wish}`).to.deep.equal({ value: [5, 5] });
    }
    const [partitions, count] = steps.get('wish 10')!.value as number[];
    expect(partitions).to.be.at.least(10);
    expect(count).to.equal(5);
    const words = [`${root}/five`, '-files', '-blocks', '-locations'];
    const told = await hdfs.hadoop(dfsck, words, hdfs.cluster.superUser);
    // One line for each block, in order: `0. BP-…:blk_… len=1024 Live_repl=2  [DatanodeInfo…[address:port,…], …]`.
    const blocks = told.split('\n').filter((line) => /^\d+\. .*\blen=1024\b/.test(line));
    expect(blocks, told).to.have.length(5);
    const nodes = hdfs.cluster.plan.daemons.filter(({ kind }) => kind === 'datanode');
    const theirs = await Promise.all(
      blocks.map(async (line) => {
        const ports = [...line.matchAll(/\[[^[\],]*:(\d+),/g)].map(([, port]) => Number(port));
        expect(ports, line).to.have.length(2);
        const hosts = await hostsByTransferPort(hdfs);
        return ports.map((port) => hosts.get(port)).sort();
      }),
    );
    const ours = (steps.get('hosts')!.value as string[][]).map((hosts) => [...hosts].sort());
    expect(ours).to.deep.equal(theirs);
    expect(nodes.map(({ host }) => host.name)).to.include.members(ours.flat());
  });

  it('A-078 skip what begins with _ or . in the output of an earlier job', async () => {
    const steps = await hdfs.steps(`
      await sc.range(0, 100, 1, 3).map(String).saveAsTextFile(root + '/earlier');
      await step('directory', async () => {
        const lines = sc.textFile(root + '/earlier', 1);
        return [await lines.getNumPartitions(), await lines.count()];
      });
      await step('glob', () => sc.textFile(root + '/earl*').count());
      await step('list', () => sc.textFile([0, 2].map((i) => root + '/earlier/part-0000' + i).join(',')).count());
      await step('mark', async () => (await sc.textFile(root + '/earlier/_SUCCESS').count()) > 0);`);
    expect(await hdfs.files.listNames(`${hdfs.root}/earlier`)).to.include('_SUCCESS');
    expect(Object.fromEntries(steps)).to.deep.equal({
      directory: { value: [3, 100] },
      glob: { value: 100 },
      list: { value: 67 },
      mark: { value: true },
    });
  });

  it('A-079 of gzip over several blocks are one task, and a warning; the result is that of the plain file', async () => {
    const text = randomBytes(1_500_000).toString('hex').replace(/.{70}/g, '$&\n');
    const lines = text.split('\n').length;
    const packed = gzipSync(text);
    expect(packed.length, 'several blocks').to.be.greaterThan(1_100_000);
    await hdfs.write('packed.gz', packed, { blockSizeBytes: 256 * 1024 });
    await hdfs.write('plain', text, { blockSizeBytes: 256 * 1024 });
    const steps = await hdfs.steps(`
      const hash = (text: string): number => {
        let sum = 0;
        for (let i = 0; i < text.length; i++) sum = (sum * 31 + text.charCodeAt(i)) | 0;
        return sum;
      };
      for (const name of ['packed.gz', 'plain']) {
        await step(name, async () => {
          const all = sc.textFile(root + '/' + name, 8);
          return [await all.getNumPartitions(), await all.count(), await all.map(hash).sum()];
        });
      }`);
    const [one, count, sum] = steps.get('packed.gz')!.value as number[];
    const [several, ...same] = steps.get('plain')!.value as number[];
    expect(one).to.equal(1);
    expect(several).to.be.at.least(8);
    expect(count).to.equal(lines);
    expect([count, sum]).to.deep.equal(same);
  });

  it('A-088 of hundreds of small files are as many pairs, in few partitions', async () => {
    const names = Array.from({ length: 300 }, (_, i) => `small/f${String(i).padStart(4, '0')}`);
    await hdfs.files.makeDirectories(`${hdfs.root}/small`);
    await mapConcurrently(names, 16, (name) => hdfs.write(name, name.padEnd(1024, '.')));
    const steps = await hdfs.steps(`
      await step('pairs', async () => {
        const whole = sc.wholeTextFiles(root + '/small');
        const pairs = await whole.collect();
        const right = pairs.filter(([name, text]) => text === ('small/' + name.split('/').at(-1)).padEnd(1024, '.'));
        return [await whole.getNumPartitions(), pairs.length, right.length];
      });`);
    const [partitions, ...counts] = steps.get('pairs')!.value as number[];
    expect(partitions).to.be.within(1, 10);
    expect(counts).to.deep.equal([300, 300]);
  });

  it('A-077 with a flipped byte in a replica are read from another one; with all flipped they are an error, never data', async () => {
    // Sizes that no other block has, by which the replicas are found.
    const text = randomBytes(300_001).toString('hex');
    const lost = randomBytes(300_011).toString('hex');
    await hdfs.write('flipped', text, { replication: 2 });
    await hdfs.write('lost', lost, { replication: 2 });
    const replicasOf = ({ length }: string): Promise<string[]> =>
      eventually('two replicas', () => {
        const found = hdfs.replicaFiles(length);
        return Promise.resolve(found.length === 2 ? found : undefined);
      });
    const bad = (await replicasOf(text))[0]!;
    spoil(bad);
    for (const replica of await replicasOf(lost)) spoil(replica);
    // Again and again: whichever replica a DataNode begins with.
    const whole = await hdfs.steps(`for (let i = 0; i < 4; i++) {
      await step('read ' + i, () => sc.textFile(root + '/flipped', 1).collect());
    }`);
    expect(whole.size).to.equal(4);
    for (const { value } of whole.values()) {
      expect((value as string[])[0] === text, 'the text is whole').to.equal(true);
    }
    const once = await hdfs.steps(
      `await step('read', () => sc.textFile(root + '/lost', 1).count());`,
      ['--conf', 'heddle.task.maxFailures=1'],
    );
    const { value, errors } = once.get('read')!;
    expect(value).to.equal(undefined);
    expect(errors!.map(({ code }) => code)).to.include('READ_FAILED');
    expect(JSON.stringify(errors)).to.include(`${hdfs.root}/lost`);
    // A DataNode that meets the bad replica tells the NameNode, which has it replaced.
    await eventually(
      'a sound replica in place of the bad one',
      async () => {
        expect((await hdfs.read('flipped')) === text, 'the text is whole').to.equal(true);
        return !existsSync(bad) || !readFileSync(bad).includes(0xff) ? true : undefined;
      },
      120_000,
    );
  });
});

/** Hosts by the port at which their DataNode takes blocks, as the NameNode tells. */
async function hostsByTransferPort({ cluster }: HdfsPrograms): Promise<Map<number, string>> {
  const jmx = new URL(
    '/jmx?qry=Hadoop:service=NameNode,name=NameNodeInfo',
    await cluster.webHdfsUrl(),
  );
  const { beans } = (await (await fetch(jmx)).json()) as { beans: { LiveNodes: string }[] };
  const live = JSON.parse(beans[0]!.LiveNodes) as Record<string, { xferaddr: string }>;
  return new Map(
    Object.entries(live).map(([name, { xferaddr }]) => [
      Number(xferaddr.split(':').at(-1)),
      name.split(':')[0]!,
    ]),
  );
}

/** Changes the byte in the middle of a file to one that no text has. */
function spoil(file: string): void {
  const bytes = readFileSync(file);
  bytes[Math.floor(bytes.length / 2)] = 0xff;
  writeFileSync(file, bytes);
}
