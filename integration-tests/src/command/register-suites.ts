import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { silentLogger } from '@heddle/common';
import { LocalLauncher, bundleProgram } from '@heddle/client';
import { setSuitesMaster } from '../suites/support/master.js';
import { activateProgram, currentProgram, installLauncher } from 'heddle/internal';

/**
 * Registers the suites of `src/suites` with mocha, to be run against a master.
 *
 * The suites are a program like any other: bundled by the real bundler, their driver copy imported
 * here. Its `describe` and `it` register with mocha while it loads.
 */
export async function registerSuites(master: string): Promise<void> {
  const entry = fileURLToPath(new URL('../../../src/suites/index.ts', import.meta.url));
  const workDirectory = await mkdtemp(join(tmpdir(), 'heddle-suites-'));
  const built = await bundleProgram({ entry, workDirectory });
  const launcher = new LocalLauncher({
    entry,
    submittedSettings: new Map([
      ['heddle.master', master],
      ['heddle.eventLog.enabled', 'false'],
    ]),
    program: Promise.resolve(built),
    logger: silentLogger,
    setLogLevel: () => undefined,
  });

  // Each outermost `describe` of the suites gets hooks around it, since other test files of the same
  // process install launchers and load programs of their own.
  const mochaDescribe = globalThis.describe;
  const describeSuite = (title: string, body?: (this: Mocha.Suite) => void): Mocha.Suite =>
    mochaDescribe(`${title} [${master}]`, function () {
      before(() => {
        if (program !== undefined) activateProgram(program);
        installLauncher(launcher);
      });
      after(() => installLauncher(undefined));
      globalThis.describe = mochaDescribe;
      body?.call(this);
      globalThis.describe = wrapped;
    });
  const wrapped: Mocha.SuiteFunction = Object.assign(describeSuite, mochaDescribe);
  globalThis.describe = wrapped;
  setSuitesMaster(master);
  await import(built.driverUrl);
  globalThis.describe = mochaDescribe;
  const program = currentProgram();

  after(() => rm(workDirectory, { recursive: true, force: true }));
}
