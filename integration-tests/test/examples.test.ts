import { execFileSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { Scratch, repositoryRoot, runHeddle } from '../src/command/run-heddle.js';
import { exampleRuns, isOutputOf, poem } from '../src/examples/example-runs.js';

describe('the examples', function () {
  this.timeout(60_000);
  let scratch: Scratch;
  beforeEach(() => {
    scratch = new Scratch();
  });
  afterEach(() => scratch.remove());

  async function run(example: string, ...args: string[]): Promise<string> {
    const words = scratch.submit('--master', 'local[2]', `examples/${example}.ts`, ...args);
    const { exitCode, stdout, stderr } = await runHeddle(words);
    expect(stderr).to.equal('');
    expect(exitCode).to.equal(0);
    expect(scratch.leftovers()).to.deep.equal([]);
    return stdout;
  }

  for (const example of exampleRuns) {
    const { name, claim, args } = example;
    it(`${name} ${claim}`, async () => {
      const words = args(scratch.write('poem.txt', poem), 'examples/streaming');
      const printed = await run(name, ...words);
      expect(isOutputOf(example, printed), printed).to.equal(true);
    });
  }

  it('walk-through has stages of 5 and 6 tasks (A-020)', async () => {
    const words = ['--json', 'examples/walk-through.ts'];
    const { report } = await runHeddle(scratch.submit('--master', 'local[2]', ...words));
    const stages = await submittedStages(String(report?.['eventLog']));
    expect(stages).to.deep.equal([
      ['shuffleMap', 5],
      ['shuffleMap', 6],
      ['result', 6],
    ]);
  });

  it('page-rank shuffles only contributions: each round adds one shuffle, not two', async () => {
    const stagesOf = async (rounds: string): Promise<number> => {
      const words = ['--json', 'examples/page-rank.ts', 'examples/data/links.txt', rounds];
      const { report } = await runHeddle(scratch.submit('--master', 'local[2]', ...words));
      return (await submittedStages(String(report?.['eventLog']))).length;
    };
    expect((await stagesOf('5')) - (await stagesOf('3'))).to.equal(2);
  });

  it('reduce-side-join by hand equals join, on random data of several seeds (A-218)', async () => {
    for (const seed of ['1', '2', '3']) {
      const [counts, verdict] = (await run('reduce-side-join', seed)).split('\n');
      expect(counts).to.match(/^([1-9]\d+) pairs by hand, \1 by join$/);
      expect(verdict).to.equal('the same');
    }
  });

  it('streaming runs a mapper and a reducer of Hadoop Streaming as they are (A-219)', async () => {
    const input = scratch.write('poem.txt', poem);
    const folder = join(repositoryRoot, 'examples/streaming');
    const pipeline = `sh ${folder}/mapper.sh <"$0" | LC_ALL=C sort | awk -f ${folder}/reducer.awk`;
    const expected = execFileSync('sh', ['-c', pipeline, input], { encoding: 'utf8' });
    expect(expected).to.match(/^tyger\t2$/m);
    expect(await run('streaming', input)).to.equal(expected);
  });

  it('processes: a job of 1000 tasks has a process for each executor, not for each task (A-220)', async () => {
    const words = ['--master', 'local-cluster[2,1,1024]', 'examples/processes.ts'];
    const { stdout, stderr } = await runHeddle(scratch.submit(...words));
    expect(stdout, stderr).to.match(/^1000 tasks ran on ([12]) executors, in \1 processes\n$/);
  });
});

/** Kind and number of tasks of each stage that an event log tells of, in the order of their numbers. */
async function submittedStages(eventLog: string): Promise<[string, number][]> {
  const stages = new Map<number, [string, number]>();
  for (const line of (await readFile(eventLog, 'utf8')).trimEnd().split('\n')) {
    const event = JSON.parse(line) as {
      kind: string;
      stage?: { stageId: number; kind: string; numTasks: number };
    };
    if (event.kind === 'stageSubmitted' && event.stage !== undefined) {
      stages.set(event.stage.stageId, [event.stage.kind, event.stage.numTasks]);
    }
  }
  return [...stages].sort(([a], [b]) => a - b).map(([, stage]) => stage);
}
