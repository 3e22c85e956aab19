import { isProcessAlive } from '@heddle/common';
import { expect } from 'chai';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import type { RunOptions } from '../src/command/run-heddle.js';
import { Scratch, linkEngine, repositoryRoot, runHeddle } from '../src/command/run-heddle.js';

/** Where the machine's Node is too old, it stays as the parent of the one that runs the program. */
describe('the process that waits for the engine under a newer Node', function () {
  this.timeout(60_000);
  let scratch: Scratch;
  let wrapper: string;
  beforeEach(() => {
    scratch = new Scratch();
    linkEngine(scratch.path);
    const module = pathToFileURL(join(repositoryRoot, 'client/bin/pinned-node.js')).href;
    const engine = join(repositoryRoot, 'client/bin/engine.js');
    wrapper = scratch.write(
      'wrapper.mjs',
      // As in a Node that cannot replace itself.
      `process.execve = undefined;
       const { runNode } = await import(${JSON.stringify(module)});
       runNode(process.execPath, [${JSON.stringify(engine)}, ...process.argv.slice(2)]);`,
    );
  });
  afterEach(() => scratch.remove());

  function submit(body: string, options: RunOptions = {}) {
    const text = `import { HeddleContext } from 'heddle';\nconst sc = await HeddleContext.getOrCreate();\n`;
    const app = scratch.write('app.ts', text + body);
    const words = scratch.submit('--master', 'local[2]', app);
    return runHeddle(words, { ...options, script: wrapper });
  }
  const endless = `console.log('pid', process.pid); await sc.range(0, 1e13).map((x) => x + 1).count();`;

  it('ends with the exit code of the program', async () => {
    expect((await submit('process.exit(3);')).exitCode).to.equal(3);
    const { exitCode, stdout } = await submit(`console.log(process.env['HEDDLE_WRAPPER_PID']);`);
    expect(exitCode).to.equal(0);
    expect(stdout).to.equal('undefined\n');
  });

  for (const [signal, code] of [
    ['SIGTERM', 143],
    ['SIGINT', 130],
  ] as const) {
    it(`passes ${signal} on, and ends with ${code} when the program has ended`, async () => {
      let sent = false;
      const { exitCode } = await submit(endless, {
        onOutput: (_, kill) => {
          if (!sent) kill(signal);
          sent = true;
        },
      });
      expect(exitCode).to.equal(code);
      expect(scratch.leftovers()).to.deep.equal([]);
    });
  }

  it('takes the program with it when it is killed', async () => {
    let pid = 0;
    const { signal } = await submit(endless, {
      onOutput: (stdout, kill) => {
        const found = /^pid (\d+)\n/.exec(stdout);
        if (found === null || pid !== 0) return;
        pid = Number(found[1]);
        kill('SIGKILL');
      },
    });
    expect(signal).to.equal('SIGKILL');
    const deadlineMs = Date.now() + 30_000;
    while (isProcessAlive(pid) && Date.now() < deadlineMs) await delay(50);
    expect(isProcessAlive(pid)).to.equal(false);
    expect(scratch.leftovers()).to.deep.equal([]);
  });
});
