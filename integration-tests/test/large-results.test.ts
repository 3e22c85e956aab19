import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { descendantsOf } from '../src/chaos/fault-injector.js';
import { FaultFolder } from '../src/faults/fault-folder.js';

const mib = 2 ** 20;

describe('results that are too large for a message', function () {
  this.timeout(300_000);
  let folder: FaultFolder;

  beforeEach(() => (folder = new FaultFolder()));
  afterEach(() => folder.remove());

  it('come from the executors whole, and from another one when theirs is killed meanwhile', async () => {
    let killed = 0;
    const { exitCode, answers, stderr } = await folder.run('large-results-program', ['48', '4'], {
      master: 'local-cluster[3,1,512]',
      onStarted: (pid) => {
        const timer = setInterval(() => {
          const [executor] = descendantsOf(pid).filter(({ commandLine }) =>
            commandLine.includes('executor-main'),
          );
          // Once they are at work; whatever it has not given yet has to be made again.
          if (executor === undefined || killed > 1 || folder.scratch.leftovers().length === 0)
            return;
          if (secondsOfCpu(executor.pid) < 1) return;
          killed++;
          process.kill(executor.pid, 'SIGKILL');
        }, 50);
        setTimeout(() => clearInterval(timer), 60_000).unref();
      },
    });
    expect(exitCode, stderr).to.equal(0);
    expect(killed).to.be.greaterThan(0);
    expect(answers).to.include({ right: true, count: 48, sum: 45 });
    expect(folder.scratch.leftovers()).to.deep.equal([]);
  });

  it('F39 end an action that has twice what heddle.driver.maxResultSize allows, before the memory grows', async () => {
    const { exitCode, answers, stderr } = await folder.run('large-results-program', ['128', '4'], {
      master: 'local-cluster[2,2,1024]',
      settings: { 'heddle.driver.maxResultSize': '256m' },
    });
    expect(exitCode, stderr).to.equal(0);
    expect(answers).to.include({ code: 'RESULT_TOO_LARGE', sum: 45 });
    expect(answers['message']).to.contain('heddle.driver.maxResultSize');
    // What was fetched is at most the limit, and here decoded only; the rest is what is on its way.
    expect(answers['grownBytes']).to.be.below(1.5 * 256 * mib);
    expect(folder.scratch.leftovers()).to.deep.equal([]);
  });
});

/** What a process has used of the processor so far. */
function secondsOfCpu(pid: number): number {
  try {
    const fields = readStat(pid);
    return (Number(fields[11]) + Number(fields[12])) / 100;
  } catch {
    return 0;
  }
}

/** Fields of `/proc/<pid>/stat` behind the name. */
function readStat(pid: number): string[] {
  const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
  return text.slice(text.lastIndexOf(')') + 2).split(' ');
}
