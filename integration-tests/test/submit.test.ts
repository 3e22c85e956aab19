import { readFileSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import type { CommandResult } from '../src/command/run-heddle.js';
import { Scratch, linkEngine, repositoryRoot, runHeddle } from '../src/command/run-heddle.js';

describe('heddle submit', function () {
  this.timeout(60_000);
  let scratch: Scratch;
  beforeEach(() => {
    scratch = new Scratch();
    linkEngine(scratch.path);
  });
  afterEach(() => {
    expect(scratch.leftovers(), 'private directories that were left').to.deep.equal([]);
    scratch.remove();
  });

  /** Runs a program that begins with a context `sc` on two threads. */
  function submit(body: string, words: readonly string[] = [], args: readonly string[] = []) {
    const text = `import { HeddleConf, HeddleContext, HeddleFiles } from 'heddle';\n${body}\n`;
    const app = scratch.write('app.ts', text);
    return runHeddle(scratch.submit('--master', 'local[2]', ...words, app, ...args));
  }
  const context = 'const sc = await HeddleContext.getOrCreate();\n';

  function expectSuccess(result: CommandResult): void {
    expect(result.stderr).to.equal('');
    expect(result.exitCode).to.equal(0);
  }

  it('gives stdout to the program alone, and its own words to process.argv (A-039)', async () => {
    const result = await submit(
      `${context} console.log(JSON.stringify(process.argv.slice(2)), await sc.range(0, 100).count());`,
      [],
      ['--master', 'x', '-h'],
    );
    expectSuccess(result);
    expect(result.stdout).to.equal('["--master","x","-h"] 100\n');
  });

  it('names the application after the file, the flag or the code, code first (A-003)', async () => {
    const print = 'console.log(sc.appName, sc.master, sc.conf.get("my.key"));';
    const words = ['--conf', 'my.key=flag'];
    expect((await submit(context + print, words)).stdout).to.equal('app local[2] flag\n');
    const named = await submit(context + print, [...words, '--name', 'flagged']);
    expect(named.stdout).to.equal('flagged local[2] flag\n');
    const code = `const conf = new HeddleConf({ 'my.key': 'code' }).setAppName('coded').setMaster('local[1]');
      const sc = await HeddleContext.getOrCreate(conf);`;
    const coded = await submit(code + print, [...words, '--name', 'flagged']);
    expect(coded.stdout).to.equal('coded local[1] code\n');
  });

  it('explains each setting and where it came from with --verbose', async () => {
    const properties = scratch.write('p.conf', 'heddle.locality.wait 1s\n');
    const { stderr, exitCode } = await submit(context, [
      ...['--verbose', '--properties-file', properties, '--conf', 'my.password=x'],
    ]);
    expect(exitCode).to.equal(0);
    expect(stderr).to.contain('heddle.master = local[2]  (--master)\n');
    expect(stderr).to.contain(`heddle.locality.wait = 1s  (${properties})\n`);
    expect(stderr).to.contain('heddle.task.maxFailures = 4; 1 in local modes  (default)\n');
    expect(stderr).to.contain('my.password = *********(redacted)  (--conf)\n');
  });

  it('ends with 0 when the program returns while its context is open', async () => {
    const result = await submit(`${context} console.log(await sc.range(0, 10).sum());`);
    expectSuccess(result);
    expect(result.stdout).to.equal('45\n');
  });

  it('waits for work that the program did not await', async () => {
    const result = await submit(
      `${context} void sc.range(0, 10).map((x) => x * 2).sum().then((sum) => console.log(sum));`,
    );
    expectSuccess(result);
    expect(result.stdout).to.equal('90\n');
  });

  it('ends with 1 when the program throws, and says where', async () => {
    const { exitCode, stderr } = await submit("throw new TypeError('no way');");
    expect(exitCode).to.equal(1);
    expect(stderr).to.match(/^heddle: \S*app\.ts:2: TypeError: no way\n/);
  });

  it('ends with 1 when a promise is rejected and nobody handles it', async () => {
    const { exitCode, stderr } = await submit(
      `${context} void Promise.reject(new Error('forgotten')); await sc.range(0, 1e9).count();`,
    );
    expect(exitCode).to.equal(1);
    expect(stderr).to.contain('Error: forgotten');
  });

  it('leaves errors to a program that handles them itself', async () => {
    const result = await submit(
      `process.on('unhandledRejection', (error) => console.log('mine: ' + (error as Error).message));
       void Promise.reject(new Error('forgotten'));`,
    );
    expectSuccess(result);
    expect(result.stdout).to.equal('mine: forgotten\n');
  });

  it('tells of a failed job: the user’s error with its line first, then what to do', async () => {
    const { exitCode, stderr } = await submit(
      [
        context,
        'await sc.range(0, 10).map((x) => {',
        "  if (x === 7) throw new RangeError('seven');",
        '  return x;',
        '}).count();',
      ].join('\n'),
    );
    expect(exitCode).to.equal(1);
    const lines = stderr.split('\n').filter((line) => !/^\d\d:\d\d/.test(line));
    expect(lines[0]).to.match(/^heddle: \S*app\.ts:5: RangeError: seven$/);
    expect(stderr).to.match(/which ended: JobFailedError: .*\n {2}next: /);
  });

  it('passes process.exit(3) and process.exitCode through', async () => {
    expect((await submit(`${context} process.exit(3);`)).exitCode).to.equal(3);
    const running = `${context} void sc.range(0, 1e10).map((x) => x + 1).count(); setTimeout(() => process.exit(4), 300);`;
    expect((await submit(running)).exitCode).to.equal(4);
    expect((await submit(`${context} process.exitCode = 5;`)).exitCode).to.equal(5);
    expect((await submit('process.exit(0);')).exitCode).to.equal(0);
  });

  it('ends with 13 when the top level waits for nothing', async () => {
    const { exitCode, stderr } = await submit(`${context} await new Promise(() => undefined);`);
    expect(exitCode).to.equal(13);
    expect(stderr).to.contain('waits for a promise that nothing can settle');
  });

  for (const [signal, code] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const) {
    it(`ends with ${code} on ${signal}, in the middle of a job, with everything removed`, async () => {
      const app = scratch.write(
        'app.ts',
        `import { HeddleContext } from 'heddle';
         const sc = await HeddleContext.getOrCreate();
         const job = sc.range(0, 1e12).map((x) => x + 1).count();
         console.log('running');
         await job;`,
      );
      const words = scratch.submit('--json', '--master', 'local[2]', app);
      let sent = false;
      const result = await runHeddle(words, {
        onOutput: (_, kill) => {
          if (!sent) kill(signal);
          sent = true;
        },
      });
      expect(result.exitCode).to.equal(code);
      expect(result.report).to.include({ status: 'KILLED', exitCode: code, signal });
    });
  }

  it('leaves a signal to a program that handles it itself', async () => {
    const app = scratch.write(
      'app.ts',
      `process.on('SIGTERM', () => { console.log('mine'); process.exit(9); });
       console.log('ready');
       setInterval(() => undefined, 1000);`,
    );
    let sent = false;
    const result = await runHeddle(scratch.submit(app), {
      onOutput: (_, kill) => {
        if (!sent) kill('SIGTERM');
        sent = true;
      },
    });
    expect(result.exitCode).to.equal(9);
    expect(result.stdout).to.equal('ready\nmine\n');
  });

  it('writes JSON lines on stderr with --json, the report last', async () => {
    const good = await submit(`${context} await sc.range(0, 9).count();`, [
      '--json',
      '--name',
      'n',
    ]);
    expect(good.report).to.include({
      status: 'SUCCEEDED',
      exitCode: 0,
      appName: 'n',
      master: 'local[2]',
    });
    expect(good.report?.['durationMs']).to.be.a('number');
    expect(readFileSync(String(good.report?.['eventLog']), 'utf8')).to.contain('"kind":"jobEnd"');

    const bad = await submit("throw new Error('x');", ['--json']);
    for (const line of bad.stderr.trimEnd().split('\n'))
      expect(JSON.parse(line)).to.have.property('kind');
    expect(bad.report).to.include({ status: 'FAILED', exitCode: 1 });
    expect(bad.report?.['error']).to.include({ code: 'Error', message: 'Error: x', line: 2 });
  });

  it('ends with a report in JSON too when the words of the command are refused', async () => {
    const app = scratch.write('app.ts', '');
    for (const [words, code, message] of [
      [['--mastr', 'x', app], 'USAGE', "unknown option '--mastr'\n(Did you mean --master?)"],
      [[], 'USAGE', 'missing required argument'],
      [['--conf', 'heddle.mster=x', app], 'CONFIG', 'did you mean heddle.master?'],
      [['--name', 'n', 'nowhere.ts'], 'SUBMISSION', 'there is no program nowhere.ts'],
    ] as const) {
      const result = await runHeddle(['submit', '--json', ...words]);
      expect(result.exitCode).to.equal(1);
      const lines = result.stderr.trimEnd().split('\n');
      const objects = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
      expect(objects.map(({ kind }) => kind)).to.deep.equal(['error', 'report']);
      expect(result.report).to.include({ status: 'FAILED', exitCode: 1 });
      expect(result.report?.['durationMs']).to.be.a('number');
      const error = result.report?.['error'] as { code: string; message: string };
      expect(error.code).to.equal(code);
      expect(error.message).to.contain(message);
    }
  });

  it('keeps logs on stderr, at the level that was asked for', async () => {
    const { stdout, stderr } = await submit(`${context} await sc.range(0, 9).count();`, [
      ...['--conf', 'heddle.log.level=info'],
    ]);
    expect(stdout).to.equal('');
    expect(stderr).to.match(/INFO {2}job ended/);
  });

  it('marks what tasks print and keeps it off stdout', async () => {
    const { stdout, stderr } = await submit(
      `${context} await sc.range(0, 2, 1, 2).foreach((x) => console.log('line of', x));`,
    );
    expect(stdout).to.equal('');
    expect(stderr).to.match(/^\[task \d+ stage 0 partition 1\] line of 1$/m);
  });

  it('finds files that were given with --files, in tasks and in the driver', async () => {
    const file = scratch.write('lookup.txt', 'forty-two');
    const { stdout } = await submit(
      `import { readFileSync } from 'node:fs';
       ${context}
       const read = () => readFileSync(HeddleFiles.get('answer'), 'utf8');
       console.log(read(), await sc.range(0, 2, 1, 2).map(() => readFileSync(HeddleFiles.get('answer'), 'utf8')).collect());`,
      ['--files', `${file}#answer`],
    );
    expect(stdout).to.equal("forty-two [ 'forty-two', 'forty-two' ]\n");
  });

  it('sets the heap limit of the driver with --driver-memory', async () => {
    const print = `import { getHeapStatistics } from 'node:v8';
      console.log(Math.round(getHeapStatistics().heap_size_limit / 2 ** 20));`;
    const { stdout } = await submit(print, ['--driver-memory', '300m']);
    // The young generation comes on top.
    expect(Number(stdout)).to.be.within(300, 600);
  });

  it('writes the event log where it is told, with the suffix of a complete one', async () => {
    await submit(`${context} await sc.range(0, 9).count();`);
    await submit(`${context} await sc.range(0, 9).count(); process.exit(0);`);
    const logs = readdirSync(join(scratch.path, 'events'));
    expect(logs).to.have.length(2);
    expect(logs[1]).to.match(/^local-\d+-\d+\.ndjson$/);
    expect(logs[0]).to.match(/^local-\d+-\d+\.ndjson$/);
  });

  it('runs JavaScript, and TypeScript that Node itself would refuse', async () => {
    const script = scratch.write(
      'app.mjs',
      `import { HeddleContext } from 'heddle';
       const sc = await HeddleContext.getOrCreate();
       console.log(await sc.parallelize(['a', 'b']).map((s) => s + s).collect());`,
    );
    expect((await runHeddle(scratch.submit(script))).stdout).to.equal("[ 'aa', 'bb' ]\n");
    const { stdout } = await submit(
      `enum Colour { Red = 3 }
       class Box { constructor(readonly value: number) {} }
       ${context}
       console.log(await sc.range(0, 2).map((x) => new Box(x + Colour.Red).value).collect());`,
    );
    expect(stdout).to.equal('[ 3, 4 ]\n');
  });

  describe('refuses, with 1 and without running anything,', () => {
    async function refused(...words: string[]): Promise<string> {
      const { exitCode, stdout, stderr } = await runHeddle(scratch.submit(...words));
      expect(exitCode).to.equal(1);
      expect(stdout).to.equal('');
      return stderr;
    }

    it('a program that is not there, is a folder or no module', async () => {
      expect(await refused('no-such.ts')).to.contain('there is no program no-such.ts');
      expect(await refused(scratch.path)).to.contain('is not a file');
      expect(await refused(scratch.write('a.txt', ''))).to.contain('no TypeScript or JavaScript');
    });

    it('unknown options and settings, with a suggestion', async () => {
      const app = scratch.write('app.ts', 'console.log(1);');
      expect(await refused('--mastr', 'local', app)).to.contain('--master');
      expect(await refused('--conf', 'heddle.mster=local', app)).to.contain('heddle.master');
      expect(await refused('--conf', 'heddle.master', app)).to.contain('write --conf key=value');
      expect(await refused('--master', 'local-cluster[2,200,512]', app))
        .to.contain('200 task threads')
        .and.to.match(/give it \d+ MiB or more/);
      expect(
        await refused('--conf', 'heddle.executor.heartbeatInterval=99999999999', app),
      ).to.contain('the most is 24d');
      expect((await runHeddle(['sumbit', app])).stderr).to.contain('submit');
    });

    it('a master of another system, Mesos too (A-038)', async () => {
      const app = scratch.write('app.ts', 'console.log(1);');
      expect(await refused('--master', 'mesos://host:5050', app)).to.contain('not supported');
      expect(await refused('--master', 'k8s://host', app)).to.contain('not supported');
    });

    it('a program with a syntax error, with its line', async () => {
      const app = scratch.write('app.ts', 'const a = 1;\nconst b = = 2;\n');
      expect(await refused(app)).to.match(/app\.ts:2/);
    });

    it('a program that imports what is not there', async () => {
      const app = scratch.write('app.ts', "import { x } from './missing.js';\nconsole.log(x);\n");
      expect(await refused(app))
        .to.contain('./missing.js')
        .and.match(/app\.ts:1/);
    });

    it('a program with type errors, when --check is given', async () => {
      const text =
        "import { HeddleContext } from 'heddle';\nconst n: number = 'text';\nconsole.log(n, HeddleContext);\n";
      const app = scratch.write('app.ts', text);
      expect(await refused('--check', app)).to.match(/app\.ts:2:7: TS2322/);
      expect((await runHeddle(scratch.submit(app))).exitCode).to.equal(0);
    });

    it('a file for the tasks that is not there', async () => {
      const app = scratch.write(
        'app.ts',
        "import { HeddleContext } from 'heddle';\nawait HeddleContext.getOrCreate();\n",
      );
      expect(await refused('--files', '/no/such/file', app)).to.contain(
        'there is no file /no/such/file',
      );
    });
  });

  it('is a script that starts the pinned Node, also through a link in another folder', async () => {
    const link = join(scratch.path, 'link');
    symlinkSync(join(repositoryRoot, 'client/bin/heddle'), link);
    const app = scratch.write('app.ts', 'console.log(process.version, process.argv.slice(2));');
    const words = scratch.submit(app, 'a b', '$x', '"');
    const { stdout, stderr } = await runHeddle(words, { node: '/bin/sh', script: link });
    expect(stderr).to.equal('');
    expect(stdout).to.match(/^v2[4-9]\.\S+ \[ 'a b', '\$x', '"' \]\n$/);
  });

  it('prints help and version on stdout', async () => {
    expect((await runHeddle(['--help'])).stdout).to.contain('Usage: heddle');
    expect((await runHeddle(['submit', '--help'])).stdout).to.contain('Exit codes');
    const { stdout, exitCode } = await runHeddle(['--version']);
    expect(stdout).to.match(/^\d+\.\d+\.\d+\n$/);
    expect(exitCode).to.equal(0);
  });
});

describe('node --import heddle/register', function () {
  this.timeout(60_000);

  it('runs a program in local mode, once, and never the original file', async () => {
    const scratch = new Scratch();
    try {
      linkEngine(scratch.path);
      writeFileSync(join(scratch.path, 'package.json'), '{ "type": "module" }');
      const app = scratch.write(
        'app.ts',
        `import { HeddleContext } from 'heddle';
         enum Factor { Two = 2 }
         console.log('started', process.argv.slice(2));
         const sc = await HeddleContext.getOrCreate({ conf: {
           'heddle.eventLog.dir': '${join(scratch.path, 'events')}',
           'heddle.local.dir': '${scratch.localDirectory}',
         } });
         console.log(await sc.range(0, 5).map((x) => x * Factor.Two).collect());`,
      );
      const result = await runHeddle(['a', '--b'], {
        cwd: scratch.path,
        nodeArguments: ['--import', 'heddle/register'],
        script: app,
      });
      expect(result.stderr).to.equal('');
      expect(result.exitCode).to.equal(0);
      expect(result.stdout).to.equal("started [ 'a', '--b' ]\n[ 0, 2, 4, 6, 8 ]\n");
      expect(scratch.leftovers()).to.deep.equal([]);
    } finally {
      scratch.remove();
    }
  });

  it('ends with 1 when the program throws', async () => {
    const scratch = new Scratch();
    try {
      const app = scratch.write('app.mts', "throw new Error('no');");
      const result = await runHeddle([], {
        nodeArguments: ['--import', 'heddle/register'],
        script: app,
      });
      expect(result.exitCode).to.equal(1);
      expect(result.stderr).to.match(/app\.mts:1: Error: no/);
    } finally {
      scratch.remove();
    }
  });
});
