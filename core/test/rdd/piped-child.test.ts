import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { PipedChild } from '../../src/rdd/task-functions/piped-child.js';

const generousMs = 30_000;

describe('a command beside a task (A-122)', () => {
  let folder: string;
  let before: string | undefined;
  const children: PipedChild[] = [];

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'heddle-child-test-'));
    before = process.env['TMPDIR'];
    process.env['TMPDIR'] = folder;
  });
  afterEach(() => {
    for (const child of children.splice(0)) child.close();
    if (before === undefined) delete process.env['TMPDIR'];
    else process.env['TMPDIR'] = before;
    rmSync(folder, { recursive: true });
  });

  const start = (...command: string[]): PipedChild => {
    const child = new PipedChild(command, process.env);
    children.push(child);
    return child;
  };
  /** Everything that it writes from now on, at most `most` bytes. */
  const output = (child: PipedChild, most = Infinity): string => {
    const deadline = performance.now() + generousMs;
    let text = '';
    while (text.length < most) {
      const bytes = child.read();
      if (bytes === undefined) break;
      text += bytes.toString();
      if (performance.now() > deadline) throw new Error('it writes nothing more, and does not end');
      if (bytes.length === 0) child.wait(1);
    }
    return text;
  };

  it('gets bytes and gives bytes, and nothing of it is in a folder while it runs', () => {
    const child = start('cat');
    expect(readdirSync(folder)).to.deep.equal([]);
    expect(child.write(Buffer.from('abc'))).to.equal(3);
    expect(output(child, 3)).to.equal('abc');
    expect(child.exitStatus()).to.equal(undefined);
    child.endInput();
    expect(output(child)).to.equal('');
    expect(child.exitStatus()).to.equal(0);
  });

  it('takes no more than a pipe holds when it does not read, and nothing when it has ended', () => {
    const child = start('sleep', '1000');
    const block = Buffer.alloc(64 * 1024);
    let taken = 0;
    for (let more = -1; more !== 0; taken += more) more = child.write(block) ?? 0;
    expect(taken).to.be.within(4096, 1024 * 1024);
    const ended = start('true');
    expect(output(ended)).to.equal('');
    expect(ended.write(block)).to.equal(undefined);
  });

  it('keeps the end of stderr only, and tells status and signal as a shell does', () => {
    const failing = start(
      'sh',
      '-c',
      'head -c 300000 /dev/zero | tr "\\0" x >&2; echo end >&2; exit 7',
    );
    output(failing);
    expect(failing.exitStatus()).to.equal(7);
    expect(failing.stderr).to.have.length(4096);
    expect(failing.stderr).to.match(/xend\n$/);
    const killed = start('sh', '-c', 'kill -15 $$');
    output(killed);
    expect(killed.exitStatus()).to.equal(128 + 15);
  });

  it('is killed by close, at once after its start too', () => {
    for (const lines of [1, 0]) {
      const child = start('sh', '-c', 'echo $$; exec sleep 1000');
      const pid = lines === 1 ? Number(output(child, 2)) : undefined;
      child.close();
      child.close();
      if (pid !== undefined) {
        const deadline = performance.now() + generousMs;
        while (isAlive(pid) && performance.now() < deadline) child.wait(5);
        expect(isAlive(pid)).to.equal(false);
      }
    }
  });
});

function isAlive(pid: number): boolean {
  try {
    return !/^State:\tZ/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}
