import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { loadHadoopConfiguration } from '@heddle/hadoop-conf';
import { sharedCluster, type MiniCluster } from '@heddle/integration-tests/cluster';
import { WebHdfsFileSystem, webHdfsOptions } from '@heddle/webhdfs/hadoop';
import { Scratch, linkEngine, repositoryRoot, runHeddle } from '../src/command/run-heddle.js';

const user = 'weaver';
const oracle = join(repositoryRoot, 'integration-tests/cluster/java/SequenceFileOracle.java');
const types = [
  'text',
  'int',
  'vint',
  'long',
  'vlong',
  'double',
  'float',
  'boolean',
  'bytes',
  'null',
] as const;
const compressions = ['none', 'record', 'block'] as const;
const codecClass = {
  deflate: 'org.apache.hadoop.io.compress.DefaultCodec',
  gzip: 'org.apache.hadoop.io.compress.GzipCodec',
} as const;
const few = 300;
const many = 40_000;

interface Case {
  readonly name: string;
  readonly key: (typeof types)[number];
  readonly value: (typeof types)[number];
  readonly compression: (typeof compressions)[number];
  readonly codec: keyof typeof codecClass;
  readonly count: number;
}

/** Every class as key and as value, every compression by both codecs; three files of several splits. */
const cases: readonly Case[] = [
  ...types.flatMap((key, index) =>
    compressions.map((compression, at): Case => {
      const value = types[(index + 1 + at) % types.length]!;
      const codec = (index + at) % 2 === 0 ? 'deflate' : 'gzip';
      return { name: `${key}-${compression}`, key, value, compression, codec, count: few };
    }),
  ),
  ...compressions.map((compression): Case => ({
    name: `large-${compression}`,
    key: 'long',
    value: 'text',
    compression,
    codec: 'deflate',
    count: compression === 'record' ? many / 4 : many,
  })),
];

/** Rules that the oracle's `value` and `form` have too; as text, since a program takes them. */
const rules = `
  const valueOf = (name: string, i: number): unknown => {
    switch (name) {
      case 'text': return 't' + i + 'ü😀';
      case 'int': case 'vint': return i * 7919 - 1000;
      case 'long': case 'vlong': return i * 1234567891 - 5;
      case 'double': return i / 8 - 3;
      case 'float': return i / 4 - 3;
      case 'boolean': return i % 3 === 0;
      case 'bytes': return Uint8Array.of(i, i >> 8, 255);
      default: return null;
    }
  };
  const formOf = (name: string, value: unknown): string => {
    if (name === 'double' || name === 'float') {
      const bytes = Buffer.alloc(8);
      bytes.writeDoubleBE(value as number);
      return bytes.toString('hex');
    }
    return value instanceof Uint8Array ? Buffer.from(value).toString('hex') : String(value);
  };
  const linesOf = (c: { key: string; value: string; count: number }): string[] =>
    Array.from({ length: c.count }, (_, i) =>
      formOf(c.key, valueOf(c.key, i)) + '\\t' + formOf(c.value, valueOf(c.value, i)));`;

