import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { describeThrown } from '@heddle/common';
import { exitCodes } from '../../command/exit-codes.js';
import { probeContainer } from './container-probe.js';
import { stagingRoot, type ClusterAccess } from '../cluster-access.js';

/** One thing that was looked at. */
interface Finding {
  readonly what: string;
  readonly verdict: 'ok' | 'warning' | 'broken';
  readonly text: string;
}

/** Checks everything that a program on this cluster needs; says what to do where something is missing. */
export async function runDoctor(
  cluster: ClusterAccess,
  json: boolean,
  write: (text: string) => void,
): Promise<number> {
  const findings: Finding[] = [];
  const tell = (finding: Finding): void => {
    findings.push(finding);
    if (!json) write(`${marks[finding.verdict]} ${finding.what}: ${finding.text}`);
  };
  const check = async (
    what: string,
    action: () => Promise<Omit<Finding, 'what'>> | Omit<Finding, 'what'>,
  ): Promise<boolean> => {
    try {
      const result = await action();
      tell({ what, ...result });
      return result.verdict !== 'broken';
    } catch (error) {
      tell({ what, verdict: 'broken', text: describeThrown(error, 1_000) });
      return false;
    }
  };
  await check('configuration', () => {
    const missing = cluster.confDirectories.filter((directory) => !existsSync(directory));
    if (missing.length > 0) {
      return { verdict: 'broken', text: `there is no directory ${missing.join(', ')}` };
    }
    const fs = cluster.conf.getTrimmed('fs.defaultFS');
    return {
      verdict: 'ok',
      text: `${cluster.confDirectories.join(', ')}; fs.defaultFS is ${fs ?? 'not set'}; user ${cluster.user}`,
    };
  });
  const rmAnswers = await check('ResourceManager', async () => {
    const info = await cluster.rm.clusterInfo();
    const version = textOf(info['resourceManagerVersion']) ?? 'of an unknown version';
    const state = textOf(info['haState']) ?? textOf(info['state']) ?? 'in an unknown state';
    return { verdict: 'ok', text: `Hadoop ${version}, ${state}` };
  });
  if (rmAnswers) {
    await check('nodes', async () => {
      const nodes = await cluster.rm.nodes();
      const running = nodes.filter(({ state }) => state === 'RUNNING');
      return running.length === 0
        ? { verdict: 'broken', text: 'no NodeManager is running' }
        : {
            verdict: running.length === nodes.length ? 'ok' : 'warning',
            text: `${running.length} of ${nodes.length} NodeManagers run`,
          };
    });
  }
  const canWrite = await check('file system', async () => {
    const { fileSystem } = cluster.files;
    const directory = stagingRoot(new Map(), cluster.files);
    await fileSystem.makeDirectories(directory, 0o700);
    const path = `${directory}/doctor-${randomBytes(6).toString('hex')}`;
    const writer = await fileSystem.create(path, { mode: 0o600 });
    await writer.write(Buffer.from('doctor'));
    await writer.close();
    await fileSystem.delete(path);
    return { verdict: 'ok', text: `${fileSystem.uri(directory)} can be written` };
  });
  await check('memory checks', () => {
    const vmem = cluster.conf.getBoolean('yarn.nodemanager.vmem-check-enabled') !== false;
    const enforced = cluster.conf.getBoolean('yarn.nodemanager.resource.memory.enforced') !== false;
    if (!vmem || enforced) return { verdict: 'ok', text: 'YARN does not count virtual memory' };
    const ratio = cluster.conf.getNumber('yarn.nodemanager.vmem-pmem-ratio') ?? 2.1;
    return {
      verdict: ratio < 2.1 ? 'warning' : 'ok',
      text: `YARN ends containers that take more than ${ratio} times their memory as virtual memory; 640 MiB containers and larger hold it at 2.1`,
    };
  });
  await check('isolation', () => ({
    verdict: 'warning',
    text: 'without security (Kerberos) the cluster believes every user name, and with the default container executor all applications run as one user of the operating system and can read each other’s files',
  }));
  if (rmAnswers && canWrite) {
    await check('Node in a container', () => probeContainer(cluster));
  }
  if (json) write(JSON.stringify(findings));
  return findings.some(({ verdict }) => verdict === 'broken')
    ? exitCodes.failure
    : exitCodes.success;
}

const marks = { ok: '[ok]', warning: '[!]', broken: '[broken]' } as const;

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
