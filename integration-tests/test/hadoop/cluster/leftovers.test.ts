import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

import { expect } from 'chai';

import { withMachineLock } from '../../../src/cluster/directory-lock.js';
import { Keeper } from '../../../src/cluster/keeper.js';
import {
  identifyProcess,
  isProcessRunning,
  signalProcess,
} from '../../../src/cluster/processes.js';

async function waitUntil(condition: () => boolean): Promise<void> {
  const deadline = Date.now() + 30_000;
  while (!condition()) {
    if (Date.now() > deadline) throw new Error('It did not happen within 30 s.');
    await sleep(50);
  }
}

describe('What a cluster for tests leaves behind', function () {
  this.timeout(60_000);

  it('is nothing when the process that started it is killed', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'heddle-keeper-'));
    // Slot 99 is claimed by nobody, so nothing of another cluster is touched.
    const facts = {
      formatVersion: 1,
      profile: 'default',
      way: 'processes',
      names: 'addresses',
      slot: 99,
    };
    writeFileSync(
      join(directory, 'cluster.json'),
      JSON.stringify({ ...facts, jarDirectory: '/none' }),
    );
    mkdirSync(join(directory, 'pids'));
    const containerDirectory = join(directory, 'hosts', 'w1', 'nm-local');
    mkdirSync(containerDirectory, { recursive: true });
    // A daemon, and a container that no file knows.
    const daemon = spawn('sleep', ['300'], { detached: true, stdio: 'ignore' });
    const container = spawn('sleep', ['300'], {
      detached: true,
      stdio: 'ignore',
      cwd: containerDirectory,
    });
    await Promise.all([once(daemon, 'spawn'), once(container, 'spawn')]);
    const identities = [daemon, container].map((child) => identifyProcess(child.pid!)!);
    writeFileSync(join(directory, 'pids', 'nm1.json'), JSON.stringify(identities[0]));
    const keeperModule = fileURLToPath(new URL('../../../src/cluster/keeper.js', import.meta.url));
    const owner = spawn(process.execPath, [
      '--input-type=module',
      '-e',
      `import { Keeper } from ${JSON.stringify(keeperModule)};
       await Keeper.start(${JSON.stringify(directory)});
       process.stdout.write('kept\\n');
       setInterval(() => {}, 1000);`,
    ]);
    await once(owner.stdout, 'data');
    expect(identities.every(isProcessRunning)).to.equal(true);
    owner.kill('SIGKILL');
    await waitUntil(() => !identities.some(isProcessRunning));
    await waitUntil(() => !existsSync(directory));
  });

  it('is for the keeper to leave alone after an orderly end', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'heddle-keeper-'));
    const keeper = await Keeper.start(directory);
    await keeper.dismiss();
    expect(existsSync(directory)).to.equal(true);
  });

  it('includes no process that only has the number of one', () => {
    const own = identifyProcess(process.pid)!;
    const other = { ...own, startTicks: '1' };
    expect(isProcessRunning(own)).to.equal(true);
    expect(isProcessRunning(other)).to.equal(false);
    expect(signalProcess(other, 'SIGKILL')).to.equal(false);
  });

  it('includes no lock: the lock of a killed process is taken over', async () => {
    const name = `test-${process.pid}`;
    const lockModule = fileURLToPath(
      new URL('../../../src/cluster/directory-lock.js', import.meta.url),
    );
    const owner = spawn(process.execPath, [
      '--input-type=module',
      '-e',
      `import { withMachineLock } from ${JSON.stringify(lockModule)};
       await withMachineLock(${JSON.stringify(name)}, 1000, async () => {
         process.stdout.write('locked\\n');
         await new Promise((resolve) => setTimeout(resolve, 60_000));
       });`,
    ]);
    await once(owner.stdout, 'data');
    let said = '';
    await withMachineLock(name, 200, () => Promise.resolve()).catch((error: unknown) => {
      said = String(error);
    });
    expect(said).to.contain(`Process ${owner.pid} has held the lock`);
    const ended = once(owner, 'exit');
    owner.kill('SIGKILL');
    await ended;
    expect(await withMachineLock(name, 10_000, () => Promise.resolve('ours'))).to.equal('ours');
  });

  it('includes no line of /etc/hosts of a cluster that is gone', () => {
    const lines = readFileSync('/etc/hosts', 'utf8').split('\n');
    expect(lines.filter((line) => line.includes('test cluster, slot 99'))).to.deep.equal([]);
  });
});
