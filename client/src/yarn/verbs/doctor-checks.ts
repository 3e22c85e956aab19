import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readSetting, settings, type ConfigSource } from '@heddle/common';
import { stagingRoot, type ClusterAccess } from '../cluster-access.js';
import { nodeConfiguration } from './node-configuration.js';

/** What a check came to. */
export interface CheckResult {
  readonly verdict: 'ok' | 'warning' | 'broken';
  readonly text: string;
}

/** Processes of Node hold a container's limit of virtual memory from this ratio on. */
const neededVmemRatio = 2.1;

/** The site files that the client reads. */
export function checkConfiguration(cluster: ClusterAccess): CheckResult {
  const missing = cluster.confDirectories.filter((directory) => !existsSync(directory));
  if (missing.length > 0) {
    return {
      verdict: 'broken',
      text: `there is no directory ${missing.join(', ')}: set HADOOP_CONF_DIR to the folder with the cluster's site files`,
    };
  }
  const fs = cluster.conf.getTrimmed('fs.defaultFS');
  const from = cluster.confDirectories.join(', ');
  if (fs === undefined || fs.startsWith('file:')) {
    return {
      verdict: 'broken',
      text: `${from}: fs.defaultFS is ${fs ?? 'not set'}, which no node of a cluster shares: is core-site.xml there?`,
    };
  }
  return { verdict: 'ok', text: `${from}; fs.defaultFS is ${fs}; user ${cluster.user}` };
}

/** That one answers and is active. @throws ResourceManagerUnreachableError */
export async function checkResourceManager(cluster: ClusterAccess): Promise<CheckResult> {
  const info = await cluster.rm.clusterInfo();
  const version = textOf(info['resourceManagerVersion']) ?? 'of an unknown version';
  const state = textOf(info['haState']) ?? textOf(info['state']) ?? 'in an unknown state';
  return {
    verdict: 'ok',
    text: `Hadoop ${version}, ${state}, at ${cluster.rm.addresses.join(', ')}`,
  };
}

/** NodeManagers that run. */
export async function checkNodes(cluster: ClusterAccess): Promise<CheckResult> {
  const nodes = await cluster.rm.nodes();
  const running = nodes.filter(({ state }) => state === 'RUNNING');
  if (running.length === 0) return { verdict: 'broken', text: 'no NodeManager is running' };
  return {
    verdict: running.length === nodes.length ? 'ok' : 'warning',
    text: `${running.length} of ${nodes.length} NodeManagers run`,
  };
}

/** That the queue exists and takes applications. */
export async function checkQueue(
  cluster: ClusterAccess,
  source: ConfigSource,
): Promise<CheckResult> {
  const name = readSetting(source, settings.yarnQueue);
  const queues = await cluster.rm.queues();
  if (queues.length === 0) {
    return { verdict: 'warning', text: `${name}: this scheduler does not tell its queues` };
  }
  const found = queues.find((queue) => queue.name === name || queue.path === name);
  const known = queues.filter(({ isLeaf }) => isLeaf).map(({ path }) => path);
  if (found === undefined) {
    return {
      verdict: 'broken',
      text: `there is no queue ${name}: choose one with --queue (${known.join(', ')})`,
    };
  }
  if (!found.isLeaf || found.state !== 'RUNNING') {
    const why = found.isLeaf ? `is ${found.state}` : 'only holds other queues';
    return { verdict: 'broken', text: `${found.path} ${why}: choose one of ${known.join(', ')}` };
  }
  return {
    verdict: 'ok',
    text: `${found.path} takes applications; ${Math.round(found.usedPercent)} % of its share is used`,
  };
}

/** That it answers over WebHDFS. */
export async function checkNameNode(cluster: ClusterAccess): Promise<CheckResult> {
  const { fileSystem } = cluster.files;
  await fileSystem.status('/');
  return { verdict: 'ok', text: `${fileSystem.uri('/')} answers over WebHDFS` };
}

/** That files can be staged, also as far as DataNodes are concerned. */
export async function checkFileSystem(
  cluster: ClusterAccess,
  source: ConfigSource,
): Promise<CheckResult> {
  const { fileSystem } = cluster.files;
  const root = stagingRoot(source, cluster.files);
  const directory = `${root}/doctor-${randomBytes(6).toString('hex')}`;
  await fileSystem.makeDirectories(root, 0o755);
  await fileSystem.makeDirectories(directory, 0o700);
  try {
    const writer = await fileSystem.create(`${directory}/file`, { mode: 0o600 });
    await writer.write(Buffer.from('doctor'));
    await writer.close();
    const { mode } = await fileSystem.status(`${directory}/file`);
    const text = `${fileSystem.uri(root)} can be written`;
    return (mode & 0o077) === 0
      ? { verdict: 'ok', text }
      : { verdict: 'warning', text: `${text}, but files get mode ${mode.toString(8)}, not 600` };
  } finally {
    await fileSystem.delete(directory);
  }
}

/** Whether YARN counts virtual memory, and with which ratio; asked of a node, since clients' files may differ. */
export async function checkMemorySettings(
  cluster: ClusterAccess,
  asksNode: boolean,
): Promise<CheckResult> {
  const node = asksNode ? await nodeConfiguration(cluster) : undefined;
  const value = (key: string): string | undefined =>
    node?.values.get(key) ?? cluster.conf.getTrimmed(key);
  const from = node === undefined ? "by this client's site files" : `by ${node.host}'s own word`;
  const isOn = (key: string): boolean => value(key) !== 'false';
  // Enforced by control groups: then the plain checks are off.
  const enforced = isOn('yarn.nodemanager.resource.memory.enforced');
  if (!isOn('yarn.nodemanager.vmem-check-enabled') || enforced) {
    return { verdict: 'ok', text: `YARN does not count virtual memory (${from})` };
  }
  const ratio = Number(value('yarn.nodemanager.vmem-pmem-ratio') ?? neededVmemRatio);
  const limit = `YARN ends containers that take more than ${ratio} times their memory as virtual memory (${from})`;
  return ratio < neededVmemRatio
    ? {
        verdict: 'warning',
        text: `${limit}: raise yarn.nodemanager.vmem-pmem-ratio to ${neededVmemRatio}, turn yarn.nodemanager.vmem-check-enabled off, or give heddle.executor.memoryOverhead more`,
      }
    : { verdict: 'ok', text: `${limit}; containers of 640 MiB and more stay below it` };
}

/** What nobody should take for granted without security. */
export function checkIsolation(cluster: ClusterAccess): CheckResult {
  const mode = cluster.conf.getTrimmed('hadoop.security.authentication') ?? 'simple';
  if (mode === 'simple') {
    return {
      verdict: 'warning',
      text: 'without security (Kerberos) the cluster believes every user name, and with the default container executor all applications run as one user of the operating system and can read each other’s files',
    };
  }
  return {
    verdict: 'broken',
    text: `hadoop.security.authentication is ${mode}: Heddle speaks to clusters with simple authentication only`,
  };
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
