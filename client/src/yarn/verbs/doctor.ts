import { describeThrown, type ConfigSource } from '@heddle/common';
import { exitCodes } from '../../command/exit-codes.js';
import type { ClusterAccess } from '../cluster-access.js';
import {
  checkConfiguration,
  checkFileSystem,
  checkIsolation,
  checkMemorySettings,
  checkNameNode,
  checkNodes,
  checkQueue,
  checkResourceManager,
  type CheckResult,
} from './doctor-checks.js';
import { probeContainer } from './container-probe.js';

/** One thing that was looked at. */
interface Finding extends CheckResult {
  readonly what: string;
}

/**
 * Checks everything that a program on this cluster needs; says what to do where something is missing.
 *
 * @param source settings that programs will have
 * @returns the exit code: whether nothing is broken
 */
export async function runDoctor(
  cluster: ClusterAccess,
  source: ConfigSource,
  json: boolean,
  write: (text: string) => void,
): Promise<number> {
  const findings: Finding[] = [];
  const tell = (what: string, result: CheckResult): void => {
    findings.push({ what, ...result });
    if (!json) write(`${marks[result.verdict]} ${what}: ${result.text}`);
  };
  const check = async (
    what: string,
    action: () => Promise<CheckResult> | CheckResult,
  ): Promise<boolean> => {
    let result: CheckResult;
    try {
      result = await action();
    } catch (error) {
      result = { verdict: 'broken', text: describeThrown(error, 1_000) };
    }
    tell(what, result);
    return result.verdict !== 'broken';
  };
  await check('configuration', () => checkConfiguration(cluster));
  const rmAnswers = await check('ResourceManager', () => checkResourceManager(cluster));
  if (rmAnswers) await check('nodes', () => checkNodes(cluster));
  const hasQueue = rmAnswers && (await check('queue', () => checkQueue(cluster, source)));
  const nameNodeAnswers = await check('NameNode', () => checkNameNode(cluster));
  const canWrite =
    nameNodeAnswers && (await check('file system', () => checkFileSystem(cluster, source)));
  await check('memory checks', () => checkMemorySettings(cluster, rmAnswers));
  await check('isolation', () => checkIsolation(cluster));
  if (hasQueue && canWrite) {
    const probe = probeContainer(cluster, source);
    const runs = await check('Node in a container', async () => (await probe).node);
    if (runs) await check('reachability', async () => (await probe).reachability);
  }
  if (json) write(JSON.stringify(findings));
  return findings.some(({ verdict }) => verdict === 'broken')
    ? exitCodes.failure
    : exitCodes.success;
}

const marks = { ok: '[ok]', warning: '[!]', broken: '[broken]' } as const;
