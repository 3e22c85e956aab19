// Writes docs/api-tests.md: every row of the API's table with the tests that name it. `--check` fails
// when the file is not what the tests say, or when a row has no test. Needs a build, runs no test.
import { globSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { allProperties } from '../dist/src/model/all-properties.js';
import { runsOf } from '../dist/src/model/property.js';

const root = fileURLToPath(new URL('../../', import.meta.url));
const target = `${root}docs/api-tests.md`;
const rows = JSON.parse(readFileSync(`${root}integration-tests/api-rows.json`, 'utf8'));

// The suites of programs are registered once; the seed of the properties is in no title of a test.
process.env.HEDDLE_SUITES_MASTER = 'local[2]';
const Mocha = createRequire(import.meta.url)('mocha');
const mocha = new Mocha({ dryRun: true, reporter: 'min' });
for (const pattern of [
  'core/dist/test/**/*.test.js',
  'executor/dist/test/{shuffle,pipeline,sinks}/*.test.js',
]) {
  for (const file of globSync(pattern, { cwd: root })) mocha.addFile(root + file);
}
mocha.addFile(`${root}integration-tests/dist/test/suites.test.js`);
await mocha.loadFilesAsync();

/** Tests with the file or suite that they are in. */
function testsOf(suite, titles = []) {
  const own = [...titles, suite.title].filter((title) => title !== '');
  return [
    ...suite.tests.map((test) => ({
      place: placeOf(test, own),
      title: test.title,
      full: [...own, test.title].join(' › '),
    })),
    ...suite.suites.flatMap((child) => testsOf(child, own)),
  ];
}

function placeOf(test, titles) {
  const file = relative(root, test.file ?? '')
    .replace('/dist/', '/')
    .replace(/\.js$/, '.ts');
  // Suites of programs are bundled: what tells them apart is their outermost title.
  const isSuite = file === '' || file.startsWith('integration-tests');
  return isSuite
    ? titles[0].replace(/,? ?from seed \d+/, '').replace(/ \[local\[2\]\]$/, '')
    : file;
}

const tests = testsOf(mocha.suite);
const often = allProperties.filter((property) => runsOf(property, 100) === 100).length;
const lines = [
  '# The RDD interface and its tests',
  '',
  'Made by `node integration-tests/scripts/api-table.js` from the ids in the names of tests; the build checks it.',
  'A row is a method or a rule; its id stands in the names of the tests that prove it. Tests of suites run in',
  'every mode.',
  '',
  `"every operator is its model" is the table of ${allProperties.length} properties, from one seed: where the engine is in the`,
  `process ${often} of them are tried with 100 random inputs, and the ${allProperties.length - often} whose jobs shuffle with 20, and`,
  'with 4 more without the adaptive reduce side; in `local-cluster` and on YARN a twentieth of that.',
  '',
  '`make coverage` measures the lines of `core` that its own tests, those of the bundler and the suites in',
  '`local[2]` reach, in the driver and in the task threads, and fails below 95 %. Last seen: 97.03 %, 2,374 tests.',
];
const missing = [];
for (const [part, ofPart] of Object.entries(rows)) {
  lines.push('', `## ${part}`, '', '| row | what | tests |', '| --- | --- | --- |');
  for (const [name, what] of Object.entries(ofPart)) {
    const id = `${part} ${name}`;
    const pattern = new RegExp(`${id.replaceAll('.', '\\.')}(?![\\w-])`);
    const found = tests.filter(({ full }) => pattern.test(full));
    if (found.length === 0) missing.push(id);
    const places = [...new Set(found.map(({ place }) => place))].sort();
    lines.push(`| ${id} | ${what} | ${places.join('; ').replaceAll('|', '\\|')} |`);
  }
}
lines.push('');
const text = lines.join('\n');
if (missing.length > 0) process.stderr.write(`rows without a test: ${missing.join(', ')}\n`);
if (process.argv.includes('--check')) {
  const plain = (table) => table.replaceAll(/[ -]+/g, ' ');
  const isCurrent = plain(readFileSync(target, 'utf8')) === plain(text);
  if (!isCurrent)
    process.stderr.write('docs/api-tests.md is old: node integration-tests/scripts/api-table.js\n');
  process.exit(isCurrent && missing.length === 0 ? 0 : 1);
}
writeFileSync(target, text);
process.exit(0);
