import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { expect } from 'chai';
import {
  AccessDeniedError,
  FileExistsError,
  FileNotFoundError,
  FileSystemError,
  LocalFileSystem,
  localError,
  StorageFullError,
} from '../../src/index.js';
import { describeFileSystem, expectError } from '../file-system-contract.js';
import { makeTemporaryDirectory } from '../temporary-directory.js';

describeFileSystem('local files', async () => {
  const directory = await makeTemporaryDirectory();
  return {
    fileSystem: new LocalFileSystem(),
    root: directory.path,
    close: () => directory.remove(),
  };
});

describe('LocalFileSystem', () => {
  let directory: Awaited<ReturnType<typeof makeTemporaryDirectory>>;
  const fs = new LocalFileSystem();

  beforeEach(async () => {
    directory = await makeTemporaryDirectory();
  });
  afterEach(() => directory.remove());

  it('says that a disk is full, with the path', async () => {
    const writer = await fs.create('/dev/full', { overwrite: true });
    const error = await expectError(writer.write(Buffer.alloc(100)), StorageFullError);
    expect(error.path).to.equal('/dev/full');
    expect(error.message).to.include('no space left to write /dev/full');
    await writer.close();
  });

  it('reports links that lead nowhere, pipes and devices as other', async () => {
    await symlink('/nowhere/at/all', `${directory.path}/link`);
    const [link] = await fs.list(directory.path);
    expect(link?.kind).to.equal('other');
    expect((await fs.status('/dev/null')).kind).to.equal('other');
    await expectError(fs.status(`${directory.path}/link`), FileNotFoundError);
  });

  it('follows links to files and directories', async () => {
    await mkdir(`${directory.path}/real`);
    await writeFile(`${directory.path}/real/a`, 'abc');
    await symlink(`${directory.path}/real`, `${directory.path}/link`);
    expect((await fs.status(`${directory.path}/link`)).kind).to.equal('directory');
    expect((await fs.status(`${directory.path}/link/a`)).sizeBytes).to.equal(3);
  });

  it('deletes a link and not what it leads to', async () => {
    await mkdir(`${directory.path}/real`);
    await writeFile(`${directory.path}/real/a`, 'abc');
    await symlink(`${directory.path}/real`, `${directory.path}/link`);
    expect(await fs.delete(`${directory.path}/link`)).to.equal(true);
    expect(await readFile(`${directory.path}/real/a`, 'utf8')).to.equal('abc');
  });

  it('refuses to rename onto a link that leads nowhere', async () => {
    await writeFile(`${directory.path}/a`, 'abc');
    await symlink('/nowhere/at/all', `${directory.path}/link`);
    await expectError(fs.rename(`${directory.path}/a`, `${directory.path}/link`), FileExistsError);
  });

  it('fails a read after close instead of reading another file', async () => {
    await writeFile(`${directory.path}/a`, 'abc');
    const reader = await fs.openRead(`${directory.path}/a`);
    await reader.close();
    await expectError(reader.read(0, Buffer.alloc(3)), FileSystemError);
  });

  it('uses the block size that it was given', async () => {
    const small = new LocalFileSystem({ blockSizeBytes: 1024 });
    expect((await small.status(directory.path)).blockSizeBytes).to.equal(1024);
    expect((await fs.status(directory.path)).blockSizeBytes).to.equal(32 * 1024 * 1024);
  });

  it('A-085 names the user and the path when access is denied', () => {
    const cause = Object.assign(new Error('permission denied'), { code: 'EACCES' });
    const error = localError(cause, '/secret', 'read');
    expect(error).to.be.instanceOf(AccessDeniedError);
    expect(error.message).to.match(/^user \S+ may not read \/secret/);
    expect(error.cause).to.equal(cause);
  });
});
