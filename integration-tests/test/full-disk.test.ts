import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { Scratch, heddleCommand, repositoryRoot, runHeddle } from '../src/command/run-heddle.js';

/** Mounts a small file system of its own, watches how full it gets, and says what is left on it. */
const script = `
small=$1; shift
mount -t tmpfs -o size=12m none "$small" || exit 99
( while :; do df --output=pcent "$small" | tail -1; sleep 0.05; done ) > "$small.log" &
watch=$!
"$@"; code=$?
kill $watch
echo "left:$(ls -A "$small")"
echo "fullest:$(sort -n "$small.log" | tail -1 | tr -dc 0-9)"
exit $code`;
/** Parts come over the network, and no task waits for the executor that has them. */
const fetching = [
  ...['--conf', 'heddle.shuffle.readHostLocalDisk=false'],
  ...['--conf', 'heddle.locality.wait=0'],
];
/** Whoever may not mount has no such disk. */
const mayMount = spawnSync('unshare', ['-m', 'mount', '-t', 'tmpfs', 'none', '/mnt']).status === 0;

if (mayMount) {
  describe('F27 a full local disk', function () {
    this.timeout(240_000);

    for (const master of ['local[2]', 'local-cluster[2,1,512]']) {
      for (const what of ['shuffle', 'spill', 'cache']) {
        it(`is no reason to fail while there is another one: ${what} in ${master}`, async () => {
          const { answers, fullest, left, exitCode, stderr } = await run(master, what, true);
          expect(exitCode, stderr).to.equal(0);
          expect(answers).to.deep.equal(
            what === 'cache' ? { first: 640, second: 640 } : { total: 640 },
          );
          expect(fullest).to.be.at.least(90);
          expect(left).to.equal('');
        });
      }

      if (master !== 'local[2]') {
        it(`is no reason to fail while there is another one: a part that is fetched in ${master}`, async () => {
          const { answers, left, exitCode, stderr } = await run(master, 'fetch', true);
          expect(exitCode, stderr).to.equal(0);
          expect(answers).to.deep.equal({ total: 640 });
          expect(stderr).to.contain('a fetched part goes on in another directory');
          expect(stderr, 'no task was tried a second time').not.to.contain('failed');
          expect(left).to.equal('');
        });
      }

      it(`ends a job with an error that names it when there is no other one, in ${master}`, async () => {
        const { answers, fullest, left, stderr } = await run(master, 'shuffle', false);
        expect(String(answers['failed']), stderr).to.match(/STORAGE_FULL/);
        expect(String(answers['failed'])).to.contain('small');
        expect(fullest).to.be.at.least(90);
        expect(left).to.equal('');
      });
    }
  });
}

async function run(master: string, what: string, hasOther: boolean) {
  const scratch = new Scratch();
  try {
    const small = join(scratch.path, 'small');
    const large = join(scratch.path, 'large');
    for (const directory of [small, large]) mkdirSync(directory);
    const directories = hasOther ? `${small},${large}` : small;
    const result = await runHeddle(
      [
        'submit',
        ...['--master', master],
        ...['--conf', `heddle.local.dir=${directories}`],
        ...['--conf', 'heddle.eventLog.enabled=false'],
        ...(what === 'spill' || what === 'fetch' ? ['--executor-memory', '256m'] : []),
        ...(what === 'fetch' ? fetching : []),
        join(repositoryRoot, 'integration-tests/src/faults/full-disk-program.ts'),
        what,
      ],
      {
        timeoutMs: 120_000,
        node: 'unshare',
        nodeArguments: ['-m', 'sh', '-c', script, 'sh', small, process.execPath],
        script: heddleCommand,
      },
    );
    const lines = result.stdout.split('\n');
    const parsed = lines
      .filter((line) => line.startsWith('{'))
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    const word = (name: string): string =>
      lines.find((line) => line.startsWith(`${name}:`))?.slice(name.length + 1) ?? 'nothing';
    return {
      ...result,
      answers: Object.assign({}, ...parsed) as Record<string, unknown>,
      left: word('left'),
      fullest: Number(word('fullest')),
    };
  } finally {
    scratch.remove();
  }
}
