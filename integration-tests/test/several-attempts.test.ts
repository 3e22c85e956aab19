import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { FaultFolder } from '../src/faults/fault-folder.js';

const speculation = {
  'heddle.speculation': 'true',
  'heddle.speculation.interval': '50ms',
  'heddle.task.maxFailures': '4',
};

describe('several attempts of one partition, in real executors', function () {
  this.timeout(300_000);
  let folder: FaultFolder;

  beforeEach(() => (folder = new FaultFolder()));
  afterEach(() => folder.remove());

  function expectEachNumberOnce(): void {
    const lines = folder.lines('out').map(Number);
    expect(lines.sort((a, b) => a - b)).to.deep.equal(Array.from({ length: 20_000 }, (_, i) => i));
    const names = readdirSync(join(folder.path, 'out'));
    expect(names).to.include('_SUCCESS');
    expect(names.filter((name) => name.startsWith('part-'))).to.have.length(20);
  }

  it('A-146 F33 what a slow executor never ends is done by copies elsewhere; each part is written once', async () => {
    const { exitCode, stderr } = await folder.run('speculation-program', [folder.path, 'slow'], {
      master: 'local-cluster[3,1,512]',
      settings: speculation,
    });
    expect(exitCode, stderr).to.equal(0);
    expect(folder.notes('slow')).to.deep.equal(['slow']);
    expect(folder.notes('attempt-').length).to.be.greaterThan(20);
    expectEachNumberOnce();
    expect(folder.scratch.leftovers()).to.deep.equal([]);
  });

  /** Of one save: two slots each are all that there are. */
  const racesAtOnce = 8;
  const saves = Math.ceil(Number(process.env['HEDDLE_TEST_COMMIT_RACES'] ?? 16) / racesAtOnce);
  it('A-146 F34 attempts that commit at the same moment leave one committed version', async () => {
    const { exitCode, stderr, answers } = await folder.run(
      'commit-races-program',
      [folder.path, String(saves), String(racesAtOnce)],
      {
        master: `local-cluster[2,${racesAtOnce},1024]`,
        settings: { ...speculation, 'heddle.speculation.quantile': '0.25' },
        timeoutMs: 280_000,
      },
    );
    expect(exitCode, stderr).to.equal(0);
    expect(answers['saved']).to.equal(saves);
    const races = folder.notes('at-').filter((name) => name.endsWith('-second'));
    expect(races).to.have.length(saves * racesAtOnce);
    // One of the two may have been ended by the other one's success before it could leave its note, and
    // a third one begun when the other one was denied and the first had not yet told its success.
    expect(folder.notes('met-').length).to.be.greaterThan(races.length);
    for (let save = 0; save < saves; save++) {
      const lines = folder.lines(`out-${save}`).map(Number);
      expect(lines.sort((a, b) => a - b)).to.deep.equal(Array.from({ length: 1_000 }, (_, i) => i));
      const names = readdirSync(join(folder.path, `out-${save}`));
      expect(names).to.include('_SUCCESS');
      const parts = names.filter((name) => name.startsWith('part-'));
      expect(new Set(parts).size).to.equal(parts.length);
      expect(parts).to.have.length(racesAtOnce + 8);
    }
    expect(folder.scratch.leftovers()).to.deep.equal([]);
  });

  it('F34 an attempt that dies between the right to commit and its report is replaced by another one', async () => {
    for (const n of [1, 2]) folder.write(`die-after-grant-${n}`);
    const { exitCode, stderr } = await folder.run('speculation-program', [folder.path, 'plain'], {
      master: 'local-cluster[2,1,512]',
      preload: true,
    });
    expect(exitCode, stderr).to.equal(0);
    expect(folder.notes('die-after-grant-')).to.deep.equal([]);
    expect(stderr).to.contain('SIGKILL');
    expectEachNumberOnce();
    expect(folder.scratch.leftovers()).to.deep.equal([]);
  });

  it('A-147 F33 an executor on which tasks fail gets no more of them, of this stage and of later ones', async () => {
    const { exitCode, stderr, answers } = await folder.run(
      'bad-executor-program',
      [folder.path, 'one'],
      {
        master: 'local-cluster[3,1,512]',
        settings: { 'heddle.excludeOnFailure.enabled': 'true' },
      },
    );
    expect(exitCode, stderr).to.equal(0);
    expect(answers).to.deep.equal({ counted: 2_000 });
    const bad = folder.notes('attempt-').filter((name) => name.endsWith('-bad'));
    // Two of the first stage (heddle.excludeOnFailure.stage.maxFailedTasksPerExecutor), none of the second.
    expect(bad.filter((name) => name.startsWith('attempt-1-'))).to.have.length(2);
    expect(bad.filter((name) => name.startsWith('attempt-2-'))).to.have.length(0);
    const ofTask = bad.map((name) => name.split('-')[2]);
    expect(new Set(ofTask).size).to.equal(ofTask.length);
  });

  it('A-147 a job ends with an error that says why when its tasks may run on no executor', async () => {
    const { exitCode, stderr } = await folder.run('bad-executor-program', [folder.path, 'all'], {
      master: 'local-cluster[2,1,512]',
      settings: {
        'heddle.excludeOnFailure.enabled': 'true',
        'heddle.scheduler.excludeOnFailure.unschedulableTaskSetTimeout': '1s',
      },
    });
    expect(exitCode).to.not.equal(0);
    expect(stderr).to.match(/may run on none of the executors|no executor/i);
    expect(folder.scratch.leftovers()).to.deep.equal([]);
  });
});
