import { existsSync, mkdirSync, readdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { ConfigError } from '@heddle/common';
import { expect } from 'chai';
import { localDirectoriesUnusable, StorageFullError } from '../../src/storage/errors.js';
import { createLocalDirectories, safeFileName } from '../../src/storage/local-directories.js';
import { useLocalDirectory } from '../shuffle/test-environment.js';

describe('local directories', () => {
  const local = useLocalDirectory();

  it('makes a private folder in each base, with output/ readable by the group', () => {
    const bases = [join(local.path, 'disk1'), join(local.path, 'disk2')];
    const made = createLocalDirectories(bases, 'local-17');
    expect(made.directories).to.have.length(2);
    made.directories.forEach((directory, i) => {
      expect(directory.startsWith(join(bases[i]!, 'heddle-local-17-'))).to.equal(true);
      expect(statSync(directory).mode & 0o777).to.equal(0o700);
      expect(statSync(join(directory, 'output')).mode & 0o777).to.equal(0o750);
      expect(statSync(join(directory, 'scratch')).mode & 0o777).to.equal(0o700);
    });
    made.remove();
    expect(bases.flatMap((base) => readdirSync(base))).to.deep.equal([]);
    made.remove();
  });

  it('two runs of one application never share a folder', () => {
    const first = createLocalDirectories(local.path, 'app');
    const second = createLocalDirectories(local.path, 'app');
    expect(first.directories[0]).not.to.equal(second.directories[0]);
    first.remove();
    expect(existsSync(second.directories[0]!)).to.equal(true);
    second.remove();
  });

  it('leaves out a base that cannot be used, and fails when none can', () => {
    const file = join(local.path, 'file');
    writeFileSync(file, '');
    const good = join(local.path, 'good');
    mkdirSync(good);
    const made = createLocalDirectories([file, good], 'app');
    expect(made.directories).to.have.length(1);
    made.remove();
    expect(() => createLocalDirectories([file], 'app'))
      .to.throw(ConfigError, /ENOTDIR/)
      .with.property('key', 'heddle.local.dir');
  });

  it('says which directory cannot be used, why, and which setting names it; full is another matter', () => {
    const file = join(local.path, 'file');
    writeFileSync(file, '');
    const below = join(file, 'a', 'b');
    const nowhere = join(local.path, 'link');
    symlinkSync(join(local.path, 'gone'), nowhere);
    // Node makes folders below /proc without end when it makes all at once.
    for (const path of [file, below, nowhere, '/proc/nope', '/proc/nope/deeper']) {
      expect(() => createLocalDirectories([path], 'app'), path)
        .to.throw(ConfigError)
        .with.property('message')
        .that.contains(`${path}: `)
        .and.contains('heddle.local.dir')
        .and.not.contains('space');
    }
    const cause = Object.assign(new Error('no space left on device'), { code: 'ENOSPC' });
    const full = { path: local.path, error: cause };
    expect(localDirectoriesUnusable([full])).to.be.instanceOf(StorageFullError);
    const readOnly = Object.assign(new Error('read-only file system'), { code: 'EROFS' });
    const both = localDirectoriesUnusable([full, { path: '/cd', error: readOnly }]);
    expect(both).to.be.instanceOf(ConfigError);
    expect(both.message).to.contain(`${local.path}: `).and.contain('/cd: ');
  });

  it('tells of each folder before anything is in it, and keeps none that it could not tell of', () => {
    const made = createLocalDirectories(local.path, 'app', (directory) => {
      expect(readdirSync(directory)).to.deep.equal([]);
      writeFileSync(join(directory, 'owner'), '');
    });
    expect(readdirSync(made.directories[0]!)).to.have.members(['output', 'owner', 'scratch']);
    made.remove();
    const before = readdirSync(local.path);
    expect(() =>
      createLocalDirectories(local.path, 'app', () => {
        throw new Error('nobody listens');
      }),
    ).to.throw(ConfigError, 'nobody listens');
    expect(readdirSync(local.path)).to.deep.equal(before);
  });

  it('never lets an id leave its folder', () => {
    const made = createLocalDirectories(local.path, '../../etc/x');
    expect(basename(made.directories[0]!)).to.match(/^heddle-______etc_x-/);
    expect(safeFileName('a/b.c\0d')).to.equal('a_b_c_d');
    made.remove();
  });
});
