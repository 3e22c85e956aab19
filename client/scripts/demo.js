// `make demo`: counts the words of the Markdown files below node_modules, and says where to look for
// what happened.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../', import.meta.url));
const heddle = fileURLToPath(new URL('../bin/heddle.js', import.meta.url));
const input = 'node_modules/*/*.md,node_modules/@*/*/*.md';
const events = mkdtempSync(join(tmpdir(), 'heddle-demo-'));

process.stdout.write(`npx heddle submit examples/word-count.ts '${input}'\n\n`);
const startedMs = performance.now();
const { status } = spawnSync(
  process.execPath,
  [heddle, 'submit', '--conf', `heddle.eventLog.dir=${events}`, 'examples/word-count.ts', input],
  { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] },
);
const seconds = ((performance.now() - startedMs) / 1_000).toFixed(1);
process.stdout.write(`\n${seconds} s from the start of the command to its end\n`);
for (const name of readdirSync(events)) process.stdout.write(`event log: ${join(events, name)}\n`);
process.exitCode = status ?? 1;
