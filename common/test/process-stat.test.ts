import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { isProcessAlive, processStart } from '../src/index.js';

describe('processes of this machine', () => {
  it('are alive until they have ended, and began at a time of their own', async () => {
    expect(isProcessAlive(process.pid)).to.equal(true);
    expect(processStart(process.pid)).to.match(/^\d+$/);
    const child = spawn('sleep', ['300']);
    await once(child, 'spawn');
    expect(isProcessAlive(child.pid!)).to.equal(true);
    expect(processStart(child.pid!)).not.to.equal(processStart(process.pid));
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect(isProcessAlive(child.pid!)).to.equal(false);
    expect(processStart(child.pid!)).to.equal('');
  });

  it('are not alive when nobody has asked how they ended', async () => {
    // The shell becomes a program that never asks for its child.
    const parent = spawn('sh', ['-c', 'sleep 300 & echo $!; exec sleep 299'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    try {
      const [text] = (await once(parent.stdout, 'data')) as [Buffer];
      const pid = Number(text.toString());
      await until(() => readFileSync(`/proc/${parent.pid}/cmdline`, 'utf8').startsWith('sleep'));
      expect(isProcessAlive(pid)).to.equal(true);
      process.kill(pid, 'SIGKILL');
      await until(() => readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z '));
      expect(process.kill(pid, 0), 'its number is taken').to.equal(true);
      expect(isProcessAlive(pid)).to.equal(false);
    } finally {
      parent.kill('SIGKILL');
    }
  });

  it('are no process when the number is none', () => {
    for (const pid of [0, -1, 1.5, NaN]) expect(isProcessAlive(pid)).to.equal(false);
  });
});

async function until(isSo: () => boolean): Promise<void> {
  const deadlineMs = Date.now() + 30_000;
  while (!isSo()) {
    if (Date.now() > deadlineMs) throw new Error('it does not happen');
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
