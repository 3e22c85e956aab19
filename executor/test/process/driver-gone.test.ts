import { spawn } from 'node:child_process';
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { isProcessAlive } from '@heddle/common';
import { expect } from 'chai';
import { rangePlan } from '../host/executor-fixture.js';
import { rangeSplit } from '../pipeline/stage-fixture.js';
import { ClusterFixture, until } from './cluster-fixture.js';

interface DriverReport {
  readonly pids: readonly number[];
  readonly folder: string;
  readonly directory: string;
}

/** Starts a driver process with two executors, one of them in an endless task. */
async function startDriver(): Promise<{
  readonly kill: () => void;
  readonly pid: number;
  readonly report: DriverReport;
}> {
  const main = fileURLToPath(new URL('./test-driver-main.js', import.meta.url));
  const driver = spawn(process.execPath, [main], { stdio: ['ignore', 'pipe', 'inherit'] });
  const line = await new Promise<string>((resolve, reject) => {
    createInterface({ input: driver.stdout }).once('line', resolve);
    driver.once('error', reject);
    driver.once('exit', (code) => reject(new Error(`the driver ended with ${code}`)));
  });
  return {
    kill: () => driver.kill('SIGKILL'),
    pid: driver.pid!,
    report: JSON.parse(line) as DriverReport,
  };
}

describe('an application whose driver is killed', function () {
  this.timeout(120_000);

  it('ends: executors by themselves (56), whatever their tasks do, and the last one takes all files along', async () => {
    const { kill, report } = await startDriver();
    try {
      expect(report.pids).to.have.length(2);
      expect(report.pids.every(isProcessAlive)).to.equal(true);
      expect(existsSync(report.directory)).to.equal(true);
      kill();
      await until('the executors to end', () => !report.pids.some(isProcessAlive));
      await until('the files to go', () => !existsSync(report.directory));
    } finally {
      rmSync(report.folder, { recursive: true, force: true });
    }
  });

  it('is waited for while its process stands still for longer than any lease, and is gone when it is killed then (F10)', async () => {
    const { kill, pid, report } = await startDriver();
    try {
      process.kill(pid, 'SIGSTOP');
      // Executors wait 9 s for a driver of which they do not know that it lives.
      await delay(14_000);
      expect(isProcessAlive(pid)).to.equal(true);
      expect(report.pids.every(isProcessAlive), 'executors of a driver that lives').to.equal(true);
      expect(existsSync(report.directory), 'its files').to.equal(true);
      kill();
      await until('the executors to end', () => !report.pids.some(isProcessAlive));
      await until('the files to go', () => !existsSync(report.directory));
    } finally {
      if (isProcessAlive(pid)) kill();
      rmSync(report.folder, { recursive: true, force: true });
    }
  });

  it('waits for an executor that is stopped: whoever is last removes what is left', async () => {
    const { kill, report } = await startDriver();
    const [first, last] = report.pids as [number, number];
    try {
      process.kill(last, 'SIGSTOP');
      kill();
      await until('the first executor to end', () => !isProcessAlive(first));
      expect(existsSync(report.directory)).to.equal(true);
      process.kill(last, 'SIGCONT');
      await until('the last executor to end', () => !isProcessAlive(last));
      await until('the files to go', () => !existsSync(report.directory));
    } finally {
      if (isProcessAlive(last)) process.kill(last, 'SIGKILL');
      rmSync(report.folder, { recursive: true, force: true });
    }
  });
});

describe('applications one after another', function () {
  this.timeout(600_000);

  it('leave no process, no file and no open handle behind (I4, I5)', async () => {
    const applications = Number(process.env['HEDDLE_TEST_APPLICATIONS'] ?? 8);
    const filesBefore = leftovers();
    const handlesBefore = process.getActiveResourcesInfo().length;
    const pids: number[] = [];
    for (let i = 0; i < applications; i++) {
      const cluster = new ClusterFixture();
      await cluster.start();
      const stage = cluster.stage(rangePlan(['map'], ['double'], { kind: 'sum' }));
      const [executorId] = cluster.added;
      expect((await cluster.run(executorId!, stage, rangeSplit(0, 10))).kind).to.equal('succeeded');
      await cluster.stop();
      pids.push(...cluster.pids.values());
      expect(existsSync(cluster.folder)).to.equal(false);
    }
    expect(pids.length).to.be.at.least(applications);
    await until('all processes to end', () => !pids.some(isProcessAlive));
    expect(leftovers()).to.deep.equal(filesBefore);
    await delay(1_200);
    expect(process.getActiveResourcesInfo().length).to.be.at.most(handlesBefore + 5);
  });
});

function leftovers(): string[] {
  return readdirSync(tmpdir()).filter((name) => name.startsWith('heddle-cluster-test-'));
}
