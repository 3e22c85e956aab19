import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { loadHadoopConfiguration, type HadoopConfiguration } from '@heddle/hadoop-conf';
import { authoritiesFile, siteFilesFolder } from './application-description.js';

/**
 * The cluster as the client sees it: its site files travel with the application. Where none did, the
 * node's own are taken.
 *
 * @param archiveDirectory the application's unpacked archive
 * @throws SiteFileError
 */
export async function clientConfiguration(
  archiveDirectory: string,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<HadoopConfiguration> {
  const shipped = join(archiveDirectory, siteFilesFolder);
  const hasSome = (await readdir(shipped).catch(() => [])).length > 0;
  const nodes = environment['HADOOP_CONF_DIR'];
  const directories = hasSome ? [shipped] : nodes === undefined ? [] : [nodes];
  return loadHadoopConfiguration({ directories, environment });
}

/**
 * The certificates that the client trusts the cluster's servers by, which travel with the application: the file
 * that `heddle.hadoop.tls.caFile` names is on the client's machine. Empty where none did.
 *
 * @param archiveDirectory the application's unpacked archive
 */
export async function clientTrust(
  archiveDirectory: string,
): Promise<{ readonly trustedCertificates?: string }> {
  try {
    return { trustedCertificates: await readFile(join(archiveDirectory, authoritiesFile), 'utf8') };
  } catch {
    return {};
  }
}
