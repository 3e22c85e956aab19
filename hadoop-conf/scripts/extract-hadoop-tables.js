// Brings the tables of old key names and of built-in defaults up to what Hadoop's own jars say.
// Run after a change of the release: `node hadoop-conf/scripts/extract-hadoop-tables.js <directory of jars>`,
// for instance integration-tests/cluster/work/jars/3.4.3, which `make cluster-up` fills. Needs a JDK.
// Which defaults there are is decided by hand in src/default-values.ts; here they only get their values.
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { basename, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const jars = process.argv[2];
if (jars === undefined) {
  process.stderr.write('usage: extract-hadoop-tables.js <directory of jars>\n');
  process.exit(2);
}
const inPackage = (path) => fileURLToPath(new URL(`../${path}`, import.meta.url));
const output = execFileSync(
  'java',
  ['-cp', `${resolve(jars)}/*`, inPackage('scripts/HadoopTables.java')],
  { maxBuffer: 64 * 2 ** 20, stdio: ['ignore', 'pipe', 'ignore'], encoding: 'utf8' },
);
const tables = JSON.parse(output);
const quoted = (text) => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;

const release = basename(resolve(jars));
const rows = Object.entries(tables.deprecations).map(
  ([old, names]) => `    ${quoted(old)}: [${names.map(quoted).join(', ')}],\n`,
);
writeFileSync(
  inPackage('src/deprecated-keys.ts'),
  `/**
 * Old key → the keys that replace it: all of Hadoop ${release} (\`Configuration\`, \`HdfsConfiguration\`,
 * \`YarnConfiguration\`, \`mapreduce.util.ConfigUtil\`), made by \`scripts/extract-hadoop-tables.js\`.
 */
export const deprecatedKeys: ReadonlyMap<string, readonly string[]> = new Map(
  Object.entries({
${rows.join('')}  }),
);
`,
);

const file = inPackage('src/default-values.ts');
let part = '';
const lines = readFileSync(file, 'utf8')
  .split('\n')
  .map((line) => {
    part = /^const (core|hdfs|yarn|mapred)Defaults\b/.exec(line)?.[1] ?? part;
    const key = /^ {2}'([^']+)': '/.exec(line)?.[1];
    if (key === undefined || part === '') return line;
    const value = tables[part][key];
    if (value === undefined) throw new Error(`${part}-default.xml has no ${key}`);
    return `  ${quoted(key)}: ${quoted(value)},`;
  });
writeFileSync(file, lines.join('\n'));
