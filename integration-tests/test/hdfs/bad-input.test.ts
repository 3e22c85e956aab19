import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { HdfsPrograms, type StepOutcome } from '../../src/hdfs/hdfs-programs.js';

const admin = 'org.apache.hadoop.hdfs.tools.DFSAdmin';

/** Waits in a program, without its event loop, for a file that the test makes. */
const untilTold = `
  const untilTold = async (name: string): Promise<void> => {
    writeFileSync(folder + '/reached-' + name, '');
    for (let waits = 0; waits < 1200 && !existsSync(folder + '/' + name); waits++) {
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  };`;

describe('Bad input to programs on HDFS', function () {
  this.timeout(400_000);
  let hdfs: HdfsPrograms;

  before(async function () {
    this.timeout(900_000);
    hdfs = await HdfsPrograms.open('hapless');
  });
  after(() => hdfs.close());

  function codes(outcome: StepOutcome | undefined): string[] {
    return (outcome?.errors ?? []).map(({ code }) => code);
  }
  function told(outcome: StepOutcome | undefined): string {
    return (outcome?.errors ?? []).map(({ message }) => message).join('\n');
  }
  /** In a program: does what the test does when it makes the file of that name. */
  function tell(name: string): void {
    writeFileSync(join(hdfs.scratch.path, name), '');
  }

  it('addresses: each that is wrong is named, with what decides it', async () => {
    const nameNode = new URL(await hdfs.cluster.webHdfsUrl()).host;
    const resourceManager = new URL(await hdfs.cluster.resourceManagerUrl()).host;
    const nowhere = 'nn.nowhere.invalid';
    const cases: readonly (readonly [path: string, code: string, ...words: string[]])[] = [
      [`webhdfs://${resourceManager}/x`, 'NOT_WEB_HDFS', resourceManager, 'http-address'],
      ['webhdfs://127.0.0.1:1/x', 'NAME_NODE_UNAVAILABLE', '127.0.0.1:1', 'refused'],
      ['hdfs://127.0.0.1:1/x', 'NAME_NODE_UNAVAILABLE', '127.0.0.1:9870', 'http-address'],
      [`swebhdfs://${nameNode}/x`, 'NAME_NODE_UNAVAILABLE', nameNode, 'TLS'],
      [`hdfs://${nowhere}:8020/x`, 'HOST_UNRESOLVABLE', nowhere, 'heddle.hadoop.hosts'],
      ['hdfs://noservice/x', 'HOST_UNRESOLVABLE', 'noservice', 'fs.defaultFS'],
      ['hdfs://host:99999/x', 'ARGUMENT', 'host:99999', 'dfs.nameservices'],
      ['hdfs://me@host:8020/x', 'ARGUMENT', 'me@host:8020', 'HADOOP_USER_NAME'],
      ['s3a://bucket/x', 'UNKNOWN_SCHEME', 's3a', 'hdfs'],
      ['hdfs:///missing/x', 'INPUT_NOT_FOUND', '/missing/x'],
      ['hdfs:///{a,b', 'ARGUMENT', '{a,b'],
    ];
    const steps = await hdfs.steps(
      `for (const path of ${JSON.stringify(cases.map(([path]) => path))}) {
        await step('read ' + path, () => sc.textFile(path).count());
        await step('save ' + path, () => sc.range(0, 1).saveAsTextFile(path));
      }`,
    );
    for (const [path, code, ...words] of cases) {
      const read = steps.get(`read ${path}`);
      expect(codes(read), path).to.include(code);
      for (const word of words) expect(told(read), path).to.include(word);
      const save = steps.get(`save ${path}`);
      // Output names are literal, and are not there before.
      const isInputOnly = code === 'INPUT_NOT_FOUND' || path.includes('{');
      expect(codes(save), path).to.include(isInputOnly ? 'ACCESS_DENIED' : code);
    }
  });

  it('site files: none, a broken one, and a token file that is none are told with their place', async () => {
    const program = `await step('read', () => sc.textFile('hdfs:///x').count());`;
    const broken = hdfs.confWith('core-site.xml', { broken: '<<<' });
    const garbage = hdfs.scratch.write('garbage.token', 'no credentials');
    const cases = [
      [{ HADOOP_CONF_DIR: '' }, 'HADOOP_SETTING', 'fs.defaultFS', 'HADOOP_CONF_DIR'],
      [{ HADOOP_CONF_DIR: broken }, 'SITE_FILE', `${broken}/core-site.xml:`],
      [{ HADOOP_TOKEN_FILE_LOCATION: garbage }, 'CREDENTIALS_FORMAT', garbage],
      [{ HADOOP_TOKEN_FILE_LOCATION: '/none.token' }, 'CONFIG', '/none.token'],
    ] as const;
    for (const [env, code, ...words] of cases) {
      const read = (await hdfs.steps(program, [], { env })).get('read');
      expect(codes(read), JSON.stringify([env, read])).to.include(code);
      for (const word of words) expect(told(read)).to.include(word);
    }
  });

  it('outputs that HDFS would refuse are refused before any task runs, by their own names', async () => {
    await hdfs.write('file', 'x');
    await hdfs.files.makeDirectories(`${hdfs.root}/private`, 0o700);
    await hdfs.files.makeDirectories(`${hdfs.root}/few`);
    const quota = ['-setQuota', '1', `${hdfs.root}/few`];
    await hdfs.hadoop(admin, quota, hdfs.cluster.superUser);
    const long = 'n'.repeat(256);
    const cases: readonly (readonly [name: string, code: string])[] = [
      ['a:b', 'INVALID_PATH'],
      [long, 'INVALID_PATH'],
      ['file', 'OUTPUT_EXISTS'],
      ['file/below', 'NOT_A_DIRECTORY'],
      ['few/out', 'STORAGE_FULL'],
    ];
    const steps = await hdfs.steps(
      `const save = (path: string) => sc.range(0, 10, 1, 2).map((i) => {
        writeFileSync(folder + '/a-task-ran', '');
        return i;
      }).saveAsTextFile(path);
      for (const name of ${JSON.stringify(cases.map(([name]) => name))}) {
        await step(name, () => save(root + '/' + name));
      }
      await step('read below a file', () => sc.textFile(root + '/file/below').count());
      await step('/forbidden', () => save('hdfs:///forbidden'));
      await step('tasks', () => existsSync(folder + '/a-task-ran'));`,
    );
    for (const [name, code] of cases) {
      expect(codes(steps.get(name))[0], `${name}: ${told(steps.get(name))}`).to.equal(code);
      const named =
        name === 'file/below' ? `${hdfs.root}/file` : `${hdfs.root}/${name.split('/')[0]!}`;
      expect(told(steps.get(name))).to.include(named);
    }
    expect(codes(steps.get('read below a file'))[0]).to.equal('INPUT_NOT_FOUND');
    const forbidden = steps.get('/forbidden')!.errors![0]!;
    expect(forbidden.code).to.equal('ACCESS_DENIED');
    expect(forbidden.message)
      .to.match(/^user hapless may not save to \/forbidden: Permission denied: user=hapless/)
      .and.to.not.include('_heddle');
    expect(steps.get('tasks')).to.deep.equal({ value: false });
    const left = (await hdfs.files.listNames(hdfs.root)).filter((one) =>
      one.startsWith('._heddle'),
    );
    expect(left, 'temporary folders').to.deep.equal([]);
  });

  it('every odd character in the names of outputs and inputs is part of the name', async () => {
    const odd = [
      ...Array.from('%+#?&;=@!$^~`|<>()\'"\\*[]{},. \t\n\r\u007f\u00a0'),
      ...[
        '%2F',
        '%00',
        '..',
        'é',
        'e\u0301',
        '\u202e',
        '😀',
        '\ufeff',
        '-rf',
        '?op=DELETE&recursive=true',
      ],
    ].map((text) => `odd ${text} end`);
    const steps = await hdfs.steps(
      `const escaped = (text: string) => text.replace(/[\\\\*?[\\]{},]/g, '\\\\$&');
      const names = ${JSON.stringify(odd)};
      const saved = (name: string) => async () => {
        await sc.parallelize([name.length], 1).map(String).saveAsTextFile(root + '/odd/' + name);
        return sc.textFile(escaped(root) + '/odd/' + escaped(name)).collect();
      };
      await Promise.all(names.map((name, index) => step(String(index), saved(name))));
      await step('all', () => sc.textFile(escaped(root) + '/odd/*').count());`,
    );
    for (const [index, name] of odd.entries()) {
      const outcome = steps.get(String(index));
      expect(outcome, JSON.stringify(name)).to.deep.equal({ value: [String(name.length)] });
    }
    expect(steps.get('all')).to.deep.equal({ value: odd.length });
    const names = await hdfs.files.listNames(`${hdfs.root}/odd`);
    expect(names).to.deep.equal([...odd].sort());
  });

  it('files that vanish between the listing and the reading are named by the failed job', async () => {
    await hdfs.write('fleeting', 'one\ntwo\n');
    const running = hdfs.steps(
      `${untilTold}
      const lines = sc.textFile(root + '/fleeting', 2);
      await step('partitions', () => lines.getNumPartitions());
      await untilTold('deleted');
      await step('count', () => lines.count());
      await step('next', () => sc.range(0, 10).count());`,
    );
    await reached('deleted');
    await hdfs.files.delete(`${hdfs.root}/fleeting`);
    tell('deleted');
    const steps = await running;
    expect(steps.get('partitions')).to.deep.equal({ value: 2 });
    expect(codes(steps.get('count'))).to.include('FILE_NOT_FOUND');
    expect(told(steps.get('count'))).to.include(`${hdfs.root}/fleeting`);
    expect(steps.get('next')).to.deep.equal({ value: 10 });
  });

  it('a NameNode in safe mode lets programs read; a save says so within its bound', async () => {
    await hdfs.write('readable', 'one\ntwo\n');
    const patience = { 'dfs.client.failover.max.attempts': '3' };
    const env = { HADOOP_CONF_DIR: hdfs.confWith('hdfs-site.xml', patience) };
    await hdfs.hadoop(admin, ['-safemode', 'enter'], hdfs.cluster.superUser);
    try {
      const steps = await hdfs.steps(
        `await step('read', () => sc.textFile(root + '/readable').count());
        await step('save', () => sc.range(0, 1).saveAsTextFile(root + '/unsafe'));`,
        [],
        { env },
      );
      expect(steps.get('read')).to.deep.equal({ value: 2 });
      expect(codes(steps.get('save'))[0]).to.equal('SAFE_MODE');
      expect(told(steps.get('save'))).to.include('-safemode get');
    } finally {
      await hdfs.hadoop(admin, ['-safemode', 'leave'], hdfs.cluster.superUser);
    }
  });

  it('a NameNode that dies is waited for within a bound, then named; the program goes on when it is back', async () => {
    await hdfs.write('lasting', 'one\ntwo\n');
    const values = { 'dfs.client.failover.max.attempts': '3', 'dfs.client.socket-timeout': '2000' };
    const env = { HADOOP_CONF_DIR: hdfs.confWith('hdfs-site.xml', values) };
    const server = `${hdfs.cluster.daemon('nn').host.name}:`;
    const running = hdfs.steps(
      `${untilTold}
      const count = () => sc.textFile(root + '/lasting').count();
      await step('before', count);
      await untilTold('silent');
      await step('silent', count);
      await untilTold('dead');
      await step('dead', count);
      await step('save', () => sc.range(0, 1).saveAsTextFile(root + '/unsaved'));
      await untilTold('back');
      await step('after', count);`,
      [],
      { env },
    );
    await reached('silent');
    await hdfs.cluster.pause('nn');
    try {
      tell('silent');
      await reached('dead');
      await hdfs.cluster.kill('nn');
      tell('dead');
      await reached('back');
    } finally {
      if (await hdfs.cluster.isRunning('nn')) await hdfs.cluster.kill('nn');
      await hdfs.cluster.startDaemon('nn');
      await hdfs.cluster.waitForHealth(120_000);
      tell('back');
    }
    const steps = await running;
    expect(steps.get('before')).to.deep.equal({ value: 2 });
    for (const name of ['silent', 'dead', 'save']) {
      expect(codes(steps.get(name)), name).to.include('NAME_NODE_UNAVAILABLE');
      expect(told(steps.get(name)), name)
        .to.include(server)
        .and.to.include('http-address');
    }
    expect(told(steps.get('silent'))).to.include('no answer');
    expect(told(steps.get('dead'))).to.include('connection refused');
    expect(steps.get('after')).to.deep.equal({ value: 2 });
  });

  /** Waits until the program waits to be told. */
  async function reached(name: string): Promise<void> {
    const file = join(hdfs.scratch.path, `reached-${name}`);
    const deadlineMs = Date.now() + 120_000;
    while (!existsSync(file)) {
      if (Date.now() > deadlineMs) throw new Error(`the program did not come to '${name}'`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
});
