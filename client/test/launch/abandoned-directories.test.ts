import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import {
  ownDirectories,
  removeAbandonedDirectories,
} from '../../src/launch/abandoned-directories.js';

/** Larger than any that Linux gives. */
const deadPid = 2 ** 22 + 1;

describe('directories that killed applications left', () => {
  let base: string;

  beforeEach(() => {
    base = mkdtempSync(join(tmpdir(), 'abandoned-directories-test-'));
  });

  afterEach(() => rmSync(base, { recursive: true, force: true }));

  function made(name: string, ageHours: number, fill: (directory: string) => void): string {
    const directory = join(base, name);
    mkdirSync(directory);
    for (const folder of ['output', 'scratch']) mkdirSync(join(directory, folder));
    fill(directory);
    const time = Date.now() / 1_000 - ageHours * 3_600;
    utimesSync(directory, time, time);
    return directory;
  }

  it('are removed when they are empty and nobody has said for an hour whose they are', async () => {
    const nothing = (): void => undefined;
    const old = made(`heddle-local-2-${deadPid}-AbCdEf`, 2, nothing);
    const halfMarked = made(`heddle-local-9-${deadPid}-AbCdEf`, 2, (directory) =>
      writeFileSync(join(directory, 'owner.json'), ''),
    );
    const young = made(`heddle-local-3-${deadPid}-AbCdEf`, 0.5, nothing);
    const stranger = made('other-local-1-4', 2, nothing);
    const filled = made(`heddle-local-5-${deadPid}-AbCdEf`, 2, (directory) =>
      writeFileSync(join(directory, 'scratch', 'spill'), 'x'),
    );
    const other = made(`heddle-local-6-${deadPid}-AbCdEf`, 2, (directory) =>
      writeFileSync(join(directory, 'mine.txt'), 'x'),
    );
    const living = made(`heddle-local-7-${deadPid}-AbCdEf`, 2, (directory) =>
      ownDirectories([directory]),
    );
    const starting = made(`heddle-local-8-${process.pid}-AbCdEf`, 2, nothing);
    expect(await removeAbandonedDirectories([base])).to.have.members([old, halfMarked]);
    expect([old, halfMarked].filter((directory) => existsSync(directory))).to.deep.equal([]);
    for (const kept of [young, stranger, filled, other, living, starting]) {
      expect(existsSync(kept), kept).to.equal(true);
    }
    expect(readdirSync(living)).to.have.members(['output', 'owner.json', 'scratch']);
    expect(readdirSync(filled)).to.have.members(['output', 'scratch']);
    expect(readdirSync(join(filled, 'scratch'))).to.deep.equal(['spill']);
  });
});