describe('SequenceFiles, by us and by Hadoop’s own classes', function () {
  this.timeout(300_000);
  let cluster: MiniCluster;
  let fs: WebHdfsFileSystem;
  let hdfsRoot: string;
  let scratch: Scratch;

  before(async function () {
    this.timeout(900_000);
    cluster = await sharedCluster();
    const conf = loadHadoopConfiguration({ directories: [cluster.confDir] });
    const client = (name: string): WebHdfsFileSystem =>
      new WebHdfsFileSystem(webHdfsOptions({ conf, user: name }, 'hdfs', ''));
    fs = client(user);
    hdfsRoot = `/user/${user}/sequence-${process.pid}`;
    await client(cluster.superUser).makeDirectories(hdfsRoot);
    await client(cluster.superUser).setOwner(`/user/${user}`, user);
    await client(cluster.superUser).setOwner(hdfsRoot, user);
  });
  after(async () => {
    await fs.delete(hdfsRoot);
    fs.close();
  });
  beforeEach(() => {
    scratch = new Scratch();
    linkEngine(scratch.path);
  });
  afterEach(() => scratch.remove());

  /** Runs a program that finds the cases and the rules; resolves to the JSON that it prints. */
  async function run(body: string): Promise<unknown> {
    const text = `import { HeddleContext } from 'heddle';
      const cases = ${JSON.stringify(cases)} as const;
      ${rules}
      const sc = await HeddleContext.getOrCreate();
      ${body}
      await sc.stop();\n`;
    const program = scratch.write('app.ts', text);
    const result = await runHeddle(scratch.submit('--master', 'local[2]', program), {
      env: { HADOOP_CONF_DIR: cluster.confDir, HADOOP_USER_NAME: user },
      timeoutMs: 180_000,
    });
    expect(result.exitCode, result.stderr).to.equal(0);
    return JSON.parse(result.stdout);
  }

  /** One JVM for all commands; an answer for each. */
  async function ask(commands: readonly string[]): Promise<Record<string, unknown>[]> {
    const { code, stdout, stderr } = await cluster.runHadoop(oracle, [], {
      user,
      input: commands.join('\n'),
    });
    expect(code, stderr).to.equal(0);
    return stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  }

  for (const place of ['local files', 'HDFS'] as const) {
    const rootOf = (): string =>
      place === 'HDFS' ? `hdfs://${hdfsRoot}` : `file://${scratch.path}/data`;

    it(`Hadoop reads what we write, on ${place} (B.3 saveAsSequenceFile)`, async () => {
      const root = rootOf();
      if (place === 'local files') mkdirSync(join(scratch.path, 'data'));
      await run(`
        for (const c of cases) {
          const { key, value, compression, codec } = c;
          await sc.range(0, c.count, 1, 1).map((i): [unknown, unknown] => [valueOf(key, i), valueOf(value, i)])
            .saveAsSequenceFile('${root}/ours/' + c.name, { key, value, compression, codec });
        }
        console.log('true');`);
      const expected = (await run(
        `console.log(JSON.stringify(cases.map((c) => linesOf(c))));`,
      )) as string[][];
      const uris = cases.map(({ name }) => `${root}/ours/${name}/part-00000`);
      const answers = await ask(uris.map((uri) => `read ${uri}`));
      for (const [index, { name, compression }] of cases.entries()) {
        const answer = answers[index]!;
        expect(answer['error'], name).to.equal(undefined);
        expect(answer['compression'], name).to.equal(compression.toUpperCase());
        expect(answer['records'], name).to.deep.equal(expected[index]);
      }
      const shown = await cluster.runHadoop(
        'org.apache.hadoop.fs.FsShell',
        ['-text', `${root}/ours/text-block/part-00000`],
        { user },
      );
      expect(shown.code, shown.stderr).to.equal(0);
      expect(shown.stdout.split('\n').slice(0, few)).to.have.length(few);
      expect(shown.stdout.split('\t')[0]).to.equal('t0ü😀');
    });

    it(`we read what Hadoop writes, in splits, on ${place} (B.1 sequenceFile)`, async () => {
      const root = rootOf();
      if (place === 'local files') mkdirSync(join(scratch.path, 'data'));
      const answers = await ask(
        cases.map((c) => {
          const type = c.compression.toUpperCase();
          const codec = type === 'NONE' ? '-' : codecClass[c.codec];
          return `write ${root}/theirs/${c.name} ${c.key} ${c.value} ${type} ${codec} ${c.count}`;
        }),
      );
      expect(answers.filter((answer) => 'error' in answer)).to.deep.equal([]);
      const found = (await run(`
        const found: unknown[] = [];
        for (const c of cases) {
          const rdd = sc.sequenceFile<unknown, unknown>('${root}/theirs/' + c.name, 4);
          const { key, value } = c;
          const lines = await rdd.map(([k, v]) => formOf(key, k) + '\\t' + formOf(value, v)).collect();
          found.push({
            name: c.name,
            partitions: await rdd.getNumPartitions(),
            same: JSON.stringify(lines) === JSON.stringify(linesOf(c)),
            count: lines.length,
          });
        }
        console.log(JSON.stringify(found));`)) as { name: string; partitions: number }[];
      for (const [index, { name, count }] of cases.entries()) {
        expect(found[index], name).to.include({ name, same: true, count });
        if (name === 'large-none') expect(found[index]!.partitions).to.be.above(2);
      }
    });
  }

  for (const codec of ['gzip', 'deflate'] as const) {
    it(`text by ${codec}: Hadoop’s own codec reads what saveAsTextFile writes (B.5 saveAsTextFile)`, async () => {
      await run(`
        await sc.range(0, 20_000, 1, 1).map((x) => 'line ' + x + ' ü😀')
          .saveAsTextFile('file://${scratch.path}/text', { codec: '${codec}' });
        console.log('true');`);
      const ending = { gzip: 'gz', deflate: 'deflate' }[codec];
      const file = `file://${scratch.path}/text/part-00000.${ending}`;
      const shown = await cluster.runHadoop('org.apache.hadoop.fs.FsShell', ['-text', file], {
        user,
      });
      expect(shown.code, shown.stderr).to.equal(0);
      const lines = shown.stdout.split('\n').slice(0, -1);
      expect(lines).to.deep.equal(Array.from({ length: 20_000 }, (_, x) => `line ${x} ü😀`));
    });
  }

  it('zstd: Hadoop finds the class that our files name, and reads them where it has its native library', async () => {
    const root = `file://${scratch.path}`;
    await run(`
      await sc.parallelize([['a', 1]] as [string, number][], 1)
        .saveAsSequenceFile('${root}/zstd', { value: 'int', codec: 'zstd' });
      console.log('true');`);
    const [answer] = await ask([`read ${root}/zstd/part-00000`]);
    const error = answer!['error'];
    if (error === undefined) expect(answer!['records']).to.deep.equal(['a\t1']);
    else expect(error).to.match(/native zStandard library/);
    expect(readFileSync(join(scratch.path, 'zstd/part-00000')).includes('ZStandardCodec')).to.equal(
      true,
    );
  });
});
