import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { HeddleConf } from '../../src/conf/heddle-conf.js';
import { HeddleContext } from '../../src/context/heddle-context.js';
import { installLauncher } from '../../src/context/launcher.js';
import { version } from '../../src/version.js';
import { rejection, thrown } from '../support/expect-error.js';
import { FakeApplication } from '../support/fake-application.js';

describe('HeddleContext', () => {
  let fake: FakeApplication;
  let context: HeddleContext | undefined;

  beforeEach(() => {
    fake = new FakeApplication();
    context = undefined;
  });

  afterEach(async () => {
    await context?.stop();
    installLauncher(undefined);
  });

  it('says how to start a program when nothing prepared the process', async () => {
    installLauncher(undefined);
    const error = await rejection(HeddleContext.getOrCreate());
    expect(error).to.have.property('code', 'LAUNCHER_MISSING');
    expect(error.message).to.contain('npx heddle submit app.ts');
    expect(error.message).to.contain('node --import heddle/register app.ts');
  });

  it('is one for each process: the second call gives the same object (A-002)', async () => {
    context = await fake.start();
    expect(await HeddleContext.getOrCreate()).to.equal(context);
    expect(fake.launches).to.have.length(1);
  });

  it('is launched once for calls that overlap', async () => {
    fake.install();
    const [a, b] = await Promise.all([HeddleContext.getOrCreate(), HeddleContext.getOrCreate()]);
    context = a;
    expect(b).to.equal(a);
    expect(fake.launches).to.have.length(1);
  });

  it('refuses a second context with another master, and says to stop the first (A-002)', async () => {
    fake.install();
    context = await HeddleContext.getOrCreate({ master: 'local[2]' });
    const error = await rejection(HeddleContext.getOrCreate({ master: 'local[3]' }));
    expect(error).to.have.property('code', 'CONTEXT_EXISTS');
    expect(error.message).to.contain('local[2]').and.contain('local[3]').and.contain('stop()');
  });

  it('takes the master it was asked for and the one it became as the same', async () => {
    fake.install();
    context = await HeddleContext.getOrCreate({ master: 'local[*]' });
    expect(context.master).to.equal('local[8]');
    expect(await HeddleContext.getOrCreate({ master: 'local[*]' })).to.equal(context);
    expect(await HeddleContext.getOrCreate({ master: 'local[8]' })).to.equal(context);
  });

  it('shows settings of a later call, and keeps master and name (A-017)', async () => {
    context = await fake.start();
    await HeddleContext.getOrCreate({ appName: 'other', conf: { 'my.key': 'x' } });
    expect(context.conf.get('my.key')).to.equal('x');
    expect(context.appName).to.equal('a test');
  });

  it('lets a new one work after stop (A-002)', async () => {
    const first = await fake.start();
    await first.stop();
    context = await HeddleContext.getOrCreate();
    expect(context).to.not.equal(first);
    expect(fake.launches).to.have.length(2);
    expect(await context.parallelize([1]).getNumPartitions()).to.equal(2);
  });

  it('waits for one that is being stopped', async () => {
    const first = await fake.start();
    const stopping = first.stop();
    context = await HeddleContext.getOrCreate();
    await stopping;
    expect(context).to.not.equal(first);
    expect(fake.calls).to.deep.equal(['stop']);
  });

  it('can be asked for again after a launch that failed', async () => {
    fake.install();
    installLauncher({
      submittedSettings: new Map(),
      launch: () => Promise.reject(new Error('no cores left')),
    });
    expect((await rejection(HeddleContext.getOrCreate())).message).to.equal('no cores left');
    context = await fake.start();
    expect(context.applicationId).to.equal('local-1');
  });

  it('stops once, however often it is told to', async () => {
    context = await fake.start();
    await Promise.all([context.stop(), context.stop()]);
    await context.stop();
    expect(fake.calls).to.deep.equal(['stop']);
  });

  it('stops at the end of an await using block', async () => {
    {
      await using scoped = await fake.start();
      expect(scoped.isStopped).to.equal(false);
    }
    expect(fake.calls).to.deep.equal(['stop']);
  });

  it('raises ContextStoppedError from every call after stop', async () => {
    context = await fake.start();
    const sc = context;
    const rdd = sc.parallelize([1, 2]);
    await sc.stop();
    const calls: Record<string, () => unknown> = {
      parallelize: () => sc.parallelize([1]),
      range: () => sc.range(3),
      emptyRDD: () => sc.emptyRDD(),
      textFile: () => sc.textFile('x'),
      union: () => sc.union([rdd, rdd]),
      broadcast: () => sc.broadcast(1),
      accumulator: () => sc.accumulator(0),
      setLogLevel: () => sc.setLogLevel('info'),
      map: () => rdd.map(String),
      repartition: () => rdd.repartition(2),
      persist: () => rdd.persist(),
    };
    for (const [name, call] of Object.entries(calls)) {
      expect(thrown(call), name).to.have.property('code', 'CONTEXT_STOPPED');
    }
    const promises: Record<string, () => Promise<unknown>> = {
      collect: () => rdd.collect(),
      count: () => rdd.count(),
      getNumPartitions: () => rdd.getNumPartitions(),
      runJob: () => sc.runJob(rdd, Array.from),
      cancelAllJobs: () => sc.cancelAllJobs(),
    };
    for (const [name, call] of Object.entries(promises)) {
      expect(await rejection(call()), name).to.have.property('code', 'CONTEXT_STOPPED');
    }
  });

  it('lets settings in code win over those of the submit (A-003)', async () => {
    fake.install({ 'heddle.app.name': 'submitted', 'heddle.master': 'local[4]', 'my.key': 'flag' });
    const conf = new HeddleConf().setAppName('coded').set('my.key', 'code');
    context = await HeddleContext.getOrCreate(conf);
    const [launch] = fake.launches;
    expect(launch!.appName).to.equal('coded');
    expect(launch!.master).to.equal('local[4]');
    expect(Object.fromEntries(launch!.settings)).to.deep.equal({
      'heddle.app.name': 'coded',
      'heddle.master': 'local[4]',
      'my.key': 'code',
    });
    expect(context.conf.get('my.key')).to.equal('code');
  });

  it('gives a copy of its conf', async () => {
    context = await fake.start({ 'my.key': '1' });
    context.conf.set('my.key', '2');
    expect(context.conf.get('my.key')).to.equal('1');
  });

  it('refuses unknown settings before anything is launched', async () => {
    fake.install();
    const error = await rejection(
      HeddleContext.getOrCreate({ conf: { 'heddle.default.paralelism': 3 } }),
    );
    expect(error).to.have.property('code', 'CONFIG');
    expect(error.message).to.contain('heddle.default.parallelism');
    expect(fake.launches).to.have.length(0);
  });

  it('refuses options that it does not know', async () => {
    fake.install();
    const options = { name: 'x' } as { appName?: string };
    expect((await rejection(HeddleContext.getOrCreate(options))).message).to.contain('appName');
  });

  it('answers questions about the application', async () => {
    fake.defaultParallelism = 5;
    context = await fake.start();
    expect(context.applicationId).to.equal('local-1');
    expect(context.deployMode).to.equal('client');
    expect(context.user).to.equal('someone');
    expect(context.startTime).to.equal(1_700_000_000_000);
    expect(context.defaultParallelism).to.equal(5);
    expect(context.defaultMinPartitions).to.equal(2);
    expect(context.uiWebUrl).to.equal(undefined);
    const { version: packaged } = JSON.parse(
      readFileSync(new URL('../../../package.json', import.meta.url), 'utf8'),
    ) as { version: string };
    expect(context.version).to.equal(packaged).and.to.equal(version);
  });

  it('hands status questions to the scheduler (A-022)', async () => {
    context = await fake.start();
    const { statusTracker } = context;
    expect(statusTracker.getActiveJobIds()).to.deep.equal([4]);
    expect(statusTracker.getActiveStageIds()).to.deep.equal([7]);
    expect(statusTracker.getJobIdsForGroup('g')).to.deep.equal([2, 3]);
    expect(statusTracker.getJobIdsForGroup()).to.deep.equal([1]);
    expect(statusTracker.getJobInfo(9)).to.include({ jobId: 9, status: 'RUNNING' });
    expect(statusTracker.getStageInfo(9)).to.equal(undefined);
  });

  it('hands cancelling and the log level on, after checking them (A-023, B.1 logLevel)', async () => {
    context = await fake.start();
    await context.cancelJobGroup('g');
    await context.cancelJobsWithTag('t');
    await context.cancelAllJobs();
    context.setLogLevel('WARN');
    expect(fake.calls).to.deep.equal([
      'cancelJobGroup g',
      'cancelJobsWithTag t',
      'cancelAllJobs',
      'setLogLevel warn',
    ]);
    expect(thrown(() => context!.setLogLevel('loud'))).to.have.property('code', 'ARGUMENT');
    expect(await rejection(context.cancelJobsWithTag('a,b'))).to.have.property('code', 'ARGUMENT');
  });
});
