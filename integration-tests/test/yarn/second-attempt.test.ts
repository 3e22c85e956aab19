import { expect } from 'chai';
import { waitForReport } from '@heddle/integration-tests/cluster';
import { YarnPrograms } from '../../src/yarn/yarn-programs.js';
import { type DeployMode } from '../../src/yarn/yarn-user.js';

/**
 * Counts words and saves the counts; its first tasks take long, unless a file `quick` is there. Leaves a
 * file for each run of a task, with the attempt of the application that it belonged to.
 */
const program = `
  import { HeddleContext, TaskContext } from 'heddle';
  import { existsSync, writeFileSync } from 'node:fs';
  const [folder, output] = process.argv.slice(2);
  const sc = await HeddleContext.getOrCreate();
  const table = sc.broadcast(new Map([[0, 'even'], [1, 'odd']]));
  const counts = sc.range(0, 80, 1, 8).mapPartitionsWithIndex((partition, numbers) => {
    const attempt = process.env['CONTAINER_ID']!.split('_').at(-2);
    writeFileSync(folder + '/task-' + attempt + '-' + partition + '-' + TaskContext.get()!.taskAttemptId, '');
    const end = Date.now() + 60_000;
    while (Date.now() < end && !existsSync(folder + '/quick')) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 50);
    return numbers;
  }).map((n): [string, number] => [table.value.get(n % 2)!, 1]).reduceByKey((a, b) => a + b, 2).sortByKey();
  await counts.map(([word, count]) => word + ' ' + count).saveAsTextFile(output!);
  console.log('saved');
  await sc.stop();
`;
const exact = 'even 40\nodd 40\n';
const words = ['--num-executors', '2', '--executor-memory', '256m'];

