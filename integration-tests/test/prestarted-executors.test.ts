import { randomUUID } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { expect } from 'chai';
import { linkEngine, runHeddle, Scratch } from '../src/command/run-heddle.js';

/** The executor processes are there, and then the program fails before it has made a context. */
const program = `
import { readdirSync, readFileSync } from 'node:fs';
const mark = process.argv[2];
const count = () => readdirSync('/proc').filter((pid) => {
  try { return readFileSync('/proc/' + pid + '/environ', 'utf8').includes('HEDDLE_TEST_MARK=' + mark); }
  catch { return false; }
}).length;
while (count() < 2) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20);
console.log('two processes wait');
if (process.argv[3] === 'throws') throw new Error('before any context');
`;

function markedProcesses(mark: string): string[] {
  return readdirSync('/proc').filter((pid) => {
    try {
      return readFileSync(join('/proc', pid, 'environ'), 'utf8').includes(
        `HEDDLE_TEST_MARK=${mark}`,
      );
    } catch {
      // No process, or one that has ended.
      return false;
    }
  });
}

describe('executor processes that no application takes', function () {
  this.timeout(120_000);
  let scratch: Scratch;
  let mark: string;

  beforeEach(() => {
    scratch = new Scratch();
    linkEngine(scratch.path);
    mark = randomUUID();
  });
  afterEach(() => scratch.remove());

  async function run(source: string, how: string) {
    const result = await runHeddle(
      scratch.submit(
        ...['--master', 'local-cluster[2,1,512]'],
        ...['--conf', `heddle.executorEnv.HEDDLE_TEST_MARK=${mark}`],
        scratch.write('program.ts', source),
        ...[mark, how],
      ),
    );
    while (markedProcesses(mark).length > 0) await delay(20);
    expect(scratch.leftovers()).to.deep.equal([]);
    return result;
  }

  it('leave nothing when the program throws before it needs them', async () => {
    const { exitCode, stdout, stderr } = await run(program, 'throws');
    expect(stdout).to.contain('two processes wait');
    expect(stderr).to.contain('before any context');
    expect(exitCode).to.not.equal(0);
  });

  it('leave nothing when the program ends without a context', async () => {
    const { exitCode, stdout, stderr } = await run(program, 'ends');
    expect(stdout).to.contain('two processes wait');
    expect(exitCode, stderr).to.equal(0);
  });

  it('leave nothing when the program cannot be bundled', async () => {
    const { exitCode } = await run('this is no program', 'broken');
    expect(exitCode).to.not.equal(0);
  });
});
