import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { isProcessAlive } from '@heddle/common';
import { expect } from 'chai';
import { decodeValue, plainCodeTable } from 'heddle/internal';
import { TooManyExecutorFailuresError } from '../../src/backend/errors.js';
import { rangePlan } from '../host/executor-fixture.js';
import { rangeSplit } from '../pipeline/stage-fixture.js';
import { ClusterFixture, quickSettings, until } from './cluster-fixture.js';

const sumPlan = rangePlan(['map'], ['double'], { kind: 'sum' });
const loopPlan = rangePlan(['map'], ['loop'], { kind: 'count' });
const waitPlan = rangePlan(['map'], ['waitForKill'], { kind: 'count' });
const diePlan = rangePlan(['map'], ['killProcess'], { kind: 'count' });

describe('executor processes', function () {
  this.timeout(90_000);
  let cluster: ClusterFixture;

  async function started(
    options: ConstructorParameters<typeof ClusterFixture>[0] = {},
    executors = 2,
  ): Promise<ClusterFixture> {
    cluster = new ClusterFixture({ executors, ...options });
    await cluster.start();
    await until('all executors', () => cluster.added.length >= executors);
    return cluster;
  }

  async function expectSum(executorId: string, stageId: number): Promise<void> {
    const update = await cluster.run(executorId, stageId, rangeSplit(0, 10));
    expect(update).to.include({ kind: 'succeeded', executorId });
    if (update.kind !== 'succeeded' || update.result.kind !== 'value') throw new Error('no value');
    expect(decodeValue(update.result.bytes, plainCodeTable)).to.deep.equal([90]);
  }

  afterEach(async () => {
    const pids = [...cluster.pids.values()];
    await cluster.stop();
    await until('all processes to end', () => !pids.some(isProcessAlive));
  });

  it('A-034 A-005 run tasks in one process each, for as long as the application runs', async () => {
    await started();
    expect(new Set(cluster.pids.values()).size).to.equal(2);
    expect([...cluster.pids.values()]).not.to.include(process.pid);
    const stage = cluster.stage(sumPlan);
    for (const executorId of ['1', '2', '1', '2']) await expectSum(executorId, stage);
    expect(cluster.losses).to.deep.equal([]);
  });

  it('F01 are replaced under a new id when they are killed', async () => {
    await started();
    const stage = cluster.stage(waitPlan);
    cluster.launch('1', stage, rangeSplit(0, 1));
    process.kill(cluster.pid('1'), 'SIGKILL');
    await until('the loss', () => cluster.losses.length === 1);
    expect(cluster.losses[0]).to.include({
      executorId: '1',
      countsAsFailure: true,
      hostLost: false,
    });
    expect(cluster.losses[0]!.reason).to.contain('SIGKILL');
    await until('a replacement', () => cluster.added.length === 3);
    expect(cluster.added).to.deep.equal([...new Set(cluster.added)]);
    expect(cluster.added).to.include('3');
    await expectSum('3', cluster.stage(sumPlan));
  });

  it('F04 A-061 end the application when more of them fail than may, with the last reasons', async () => {
    await started({ executors: 1 }, 1);
    const deadlineMs = performance.now() + 60_000;
    while (cluster.failure === undefined && performance.now() < deadlineMs) {
      const [executorId] = cluster.alive;
      if (executorId !== undefined) process.kill(cluster.pid(executorId), 'SIGKILL');
      await until(
        'the next executor or the end',
        () => cluster.failure !== undefined || !cluster.alive.includes(executorId ?? ''),
      );
      await until(
        'an executor or the end',
        () => cluster.failure !== undefined || cluster.alive.length > 0,
      );
    }
    expect(cluster.failure).to.be.instanceOf(TooManyExecutorFailuresError);
    const error = cluster.failure as TooManyExecutorFailuresError;
    expect(error).to.include({ failures: 4, allowed: 3 });
    expect(error.message).to.contain('SIGKILL').and.contain('heddle.executor.maxNumFailures');
    await delay(300);
    expect(cluster.alive).to.deep.equal([]);
  });

  it('F05 that a task kills take nothing but their tasks with them', async () => {
    await started({ executors: 1 }, 1);
    const stage = cluster.stage(diePlan);
    cluster.launch('1', stage, rangeSplit(0, 1));
    await until('the replacement', () => cluster.added.includes('2'));
    expect(cluster.losses).to.have.length(1);
    await expectSum('2', cluster.stage(sumPlan));
  });

  it('F08 are given up when they are stopped for too long, and end themselves with no effect', async () => {
    await started();
    const stage = cluster.stage(waitPlan);
    const late = cluster.launch('1', stage, rangeSplit(0, 1));
    await delay(300);
    const pid = cluster.pid('1');
    process.kill(pid, 'SIGSTOP');
    try {
      await until('the loss', () => cluster.losses.length === 1, 20_000);
      expect(cluster.losses[0]).to.include({ executorId: '1' });
      expect(cluster.losses[0]!.reason).to.contain('nothing was heard of it');
      await until('the replacement', () => cluster.added.includes('3'));
      expect(isProcessAlive(pid)).to.equal(true);
    } finally {
      process.kill(pid, 'SIGCONT');
    }
    await until('the stopped process to end', () => !isProcessAlive(pid), 10_000);
    expect(cluster.updateOf(late)).to.equal(undefined);
    expect(cluster.processFolders()).to.have.members(['executor-2', 'executor-3']);
  });

  it('F09 lose nothing when they are stopped for a shorter time', async () => {
    await started();
    const stage = cluster.stage(waitPlan);
    const task = cluster.launch('1', stage, rangeSplit(0, 1));
    const pid = cluster.pid('1');
    process.kill(pid, 'SIGSTOP');
    await delay(2_500);
    process.kill(pid, 'SIGCONT');
    cluster.backend.kill('1', task, 'enough');
    await until('the task to end', () => cluster.updateOf(task) !== undefined);
    expect(cluster.updateOf(task)).to.deep.include({ kind: 'failed', executorId: '1' });
    expect(cluster.losses).to.deep.equal([]);
    await expectSum('1', cluster.stage(sumPlan));
  });

  it('F10 stay while their tasks never come back, and while the driver is blocked', async () => {
    await started();
    const stage = cluster.stage(loopPlan);
    const task = cluster.launch('1', stage, rangeSplit(0, 1));
    await delay(500);
    // The driver's event loop does nothing else for longer than the executors may be silent (6 s), and
    // than they wait for a driver of which they do not know that it lives (9 s).
    const blockedUntilMs = performance.now() + 14_000;
    while (performance.now() < blockedUntilMs);
    await delay(1_500);
    expect(cluster.losses).to.deep.equal([]);
    expect(existsSync(cluster.directories.directories[0]!)).to.equal(true);
    cluster.backend.kill('1', task, 'enough');
    await until('the task to end', () => cluster.updateOf(task) !== undefined);
    await expectSum('1', cluster.stage(sumPlan));
  });

  it('F31 drain on SIGTERM: finish what runs, take no blame, and are replaced', async () => {
    await started({
      settings: new Map([
        ...quickSettings,
        ['heddle.executor.decommission.forceKillTimeout', '6s'],
      ]),
    });
    const stage = cluster.stage(sumPlan);
    process.kill(cluster.pid('1'), 'SIGTERM');
    await until('the news', () => cluster.draining.includes('1'));
    // What had been sent before the news arrives, and is done.
    await expectSum('1', stage);
    await until('the end', () => cluster.losses.length === 1);
    expect(cluster.losses[0]).to.include({ executorId: '1', countsAsFailure: false });
    expect(cluster.losses[0]!.reason).to.contain('drained').and.not.contain('nobody asked');
    await until('the replacement', () => cluster.added.includes('3'));
  });

  it('F31 end as soon as they are idle when a shuffle service has their map outputs', async () => {
    await started({
      shuffleServiceEntry: fileURLToPath(
        new URL('../../src/shuffle-service/shuffle-service-main.js', import.meta.url),
      ),
      settings: new Map([
        ...quickSettings,
        // Longer than the test waits: it is not this time that ends them.
        ['heddle.executor.decommission.forceKillTimeout', '10min'],
      ]),
    });
    process.kill(cluster.pid('1'), 'SIGTERM');
    await until('the end', () => cluster.losses.length === 1);
    expect(cluster.losses[0]).to.include({ executorId: '1', countsAsFailure: false });
    expect(cluster.losses[0]!.reason).to.equal('drained');
  });

  it('ask the driver before they commit', async () => {
    await started({ executors: 1 }, 1);
    const temporaryDirectory = join(cluster.folder, 'out');
    const { mkdirSync } = await import('node:fs');
    mkdirSync(temporaryDirectory);
    const stage = cluster.stage(
      rangePlan(['map'], ['double'], {
        kind: 'saveAsTextFile',
        output: { temporaryDirectory, saveId: 7 },
      }),
    );
    const update = await cluster.run('1', stage, rangeSplit(0, 3));
    expect(update.kind).to.equal('succeeded');
    expect(cluster.commits).to.deep.equal([update.taskAttemptId]);
    const [file] = readdirSync(temporaryDirectory);
    expect(readFileSync(join(temporaryDirectory, file!), 'utf8')).to.equal('0\n2\n4\n');
  });

  it('confirm removals, and get broadcast variables when they need them', async () => {
    await started();
    const { encodeValue } = await import('heddle/internal');
    const encoded = encodeValue({ n: 41 }, plainCodeTable);
    const bytes = new SharedArrayBuffer(encoded.length);
    new Uint8Array(bytes).set(encoded);
    cluster.backend.addBroadcast(9, bytes);
    const plan = rangePlan(['map'], ['broadcastValue'], { kind: 'collect' });
    for (const executorId of ['1', '2']) {
      const update = await cluster.run(executorId, cluster.stage(plan), rangeSplit(0, 1));
      expect(update.kind).to.equal('succeeded');
    }
    await cluster.backend.removeBroadcast(9);
    await cluster.backend.removeRdd(1);
    await cluster.backend.removeShuffle(1);
    const update = await cluster.run('1', cluster.stage(plan), rangeSplit(0, 1));
    expect(update.kind).to.equal('failed');
  });

  it('are refused with exit code 58 when they loaded another program (A15)', async () => {
    const fixture = new ClusterFixture();
    const taskFile = join(fixture.folder, 'other.mjs');
    const { writeFileSync } = await import('node:fs');
    writeFileSync(taskFile, 'export const functions = {};\n');
    cluster = new ClusterFixture({
      program: {
        taskFile,
        hash: 'x',
        fileHash: createHash('sha256').update('what the driver has').digest('hex'),
      },
    });
    const error = await cluster.start().then(
      () => undefined,
      (thrown: unknown) => thrown as Error,
    );
    expect(error).to.be.instanceOf(TooManyExecutorFailuresError);
    expect(error!.message).to.contain('loaded another program');
    // Its reason, and no limit that it does not have to do with.
    expect(error!.message).to.contain('all others would have').and.not.contain('maxNumFailures');
    await fixture.stop();
  });

  it('A11 T2 show the key nowhere: arguments, environment, output, logs, files', async () => {
    await started({
      settings: new Map([...quickSettings, ['heddle.log.level', 'debug']]),
    });
    await expectSum('1', cluster.stage(sumPlan));
    const key = cluster.key.bytes();
    const forms = [
      key,
      ...(['hex', 'base64', 'base64url'] as const).map((form) => Buffer.from(key.toString(form))),
    ];
    const seen: [string, Buffer][] = [['output', Buffer.from(cluster.output.join('\n'))]];
    for (const pid of [...cluster.pids.values(), process.pid]) {
      for (const name of ['cmdline', 'environ']) {
        seen.push([`${pid} ${name}`, readFileSync(`/proc/${pid}/${name}`)]);
      }
    }
    for (const file of filesBelow(cluster.folder)) seen.push([file, readFileSync(file)]);
    expect(seen.length).to.be.above(6);
    for (const [where, bytes] of seen) {
      for (const form of forms) expect(bytes.indexOf(form), where).to.equal(-1);
    }
    // The scan finds a key that is there.
    expect(Buffer.concat([Buffer.from('x'), forms[2]!]).indexOf(forms[2]!)).to.equal(1);
  });

  it('T13 keep their folders to themselves', async () => {
    await started();
    for (const name of cluster.processFolders()) {
      const mode = statSync(join(cluster.directories.directories[0]!, name)).mode & 0o777;
      expect(mode, name).to.equal(0o700);
    }
    expect(cluster.processFolders()).to.have.length(2);
  });

  it('A16 open no debugger on SIGUSR1, and take no NODE_OPTIONS', async () => {
    await started({ executors: 1 }, 1);
    const pid = cluster.pid('1');
    const before = listening();
    process.kill(pid, 'SIGUSR1');
    await delay(1_000);
    const opened = [...listening()].filter((port) => !before.has(port));
    expect(opened).to.not.include(9_229);
    expect(readFileSync(`/proc/${process.pid}/environ`).length).to.be.above(0);
    if (isProcessAlive(pid)) {
      expect(readFileSync(`/proc/${pid}/environ`, 'utf8')).not.to.contain('NODE_OPTIONS');
      expect(readFileSync(`/proc/${pid}/cmdline`, 'utf8')).to.contain('--disable-sigusr1');
    }
  });
});

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}

/** Ports on which somebody listens on this machine. */
function listening(): Set<number> {
  const ports = new Set<number>();
  for (const file of ['/proc/net/tcp', '/proc/net/tcp6']) {
    for (const line of readFileSync(file, 'utf8').split('\n').slice(1)) {
      const [, local, , state] = line.trim().split(/\s+/);
      if (state === '0A') ports.add(parseInt(local!.split(':')[1]!, 16));
    }
  }
  return ports;
}
