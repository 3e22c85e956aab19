import { readFileSync, readdirSync, readlinkSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { expect } from 'chai';
import {
  applicationReport,
  killApplication,
  sharedCluster,
  type MiniCluster,
} from '@heddle/integration-tests/cluster';
import {
  Scratch,
  runHeddle,
  type CommandResult,
  type RunOptions,
} from '../src/command/run-heddle.js';

const user = 'weaver';
const modes = ['client', 'cluster'] as const;
/** Small containers: several builders may share the machine. */
const small = ['--num-executors', '1', '--executor-memory', '256m'];

describe('Programs on YARN', function () {
  this.timeout(300_000);
  let cluster: MiniCluster;
  let scratch: Scratch;

  before(async () => {
    cluster = await sharedCluster();
    await hdfs('mkdir', '-p', `/user/${user}`);
    await hdfs('chown', user, `/user/${user}`);
  });

  beforeEach(() => {
    scratch = new Scratch();
  });

  afterEach(async () => {
    scratch.remove();
    const deadlineMs = Date.now() + 30_000;
    while ((await stagedApplications()).length > 0 && Date.now() < deadlineMs) await delay(200);
    expect(await stagedApplications(), 'staged files are removed').to.deep.equal([]);
  });

  async function hdfs(command: string, ...words: string[]): Promise<string> {
    const result = await cluster.runHadoop('org.apache.hadoop.fs.FsShell', [
      `-${command}`,
      ...words,
    ]);
    return result.stdout;
  }

  async function stagedApplications(): Promise<string[]> {
    const url = await cluster.webHdfsUrl();
    const path = `/user/${user}/.heddle/staging`;
    const answer = await fetch(`${url}${path}?op=LISTSTATUS&user.name=${user}`);
    if (answer.status === 404) return [];
    const body = (await answer.json()) as {
      FileStatuses: { FileStatus: { pathSuffix: string }[] };
    };
    return body.FileStatuses.FileStatus.map(({ pathSuffix }) => pathSuffix);
  }

  function run(words: readonly string[], options: RunOptions = {}): Promise<CommandResult> {
    return runHeddle(words, {
      timeoutMs: 180_000,
      ...options,
      env: { HADOOP_CONF_DIR: cluster.confDir, HADOOP_USER_NAME: user, ...options.env },
    });
  }

  function submit(
    mode: (typeof modes)[number],
    program: string,
    options: {
      readonly words?: readonly string[];
      readonly args?: readonly string[];
    } & RunOptions = {},
  ): Promise<CommandResult> {
    const file = scratch.write('program.ts', program);
    const { words = small, args = [], ...rest } = options;
    return run(
      ['submit', '--master', 'yarn', '--deploy-mode', mode, '--json', ...words, file, ...args],
      rest,
    );
  }

  /** What the driver printed: here in client mode, in its container's log in cluster mode. */
  async function printed(mode: (typeof modes)[number], result: CommandResult): Promise<string> {
    if (mode === 'client') return result.stdout;
    const id = String(result.report?.['applicationId']);
    const logs = await run(['logs', id, '--container', 'am']);
    return logs.stdout;
  }

  for (const mode of modes) {
    describe(`in ${mode} mode`, () => {
      it('runs a program, tells its result and leaves nothing (A-035, A-036, A-039, A-043, A-047)', async () => {
        const result = await submit(
          mode,
          `import { HeddleContext } from 'heddle';
          const sc = await HeddleContext.getOrCreate();
          const squares = sc.parallelize([1, 2, 3, 4, 5, 6], 3).map((x) => x * x);
          console.log('sum', await squares.sum(), process.argv[2]);
          await sc.stop();`,
          { args: ['an argument'] },
        );
        expect(result.exitCode, result.stderr).to.equal(0);
        expect(result.report).to.include({ status: 'SUCCEEDED', exitCode: 0 });
        expect(await printed(mode, result)).to.contain('sum 91 an argument');
        const id = String(result.report?.['applicationId']);
        const report = await applicationReport(cluster, id);
        expect(report).to.include({ state: 'FINISHED', finalStatus: 'SUCCEEDED' });
        expect(await processesOf(id), 'no process is left').to.deep.equal([]);
      });

      it('ends with a program that does not stop its context', async () => {
        const result = await submit(
          mode,
          `import { HeddleContext } from 'heddle';
          const sc = await HeddleContext.getOrCreate();
          console.log('count', await sc.range(0, 100, 1, 2).count());`,
        );
        expect(result.exitCode, result.stderr).to.equal(0);
        expect(await printed(mode, result)).to.contain('count 100');
      });

      it("tells a failed program's own error, and YARN that it failed (C.4)", async () => {
        const result = await submit(
          mode,
          `import { HeddleContext } from 'heddle';
          const sc = await HeddleContext.getOrCreate();
          await sc.parallelize([1, 2, 3], 1).map((x) => {
            if (x === 3) throw new Error('three is bad');
            return x;
          }).collect();`,
        );
        expect(result.exitCode).to.equal(1);
        expect(result.report).to.include({ status: 'FAILED', exitCode: 1 });
        expect(result.stderr).to.contain('three is bad');
        const report = await applicationReport(cluster, String(result.report?.['applicationId']));
        expect(report).to.include({ state: 'FINISHED', finalStatus: 'FAILED' });
        expect(report.diagnostics).to.contain('three is bad');
      });

      it('tells YARN of a program that ends itself with a code (C.4)', async () => {
        const result = await submit(
          mode,
          `import { HeddleContext } from 'heddle';
          const sc = await HeddleContext.getOrCreate();
          await sc.parallelize([1]).count();
          process.exit(3);`,
        );
        expect(result.exitCode).to.equal(mode === 'client' ? 3 : 1);
        expect(await processesOf(String(result.report?.['applicationId']))).to.deep.equal([]);
      });

      it('replaces an executor that is killed, and the result is right (F01, A-058)', async () => {
        const result = await submit(
          mode,
          `import { HeddleContext, HeddleFiles } from 'heddle';
          import { existsSync, writeFileSync } from 'node:fs';
          const sc = await HeddleContext.getOrCreate();
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
          { args: [`${scratch.path}/killed`] },
        );
        expect(result.exitCode, result.stderr).to.equal(0);
        expect(readdirSync(scratch.path), 'the fault happened').to.include('killed');
        expect(await printed(mode, result)).to.contain('sum 499500');
      });

      it('brings files and variables to executors (A-050, A-052)', async () => {
        const file = scratch.write('words.txt', 'from a file');
        const result = await submit(
          mode,
          `import { HeddleContext, HeddleFiles } from 'heddle';
          import { readFileSync } from 'node:fs';
          const sc = await HeddleContext.getOrCreate();
          console.log(await sc.parallelize([1], 1).map(() =>
            readFileSync(HeddleFiles.get('alias.txt'), 'utf8') + '|' + process.env['GREETING']).collect());
          await sc.stop();`,
          {
            words: [
              ...small,
              '--files',
              `${file}#alias.txt`,
              '--conf',
              'heddle.executorEnv.GREETING=a "b" $HOME',
            ],
          },
        );
        expect(result.exitCode, result.stderr).to.equal(0);
        expect(await printed(mode, result)).to.contain('from a file|a "b" $HOME');
      });

      it('counts words of a file in HDFS, on the host that holds it (A-056, A-072, A-073)', async () => {
        const text = scratch.write('text.txt', 'a b a\n'.repeat(2_000));
        const url = await cluster.webHdfsUrl();
        await hdfs('put', '-f', text, `/user/${user}/${mode}.txt`);
        await hdfs('setrep', '-w', '1', `/user/${user}/${mode}.txt`);
        const blocks = await fetch(
          `${url}/user/${user}/${mode}.txt?op=GETFILEBLOCKLOCATIONS&user.name=${user}`,
        );
        const [{ hosts }] = (
          (await blocks.json()) as { BlockLocations: { BlockLocation: [{ hosts: string[] }] } }
        ).BlockLocations.BlockLocation;
        expect(hosts).to.have.length(1);
        const result = await submit(
          mode,
          `import { HeddleContext } from 'heddle';
          import { hostname } from 'node:os';
          const sc = await HeddleContext.getOrCreate();
          const counts = await sc.textFile('${mode}.txt').flatMap((line) => line.split(' '))
            .map((word): [string, number] => [word, 1]).reduceByKey((a, b) => a + b).collect();
          const where = await sc.textFile('${mode}.txt').mapPartitions(function* () {
            yield process.env['NM_HOST'];
          }).collect();
          console.log(JSON.stringify(counts.sort()), where[0]);
          await sc.stop();`,
        );
        expect(result.exitCode, result.stderr).to.equal(0);
        const output = await printed(mode, result);
        expect(output).to.contain('[["a",4000],["b",2000]]');
        expect(output, 'the executor is where the block is').to.contain(hosts[0]);
      });

      it('ends when it is killed from outside (A-067)', async () => {
        const program = `import { HeddleContext } from 'heddle';
          const sc = await HeddleContext.getOrCreate();
          console.log('running', sc.applicationId);
          await sc.parallelize([1], 1).map((x) => { const end = Date.now() + 120_000; while (Date.now() < end); return x; }).collect();`;
        const running = submit(mode, program);
        const id = await untilRunning(mode);
        await killApplication(cluster, id, user);
        const result = await running;
        expect(result.exitCode, result.stderr).to.not.equal(0);
        expect(await processesOf(id)).to.deep.equal([]);
      });
    });
  }

  /** Waits until this user has an application whose ApplicationMaster runs and an executor is at work. */
  async function untilRunning(mode: string): Promise<string> {
    const deadlineMs = Date.now() + 90_000;
    while (Date.now() < deadlineMs) {
      const listed = await run(['ls', '--json']);
      if (listed.exitCode !== 0) throw new Error(listed.stderr);
      const applications = JSON.parse(listed.stdout) as {
        id: string;
        state: string;
        user: string;
        runningContainers: number;
      }[];
      const found = applications.find((one) => one.user === user && one.state === 'RUNNING');
      if (found !== undefined && found.runningContainers >= 2) return found.id;
      await delay(200);
    }
    throw new Error(`no application in ${mode} mode came to run`);
  }

  it('ends with Ctrl-C in client mode, and its containers with it (A-036)', async () => {
    let interrupted = false;
    const result = await submit(
      'client',
      `import { HeddleContext } from 'heddle';
      const sc = await HeddleContext.getOrCreate();
      console.log(sc.applicationId);
      await sc.parallelize([1], 1).map((x) => { const end = Date.now() + 120_000; while (Date.now() < end); return x; }).collect();`,
      {
        onOutput: (stdout, kill) => {
          if (interrupted || !stdout.includes('application_')) return;
          interrupted = true;
          setTimeout(() => kill('SIGINT'), 2_000);
        },
      },
    );
    expect(result.exitCode, result.stderr).to.equal(130);
    const id = result.stdout.trim();
    expect(await processesOf(id)).to.deep.equal([]);
    const report = await applicationReport(cluster, id);
    expect(['KILLED', 'FINISHED']).to.include(report.state);
    expect(report.finalStatus).to.equal('KILLED');
  });

  it('starts the driver again when the ApplicationMaster is killed in cluster mode (A-045, F11)', async () => {
    const running = submit(
      'cluster',
      `import { HeddleContext } from 'heddle';
      const sc = await HeddleContext.getOrCreate();
      const mark = process.argv[2]!;
      console.log('count', await sc.parallelize([1, 2], 1).map((x) => { const end = Date.now() + 8_000; while (Date.now() < end); return x; }).count());
      await sc.stop();`,
      { words: [...small, '--conf', 'heddle.yarn.maxAppAttempts=2'] },
    );
    const id = await untilRunning('cluster');
    const [master] = processesNow(id).filter(({ command }) => command.includes('yarn-am-main'));
    expect(master, 'the ApplicationMaster is found').to.not.equal(undefined);
    process.kill(master!.pid, 'SIGKILL');
    const result = await running;
    expect(result.exitCode, result.stderr).to.equal(0);
    const logs = await run(['logs', id, '--container', '_02_000001']);
    expect(logs.stdout, 'the second attempt did it').to.contain('count 2');
  });

  it('refuses what the cluster cannot give before it uploads anything (A-049, F38)', async () => {
    const result = await submit('cluster', 'export {};', {
      words: ['--executor-memory', '900g'],
    });
    expect(result.exitCode).to.equal(1);
    expect(result.report).to.have.nested.property('error.code', 'RESOURCE_LIMIT');
    expect(result.stderr)
      .to.contain('921600')
      .and.to.contain('yarn.scheduler.maximum-allocation-mb');
  });

  it("shows YARN's own text for an unknown queue (A-048, F38)", async () => {
    for (const mode of modes) {
      const result = await submit(
        mode,
        `import { HeddleContext } from 'heddle'; await HeddleContext.getOrCreate();`,
        { words: [...small, '--queue', 'nowhere'] },
      );
      expect(result.exitCode, mode).to.equal(1);
      expect(result.stderr, mode).to.contain('unknown queue: nowhere');
    }
  });

  it('says which variable is missing when there are no site files', async () => {
    const file = scratch.write('program.ts', 'export {};');
    const result = await runHeddle(['submit', '--master', 'yarn', file], {
      env: { HADOOP_CONF_DIR: '', YARN_CONF_DIR: '', HADOOP_HOME: '' },
    });
    expect(result.exitCode).to.equal(1);
    expect(result.stderr).to.contain('HADOOP_CONF_DIR');
  });

  it('returns once YARN has accepted it, when it shall not wait (A-044)', async () => {
    const result = await submit(
      'cluster',
      `import { HeddleContext } from 'heddle';
      const sc = await HeddleContext.getOrCreate();
      await sc.parallelize([1]).count();
      await sc.stop();`,
      { words: [...small, '--conf', 'heddle.yarn.submit.waitAppCompletion=false'] },
    );
    expect(result.exitCode, result.stderr).to.equal(0);
    const id = String(result.report?.['applicationId']);
    const deadlineMs = Date.now() + 90_000;
    let state = '';
    while (state !== 'FINISHED' && Date.now() < deadlineMs) {
      const status = await run(['status', id, '--json']);
      state = (JSON.parse(status.stdout) as { state: string }).state;
      await delay(250);
    }
    expect(state).to.equal('FINISHED');
  });

  it('keeps its token files to itself, and the AMRM token from executors (T2, A12)', async () => {
    const result = await submit(
      'client',
      `import { HeddleContext } from 'heddle';
      const sc = await HeddleContext.getOrCreate();
      console.log('modes', await sc.parallelize([1], 1).map(() => {
        const fs = process.getBuiltinModule('node:fs');
        return (fs.statSync(process.env['HADOOP_TOKEN_FILE_LOCATION']!).mode & 0o777).toString(8)
          + ' ' + fs.readFileSync(process.env['HADOOP_TOKEN_FILE_LOCATION']!, 'latin1').includes('YARN_AM_RM_TOKEN');
      }).collect());
      await sc.stop();`,
    );
    expect(result.exitCode, result.stderr).to.equal(0);
    expect(result.stdout, 'token file is private, without the AMRM token').to.contain('600 false');
  });
});

/** Processes of an application on this machine, by their working directory. */
function processesNow(applicationId: string): { readonly pid: number; readonly command: string }[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        if (!readlinkSync(`/proc/${name}/cwd`).includes(applicationId)) return [];
        return [{ pid: Number(name), command: readFileSync(`/proc/${name}/cmdline`, 'latin1') }];
      } catch {
        return [];
      }
    });
}

/** Those that are still there when they have had time to end. */
async function processesOf(
  applicationId: string,
  patienceMs = 30_000,
): Promise<{ readonly pid: number; readonly command: string }[]> {
  const deadlineMs = Date.now() + patienceMs;
  let found = processesNow(applicationId);
  while (found.length > 0 && Date.now() < deadlineMs) {
    await delay(100);
    found = processesNow(applicationId);
  }
  return found;
}
