import { existsSync, readdirSync, readlinkSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { expect } from 'chai';
import { openFileSource } from '../../src/input/open-file-source.js';
import { SharedInput } from '../../src/input/shared-input.js';
import { piece } from './array-pieces.js';
import { makeTemporaryDirectory } from './temporary-directory.js';
import { testEnvironment } from './test-environment.js';

/** Open descriptors of this process on a path; what the kernel says. */
function descriptorsOf(path: string): number {
  return readdirSync('/proc/self/fd').filter((descriptor) => {
    const link = `/proc/self/fd/${descriptor}`;
    return existsSync(link) && readlinkSync(link) === path;
  }).length;
}

describe('LocalPieceBytes', () => {
  let directory: Awaited<ReturnType<typeof makeTemporaryDirectory>>;
  let path: string;
  const text = 'a line\n'.repeat(50_000);

  before(async () => {
    directory = await makeTemporaryDirectory();
    path = `${directory.path}/lines.txt`;
    await writeFile(path, text);
  });
  after(() => directory.remove());

  const input = new SharedInput(() => expect.fail('the host was asked for a plain local file'));

  it('opens a file when it is read, and closes it at its end, at an early end, and after an error', () => {
    const pieces = [piece(`file://${path}`, 0, text.length)];
    const whole = openFileSource({ kind: 'textFile' }, pieces, testEnvironment(), input);
    expect(descriptorsOf(path)).to.equal(0);
    whole.next();
    expect(descriptorsOf(path)).to.equal(1);
    while (whole.next() !== undefined);
    expect(descriptorsOf(path)).to.equal(0);

    const env = testEnvironment();
    openFileSource({ kind: 'textFile' }, pieces, env, input).next();
    env.end();
    expect(descriptorsOf(path)).to.equal(0);

    const failing = testEnvironment();
    const longer = [piece(`file://${path}`, 0, text.length + 1)];
    const source = openFileSource({ kind: 'wholeTextFiles' }, longer, failing, input);
    expect(() => source.next()).to.throw('had 350001 bytes');
    failing.end();
    expect(descriptorsOf(path)).to.equal(0);
  });

  it('gives sources that are open together buffers of their own', () => {
    const pieces = [piece(`file://${path}`, 0, text.length)];
    const sources = [1, 2, 3, 4].map(() =>
      openFileSource({ kind: 'textFile' }, pieces, testEnvironment(), input),
    );
    const counts = sources.map(() => 0);
    for (let open = true; open;) {
      open = false;
      for (const [i, source] of sources.entries()) {
        const batch = source.next();
        if (batch === undefined) continue;
        open = true;
        counts[i]! += batch.filter((line) => line === 'a line').length;
      }
    }
    expect(counts).to.deep.equal([50_000, 50_000, 50_000, 50_000]);
  });

  it('looks for the kill of its attempt at each read', () => {
    let killed = false;
    const env = testEnvironment({
      checkInterrupted: () => {
        if (killed) throw new Error('killed');
      },
    });
    const pieces = [piece(`file://${path}`, 0, text.length)];
    const source = openFileSource({ kind: 'textFile' }, pieces, env, input);
    source.next();
    killed = true;
    expect(() => {
      while (source.next() !== undefined);
    }).to.throw('killed');
    env.end();
  });
});
