import { execFileSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { Scratch, repositoryRoot, runHeddle } from '../src/command/run-heddle.js';

const poem = [
  'Tyger Tyger, burning bright,',
  'In the forests of the night;',
  'What immortal hand or eye,',
  'Could frame thy fearful symmetry?',
  'In what distant deeps or skies,',
  'Burnt the fire of thine eyes?',
  '',
].join('\n');

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

  it('word-count prints the most frequent words', async () => {
    expect(await run('word-count', scratch.write('poem.txt', poem), '5')).to.equal(
      [
        '       3  the',
        '       2  in',
        '       2  of',
        '       2  or',
        '       2  tyger',
        '25 different words, 32 in all',
        '',
      ].join('\n'),
    );
  });

  it('pi throws the same darts in every run', async () => {
    expect(await run('pi', '4', '20000')).to.equal(
      '62998 of 80000 darts hit: pi is about 3.1499\n',
    );
  });

  it('walk-through sums up to exactly 2500000000000, from stages of 5 and 6 tasks (A-020)', async () => {
    const words = ['--json', 'examples/walk-through.ts'];
    const { stdout, report } = await runHeddle(scratch.submit('--master', 'local[2]', ...words));
    expect(stdout.trimEnd().split('\n').at(-1)).to.equal('the sum is 2500000000000');
    const stages = await submittedStages(String(report?.['eventLog']));
    expect(stages).to.deep.equal([
      ['shuffleMap', 5],
      ['shuffleMap', 6],
      ['result', 6],
    ]);
  });

  it('k-means finds the centres that the points were made around', async () => {
    expect(await run('k-means')).to.equal(
      [
        '3 centres after 4 rounds:',
        '  (10.00, 2.00) with 1001 points',
        '  (4.00, 9.00) with 998 points',
        '  (1.00, 1.00) with 1001 points',
        '',
      ].join('\n'),
    );
  });

  it('page-rank ranks the pages', async () => {
    expect(await run('page-rank')).to.equal(
      [
        '1.5339  home',
        '1.4918  help',
        '1.2271  about',
        '0.9871  blog',
        '0.9685  team',
        '0.7932  news',
        '0.6613  cart',
        '0.3373  shop',
        '',
      ].join('\n'),
    );
  });

  it('page-rank shuffles only contributions: each round adds one shuffle, not two', async () => {
    const stagesOf = async (rounds: string): Promise<number> => {
      const words = ['--json', 'examples/page-rank.ts', 'examples/data/links.txt', rounds];
      const { report } = await runHeddle(scratch.submit('--master', 'local[2]', ...words));
      return (await submittedStages(String(report?.['eventLog']))).length;
    };
    expect((await stagesOf('5')) - (await stagesOf('3'))).to.equal(2);
  });

  it('map-reduce: mapper, combiner and reducer of a MapReduce job (A-215 A-216 A-217)', async () => {
    expect(await run('map-reduce')).to.equal(
      [
        'S0 had 22 degrees at most',
        'S1 had 25 degrees at most',
        'S2 had 28 degrees at most',
        'colder than before: COUNTS',
        '',
      ].join('\n'),
    );
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
    expect(await run('processes')).to.equal('1000 tasks ran on 1 executors, in 1 processes\n');
    const words = ['--master', 'local-cluster[2,1,1024]', 'examples/processes.ts'];
    const { stdout, stderr } = await runHeddle(scratch.submit(...words));
    expect(stdout, stderr).to.match(/^1000 tasks ran on ([12]) executors, in \1 processes\n$/);
  });

  it('log-analysis joins the log with its tables', async () => {
    expect(await run('log-analysis')).to.equal(
      [
        '372 requests, 4 unreadable lines',
        '',
        'status codes:',
        '  200  281',
        '  304  27',
        '  404  46',
        '  500  18',
        '',
        'bytes sent by country:',
        '  IN  1719282',
        '  US  1640780',
        '  DE  1468511',
        '  JP  1336373',
        '  FR  1304694',
        '',
        'users without a request, and requests without a user:',
        '  guest is unknown, 38 requests',
        '  silent01 never came',
        '  silent02 never came',
        '  user19 never came',
        '  user20 never came',
        '',
        'bytes of a request: mean 22662.3, largest 49974',
        'largest answer: /products/2',
        '',
      ].join('\n'),
    );
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
