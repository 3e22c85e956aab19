import { chmod, mkdtemp, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { expect } from 'chai';
import {
  captureCallSite,
  captureClosure,
  decodeError,
  driverCodeTable,
  encodeValue,
  flushClosureWarnings,
  onClosureWarning,
  TaskProgram,
  translateStack,
  type ClosureWarning,
} from 'heddle/internal';

import {
  bundleProgram,
  ProgramBuildError,
  removeBuiltProgram,
  type BuiltProgram,
  type BundleOptions,
} from '../../src/bundler/index.js';
import { ProgramFolder, TaskThread } from './program-harness.js';

describe('Building a program', () => {
  let folder: ProgramFolder;

  before(async () => {
    folder = await ProgramFolder.create();
  });

  after(async () => {
    await folder.remove();
  });

  async function buildText(name: string, text: string): Promise<BuiltProgram> {
    await folder.write(name, text);
    return folder.build(name);
  }

  async function problemsOf(name: string, text: string): Promise<ProgramBuildError> {
    try {
      await buildText(name, text);
    } catch (error) {
      if (error instanceof ProgramBuildError) return error;
      throw error;
    }
    throw new Error('it was built');
  }

  async function importProgram(program: BuiltProgram): Promise<Record<string, unknown>> {
    return (await import(program.driverUrl)) as Record<string, unknown>;
  }

  describe('refuses', () => {
    it('a syntax error, with file, line, column and text', async () => {
      const error = await problemsOf('syntax.ts', 'const a = 1;\nconst b: number = ;\n');
      expect(error.code).to.equal('PROGRAM_BUILD');
      expect(error.file).to.equal(join(folder.path, 'syntax.ts'));
      expect(error.line).to.equal(2);
      expect(error.problems[0]!.column).to.equal(19);
      expect(error.message).to.match(/syntax\.ts:2:19: Unexpected ";"/);
    });

    it('a module that does not exist', async () => {
      const error = await problemsOf(
        'missing.ts',
        "import { x } from './not-there.js';\nconsole.log(x);",
      );
      expect(error.message).to.match(/missing\.ts:1:\d+: Could not resolve "\.\/not-there\.js"/);
    });

    it('a package that is not installed', async () => {
      const error = await problemsOf(
        'no-package.ts',
        "import x from 'no-such-package';\nconsole.log(x);",
      );
      expect(error.message).to.match(/no-package\.ts:1:\d+: Could not resolve "no-such-package"/);
    });

    it('an export that a package does not have', async () => {
      const error = await problemsOf(
        'no-export.ts',
        "import { nothing } from 'tiny-schema';\nnothing();",
      );
      expect(error.message).to.match(/nothing/);
      expect(error.message).to.match(/tiny-schema/);
    });

    it('import() of a computed name', async () => {
      const error = await problemsOf(
        'computed.ts',
        "const name = './' + process.argv[2];\nexport const load = () =>\n  import(name);\n",
      );
      expect(error.message).to.match(/computed\.ts:3:3: import\(\) takes a literal/);
    });

    it('with, in a CommonJS file of the program', async () => {
      await folder.write('with.cjs', 'exports.f = (o) => { with (o) { return a; } };');
      const error = await problemsOf(
        'uses-with.ts',
        "import { f } from './with.cjs';\nf({ a: 1 });",
      );
      expect(error.message).to.match(/with\.cjs:1:\d+: With statements/);
    });

    it('direct eval, and lets the indirect one pass', async () => {
      const error = await problemsOf(
        'eval.ts',
        "const x = 1;\nexport const f = () => eval('x');\n",
      );
      expect(error.message).to.match(/eval\.ts:2:24: direct eval/);
      await buildText('indirect-eval.ts', "export const f = () => (0, eval)('1');");
    });

    it('import.meta in a function that a task would run, at the call', async () => {
      const program = await buildText('meta.ts', 'export const f = () => import.meta.url;');
      const { f } = await importProgram(program);
      expect((f as () => string)()).to.equal(`file://${join(folder.path, 'meta.ts')}`);
      expect(() => captureClosure([f], captureCallSite('map'))).to.throw(
        /import\.meta.*HeddleFiles/,
      );
    });
  });

  describe('checks types', () => {
    it('when asked to, with the place of the error', async () => {
      const entry = join(import.meta.dirname, '../../../test/bundler/type-errors/wrong.ts');
      let error: unknown;
      try {
        await bundleProgram({ entry, check: true, workDirectory: join(folder.path, '.checked') });
      } catch (caught) {
        error = caught;
      }
      expect(error).to.be.instanceOf(ProgramBuildError);
      expect((error as Error).message).to.match(/wrong\.ts:2:14: TS2322/);
    }).timeout(60_000);

    it('only when asked to', async () => {
      await buildText(
        'loose.ts',
        "export const n: number = 'text' as never;\nconst m: number = 'x';\nvoid m;",
      );
    });
  });

  describe('packages', () => {
    it('with native addons and files of their own are left out, and it says so', async () => {
      const program = await buildText(
        'left-out.ts',
        "import { folder } from 'native-addon';\nimport { words } from 'asset-reader';\nexport const all = () => [folder(), words()];",
      );
      expect(program.warnings.join('\n')).to.match(
        /package native-addon .*--external native-addon/,
      );
      expect(program.warnings.join('\n')).to.match(/package asset-reader/);
      const { all } = await importProgram(program);
      expect((all as () => unknown)()).to.deep.equal([
        join(folder.path, 'node_modules/native-addon/build'),
        ['from', 'a', 'file'],
      ]);
    });

    it('that --external names are not bundled, in the driver and in tasks', async () => {
      await folder.write(
        'external.ts',
        "import { string } from 'tiny-schema';\nexport const f = (x: string) => string().min(2).parse(x);",
      );
      const program = await folder.build('external.ts', { external: ['tiny-schema'] });
      expect(program.externals).to.deep.equal([
        { specifier: 'tiny-schema', path: join(folder.path, 'node_modules/tiny-schema/index.js') },
      ]);
      expect(
        await readFile(join(program.driverFile, '../packages-driver.mjs'), 'utf8'),
      ).not.to.match(/shorter/);
      expect(await readFile(join(program.driverFile, '../packages-task.mjs'), 'utf8')).not.to.match(
        /shorter/,
      );
      const { f } = await importProgram(program);
      const task = await TaskProgram.load(program.taskFile);
      const closure = captureClosure([f], captureCallSite('map'));
      const [inTask] = task.instantiate(closure, noBindings).roots() as [(x: string) => string];
      expect(inTask('abc')).to.equal('abc');
      expect(() => inTask('a')).to.throw('shorter than 2');
    });

    it('that import the engine get this one', async () => {
      await folder.write(
        'node_modules/uses-heddle/package.json',
        '{"name":"uses-heddle","type":"module","exports":"./index.js"}',
      );
      await folder.write(
        'node_modules/uses-heddle/index.js',
        "import { ArgumentError } from 'heddle';\nexport const fail = () => new ArgumentError('from a package');\n",
      );
      const program = await buildText(
        'package-engine.ts',
        "import { ArgumentError } from 'heddle';\nimport { fail } from 'uses-heddle';\nexport const same = () => fail() instanceof ArgumentError;",
      );
      const { same } = await importProgram(program);
      expect((same as () => boolean)()).to.equal(true);
      const task = await TaskProgram.load(program.taskFile);
      const closure = captureClosure([same], captureCallSite('map'));
      expect((task.instantiate(closure, noBindings).roots()[0] as () => boolean)()).to.equal(true);
    });

    it('keep live bindings and their order of evaluation in the driver', async () => {
      await folder.write(
        'node_modules/live/package.json',
        '{"name":"live","type":"module","exports":"./index.js"}',
      );
      await folder.write(
        'node_modules/live/index.js',
        'export let count = 0;\nexport const up = () => ++count;\nglobalThis.order = [...(globalThis.order ?? []), "live"];\n',
      );
      const program = await buildText(
        'live.ts',
        "import 'side-effect';\nimport { count, up } from 'live';\nup();\nexport const seen = count;\nexport const last = ([1, 2] as any).heddleLast();",
      );
      const module = await importProgram(program);
      expect(module['seen']).to.equal(1);
      expect(module['last']).to.equal(2);
    });
  });

  describe('keeps built programs by content', () => {
    /** Builds into a folder of its own, as every run of the command does. */
    async function buildCached(
      entry: string,
      cacheDirectory: string,
      options: Partial<BundleOptions> = {},
    ): Promise<BuiltProgram> {
      const workDirectory = await mkdtemp(join(folder.path, '.run-'));
      return await bundleProgram({ entry, cacheDirectory, workDirectory, ...options });
    }

    it('and builds anew when a module, a package or the configuration changes', async () => {
      const cacheDirectory = join(folder.path, '.cache');
      const entry = await folder.writeOld(
        'cached/app.ts',
        "import { value } from './cached-lib.js';\nimport { upper } from 'cjs-tools';\nexport const v = () => (upper('a') === 'A' ? value : 0);",
      );
      await folder.writeOld('cached/cached-lib.ts', 'export const value = 1;');
      const first = await buildCached(entry, cacheDirectory);
      const again = await buildCached(entry, cacheDirectory);
      expect([first.isCached, again.isCached]).to.deep.equal([false, true]);
      expect(again.tableHash).to.equal(first.tableHash);
      expect((await stat(cacheDirectory)).mode & 0o777).to.equal(0o700);
      expect(((await importProgram(again))['v'] as () => number)()).to.equal(1);

      await folder.writeOld('cached/cached-lib.ts', 'export const value = 2;');
      const changed = await buildCached(entry, cacheDirectory);
      expect(changed.isCached).to.equal(false);
      const kept = await buildCached(entry, cacheDirectory);
      expect(kept.isCached).to.equal(true);
      expect(((await importProgram(kept))['v'] as () => number)()).to.equal(2);

      const packageFile = join(folder.path, 'node_modules/cjs-tools/index.js');
      await utimes(packageFile, new Date(2001, 1), new Date(2001, 1));
      expect((await buildCached(entry, cacheDirectory)).isCached).to.equal(false);
      await folder.writeOld(
        'cached/tsconfig.json',
        '{ "compilerOptions": { "useDefineForClassFields": false } }',
      );
      expect((await buildCached(entry, cacheDirectory)).isCached).to.equal(false);
      expect((await buildCached(entry, cacheDirectory)).isCached).to.equal(true);
      const other = await buildCached(entry, cacheDirectory, { external: ['x'] });
      expect(other.isCached).to.equal(false);
    });

    it('and runs the new code of a package that was edited or installed nearer', async () => {
      const cacheDirectory = join(folder.path, '.cache-package');
      await folder.writeOld(
        'node_modules/edited/package.json',
        '{ "name": "edited", "main": "i.js" }',
      );
      await folder.writeOld('node_modules/edited/i.js', 'exports.version = 1;');
      const entry = await folder.writeOld(
        'near/app.ts',
        "import { version } from 'edited';\nexport const v = version;",
      );
      const versionOf = async (): Promise<unknown> =>
        (await importProgram(await buildCached(entry, cacheDirectory)))['v'];
      expect(await versionOf()).to.equal(1);
      await folder.write('node_modules/edited/i.js', 'exports.version = 22;');
      expect(await versionOf()).to.equal(22);
      await folder.writeOld('node_modules/edited/i.js', 'exports.version = 333;');
      expect(await versionOf()).to.equal(333);
      expect((await buildCached(entry, cacheDirectory)).isCached).to.equal(true);
      await folder.writeOld('near/node_modules/edited/package.json', '{ "main": "i.js" }');
      await folder.writeOld('near/node_modules/edited/i.js', 'exports.version = 4;');
      expect(await versionOf()).to.equal(4);
    });

    it('and notices a new module that an import now means', async () => {
      const cacheDirectory = join(folder.path, '.cache-shadow');
      const entry = await folder.writeOld(
        'shadow/app.ts',
        "import { v } from './lib.js';\nexport { v };",
      );
      await folder.writeOld('shadow/lib.ts', 'export const v = 1;');
      await buildCached(entry, cacheDirectory);
      expect((await buildCached(entry, cacheDirectory)).isCached).to.equal(true);
      await folder.writeOld('shadow/lib.js', 'export const v = 2;');
      expect((await buildCached(entry, cacheDirectory)).isCached).to.equal(false);
    });

    it('unless a file changed while it was built', async () => {
      const cacheDirectory = join(folder.path, '.cache-racing');
      const entry = await folder.write('racing.ts', 'export const v = 1;');
      await utimes(entry, new Date(Date.now() + 60_000), new Date(Date.now() + 60_000));
      await buildCached(entry, cacheDirectory);
      expect((await buildCached(entry, cacheDirectory)).isCached).to.equal(false);
    });

    it('and does without where it cannot write', async () => {
      const cacheDirectory = await folder.write('no-directory', 'a file');
      const entry = await folder.write('uncached.ts', 'export const v = 1;');
      const program = await buildCached(entry, cacheDirectory);
      expect((await importProgram(program))['v']).to.equal(1);
      await removeBuiltProgram(program);
    });

    it('and builds anew where what was kept is cut off or damaged, and keeps that', async () => {
      const cacheDirectory = join(folder.path, '.cache-cut');
      const entry = await folder.writeOld('cut.ts', 'export const v = 1;');
      const kept = async (name: string): Promise<string> => {
        const [key] = await readdir(cacheDirectory);
        const [build] = await readdir(join(cacheDirectory, key!));
        return join(cacheDirectory, key!, build!, name);
      };
      await buildCached(entry, cacheDirectory);
      const damages: (() => Promise<void>)[] = [
        async () => await rm(await kept('manifest.json')),
        async () => await writeFile(await kept('manifest.json'), '{"program":null}'),
        async () => await writeFile(await kept('manifest.json'), '{"pro'),
        async () => await rm(await kept('task.mjs')),
        async () => await writeFile(await kept('driver.mjs'), 'process.exit(1)'),
      ];
      for (const damage of damages) {
        expect((await buildCached(entry, cacheDirectory)).isCached).to.equal(true);
        await damage();
        const rebuilt = await buildCached(entry, cacheDirectory);
        expect(rebuilt.isCached).to.equal(false);
        expect((await importProgram(rebuilt))['v']).to.equal(1);
      }
    });

    it('for several processes at once, and a run outlives the clearing of the cache', async () => {
      const cacheDirectory = join(folder.path, '.cache-many');
      const entry = await folder.writeOld('many.ts', 'export const v = 7;');
      await Promise.all(Array.from({ length: 6 }, () => buildCached(entry, cacheDirectory)));
      const [a, b] = await Promise.all([
        buildCached(entry, cacheDirectory),
        buildCached(entry, cacheDirectory),
      ]);
      expect([a.isCached, b.isCached]).to.deep.equal([true, true]);
      await rm(cacheDirectory, { recursive: true });
      expect((await importProgram(a))['v']).to.equal(7);
    });

    it('within bounds: the four states of a program that were used last', async () => {
      const cacheDirectory = join(folder.path, '.cache-bounds');
      let entry = '';
      for (let i = 0; i < 7; i++) {
        entry = await folder.writeOld('bounds.ts', `export const v = ${i};`);
        await buildCached(entry, cacheDirectory);
      }
      const [key] = await readdir(cacheDirectory);
      expect(await readdir(join(cacheDirectory, key!))).to.have.length(4);
      expect((await buildCached(entry, cacheDirectory)).isCached).to.equal(true);
    });

    it('for one user: others may not read them, and none are taken from where others may write', async () => {
      const cacheDirectory = join(folder.path, '.cache-private');
      const entry = await folder.writeOld('private.ts', 'export const v = 1;');
      await buildCached(entry, cacheDirectory);
      await chmod(cacheDirectory, 0o755);
      expect((await buildCached(entry, cacheDirectory)).isCached).to.equal(true);
      expect((await stat(cacheDirectory)).mode & 0o777).to.equal(0o700);
      await chmod(cacheDirectory, 0o777);
      expect((await buildCached(entry, cacheDirectory)).isCached).to.equal(false);
    });
  });

  it('gives the same hash for the same program, wherever it is built', async () => {
    await folder.write('same.ts', 'export const f = (x: number) => x + 1;');
    const a = await folder.build('same.ts', { workDirectory: join(folder.path, '.a') });
    const b = await folder.build('same.ts', { workDirectory: join(folder.path, '.b') });
    expect(a.tableHash).to.equal(b.tableHash);
    expect((await TaskProgram.load(b.taskFile)).hash).to.equal(a.tableHash);
  });

  describe('traces', () => {
    let thread: TaskThread;

    before(() => {
      thread = new TaskThread();
    });

    after(async () => {
      await thread.stop();
    });

    it("of errors in tasks show the user's files and lines, through helpers of other files", async () => {
      await folder.write(
        'deep/helper.ts',
        'interface Row {\n  n: number;\n}\nexport function check(row: Row): number {\n  if (row.n > 1) {\n    throw new RangeError(`too much: ${row.n}`);\n  }\n  return row.n;\n}\n',
      );
      const program = await buildText(
        'traced.ts',
        "import { check } from './deep/helper.js';\n\ntype N = number;\nclass Job {\n  #seen = 0;\n  run = (n: N): number => {\n    this.#seen++;\n    return check({ n });\n  };\n}\nconst job = new Job();\nexport const f = (n: N) => job.run(n);\n",
      );
      const { f } = await importProgram(program);
      await thread.ask({ kind: 'load', taskFile: program.taskFile });
      const reply = await thread.ask({
        kind: 'run',
        closure: captureClosure([f], captureCallSite('map')),
        inputs: encodeValue([[5]], driverCodeTable()),
        attempts: 1,
      });
      if (reply.kind !== 'error') throw new Error('no error');
      const error = decodeError(reply.error, driverCodeTable());
      expect(error).to.be.instanceOf(RangeError);
      const frames = translateStack(error.stack!).split('\n').slice(0, 4);
      expect(frames[0]).to.equal('RangeError: too much: 5');
      expect(frames[1]).to.match(/at check \(.*\/deep\/helper\.ts:6:11\)/);
      expect(frames[2]).to.match(/traced\.ts:8:12\)/);
      expect(frames[3]).to.match(/traced\.ts:12:32\)?$/);
    });

    it("of errors in the driver show the user's lines", async () => {
      const program = await buildText(
        'driver-trace.ts',
        'interface A {\n  a: string;\n}\nexport function fail(a: A): never {\n  const wrap = (text: string) => () => { throw new Error(text); };\n  return wrap(a.a)() as never;\n}\n',
      );
      const { fail } = await importProgram(program);
      try {
        (fail as (a: object) => never)({ a: 'x' });
      } catch (error) {
        const stack = translateStack((error as Error).stack!);
        expect(stack).to.match(/driver-trace\.ts:5:48/);
        expect(stack).to.match(/at .*fail.*driver-trace\.ts:6:\d+/);
        return;
      }
      throw new Error('it did not throw');
    });

    it('leave other lines as they are', () => {
      const stack =
        'Error: x\n    at f (/some/where.js:1:2)\n    at node:internal/x:3:4\n    no frame';
      expect(translateStack(stack)).to.equal(stack);
    });

    it('give an operator the file and line of its call', async () => {
      await folder.write(
        'node_modules/heddle-like/package.json',
        '{"name":"heddle-like","type":"module","exports":"./index.js"}',
      );
      await folder.write(
        'node_modules/heddle-like/index.js',
        'export const at = () => globalThis.heddleCallSite("map");',
      );
      (globalThis as Record<string, unknown>)['heddleCallSite'] = captureCallSite;
      const program = await buildText(
        'site.ts',
        "type T = string;\nconst capture = (globalThis as any).heddleCallSite as (o: string) => unknown;\nexport function sites(): unknown[] {\n  const a: T = 'map';\n  return [\n    capture(a),\n    [1].map(() => capture('filter'))[0],\n  ];\n}\n",
      );
      const { sites } = await importProgram(program);
      const file = join(folder.path, 'site.ts');
      expect((sites as () => unknown[])()).to.deep.equal([
        { operator: 'map', file, line: 6, column: 5 },
        { operator: 'filter', file, line: 7, column: 19 },
      ]);
    });
  });

  describe('writes that the driver would wait for in vain', () => {
    it('earn one warning for each line, state of factories none', async () => {
      const program = await buildText(
        'writes.ts',
        [
          'let rows = 0;',
          'function counter() {',
          '  let n = 0;',
          '  return () => ++n;',
          '}',
          'export const counted = counter();',
          'export const lost = (x: number) => {',
          '  rows++;',
          '  return x;',
          '};',
          'export const alsoLost = () => (rows += 2);',
          'export const report = () => rows;',
          'console.assert(rows === 0);',
          'let cache: number | undefined;',
          'export const cached = () => (cache ??= 5);',
          '',
        ].join('\n'),
      );
      const { counted, lost, alsoLost, cached } = await importProgram(program);
      const warnings: ClosureWarning[] = [];
      onClosureWarning((warning) => warnings.push(warning));
      const site = captureCallSite('foreach');
      for (let i = 0; i < 3; i++) captureClosure([counted, lost, alsoLost, cached], site);
      onClosureWarning(({ message }) => process.stderr.write(`${message}\n`));
      expect(
        warnings.map((one) => [one.kind === 'lostWrite' && one.variable, one.line]),
      ).to.deep.equal([
        ['rows', 8],
        ['rows', 11],
      ]);
      expect(warnings[0]!.file).to.equal(join(folder.path, 'writes.ts'));
      expect(warnings[0]!.message).to.match(
        /writes\.ts:8: the driver will not see this.*use an accumulator/,
      );
    });
  });

  describe('writes that only other functions read', () => {
    interface Outcome {
      readonly atCall: readonly number[];
      readonly atStop: readonly number[];
    }

    /** Lines that were warned of when the functions were captured, and when the context stopped. */
    async function warningsOf(
      name: string,
      lines: readonly string[],
      functionsOf: (program: Record<string, unknown>) => unknown[][],
    ): Promise<Outcome> {
      const program = await importProgram(await buildText(name, lines.join('\n')));
      const seen: number[] = [];
      onClosureWarning((warning) => seen.push(warning.line));
      try {
        for (const roots of functionsOf(program)) {
          captureClosure(roots, captureCallSite('foreach'));
        }
        const atCall = [...seen];
        flushClosureWarnings();
        return { atCall, atStop: seen.slice(atCall.length) };
      } finally {
        onClosureWarning(({ message }) => process.stderr.write(`${message}\n`));
      }
    }

    it('earn the warning when an async function around them reads the variable', async () => {
      const lines = [
        'let rows = 0;',
        'let add!: () => void;',
        'export const run = async () => {',
        '  add = () => { rows++; };',
        '  await 0;',
        '  return rows;',
        '};',
        'await run();',
        'export { add };',
      ];
      const outcome = await warningsOf('nested.ts', lines, ({ add }) => [[add]]);
      expect(outcome).to.deep.equal({ atCall: [4], atStop: [] });
    });

    it('earn it at the end when a callback reads the variable that never went to a task', async () => {
      const lines = [
        'let rows = 0;',
        'export const add = () => { rows++; };',
        'export const done = Promise.resolve().then(() => rows);',
      ];
      const outcome = await warningsOf('callback.ts', lines, ({ add }) => [[add]]);
      expect(outcome).to.deep.equal({ atCall: [], atStop: [2] });
    });

    it('earn none when the only reader goes to a task too, at once or later', async () => {
      const lines = [
        'let rows = 0;',
        'export const add = () => { rows++; };',
        'export const get = () => rows;',
      ];
      const together = await warningsOf('together.ts', lines, ({ add, get }) => [[add, get]]);
      expect(together).to.deep.equal({ atCall: [], atStop: [] });
      const later = await warningsOf('later.ts', lines, ({ add, get }) => [[add], [get]]);
      expect(later).to.deep.equal({ atCall: [], atStop: [] });
    });

    it('earn none when nobody reads the variable after the function was made', async () => {
      const lines = [
        'let rows = 5;',
        'export const before = rows + 1;',
        'export const add = () => { rows++; return rows; };',
      ];
      const outcome = await warningsOf('unread.ts', lines, ({ add }) => [[add]]);
      expect(outcome).to.deep.equal({ atCall: [], atStop: [] });
    });

    it('earn it when the read stands before, but in the same loop', async () => {
      const lines = [
        'let rows = 0;',
        'export const made: (() => void)[] = [];',
        'for (let i = 0; i < 2; i++) {',
        '  if (rows > 100) break;',
        '  made.push(() => { rows++; });',
        '}',
      ];
      const outcome = await warningsOf('loop.ts', lines, ({ made }) => [made as unknown[]]);
      expect(outcome).to.deep.equal({ atCall: [5], atStop: [] });
    });
  });

  describe('a capture of more than a mebibyte (A-179)', () => {
    it('earns one warning for each call, which names a broadcast', async () => {
      const program = await buildText(
        'large.ts',
        'const table = new Map(Array.from({ length: 60_000 }, (_, i) => [`key number ${i}`, i]));\nexport const find = (key: string) => table.get(key);',
      );
      const { find } = await importProgram(program);
      const warnings: ClosureWarning[] = [];
      onClosureWarning((warning) => warnings.push(warning));
      for (const line of [3, 3, 4]) {
        captureClosure([find], { operator: 'map', file: 'large.ts', line, column: 1 });
      }
      onClosureWarning(({ message }) => process.stderr.write(`${message}\n`));
      expect(warnings.map(({ kind, line }) => [kind, line])).to.deep.equal([
        ['largeClosure', 3],
        ['largeClosure', 4],
      ]);
      expect(warnings[0]!.message).to.match(/large\.ts:3: map captures 1\.\d MiB.*sc\.broadcast/);
    });
  });

  describe('names', () => {
    it("of functions and classes are the source's, in the driver", async () => {
      await folder.write(
        'names-lib.ts',
        "export default class {\n  x = 1;\n}\nexport function helper() {\n  return 'lib';\n}\n",
      );
      const program = await buildText(
        'names.ts',
        [
          "import Anonymous, { helper as other } from './names-lib.js';",
          'function helper() {}',
          'class Self { static make() { return new Self(); } }',
          'const arrow = () => 1, expression = function () {}, klass = class {};',
          'let assigned: () => void;',
          'assigned = () => {};',
          'const { withDefault = () => 2 } = {} as { withDefault?: () => number };',
          "const o = { prop: () => 1, method() {}, 'a-b': () => 2, get g() { return 1; }, __proto__: null };",
          'class F { field = () => 1; static s = () => 2; #p = () => 3; p() { return this.#p.name; } }',
          'export const names = [helper, other, Self, Anonymous, arrow, expression, klass, assigned, withDefault, o.prop, o.method, o["a-b"], new F().field, F.s, F].map((f) => f.name);',
          'export const privateName = new F().p();',
          'export const lengths = [(a: number, b = 1) => a + b, function (a: number, ...b: number[]) { return [a, b]; }].map((f) => f.length);',
          'export const proto = Object.getPrototypeOf(o);',
        ].join('\n'),
      );
      const module = await importProgram(program);
      expect(module['names']).to.deep.equal([
        'helper',
        'helper',
        'Self',
        'default',
        'arrow',
        'expression',
        'klass',
        'assigned',
        'withDefault',
        'prop',
        'method',
        'a-b',
        'field',
        's',
        'F',
      ]);
      expect(module['privateName']).to.equal('#p');
      expect(module['lengths']).to.deep.equal([1, 1]);
      expect(module['proto']).to.equal(null);
    });

    it('and tags are invisible to the program', async () => {
      const program = await buildText(
        'invisible.ts',
        'class A { m() {} }\nconst f = (x: number) => x;\nexport const seen = [Reflect.ownKeys(f), Reflect.ownKeys(A), Reflect.ownKeys(A.prototype), Object.isFrozen(Object.freeze(() => 1))];',
      );
      const { seen } = await importProgram(program);
      expect(seen).to.deep.equal([
        ['length', 'name'],
        ['length', 'name', 'prototype'],
        ['constructor', 'm'],
        true,
      ]);
    });

    it('used before their declaration throw in the driver, as in the source', async () => {
      const program = await buildText(
        'tdz.ts',
        'const attempt = () => { try { return late; } catch (e) { return (e as Error).name; } };\nexport const early = attempt();\nconst late = 1;\nexport const after = attempt();',
      );
      const module = await importProgram(program);
      expect(module['early']).to.equal('ReferenceError');
      expect(module['after']).to.equal(1);
    });
  });
});

const noBindings = {
  broadcast: () => undefined,
  accumulator: () => undefined,
};
