import { expect } from 'chai';
import { YarnPrograms } from '../../src/yarn/yarn-programs.js';
import { smallExecutor } from '../../src/yarn/yarn-user.js';

/** A job whose task 1 ends its executor in the given way, and a job after it. */
function deadly(how: string): string {
  return `
    import { HeddleContext } from 'heddle';
    const sc = await HeddleContext.getOrCreate();
    try {
      await sc.parallelize([0, 1], 2).map((x) => {
        if (x === 1) { ${how} }
        return x;
      }).collect();
      console.log('it went well');
    } catch (error) {
      console.log('failed: ' + (error as Error).message);
    }
    console.log('next ' + await sc.range(0, 100, 1, 2).sum());
    await sc.stop();
  `;
}

describe('Executors that end on YARN', function () {
  this.timeout(300_000);
  let yarn: YarnPrograms;

  before(async () => {
    yarn = await YarnPrograms.open('executor-ends');
  });

  after(() => yarn.close());

  afterEach(() => yarn.tidy());

  /** How a job ends whose task does that, and that the next job works. */
  async function failureOf(
    how: string,
    conf: Readonly<Record<string, string>> = {},
    words = smallExecutor,
  ): Promise<{ readonly failure: string; readonly told: string }> {
    const result = await yarn.submit('client', deadly(how), {
      words,
      conf: { 'heddle.executor.maxNumFailures': '20', 'heddle.task.maxFailures': '2', ...conf },
    });
    expect(result.exitCode, result.stderr).to.equal(0);
    expect(result.stdout, result.stderr).to.contain('next 4950');
    const failure = /^failed: (.*)/ms.exec(result.stdout)?.[1] ?? '';
    expect(failure, result.stdout).to.contain('failed 2 times');
    return { failure, told: result.stderr };
  }

  const killed = "process.kill(process.pid, 'SIGKILL');";
  for (const [name, how] of [
    ['process.exit(0)', 'process.exit(0);'],
    ['process.exit(42)', 'process.exit(42);'],
    ['process.abort()', 'process.abort();'],
    ['kill -9 of itself', killed],
    ['endless recursion', 'const dig = (n: number): number => 1 + dig(n + 1); return dig(x);'],
  ] as const) {
    it(`${name} in a task is a counted failure of it, and the next job works (F01, F05)`, async () => {
      const { failure } = await failureOf(how);
      expect(failure.length).to.be.greaterThan(40);
    });
  }

  it('a task that takes too much memory is told from a container that does (F07)', async () => {
    const { failure } = await failureOf(
      `const kept: number[][] = [];
       for (;;) kept.push(Array.from({ length: 100_000 }, (_, i) => i + 0.5));`,
    );
    expect(failure)
      .to.match(/out of memory|heap|memory/i)
      .and.to.not.match(/-10[34]/);
  });

  it('a container above its physical memory is ended by YARN, and the setting is named (F07, A-059)', async () => {
    const { failure } = await failureOf(
      // Another process of the container, which the engine cannot watch; it reserves what it takes, no more.
      `const { spawn } = process.getBuiltinModule('node:child_process');
       const code = 'BEGIN { s = "x"; for (i = 0; i < 28; i++) s = s s; for (i = 0; i < 5; i++) a[i] = s i; while (length(a[0])); }';
       spawn('awk', [code], { stdio: 'ignore' });
       const end = Date.now() + 60_000;
       while (Date.now() < end);`,
      {},
      ['--num-executors', '1', '--executor-memory', '1g'],
    );
    expect(failure)
      .to.contain('physical memory')
      .and.to.contain('heddle.executor.memoryOverhead')
      .and.to.contain('-104');
  });

  it('a container above its virtual memory is ended by YARN, and the setting is named (F07, A-059)', async () => {
    const { failure } = await failureOf(
      // A second Node reserves as much address space as the first one.
      `const { spawn } = process.getBuiltinModule('node:child_process');
       spawn(process.execPath, ['-e', 'setInterval(() => 0, 1000)'], { stdio: 'ignore' });
       const end = Date.now() + 60_000;
       while (Date.now() < end);`,
    );
    expect(failure)
      .to.contain('virtual memory')
      .and.to.contain('heddle.executor.memoryOverhead')
      .and.to.contain('-103');
  });

  it('a frozen executor is declared dead; its tasks move, and it ends when it comes back (F08)', async () => {
    const { id, result } = await yarn.start(
      'client',
      `import { HeddleContext, TaskContext } from 'heddle';
       import { existsSync, writeFileSync } from 'node:fs';
       const folder = process.argv[2]!;
       const sc = await HeddleContext.getOrCreate();
       const counts = sc.range(0, 40, 1, 4).mapPartitionsWithIndex((partition, numbers) => {
         writeFileSync(folder + '/task-' + partition + '-' + TaskContext.get()!.taskAttemptId, process.env['CONTAINER_ID']!);
         const cell = new Int32Array(new SharedArrayBuffer(4));
         for (let waits = 0; waits < 2_000 && !existsSync(folder + '/go'); waits++) Atomics.wait(cell, 0, 0, 50);
         return numbers;
       });
       await counts.saveAsTextFile('f08', { overwrite: true });
       await sc.stop();`,
      {
        words: ['--num-executors', '2', '--executor-memory', '256m'],
        conf: {
          'heddle.executor.heartbeatInterval': '500ms',
          'heddle.network.timeout': '4s',
          'heddle.log.level': 'info',
        },
        args: [yarn.folder],
      },
    );
    await yarn.until(() => yarn.marks('task-').length === 2, 'two tasks run', 90_000);
    const [victim] = yarn.processes(id).filter(({ kind }) => kind === 'executor');
    process.kill(victim!.pid, 'SIGSTOP');
    await yarn.until(() => yarn.marks('task-').length > 2, 'its task runs elsewhere', 90_000);
    try {
      process.kill(victim!.pid, 'SIGCONT');
    } catch {
      // Its NodeManager was quicker.
    }
    await yarn.until(
      () => !yarn.processes(id).some(({ pid }) => pid === victim!.pid),
      'the frozen one ends',
    );
    yarn.say('go');
    const ended = await result;
    expect(ended.exitCode, ended.stderr).to.equal(0);
    const lines = (await yarn.output('f08'))!.trim().split('\n').map(Number);
    expect(lines.sort((a, b) => a - b)).to.deep.equal(Array.from({ length: 40 }, (_, i) => i));
    expect(await yarn.leftProcesses(id)).to.deep.equal([]);
  });

  it('a DataNode that stops in the middle of reading and of writing costs nothing (F20, A-076)', async () => {
    await yarn.account.put('f20.txt', 'some words of a line\n'.repeat(200_000), { replication: 3 });
    const { result } = await yarn.start(
      'client',
      `import { HeddleContext } from 'heddle';
       import { existsSync, writeFileSync } from 'node:fs';
       const folder = process.argv[2]!;
       const sc = await HeddleContext.getOrCreate();
       const lines = sc.textFile('f20.txt', 4).mapPartitionsWithIndex(function* (partition, all) {
         let seen = 0;
         for (const line of all) {
           if (++seen === 2_000) {
             writeFileSync(folder + '/reading-' + partition, '');
             const cell = new Int32Array(new SharedArrayBuffer(4));
             for (let waits = 0; waits < 1_000 && !existsSync(folder + '/go'); waits++) Atomics.wait(cell, 0, 0, 50);
           }
           yield line;
         }
       });
       await lines.saveAsTextFile('f20', { overwrite: true });
       await sc.stop();`,
      { words: ['--num-executors', '2', '--executor-memory', '256m'], args: [yarn.folder] },
    );
    try {
      await yarn.until(() => yarn.marks('reading-').length >= 2, 'tasks read', 90_000);
      await yarn.cluster.kill('dn2');
      yarn.say('go');
      const ended = await result;
      expect(ended.exitCode, ended.stderr).to.equal(0);
      expect((await yarn.output('f20'))!.length).to.equal(200_000 * 21);
    } finally {
      if (!(await yarn.cluster.isRunning('dn2'))) await yarn.cluster.startDaemon('dn2');
      await yarn.cluster.waitForHealth();
    }
  });
});
