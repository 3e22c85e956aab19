import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { HdfsPrograms } from '../../src/hdfs/hdfs-programs.js';
import { eventually } from '../hadoop/eventually.js';

describe('Outputs on HDFS', function () {
  this.timeout(300_000);
  let hdfs: HdfsPrograms;

  before(async function () {
    this.timeout(900_000);
    hdfs = await HdfsPrograms.open('writer');
  });
  after(() => hdfs.close());

  it('A-080 A-082 are healthy for fsck, with the wanted replicas, and readable for FsShell', async () => {
    // A part of several blocks of 1 MiB, and small ones.
    await hdfs.steps(`
      await sc.range(0, 4, 1, 4)
        .flatMap((i) => Array.from({ length: i === 2 ? 30_000 : 10 }, (_, j) => i + ':' + j + '.'.repeat(90)))
        .saveAsTextFile(root + '/healthy');`);
    const path = `${hdfs.root}/healthy`;
    const names = ['_SUCCESS', ...[0, 1, 2, 3].map((i) => `part-0000${i}`)];
    expect(await hdfs.files.listNames(path)).to.deep.equal(names);
    const told = await eventually('all replicas', async () => {
      const fsck = 'org.apache.hadoop.hdfs.tools.DFSck';
      const words = [path, '-files', '-blocks'];
      const text = await hdfs.hadoop(fsck, words, hdfs.cluster.superUser);
      // DataNodes report the replicas of a closed file a moment later.
      return /Under-replicated blocks:\s+0\b/.test(text) ? text : undefined;
    });
    expect(told).to.match(/is HEALTHY/);
    const blocks = told.split('\n').filter((line) => /^\d+\. /.test(line));
    expect(blocks.length).to.be.at.least(4 + 2 + 1);
    for (const line of blocks) expect(line).to.include('Live_repl=2');
    const text = await hdfs.hadoop('org.apache.hadoop.fs.FsShell', ['-cat', `${path}/part-00003`]);
    expect(text.trimEnd().split('\n')[9]).to.equal(`3:9${'.'.repeat(90)}`);
  });

  it('A-080 of a job that fails are nowhere, whatever its tasks had written', async () => {
    await hdfs.files.makeDirectories(`${hdfs.root}/failing`);
    const steps = await hdfs.steps(
      `await step('save', () => sc.range(0, 1000, 1, 4).map((i) => {
        if (i === 999) throw new Error('the last record');
        return 'x'.repeat(1000) + i;
      }).saveAsTextFile(root + '/failing/out'));`,
    );
    expect(JSON.stringify(steps.get('save')!.errors)).to.include('the last record');
    expect(await hdfs.files.listNames(`${hdfs.root}/failing`)).to.deep.equal([]);
  });

  it('A-084 are byte for byte those of the same program on local paths', async () => {
    const lines = Array.from({ length: 500 }, (_, i) => `a${i % 7} b${i % 11} ümläut ${i}`);
    await hdfs.write('words.txt', lines.join('\n'));
    hdfs.scratch.write('words.txt', lines.join('\n'));
    await hdfs.steps(`
      for (const place of [root, folder]) {
        await sc.textFile(place + '/words.txt', 3)
          .flatMap((line) => line.split(' '))
          .map((word): [string, number] => [word, 1])
          .reduceByKey((a, b) => a + b, 3)
          .map(([word, count]) => word + ' ' + count)
          .saveAsTextFile(place + '/counts');
      }`);
    const local = join(hdfs.scratch.path, 'counts');
    const names = readdirSync(local).filter((name) => name.startsWith('part-'));
    expect(names).to.have.length(3);
    for (const name of names) {
      const theirs = await hdfs.read(`counts/${name}`);
      expect(theirs, name).to.equal(readFileSync(join(local, name), 'utf8'));
    }
  });
});
