import {
  readOptionalSetting,
  readSetting,
  settings,
  within,
  type ConfigSource,
} from '@heddle/common';
import type { ClusterAccess } from './cluster-access.js';
import {
  clusterModeEventLogName,
  defaultEventLogDirectory,
  suffixWhileWriting,
} from './cluster-event-log.js';
import { attemptOf, type ApplicationReport } from './rm-records.js';

const patienceMs = 3_000;

/**
 * Where the event log of an application in cluster mode stands: of its last attempt's first context.
 * Never throws.
 *
 * @param source settings of the submission; a program may have others
 * @returns its URI; undefined when there is none where those settings say, or nobody can tell in time
 */
export async function clusterModeEventLog(
  cluster: ClusterAccess,
  source: ConfigSource,
  report: ApplicationReport,
): Promise<string | undefined> {
  try {
    if (!readSetting(source, settings.eventLogEnabled)) return undefined;
    const named = readOptionalSetting(source, settings.eventLogDir);
    const { fileSystem, path } = cluster.files.registry.resolve(named ?? defaultEventLogDirectory);
    const log = `${path}/${clusterModeEventLogName(report.id, attemptOf(report))}.ndjson`;
    // A driver that was killed leaves it under the name that it has while it is written.
    const names = [log, `${log}${suffixWhileWriting}`];
    const looks = names.map((name) => fileSystem.status(name).then(() => fileSystem.uri(name)));
    const found = await within(patienceMs, Promise.allSettled(looks));
    return found?.find((look) => look.status === 'fulfilled')?.value;
  } catch {
    return undefined;
  }
}
