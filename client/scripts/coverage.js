// Line coverage of `core`, measured by V8 in the driver and in every task thread while core's own tests, the
// bundler's (which make and load programs) and the suites of programs run in local[2]. Prints c8's table;
// the exit code is not 0 when a test fails or less than 95 % of the lines is covered.
//
// Files that hold nothing but types are left out: nothing of them exists when a program runs. The random
// properties run twice each, since how often they run decides nothing about lines and much about the time.
import { spawnSync } from 'node:child_process';
import { globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../', import.meta.url));
const leastPercent = '95';
const tests = [
  'core/dist/test/**/*.test.js',
  'client/dist/test/bundler/**/*.test.js',
  'integration-tests/dist/test/suites.test.js',
];
// The engine alone: no test's own threads of this process, no cluster.
const environment = { HEDDLE_SUITES_MASTER: 'local[2]', HEDDLE_PROPERTIES_RUNS: '2' };

/** Sources of which the compiler leaves nothing. */
function typesOnly() {
  return globSync('core/dist/src/**/*.js', { cwd: root })
    .filter((path) => {
      const code = readFileSync(root + path, 'utf8').replaceAll(/\/\*[^]*?\*\/|^\/\/.*$/gm, '');
      return /^\s*(export \{\};\s*)*$/.test(code);
    })
    .map((path) => path.replace('core/dist/src/', 'core/src/').replace(/\.js$/, '.ts'));
}

function run(script, args, env = {}) {
  const { status } = spawnSync(process.execPath, [join(root, script), ...args], {
    cwd: root,
    stdio: 'inherit',
    env: { ...process.env, ...env },
  });
  return status ?? 1;
}

const work = mkdtempSync(join(tmpdir(), 'heddle-coverage-'));
try {
  const mocha = ['--no-config', '--reporter', 'dot', '--exit', '--timeout', '120000', ...tests];
  const failed = run('node_modules/mocha/bin/mocha.js', mocha, {
    ...environment,
    NODE_V8_COVERAGE: work,
  });
  const uncovered = run('node_modules/c8/bin/c8.js', [
    ...['report', '--temp-directory', work, '--merge-async', '--reporter', 'text'],
    ...['--all', '--src', 'core/src', '--include', 'core/src/**', '--exclude-after-remap'],
    ...typesOnly().flatMap((path) => ['--exclude', path]),
    ...['--check-coverage', '--lines', leastPercent],
    ...['--statements', '0', '--branches', '0', '--functions', '0'],
  ]);
  process.exitCode = failed === 0 && uncovered === 0 ? 0 : 1;
} finally {
  rmSync(work, { recursive: true, force: true });
}
