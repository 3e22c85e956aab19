import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import type { ExecutorSpawnOptions } from '../../src/process/executor-spawn.js';
import { PrestartedExecutors } from '../../src/process/prestarted-executors.js';
import { MARK, marked, markedAre } from './marked-processes.js';

const entry = fileURLToPath(new URL('../../src/process/executor-main.js', import.meta.url));
const main = fileURLToPath(new URL('./prestarted-main.js', import.meta.url));

describe('executor processes that are started before their program is known', function () {
  this.timeout(60_000);
  let mark: string;
  let options: ExecutorSpawnOptions;
  let prestarted: PrestartedExecutors | undefined;

  beforeEach(() => {
    mark = randomUUID();
    options = { entry, environment: { [MARK]: mark }, slots: 1, memoryBytes: 512 * 2 ** 20 };
  });

  afterEach(async () => {
    prestarted?.close();
    await markedAre(mark, 0);
  });

  it('end when nobody has taken them, and are not given away any more', async () => {
    prestarted = new PrestartedExecutors(options, 2);
    await markedAre(mark, 2);
    prestarted.close();
    expect(prestarted.take(options)).to.equal(undefined);
    await markedAre(mark, 0);
    prestarted.close();
  });

  it('are given to whoever wants the same ones, each once; the others end without it', async () => {
    prestarted = new PrestartedExecutors(options, 2);
    expect(prestarted.take({ ...options, slots: 2 })).to.equal(undefined);
    expect(prestarted.take({ ...options, environment: {} })).to.equal(undefined);
    const taken = prestarted.take({ ...options });
    const pid = taken?.process.pid;
    expect(pid).to.be.greaterThan(0);
    await markedAre(mark, 2);
    prestarted.close();
    expect(await markedAre(mark, 1)).to.deep.equal([pid]);
    // Without a specification it has nothing to do here.
    const ended = once(taken!.process, 'exit');
    taken?.input.destroy();
    expect((await ended)[0]).to.equal(0);
  });

  it('are not given away when they have ended meanwhile', async () => {
    prestarted = new PrestartedExecutors(options, 2);
    const [killed] = await markedAre(mark, 2);
    process.kill(killed!, 'SIGKILL');
    const [left] = await markedAre(mark, 1);
    // The child's end is told on the event loop, after it is gone.
    let taken = prestarted.take(options);
    if (taken?.process.pid === killed) {
      await once(taken!.process, 'exit');
      taken = prestarted.take(options);
    }
    expect(taken?.process.pid).to.equal(left);
    expect(prestarted.take(options)).to.equal(undefined);
    taken?.process.kill('SIGKILL');
  });

  it('end by themselves when their launcher is killed', async () => {
    const launcher = spawn(process.execPath, [main, entry, mark, '2'], { stdio: 'ignore' });
    await markedAre(mark, 2);
    launcher.kill('SIGKILL');
    await once(launcher, 'exit');
    await markedAre(mark, 0);
    expect(marked(mark)).to.deep.equal([]);
  });
});
