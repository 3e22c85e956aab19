import { setTimeout as delay } from 'node:timers/promises';
import { expect } from 'chai';
import { waitForReport } from '@heddle/integration-tests/cluster';
import { YarnPrograms } from '../../src/yarn/yarn-programs.js';
import { deployModes } from '../../src/yarn/yarn-user.js';

/** A job of 12 tasks that wait for a file `go`; every run of a task leaves a file. */
const program = `
  import { HeddleContext, TaskContext } from 'heddle';
  import { existsSync, writeFileSync } from 'node:fs';
  const folder = process.argv[2]!;
  const sc = await HeddleContext.getOrCreate();
  const sum = await sc.range(0, 120, 1, 12).mapPartitionsWithIndex((partition, numbers) => {
    writeFileSync(folder + '/task-' + partition + '-' + TaskContext.get()!.taskAttemptId, '');
    const cell = new Int32Array(new SharedArrayBuffer(4));
    for (let waits = 0; waits < 2_000 && !existsSync(folder + '/go'); waits++) Atomics.wait(cell, 0, 0, 50);
    return numbers;
  }).sum();
  console.log('sum', sum);
  await sc.stop();
`;

interface AppRecord {
  readonly app: {
    readonly runningContainers: number;
    readonly resourceRequests?: readonly {
      readonly resourceName: string;
      readonly numContainers: number;
    }[];
  };
}

describe('A ResourceManager that is restarted', function () {
  this.timeout(300_000);
  let yarn: YarnPrograms;

  before(async () => {
    yarn = await YarnPrograms.open('resource-manager');
  });

  after(() => yarn.close());

  afterEach(async () => {
    if (!(await yarn.cluster.isRunning('rm'))) await yarn.cluster.startDaemon('rm');
    await yarn.cluster.waitForHealth();
    await yarn.tidy();
  });

  async function restart(): Promise<void> {
    await yarn.cluster.kill('rm');
    await yarn.cluster.startDaemon('rm');
  }

  /** Whether it knows the application and its containers; for a moment it does not. */
  async function isBack(id: string, containers: number): Promise<boolean> {
    const record = await yarn.rest<AppRecord>(`apps/${id}`).catch(() => undefined);
    return record?.app.runningContainers === containers;
  }

  for (const mode of deployModes) {
    it(`costs no task, in ${mode} mode (F15, A-071)`, async () => {
      const { id, result } = await yarn.start(mode, program, {
        words: ['--num-executors', '2', '--executor-memory', '256m'],
        args: [yarn.folder],
      });
      await yarn.until(() => yarn.marks('task-').length === 2, 'two tasks run', 90_000);
      const before = yarn.processes(id).map(({ pid }) => pid);
      await restart();
      await yarn.until(() => isBack(id, 3), 'all containers are known again', 90_000);
      const after = yarn.processes(id).map(({ pid }) => pid);
      expect(after, 'the same processes').to.deep.equal(before);
      yarn.say('go');
      const ended = await result;
      expect(ended.exitCode, ended.stderr).to.equal(0);
      expect(await yarn.account.printed(mode, ended)).to.contain('sum 7140');
      expect(yarn.marks('task-'), 'each task ran once').to.have.length(12);
      const report = await waitForReport(yarn.cluster, id, ({ state }) => state === 'FINISHED');
      expect(report.finalStatus).to.equal('SUCCEEDED');
      expect(await yarn.log(id, 'am')).to.contain('registering again');
      expect(await yarn.leftProcesses(id)).to.deep.equal([]);
    });
  }

  it('may be away for longer than a command waits for a first answer (F16)', async () => {
    const { id, result } = await yarn.start('cluster', program, {
      words: ['--num-executors', '1', '--executor-memory', '256m'],
      args: [yarn.folder],
    });
    await yarn.until(() => yarn.marks('task-').length === 1, 'a task runs', 90_000);
    await yarn.cluster.kill('rm');
    // Longer than the command's 30 s for a ResourceManager that it has never met.
    await delay(40_000);
    await yarn.cluster.startDaemon('rm');
    yarn.say('go');
    const ended = await result;
    expect(ended.exitCode, ended.stderr).to.equal(0);
    expect(ended.stderr).to.contain(`${id} can go on without it`).and.to.contain('answers again');
    expect(await yarn.account.printed('cluster', ended)).to.contain('sum 7140');
  });

  it('is asked again, once, for containers that it had not given (F15)', async () => {
    const { id, result } = await yarn.start('client', program, {
      // Three have room, two must wait.
      words: ['--num-executors', '5', '--executor-memory', '2000m'],
      args: [yarn.folder],
    });
    await yarn.executors(id, 3);
    const pending = async (): Promise<number> => {
      const { app } = await yarn.rest<AppRecord>(`apps/${id}`);
      const any = (app.resourceRequests ?? []).filter(({ resourceName }) => resourceName === '*');
      return any.reduce((sum, { numContainers }) => sum + numContainers, 0);
    };
    await yarn.until(async () => (await pending()) === 2, 'two wait');
    await restart();
    await yarn.until(
      async () => (await pending().catch(() => 0)) === 2,
      'the two are asked for again',
    );
    await yarn.until(() => isBack(id, 4), 'three executors and the ApplicationMaster');
    expect(await pending(), 'asked once').to.equal(2);
    yarn.say('go');
    expect(yarn.processes(id).filter(({ kind }) => kind === 'executor')).to.have.length(3);
    const ended = await result;
    expect(ended.exitCode, ended.stderr).to.equal(0);
    expect(ended.stdout).to.contain('sum 7140');
    expect(yarn.marks('task-')).to.have.length(12);
  });
});
