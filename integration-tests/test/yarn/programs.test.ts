import { existsSync } from 'node:fs';
import { expect } from 'chai';
import {
  applicationReport,
  killApplication,
  waitForReport,
} from '@heddle/integration-tests/cluster';
import { runHeddle } from '../../src/command/run-heddle.js';
import { expectNothingLeft } from '../../src/yarn/nothing-left.js';
import { YarnUser, deployModes, smallExecutor } from '../../src/yarn/yarn-user.js';

const head = `import { HeddleContext } from 'heddle';
const sc = await HeddleContext.getOrCreate();
`;

describe('Programs on YARN', function () {
  this.timeout(400_000);
  let user: YarnUser;

  before(async () => {
    user = await YarnUser.open('weaver');
  });
  after(() => user.close());
  afterEach(() => expectNothingLeft(user));

  for (const mode of deployModes) {
    describe(`in ${mode} mode`, () => {
      it('run, and tell their result (A-035, A-036, A-039, A-043, A-047)', async () => {
        const result = await user.submit(
          mode,
          `${head}
          const squares = sc.parallelize([1, 2, 3, 4, 5, 6], 3).map((x) => x * x);
          console.log('sum', await squares.sum(), process.argv[2]);
          await sc.stop();`,
          { args: ['an argument'] },
        );
        expect(result.exitCode, result.stderr).to.equal(0);
        expect(result.report).to.include({ status: 'SUCCEEDED', exitCode: 0 });
        expect(await user.printed(mode, result)).to.contain('sum 91 an argument');
        const report = await applicationReport(user.cluster, idOf(result));
        expect(report).to.include({ state: 'FINISHED', finalStatus: 'SUCCEEDED' });
      });

      it('may leave their context open', async () => {
        const result = await user.submit(
          mode,
          `${head} console.log('count', await sc.range(0, 100, 1, 2).count());`,
        );
        expect(result.exitCode, result.stderr).to.equal(0);
        expect(await user.printed(mode, result)).to.contain('count 100');
      });

      it('that fail tell their own error, and YARN that they failed (C.4)', async () => {
        const result = await user.submit(
          mode,
          `${head}
          await sc.parallelize([1, 2, 3], 1).map((x) => {
            if (x === 3) throw new Error('three is bad');
            return x;
          }).collect();`,
        );
        expect(result.exitCode).to.equal(1);
        expect(result.report).to.include({ status: 'FAILED', exitCode: 1 });
        expect(result.stderr).to.contain('three is bad');
        const report = await applicationReport(user.cluster, idOf(result));
        expect(report).to.include({ state: 'FINISHED', finalStatus: 'FAILED' });
        expect(report.diagnostics).to.contain('three is bad');
      });

      it('that end themselves with a code have failed with it (C.4)', async () => {
        const result = await user.submit(
          mode,
          `${head}
          await sc.parallelize([1]).count();
          process.exit(3);`,
        );
        expect(result.exitCode).to.equal(mode === 'client' ? 3 : 1);
        // A process that ends itself does not wait until YARN knows.
        const isOver = ({ state }: { readonly state: string }): boolean => state === 'FINISHED';
        const report = await waitForReport(user.cluster, idOf(result), isOver);
        expect(report.finalStatus).to.equal('FAILED');
      });

      it('get another executor for one that is killed, and the result is right (F01, A-058)', async () => {
        const mark = `${user.scratch.path}/killed-${mode}`;
        const result = await user.submit(
          mode,
          `${head}
          import { existsSync, writeFileSync } from 'node:fs';
          const mark = process.argv[2]!;
          const sum = await sc.range(0, 1000, 1, 4).map((x) => {
            if (x === 600 && !existsSync(mark)) {
              writeFileSync(mark, 'once');
              process.kill(process.pid, 'SIGKILL');
            }
            return x;
          }).sum();
          console.log('sum', sum);
          await sc.stop();`,
          { args: [mark] },
        );
        expect(result.exitCode, result.stderr).to.equal(0);
        expect(existsSync(mark), 'the fault happened').to.equal(true);
        expect(await user.printed(mode, result)).to.contain('sum 499500');
      });

      it('end when YARN is told to kill them (A-067)', async () => {
        const running = user.submit(
          mode,
          `${head}
          await sc.parallelize([1], 1).map((x) => {
            const end = Date.now() + 120_000;
            while (Date.now() < end);
            return x;
          }).collect();`,
        );
        const id = await user.untilRunning();
        await killApplication(user.cluster, id, user.name);
        const result = await running;
        expect(result.exitCode, result.stderr).to.equal(1);
        expect(result.report).to.include({ status: 'KILLED', applicationId: id });
        expect(result.stderr).to.contain(`${id} ended as KILLED`);
        const { diagnostics } = await applicationReport(user.cluster, id);
        expect(diagnostics).to.contain(user.name);
        expect(result.stderr, 'by whom').to.contain(diagnostics.trim().split('\n')[0]);
        expect(result.stderr).to.contain(`heddle logs ${id} shows`);
      });
    });
  }

  it('show what their driver wrote last in cluster mode when they fail, and how to see the rest', async () => {
    const program = (end: string): string =>
      `${head}
      for (let i = 1; i <= 100; i += 1) console.error('noise ' + i + ';');
      ${end}`;
    const thrown = await user.submit('cluster', program("throw new Error('top level boom');"));
    expect(thrown.exitCode, thrown.stderr).to.equal(1);
    expect(thrown.stderr, 'file and line').to.match(
      /program-cluster\.ts:\d+: Error: top level boom/,
    );
    expect(thrown.stderr).to.contain('noise 100;').and.not.to.contain('noise 75;');
    expect(thrown.stderr).to.contain(`heddle logs ${idOf(thrown)} shows the rest`);
    expect(thrown.stdout, 'of the program alone').to.equal('');
    expect(JSON.stringify(thrown.report)).to.not.contain('noise');
    const ended = await user.submit('cluster', program('process.exit(3);'));
    expect(ended.stderr).to.contain('exit code 3').and.to.contain('noise 100;');
    expect(ended.stderr).to.contain(`heddle logs ${idOf(ended)} shows the rest`);
    const fine = await user.submit('cluster', program('await sc.stop();'));
    expect(fine.exitCode, fine.stderr).to.equal(0);
    expect(fine.stderr).to.not.contain('noise').and.not.to.contain('heddle logs');
  });

  it('that lack site files are told which variable is missing', async () => {
    const file = user.scratch.write('program.ts', 'export {};');
    const result = await runHeddle(['submit', '--master', 'yarn', file], {
      env: { HADOOP_CONF_DIR: '', YARN_CONF_DIR: '', HADOOP_HOME: '' },
    });
    expect(result.exitCode).to.equal(1);
    expect(result.stderr).to.contain('HADOOP_CONF_DIR');
  });

  it('need not be waited for (A-044)', async () => {
    const result = await user.submit(
      'cluster',
      `${head}
      await sc.parallelize([1]).count();
      await sc.stop();`,
      { words: [...smallExecutor, '--conf', 'heddle.yarn.submit.waitAppCompletion=false'] },
    );
    expect(result.exitCode, result.stderr).to.equal(0);
    const ended = await waitForReport(
      user.cluster,
      idOf(result),
      ({ state }) => state === 'FINISHED',
    );
    expect(ended.finalStatus).to.equal('SUCCEEDED');
  });

  it('do not give executors the AMRM token (T2, A12)', async () => {
    const result = await user.submit(
      'client',
      `${head}
      console.log('tokens', ...(await sc.parallelize([1], 1).map(() => {
        const fs = process.getBuiltinModule('node:fs');
        const file = process.env['HADOOP_TOKEN_FILE_LOCATION']!;
        const mode = (fs.statSync(file).mode & 0o777).toString(8);
        return mode + ' ' + fs.readFileSync(file, 'latin1').includes('YARN_AM_RM_TOKEN');
      }).collect()));
      await sc.stop();`,
    );
    expect(result.exitCode, result.stderr).to.equal(0);
    expect(result.stdout).to.contain('tokens 600 false');
  });
});

function idOf({
  report,
}: {
  readonly report: Readonly<Record<string, unknown>> | undefined;
}): string {
  return String(report?.['applicationId']);
}
