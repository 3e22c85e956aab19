import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { FileSystemRegistry } from '@heddle/webhdfs';
import { copyTree, type ApplicationFile } from 'heddle/internal';
import { FileStore } from '../../src/files/file-store.js';

describe('files of the application on an executor', () => {
  const fileSystems = new FileSystemRegistry();
  let folder: string;
  let store: FileStore;
  let given: number;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'heddle-file-store-'));
    mkdirSync(join(folder, 'from'));
    store = new FileStore(join(folder, 'here'), fileSystems);
    given = 0;
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  async function describeFile(
    name: string,
    kind: ApplicationFile['kind'] = 'file',
  ): Promise<ApplicationFile> {
    const { fileSystem, path } = fileSystems.resolve(join(folder, 'from', name));
    given += 1;
    const copy = join(folder, `copy-${given}`);
    const entries = await copyTree({ fileSystem, path }, { fileSystem, path: copy });
    rmSync(copy, { recursive: true });
    return { name, kind, uri: fileSystem.uri(path), entries };
  }

  async function failure(files: readonly ApplicationFile[]): Promise<Error & { code?: unknown }> {
    return store.ensure(files).then(
      () => {
        throw new Error('it should have failed');
      },
      (error: unknown) => error as Error,
    );
  }

  it('A-178 come once, whoever needs them, and stay when their source is gone', async () => {
    const source = join(folder, 'from', 'a.txt');
    writeFileSync(source, 'content');
    const file = await describeFile('a.txt');
    expect(store.hasAll([file])).to.equal(false);
    expect(store.hasAll([])).to.equal(true);
    await Promise.all([store.ensure([file]), store.ensure([file]), store.ensure([file])]);
    expect(store.hasAll([file])).to.equal(true);
    rmSync(source);
    await store.ensure([file]);
    expect(readdirSync(join(folder, 'here'))).to.deep.equal(['a.txt']);
    expect(readFileSync(join(folder, 'here', 'a.txt'), 'utf8')).to.equal('content');
  });

  it('A-178 directories come with everything below', async () => {
    mkdirSync(join(folder, 'from', 'tree', 'sub'), { recursive: true });
    writeFileSync(join(folder, 'from', 'tree', 'top'), '1');
    writeFileSync(join(folder, 'from', 'tree', 'sub', 'low'), '2');
    await store.ensure([await describeFile('tree', 'directory')]);
    expect(readFileSync(join(folder, 'here', 'tree', 'sub', 'low'), 'utf8')).to.equal('2');
  });

  it('A-178 other content than was added is refused, and nothing of it stays', async () => {
    const source = join(folder, 'from', 'a.txt');
    writeFileSync(source, 'content');
    const file = await describeFile('a.txt');
    writeFileSync(source, 'Content');
    const changed = await failure([file]);
    expect(changed).to.have.property('code', 'FILE_CHANGED');
    expect(readdirSync(join(folder, 'here'))).to.deep.equal([]);
    // The next task tries again.
    writeFileSync(source, 'content');
    await store.ensure([file]);
    expect(store.hasAll([file])).to.equal(true);
  });

  it('A-178 a file that is gone is named with where it was looked for', async () => {
    const source = join(folder, 'from', 'a.txt');
    writeFileSync(source, 'content');
    const file = await describeFile('a.txt');
    rmSync(source);
    const gone = await failure([file]);
    expect(gone).to.include({ code: 'FILE_FETCH', file: 'a.txt', path: `file://${source}` });
  });

  it('an archive that cannot be unpacked is an ArchiveError', async () => {
    writeFileSync(join(folder, 'from', 'a.zip'), 'no zip file');
    const file = { ...(await describeFile('a.zip')), kind: 'archive' as const };
    expect(await failure([file])).to.have.property('code', 'ARCHIVE');
    expect(readdirSync(join(folder, 'here'))).to.deep.equal([]);
  });
});
