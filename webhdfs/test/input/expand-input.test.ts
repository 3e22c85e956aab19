import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expect } from 'chai';
import {
  expandInput,
  FileSystemError,
  FileSystemRegistry,
  InputNotFoundError,
  LocalFileSystem,
} from '../../src/index.js';
import { expectError } from '../file-system-contract.js';
import { makeTemporaryDirectory } from '../temporary-directory.js';

describe('expandInput', () => {
  let directory: Awaited<ReturnType<typeof makeTemporaryDirectory>>;
  let registry: FileSystemRegistry;

  beforeEach(async () => {
    directory = await makeTemporaryDirectory();
    registry = new FileSystemRegistry({
      fileSystem: new LocalFileSystem(),
      workingDirectory: directory.path,
    });
  });
  afterEach(() => directory.remove());

  const touch = async (...names: string[]): Promise<void> => {
    for (const name of names) {
      const path = join(directory.path, name);
      await mkdir(dirname(path), { recursive: true });
      await writeFile(path, name);
    }
  };
  /** Files of an input, relative to the directory. */
  const expand = async (input: string): Promise<string[]> => {
    const files = await expandInput(registry, input);
    return files.map((file) => file.path.replace(`file://${directory.path}/`, ''));
  };

  it('A-078 takes a file, a directory, a glob and a comma list, and all of them together', async () => {
    await touch('a.txt', 'd/2', 'd/1', 'e/x.log', 'e/y.txt', 'f/z.txt');
    expect(await expand('a.txt')).to.deep.equal(['a.txt']);
    expect(await expand('d')).to.deep.equal(['d/1', 'd/2']);
    expect(await expand('d/')).to.deep.equal(['d/1', 'd/2']);
    expect(await expand('{e,f}/*.txt')).to.deep.equal(['e/y.txt', 'f/z.txt']);
    expect(await expand('{e/x,f/z}.*')).to.deep.equal(['e/x.log', 'f/z.txt']);
    expect(await expand('f,a.txt,d/*')).to.deep.equal(['f/z.txt', 'a.txt', 'd/1', 'd/2']);
    expect(await expand(`file://${directory.path}/d,a.txt`)).to.deep.equal(['d/1', 'd/2', 'a.txt']);
  });

  it('A-078 takes the files of directories that a glob matches', async () => {
    await touch('day=1/b', 'day=1/a', 'day=2/c', 'other/x');
    expect(await expand('day=*')).to.deep.equal(['day=1/a', 'day=1/b', 'day=2/c']);
  });

  it('A-078 skips names with _ and . in directories and globs, and takes them when spelled out', async () => {
    await touch('out/_SUCCESS', 'out/part-0', 'out/.part-0.crc', '_tmp/x', '.hidden', 'seen');
    expect(await expand('out')).to.deep.equal(['out/part-0']);
    expect(await expand('out/*')).to.deep.equal(['out/part-0']);
    expect(await expand('*/x,seen').catch((e: unknown) => (e as Error).name)).to.equal(
      'InputNotFoundError',
    );
    expect(await expand('.hidden')).to.deep.equal(['.hidden']);
    expect(await expand('out/_SUCC*')).to.deep.equal(['out/_SUCCESS']);
    expect(await expand('_tmp/*')).to.deep.equal(['_tmp/x']);
  });

  it('reads the current directory even when its own name is hidden', async () => {
    await touch('_job/a');
    const inside = new FileSystemRegistry({
      fileSystem: new LocalFileSystem(),
      workingDirectory: `${directory.path}/_job`,
    });
    expect(await expandInput(inside, '.')).to.have.length(1);
    expect(await expandInput(inside, '*')).to.have.length(1);
  });

  it('globs below a working directory whose name looks like a pattern', async () => {
    await touch('[x]{y,z}/a.txt');
    const inside = new FileSystemRegistry({
      fileSystem: new LocalFileSystem(),
      workingDirectory: `${directory.path}/[x]{y,z}`,
    });
    expect(await expandInput(inside, '*.txt')).to.have.length(1);
  });

  it('B.1 fails for a missing path and names it, of a list the missing one', async () => {
    await touch('a.txt');
    const error = await expectError(expand('a.txt,none/b.txt'), InputNotFoundError);
    expect(error.path).to.equal('none/b.txt');
    expect(error.message).to.equal(
      `cannot read input none/b.txt: it does not exist (${directory.path}/none/b.txt)`,
    );
    const pattern = await expectError(expand('none-*'), InputNotFoundError);
    expect(pattern.message).to.include('the pattern matches nothing');
    await expectError(expand('a.txt/b'), InputNotFoundError);
    await expectError(expand('a.txt/*'), InputNotFoundError);
  });

  it('gives no files for an empty directory', async () => {
    await mkdir(`${directory.path}/empty`);
    expect(await expand('empty')).to.deep.equal([]);
  });

  it('does not descend, and says so instead of leaving data out', async () => {
    await touch('d/a', 'd/inner/b');
    const error = await expectError(expand('d'), FileSystemError);
    expect(error.path).to.equal(`file://${directory.path}/d/inner`);
    expect(error.message).to.include('inputs do not descend');
    expect(await expand('d/a,d/inner')).to.deep.equal(['d/a', 'd/inner/b']);
  });

  it('refuses pipes, devices and links that lead nowhere', async () => {
    await touch('d/a');
    await symlink('/nowhere/at/all', `${directory.path}/d/b`);
    await expectError(expand('d'), FileSystemError);
    await expectError(expand('/dev/null'), FileSystemError);
  });

  it('keeps a file that is named twice twice, and one that two alternatives match once', async () => {
    await touch('a.txt');
    expect(await expand('a.txt,a.txt')).to.deep.equal(['a.txt', 'a.txt']);
    expect(await expand('{a,?}.txt')).to.deep.equal(['a.txt']);
    expect(await expand('{./a*,a*}')).to.deep.equal(['a.txt']);
  });

  it('takes names literally: percent signs, spaces, and special characters behind a backslash', async () => {
    await touch('a%20b', 'a b', 'x[1].txt', 'y,z', 'x1.txt');
    expect(await expand('a%20b')).to.deep.equal(['a%20b']);
    expect(await expand('a b')).to.deep.equal(['a b']);
    expect(await expand('x\\[1\\].txt')).to.deep.equal(['x[1].txt']);
    expect(await expand('x[1].txt')).to.deep.equal(['x1.txt']);
    expect(await expand('y\\,z')).to.deep.equal(['y,z']);
    expect(await expand('y\\,*')).to.deep.equal(['y,z']);
  });

  it('sizes are those of the files', async () => {
    await touch('abc');
    const [file] = await expandInput(registry, 'abc');
    expect(file).to.deep.equal({
      path: `file://${directory.path}/abc`,
      sizeBytes: 3,
      blockSizeBytes: 32 * 1024 * 1024,
      blocks: [],
    });
  });
});
