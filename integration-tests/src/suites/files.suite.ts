import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { readFileSync, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { HeddleFiles } from 'heddle';
import { useContext } from './support/context.js';
import { rejection, taskError } from './support/expect-error.js';

describe('files of the application (A-178, B.1 addFile)', () => {
  const suite = useContext();
  let directory: string;

  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'heddle-files-'));
  });
  after(() => rm(directory, { recursive: true, force: true }));

  it('are found by their name, in every task and on the driver', async () => {
    const { sc } = suite;
    const path = join(directory, 'words.txt');
    await writeFile(path, 'alpha beta');
    await sc.addFile(path);
    expect(sc.listFiles()).to.deep.equal([`file://${path}`]);
    expect(readFileSync(HeddleFiles.get('words.txt'), 'utf8')).to.equal('alpha beta');
    const seen = await sc
      .range(0, 8, 1, 8)
      .map(() => readFileSync(HeddleFiles.get('words.txt'), 'utf8'))
      .distinct()
      .collect();
    expect(seen).to.deep.equal(['alpha beta']);
  });

  it('stay what they were: the same content again is fine, other content is refused', async () => {
    const { sc } = suite;
    const path = join(directory, 'fixed.txt');
    await writeFile(path, 'one');
    await sc.addFile(path);
    await sc.addFile(path);
    await writeFile(path, 'two');
    const refused = await rejection(sc.addFile(path));
    expect(refused).to.have.property('code', 'FILE_CHANGED');
    expect(refused.message).to.contain('fixed.txt');
    const read = sc.range(1).map(() => readFileSync(HeddleFiles.get('fixed.txt'), 'utf8'));
    expect(await read.collect()).to.deep.equal(['one']);
  });

  it('may be directories, with everything below', async () => {
    const { sc } = suite;
    const path = join(directory, 'tree');
    await mkdir(join(path, 'sub', 'deep'), { recursive: true });
    await writeFile(join(path, 'top.txt'), 'top');
    await writeFile(join(path, 'sub', 'deep', 'low.txt'), 'low');
    const refused = await rejection(sc.addFile(path));
    expect(refused).to.have.property('code', 'ARGUMENT');
    expect(refused.message).to.contain('recursive');
    await sc.addFile(path, { recursive: true });
    const seen = await sc
      .range(0, 2, 1, 2)
      .map(() => readFileSync(`${HeddleFiles.get('tree')}/sub/deep/low.txt`, 'utf8'))
      .collect();
    expect(seen).to.deep.equal(['low', 'low']);
    expect(
      await sc
        .range(1)
        .map(() => readdirSync(HeddleFiles.get('tree')).sort())
        .first(),
    ).to.deep.equal(['sub', 'top.txt']);
  });

  it('may be archives, which are unpacked', async () => {
    const { sc } = suite;
    const content = join(directory, 'content');
    await mkdir(join(content, 'in'), { recursive: true });
    await writeFile(join(content, 'in', 'a.txt'), 'packed');
    const path = join(directory, 'data.tar.gz');
    execFileSync('tar', ['-czf', path, '-C', content, 'in']);
    await sc.addArchive(`${path}#data`);
    expect(sc.listArchives()).to.deep.equal([`file://${path}`]);
    expect(sc.listFiles()).to.not.include(`file://${path}`);
    expect(readFileSync(join(HeddleFiles.get('data'), 'in', 'a.txt'), 'utf8')).to.equal('packed');
    const seen = await sc
      .range(0, 4, 1, 4)
      .map(() => readFileSync(`${HeddleFiles.get('data')}/in/a.txt`, 'utf8'))
      .distinct()
      .collect();
    expect(seen).to.deep.equal(['packed']);
  });

  it('that are missing are named, at the call and in the task', async () => {
    const { sc } = suite;
    expect(await rejection(sc.addFile(join(directory, 'none.txt')))).to.have.property(
      'code',
      'INPUT_NOT_FOUND',
    );
    const error = await taskError(
      sc
        .range(1)
        .map(() => HeddleFiles.get('none.txt'))
        .collect(),
    );
    expect(error).to.have.property('code', 'FILE_NOT_GIVEN');
    expect(error.message).to.contain('none.txt');
  });
});
