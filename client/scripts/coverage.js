// Line coverage of `core`, measured by V8 while its own tests and the suites of programs run in local[2].
// The report's table is printed; the exit code is not 0 when a test fails or less than 95 % is covered.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../', import.meta.url));
const work = mkdtempSync(join(tmpdir(), 'heddle-coverage-'));
const mocha = ['node_modules/mocha/bin/mocha.js', '--no-config', '--reporter', 'dot', '--exit'];
try {
  const { status } = spawnSync(
    process.execPath,
    [
      'node_modules/c8/bin/c8.js',
      ...['--temp-directory', work, '--reporter', 'text'],
      ...['--all', '--src', 'core/src', '--include', 'core/src/**', '--exclude-after-remap'],
      ...['--check-coverage', '--lines', '95', '--statements', '0', '--branches', '0'],
      process.execPath,
      ...mocha,
      ...['--timeout', '120000', 'core/dist/test/**/*.test.js'],
      'integration-tests/dist/test/suites.test.js',
    ],
    {
      cwd: root,
      stdio: 'inherit',
      env: { ...process.env, HEDDLE_SUITES_MASTER: 'local[2]', HEDDLE_PROPERTIES_RUNS: '5' },
    },
  );
  process.exitCode = status ?? 1;
} finally {
  rmSync(work, { recursive: true, force: true });
}
