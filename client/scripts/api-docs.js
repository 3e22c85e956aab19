// Writes docs/api from the docstrings of what programs import, and a program of all their examples and
// of the lines of docs/spark-guide.md, which the build type-checks and a test runs. With --check it only
// says whether the files are current. Both ways it ends with 1 when a public method has no example.
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import * as prettier from 'prettier';
import { describeExports } from './api-docs/read-exports.js';
import { referencePages } from './api-docs/reference-pages.js';
import { documentedLines } from './api-docs/documented-lines.js';

const root = fileURLToPath(new URL('../../', import.meta.url));
const program = 'integration-tests/src/programs/documented-lines.ts';

const entries = describeExports(`${root}core/src/index.ts`);
const lacking = entries.flatMap((entry) =>
  entry.members
    .filter((member) => member.needsExample && member.doc.examples.length === 0)
    .map((member) => `${entry.name}.${member.name}`),
);
for (const entry of entries) {
  if (entry.needsExample && entry.doc.examples.length === 0) lacking.push(entry.name);
}
if (lacking.length > 0) {
  process.stderr.write(`No @example in the docstring of ${lacking.join(', ')}\n`);
  process.exitCode = 1;
}

// Whoever reads a transformation wants to know whether it moves data.
const rdd = entries.find(({ name }) => name === 'RDD');
const silent = rdd.members.filter(
  ({ kind, signatures, doc }) =>
    kind === 'method' &&
    signatures.some((text) => /\): RDD</.test(text)) &&
    !/narrow|shuffle/i.test(doc.text),
);
if (silent.length > 0) {
  const names = silent.map(({ name }) => name).join(', ');
  process.stderr.write(`Neither "narrow" nor "shuffles" in the docstring of RDD.${names}\n`);
  process.exitCode = 1;
}

const guide = await readFile(`${root}docs/spark-guide.md`, 'utf8');
const files = new Map([...referencePages(entries), [program, documentedLines(entries, guide)]]);
for (const [name, text] of files) {
  const path = `${root}${name}`;
  const options = await prettier.resolveConfig(path);
  const formatted = await prettier.format(text, { ...options, filepath: path });
  const current = await readFile(path, 'utf8').catch(() => undefined);
  if (current === formatted) continue;
  if (process.argv.includes('--check')) {
    process.stderr.write(`${name} is not current: run node client/scripts/api-docs.js\n`);
    process.exitCode = 1;
    continue;
  }
  await mkdir(new URL('.', `file://${path}`), { recursive: true });
  await writeFile(path, formatted);
}