describe('An ApplicationMaster that ends too early', function () {
  this.timeout(300_000);
  let yarn: YarnPrograms;

  before(async () => {
    yarn = await YarnPrograms.open('second-attempt');
  });

  after(() => yarn.close());

  afterEach(() => yarn.tidy());

  /** Starts the program and returns when tasks of the first attempt run. */
  async function running(
    mode: DeployMode,
    output: string,
    conf: Readonly<Record<string, string>>,
  ): ReturnType<YarnPrograms['start']> {
    // On a cluster that runs on, an earlier run has left it.
    await yarn.account.remove(output);
    const started = await yarn.start(mode, program, {
      words,
      conf: { 'heddle.log.level': 'info', ...conf },
      args: [yarn.folder, output],
    });
    await yarn.until(() => yarn.marks('task-01-').length > 0, 'tasks run', 90_000);
    return started;
  }

  it('is followed by another one in cluster mode, whose output is exact; executors of the first are gone (F11, A-045)', async () => {
    const { id, result } = await running('cluster', 'f11', { 'heddle.yarn.maxAppAttempts': '2' });
    const first = yarn.processes(id).filter(({ kind }) => kind === 'executor');
    expect(first).to.have.length.greaterThan(0);
    process.kill(yarn.one(id, 'master').pid, 'SIGKILL');
    await yarn.until(() => yarn.marks('task-02-').length > 0, 'tasks of attempt 2 run', 90_000);
    await yarn.until(
      () => !yarn.processes(id).some(({ pid }) => first.some((one) => one.pid === pid)),
      'the executors of attempt 1 are gone',
    );
    yarn.say('quick');
    const ended = await result;
    expect(ended.exitCode, ended.stderr).to.equal(0);
    expect(await yarn.output('f11')).to.equal(exact);
    expect(await yarn.leftProcesses(id)).to.deep.equal([]);
  });

  it('is followed by another one that the driver goes on with, in client mode (F12)', async () => {
    const { id, result } = await running('client', 'f12', { 'heddle.yarn.maxAppAttempts': '2' });
    process.kill(yarn.one(id, 'master').pid, 'SIGKILL');
    await yarn.until(() => yarn.marks('task-02-').length > 0, 'tasks run again', 120_000);
    yarn.say('quick');
    const ended = await result;
    expect(ended.exitCode, ended.stderr).to.equal(0);
    expect(ended.stdout).to.contain('saved');
    expect(await yarn.output('f12')).to.equal(exact);
    expect(ended.stderr).to.contain('waiting for the next attempt');
    const report = await waitForReport(yarn.cluster, id, ({ state }) => state === 'FINISHED');
    expect(report.finalStatus).to.equal('SUCCEEDED');
    expect(await yarn.leftProcesses(id)).to.deep.equal([]);
  });

  for (const [signal, exitCode] of [
    ['SIGKILL', '137'],
    ['SIGTERM', '143'],
  ] as const) {
    it(`ends the program soon in client mode when there is one attempt, by ${signal}, and nothing is left (F12)`, async () => {
      const { id, result } = await running('client', `f12-${signal}`, {});
      const killedMs = performance.now();
      process.kill(yarn.one(id, 'master').pid, signal);
      const ended = await result;
      expect(ended.exitCode).to.equal(1);
      expect(performance.now() - killedMs, 'soon').to.be.lessThan(60_000);
      // What YARN knows, in place of guesses why nobody answers.
      expect(ended.stderr).to.contain(`${id} ended as FAILED`).and.to.contain(exitCode);
      expect(ended.stderr).to.contain(`heddle logs ${id}`).and.not.to.contain('firewall');
      expect(ended.report).to.include({ status: 'FAILED', applicationId: id });
      expect(await yarn.output(`f12-${signal}`), 'no output').to.equal(undefined);
      expect(await yarn.leftProcesses(id)).to.deep.equal([]);
    });
  }

  it('is ended with its executors when the driver is killed in client mode, as FAILED (F12, A-187)', async () => {
    const started = await running('client', 'f12-driver', {
      'heddle.client.reconnectTimeout': '5s',
    });
    started.signal('SIGKILL');
    const { id } = started;
    await started.result;
    const report = await waitForReport(yarn.cluster, id, ({ state }) => state === 'FINISHED');
    expect(report.finalStatus).to.equal('FAILED');
    expect(report.diagnostics).to.contain('heddle.client.reconnectTimeout');
    expect(await yarn.leftProcesses(id)).to.deep.equal([]);
  });

  it('cannot commit when it was away for so long that another one took over, and ends (F14)', async () => {
    const { id, result } = await running('cluster', 'f14', { 'heddle.yarn.maxAppAttempts': '2' });
    const processes = yarn.processes(id);
    const { container, host } = processes.find(({ kind }) => kind === 'master')!;
    const old = processes.filter((one) => one.container === container);
    const manager = yarn.cluster.plan.daemons.find(
      ({ kind, host: on }) => kind === 'nodemanager' && on.name === host,
    )!.name;
    // Its NodeManager would end it for good.
    await yarn.cluster.pause(manager);
    const frozen = old.filter(({ kind }) => kind !== 'executor');
    expect(frozen.map(({ kind }) => kind)).to.include.members(['master', 'driver']);
    try {
      for (const { pid } of frozen) process.kill(pid, 'SIGSTOP');
      await yarn.until(() => yarn.marks('task-02-').length > 0, 'attempt 2 runs', 120_000);
      yarn.say('quick');
      for (const { pid } of frozen) process.kill(pid, 'SIGCONT');
      await yarn.until(
        () => !yarn.processes(id).some(({ pid }) => frozen.some((one) => one.pid === pid)),
        'the old attempt ends by itself',
      );
      const ended = await result;
      expect(ended.exitCode, ended.stderr).to.equal(0);
      expect(await yarn.output('f14')).to.equal(exact);
    } finally {
      await yarn.cluster.resume(manager);
      await yarn.cluster.waitForHealth();
    }
    expect(await yarn.leftProcesses(id)).to.deep.equal([]);
  });
});
