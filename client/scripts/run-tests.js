// Checks the style, then runs every test, and ends with the line `N passed, N failed`. A style or
// documentation check that fails counts as one failed test, so that no run hides it.
import { spawn, spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../', import.meta.url));

function check(name, command) {
  process.stdout.write(`== ${name}\n`);
  const { status } = spawnSync(command, { cwd: root, stdio: 'inherit', shell: true });
  if (status !== 0) process.stdout.write(`   ${name}: failed\n`);
  return status === 0;
}

/** Runs mocha and passes its output on; resolves to what its summary counts. */
function runMocha() {
  process.stdout.write('== tests\n');
  return new Promise((resolve) => {
    const mocha = `${root}node_modules/mocha/bin/mocha.js`;
    const child = spawn(
      process.execPath,
      ['--enable-source-maps', mocha, '--no-color', '--reporter', 'spec'],
      {
        cwd: root,
        stdio: ['inherit', 'pipe', 'inherit'],
      },
    );
    let tail = '';
    child.stdout.setEncoding('utf8');
    child.stdout.on('data', (text) => {
      process.stdout.write(text);
      tail += text;
      // The counts are found wherever failures, which are printed after them, have pushed them.
      if (tail.length > 4_000_000) tail = tail.slice(-2_000_000);
    });
    child.on('close', (code) => {
      const passed = Number(/^\s*(\d+) passing\b/m.exec(tail)?.[1] ?? 0);
      const failed = Number(/^\s*(\d+) failing\b/m.exec(tail)?.[1] ?? 0);
      const failures = failed === 0 ? '' : tail.slice(tail.search(/^\s*\d+ failing\b/m));
      // A runner that fell over without a failing test has failed all the same.
      resolve({ passed, failed: failed === 0 && code !== 0 ? 1 : failed, failures });
    });
  });
}

/** Title and first line of each failure, so that the end of a long log names them all. */
function inBrief(failures) {
  return failures
    .split(/^(?= {2}\d+\) )/m)
    .slice(1)
    .map((failure) => {
      const lines = failure.split('\n').map((line) => line.trim());
      const message = lines.findIndex((line) => /^\w*(Error|Exception)\b.*:/.test(line));
      return `failed: ${lines
        .slice(0, message === -1 ? 3 : message + 1)
        .filter(Boolean)
        .join(' | ')
        .slice(0, 600)}\n`;
    })
    .join('');
}

const bin = `PATH="${root}node_modules/.bin:$PATH"`;
const checks = [
  check('eslint', `${bin} eslint . --max-warnings 0`),
  check('prettier', `${bin} prettier --check --log-level warn .`),
  check('table of settings', `"${process.execPath}" client/scripts/settings-table.js --check`),
  check('API reference', `"${process.execPath}" client/scripts/api-docs.js --check`),
  check(
    'table of API tests',
    `"${process.execPath}" integration-tests/scripts/api-table.js --check`,
  ),
];
const counts = await runMocha();
const brokenChecks = checks.filter((ok) => !ok).length;
const failed = counts.failed + brokenChecks;
process.stdout.write(inBrief(counts.failures));
process.stdout.write(`${counts.passed + checks.length - brokenChecks} passed, ${failed} failed\n`);
process.exitCode = failed === 0 ? 0 : 1;
