// The command behind `make cluster-up`, `make cluster-down` and `make cluster-status`.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

import { describeHealth, isHealthy } from './readiness.js';
import { MiniCluster, workDirectory } from './mini-cluster.js';
import { clusterProfiles } from './profiles.js';

const help = `Usage: main.js up|down|status [--profile NAME] [--directory DIR] [--way processes|docker] [--names hosts|addresses]

Profiles: ${Object.keys(clusterProfiles).join(', ')}.
`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    profile: { type: 'string', default: 'default' },
    directory: { type: 'string', default: '' },
    way: { type: 'string', default: 'processes' },
    names: { type: 'string', default: '' },
  },
});

const print = (line: string): void => {
  process.stdout.write(`${line}\n`);
};
const directory =
  values.directory === '' ? join(workDirectory(), values.profile) : values.directory;

/** Hadoop takes paths of its settings for URIs. */
const pathPattern = /^[A-Za-z0-9/._+@=,-]+$/;

async function up(): Promise<void> {
  if (!pathPattern.test(directory)) {
    throw new Error(
      `The daemons cannot work in '${directory}': Hadoop takes it for a URI; name a directory of letters, digits and /._+@=,- only.`,
    );
  }
  if (values.way !== 'processes' && values.way !== 'docker') {
    throw new Error(`The way is 'processes' or 'docker', not '${values.way}'.`);
  }
  if (existsSync(join(directory, 'cluster.json'))) {
    const running = MiniCluster.attach(directory);
    if (isHealthy(await running.health())) {
      print(`HADOOP_CONF_DIR=${running.confDir}`);
      return;
    }
    print('What is left of the last cluster is removed.');
    await running.stop();
  }
  const cluster = await MiniCluster.start({
    profile: values.profile,
    directory,
    way: values.way,
    endsWithThisProcess: false,
    report: print,
    ...(values.names === '' ? {} : { names: values.names as 'hosts' | 'addresses' }),
  });
  print(`HADOOP_CONF_DIR=${cluster.confDir}`);
}

async function down(): Promise<void> {
  if (!existsSync(join(directory, 'cluster.json'))) {
    print(`No cluster runs in ${directory}.`);
    return;
  }
  await MiniCluster.attach(directory).stop();
  print('Stopped.');
}

async function status(): Promise<void> {
  const cluster = MiniCluster.attach(directory);
  const health = await cluster.health();
  const memory = await cluster.memoryBytes();
  for (const [name, bytes] of Object.entries(memory)) {
    const daemon = cluster.daemon(name);
    const state = (await cluster.isRunning(name)) ? `${Math.round(bytes / 2 ** 20)} MiB` : 'ended';
    print(`${name.padEnd(4)} ${daemon.host.name} (${daemon.host.address}): ${state}`);
  }
  const total = Object.values(memory).reduce((sum, bytes) => sum + bytes, 0);
  print(`${Math.round(total / 2 ** 20)} MiB in all. ${describeHealth(health)}.`);
  print(`HADOOP_CONF_DIR=${cluster.confDir}`);
  if (!isHealthy(health)) process.exitCode = 1;
}

const commands: Readonly<Record<string, () => Promise<void>>> = { up, down, status };
const command = commands[positionals[0] ?? ''];
if (!command) {
  process.stderr.write(help);
  process.exitCode = 2;
} else {
  try {
    await command();
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  }
}
