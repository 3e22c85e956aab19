import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { askDaemon } from './ask-daemon.js';
import { makeClusterCertificates } from './certificates.js';
import {
  type ClusterPlan,
  type Daemon,
  daemonsOfKind,
  hostDirectory,
  logDirectory,
} from './cluster-plan.js';
import type { ClusterWay } from './cluster-way.js';
import { clientCommand, daemonCommand } from './java-command.js';
import {
  activeNameNode,
  describeHealth,
  isHealthy,
  nameNodeUrl,
  waitForHealth,
} from './readiness.js';
import { runProcess } from './run-process.js';
import { writeSiteFiles } from './site-files.js';

const formatTimeoutMs = 120_000;
const requestTimeoutMs = 60_000;
const readyTimeoutMs = 180_000;
const switchTimeoutMs = 60_000;

/** Resident memory of every daemon when the cluster was ready, in bytes by name (JSON). */
export function memoryFile(plan: ClusterPlan): string {
  return join(plan.directory, 'memory-when-ready.json');
}

/** Folders that everyone may write to, as on an ordinary cluster. */
const sharedFolders = ['/tmp', '/user', '/app-logs'];

async function format(plan: ClusterPlan): Promise<void> {
  const [first, second] = daemonsOfKind(plan, 'namenode');
  const command = daemonCommand(plan, first!, ['-format', '-force', '-nonInteractive']);
  const result = await runProcess(command.argv, {
    environment: command.environment,
    timeoutMs: formatTimeoutMs,
  });
  if (result.code !== 0) {
    throw new Error(`The NameNode could not be formatted: ${result.stderr.slice(-2000)}`);
  }
  // The second of a pair begins with the same image; edits come from the shared directory.
  if (second) {
    cpSync(
      join(hostDirectory(plan, first!.host), 'name'),
      join(hostDirectory(plan, second.host), 'name'),
      { recursive: true },
    );
  }
}

function logTail(plan: ClusterPlan, daemon: Daemon): string {
  const parts = ['out', 'log'].map((end) => {
    try {
      return readFileSync(join(logDirectory(plan), `${daemon.name}.${end}`), 'utf8');
    } catch {
      return '';
    }
  });
  // The start message has the whole class path on one line.
  const lines = parts
    .join('')
    .split('\n')
    .map((line) => line.slice(0, 300));
  return lines.slice(-30).join('\n');
}

/**
 * Makes one daemon of a pair the active one, whether or not the other can be asked; it takes orders only some
 * time after its start.
 * @throws Error with what the tool said when it does not within the bound
 */
export async function activate(plan: ClusterPlan, daemon: Daemon): Promise<void> {
  const { name } = daemon;
  const mainClass =
    daemon.kind === 'namenode'
      ? 'org.apache.hadoop.hdfs.tools.DFSHAAdmin'
      : 'org.apache.hadoop.yarn.client.cli.RMAdminCLI';
  const deadline = Date.now() + switchTimeoutMs;
  for (;;) {
    const command = clientCommand(plan, mainClass, ['-transitionToActive', '--forceactive', name]);
    const { code, stderr } = await runProcess(command.argv, {
      environment: command.environment,
      timeoutMs: switchTimeoutMs,
    });
    if (code === 0) return;
    if (Date.now() > deadline) {
      throw new Error(`${name} did not become active: ${stderr.slice(-2000)}`);
    }
    await sleep(500);
  }
}

/** Makes a folder for everyone. */
async function makeSharedFolders(plan: ClusterPlan): Promise<void> {
  const active = await activeNameNode(plan);
  if (!active) throw new Error('No NameNode is active.');
  const base = `${nameNodeUrl(plan, active)}/webhdfs/v1`;
  for (const folder of sharedFolders) {
    // Making a folder does not set the sticky bit.
    for (const operation of ['MKDIRS', 'SETPERMISSION']) {
      const url = `${base}${folder}?op=${operation}&permission=1777&user.name=${userInfo().username}`;
      const { status, body } = await askDaemon(plan, url, {
        method: 'PUT',
        timeoutMs: requestTimeoutMs,
      });
      if (status !== 200) throw new Error(`${operation} ${folder}: ${body}`);
    }
  }
}

/**
 * Starts all daemons and waits until they work.
 * @throws Error with the ends of the logs of daemons that died
 */
export async function startCluster(
  plan: ClusterPlan,
  way: ClusterWay,
  report: (line: string) => void,
): Promise<void> {
  const begin = Date.now();
  const seconds = (): string => `${((Date.now() - begin) / 1000).toFixed(1)} s`;
  await makeClusterCertificates(plan);
  writeSiteFiles(plan);
  await way.prepare(plan);
  const start = async (kinds: readonly string[]): Promise<void> => {
    for (const daemon of plan.daemons) {
      if (kinds.includes(daemon.kind)) {
        await way.startDaemon(plan, daemon, daemonCommand(plan, daemon));
      }
    }
  };
  const ended = new Set<Daemon>();
  try {
    // The others wait for their master by themselves; only the NameNode needs its image first.
    await start(['resourcemanager']);
    await format(plan);
    await start(['namenode', 'datanode', 'nodemanager']);
    report(`Processes started after ${seconds()}.`);
    for (const daemon of plan.daemons) {
      if (daemon.name === 'nn1' || daemon.name === 'rm1') await activate(plan, daemon);
    }
    const watch = async (): Promise<void> => {
      for (const daemon of plan.daemons) {
        if (!(await way.isDaemonRunning(plan, daemon))) ended.add(daemon);
      }
    };
    const health = await waitForHealth(plan, readyTimeoutMs, isHealthy, () => {
      void watch();
      if (ended.size > 0) throw new Error('A daemon died during the start.');
    });
    report(`Ready after ${seconds()}. ${describeHealth(health)}.`);
    await makeSharedFolders(plan);
    const bytes: Record<string, number> = {};
    for (const daemon of plan.daemons) {
      bytes[daemon.name] = await way.daemonMemoryBytes(plan, daemon);
    }
    writeFileSync(memoryFile(plan), JSON.stringify(bytes));
  } catch (error) {
    const dead = ended.size > 0 ? [...ended] : plan.daemons;
    const tails = dead
      .map((daemon) => [daemon.name, logTail(plan, daemon)] as const)
      .filter(([, tail]) => tail !== '')
      .map(([name, tail]) => `== ${name}\n${tail}`)
      .join('\n');
    const text = error instanceof Error ? error.message : String(error);
    throw new Error(
      `The cluster did not start: ${text} Logs stay in ${logDirectory(plan)}. Their ends:\n${tails}`,
      { cause: error },
    );
  }
}
