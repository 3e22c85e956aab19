import { createRequire } from 'node:module';
import type Mocha from 'mocha';
import { shareContexts } from '../support/context.js';
import { setSuitesMaster } from '../support/master.js';

/** How long one test may take: a cluster may be asked for new executors in it. */
const testTimeoutMs = 300_000;

// Mocha is no part of the program: it is loaded from the repository, whose path the program is given.
const load = createRequire(`${process.argv[2]!}/package.json`);
const LoadedMocha = load('mocha') as typeof Mocha;

/** The runner of this process; `describe` and `it` register with it from here on. */
export const mocha = new LoadedMocha({
  timeout: testTimeoutMs,
  // Prints nothing.
  reporter: LoadedMocha.reporters.Base,
});
mocha.suite.emit('pre-require', globalThis, 'suites', mocha);
setSuitesMaster('yarn');
shareContexts();
