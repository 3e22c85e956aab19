import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { expectNothingLeft } from '../../src/yarn/nothing-left.js';
import { YarnUser, deployModes, smallExecutor } from '../../src/yarn/yarn-user.js';

/** Says what the driver and each executor find: a given file, an archive, one from HDFS, one added. */
const program = `import { HeddleContext, HeddleFiles } from 'heddle';
import { readFileSync, writeFileSync } from 'node:fs';
const look = (): string => ['alias.txt', 'tree/in/a.txt', 'there.txt', 'late.txt']
  .map((name) => readFileSync(HeddleFiles.get(name), 'utf8')).join('|');
const sc = await HeddleContext.getOrCreate();
// Without a scheme the driver's own.
writeFileSync('late.txt', 'added');
await sc.addFile('late.txt');
await sc.addArchive(\`\${HeddleFiles.get('packed.zip')}#unpacked\`);
console.log('driver', look(), readFileSync(HeddleFiles.get('unpacked/in/b.txt'), 'utf8'));
const seen = await sc.range(0, 8, 1, 8).map(() =>
  [process.pid, look(), readFileSync(HeddleFiles.get('unpacked/in/b.txt'), 'utf8')] as const).collect();
console.log('executors', new Set(seen.map(([pid]) => pid)).size > 0, [...new Set(seen.map(([, text, late]) => text + ' ' + late))].join());
const taken = await sc.addFile('late.txt').then(() => 'same again');
console.log(taken);
writeFileSync('alias.txt', 'another');
console.log(await sc.addFile('alias.txt').catch((error: { code: string }) => error.code));
await sc.stop();`;

describe('Files of applications on YARN', function () {
  this.timeout(300_000);
  let user: YarnUser;

  before(async () => {
    user = await YarnUser.open('filer');
    await user.put('shared/there.txt', 'in HDFS');
  });
  after(() => user.close());
  afterEach(() => expectNothingLeft(user));

  for (const mode of deployModes) {
    it(`come with the submission or from the program, in ${mode} mode (A-050, A-178)`, async () => {
      const { scratch } = user;
      const file = scratch.write('words.txt', 'from a file');
      const content = join(scratch.path, `content-${mode}`);
      mkdirSync(join(content, 'in'), { recursive: true });
      writeFileSync(join(content, 'in', 'a.txt'), 'unpacked');
      writeFileSync(join(content, 'in', 'b.txt'), 'by the program');
      const archive = join(scratch.path, `tree-${mode}.tar.gz`);
      execFileSync('tar', ['-czf', archive, '-C', content, 'in']);
      const packed = join(scratch.path, `packed-${mode}.zip`);
      execFileSync('jar', ['cfM', packed, '-C', content, 'in']);
      const files = `${file}#alias.txt,hdfs:///user/filer/shared/there.txt,${packed}#packed.zip`;
      const cwd = join(scratch.path, `work-${mode}`);
      mkdirSync(cwd);
      const result = await user.submit(mode, program, {
        words: [...smallExecutor, '--files', files, '--archives', `${archive}#tree`],
        cwd,
      });
      expect(result.exitCode, result.stderr).to.equal(0);
      const output = await user.printed(mode, result);
      const all = 'from a file|unpacked|in HDFS|added by the program';
      expect(output).to.contain(`driver ${all}\n`).and.to.contain(`executors true ${all}\n`);
      expect(output).to.contain('same again\nFILE_CHANGED\n');
    });
  }

  it('may have odd names (A14)', async () => {
    const { scratch } = user;
    const spaced = scratch.write('my file.txt', 'my file.txt');
    const plain = scratch.write('plain.txt', 'plain');
    const names = ['a%20b', 'p+q;r?', "it's & <that>", 'ü {x}', '-rf'];
    await user.put('shared/in cluster%.txt', 'in cluster%.txt');
    const files = [
      spaced,
      'hdfs:///user/filer/shared/in cluster%.txt',
      ...names.map((name) => `${plain}#${name}`),
    ];
    const result = await user.submit(
      'client',
      `import { HeddleContext, HeddleFiles } from 'heddle';
      import { readFileSync } from 'node:fs';
      const sc = await HeddleContext.getOrCreate();
      const names = JSON.parse(process.argv[2]!) as string[];
      const found = await sc
        .parallelize(names, 2)
        .map((name) => readFileSync(HeddleFiles.get(name), 'utf8'))
        .collect();
      console.log(JSON.stringify(found));
      await sc.stop();`,
      {
        words: [...smallExecutor, '--files', files.join(',')],
        args: [JSON.stringify(['my file.txt', 'in cluster%.txt', ...names])],
      },
    );
    expect(result.exitCode, result.stderr).to.equal(0);
    expect(JSON.parse(result.stdout)).to.deep.equal([
      'my file.txt',
      'in cluster%.txt',
      ...names.map(() => 'plain'),
    ]);
  });

  it('that do not exist, or share a name, are named before anything is submitted', async () => {
    const before = (await user.applications('--all')).length;
    const one = user.scratch.write('one.txt', '1');
    const cases = [
      { files: `${one}#x,${one}#x`, text: "would both be 'x'" },
      { files: join(user.scratch.path, 'none.txt'), text: 'there is no file' },
      { files: user.scratch.path, text: 'is a directory' },
      { files: 'hdfs:///user/filer/none', text: '/user/filer/none' },
      // A NodeManager links files by a shell script that does not escape their names (A14).
      { files: `${one}#x$(touch$IFS@bad)`, text: 'would read its $' },
      { files: `${one}#a\`b`, text: 'would read its `' },
      { files: `${one}#a"b`, text: 'would read its' },
      { files: 'hdfs:///user/filer/$(x)#fine', text: 'copy it under another one' },
    ];
    for (const { files, text } of cases) {
      const result = await user.submit('cluster', 'export {};', {
        words: [...smallExecutor, '--files', files],
      });
      expect(result.exitCode, text).to.equal(1);
      expect(result.stderr).to.contain(text);
      expect(result.report)
        .to.have.nested.property('error.code')
        .that.match(/^(STAGING|FILE_NOT_FOUND)$/);
    }
    expect((await user.applications('--all')).length).to.equal(before);
  });
});
