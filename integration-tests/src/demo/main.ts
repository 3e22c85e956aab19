// `make demo-yarn`: a Hadoop cluster of this machine, real text in its HDFS, and a program that counts
// its words in cluster mode and in client mode.
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { MiniCluster } from '@heddle/integration-tests/cluster';
import { repositoryRoot, type CommandResult } from '../command/run-heddle.js';
import { YarnUser, type DeployMode } from '../yarn/yarn-user.js';

const say = (line = ''): void => void process.stdout.write(`${line}\n`);
const started = performance.now();
const seconds = (sinceMs: number): string => ((performance.now() - sinceMs) / 1_000).toFixed(1);

say('== A Hadoop cluster: NameNode, ResourceManager, three workers on two racks');
const cluster = await MiniCluster.start({ report: (line) => say(`   ${line}`) });
try {
  const user = await YarnUser.on(cluster, 'demo');
  try {
    await demonstrate(user);
  } finally {
    user.close();
  }
} finally {
  say('\n== The cluster is taken down');
  await cluster.stop();
}
say(`${seconds(started)} s in all`);

async function demonstrate(user: YarnUser): Promise<void> {
  const files = globSync('node_modules/{*,@*/*}/*.md', { cwd: repositoryRoot }).sort();
  const text = Buffer.concat(files.map((file) => readFileSync(join(repositoryRoot, file))));
  const putMs = performance.now();
  await user.put('text.md', text);
  const size = (text.length / 2 ** 20).toFixed(1);
  say(`\n== ${files.length} Markdown files, ${size} MiB, are in HDFS after ${seconds(putMs)} s`);
  say(await user.hadoop('org.apache.hadoop.fs.FsShell', ['-ls', '/user/demo']));

  for (const mode of ['cluster', 'client'] as const) {
    say(`\n== Word count in ${mode} mode`);
    const result = await count(user, mode);
    if (result.exitCode !== 0) throw new Error(`${mode} mode ended with ${result.exitCode}`);
    if (mode === 'cluster') {
      const id = /submitted (application_\d+_\d+)/.exec(result.stderr)?.[1] ?? '';
      say(`\n   What it printed is in its first container's log: heddle logs ${id}`);
      await show(user, ['logs', id, '--container', 'am']);
      say(`   heddle status ${id}`);
      await show(user, ['status', id]);
    }
  }
}

/** Runs the example, its lines shown as they come. */
async function count(user: YarnUser, mode: DeployMode): Promise<CommandResult> {
  const program = ['examples/word-count.ts', 'text.md', '5'];
  const words = ['submit', '--master', 'yarn', '--deploy-mode', mode, ...program];
  const startedMs = performance.now();
  const result = await show(user, words);
  say(`   ${seconds(startedMs)} s from the start of the command to its end`);
  return result;
}

/** Runs the command with its output on this terminal, and kept. */
async function show(user: YarnUser, words: readonly string[]): Promise<CommandResult> {
  say(`   $ heddle ${words.join(' ')}`);
  let shown = 0;
  let told = 0;
  return user.run(words, {
    onOutput: (stdout) => {
      process.stdout.write(stdout.slice(shown));
      shown = stdout.length;
    },
    onErrorOutput: (stderr) => {
      process.stdout.write(stderr.slice(told));
      told = stderr.length;
    },
  });
}
