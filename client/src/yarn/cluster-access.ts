import {
  ConfigError,
  readOptionalSetting,
  settings,
  type ConfigSource,
  type Logger,
} from '@heddle/common';
import {
  confDirectoriesOf,
  loadHadoopConfiguration,
  type HadoopConfiguration,
} from '@heddle/hadoop-conf';
import { hadoopUserOf } from '@heddle/webhdfs';
import {
  openClusterFileSystems,
  trustedCertificatesOf,
  type ClusterFileSystems,
} from '@heddle/webhdfs/hadoop';
import { RmClient } from './rm-client.js';

/** How long a ResourceManager that does not answer is waited for at most, before anything runs. */
const maxPatienceMs = 30_000;

export type Environment = Readonly<Record<string, string | undefined>>;

/** A cluster as this client sees it. */
export interface ClusterAccess {
  readonly conf: HadoopConfiguration;
  /** Directories that the site files were read from. */
  readonly confDirectories: readonly string[];
  /** Whom YARN and HDFS take us for. */
  readonly user: string;
  readonly rm: RmClient;
  /** How long an application that runs is watched without an answer of the ResourceManager. */
  readonly outagePatienceMs: number;
  readonly files: ClusterFileSystems;
  /** Certificates (PEM) that the cluster's servers are trusted by; undefined for Node's own. */
  readonly trustedCertificates: string | undefined;
}

/**
 * Opens a cluster by its site files. Nothing is connected yet.
 *
 * @throws ConfigError when no directory of site files is named; SiteFileError, HadoopSettingError
 */
export function openCluster(
  environment: Environment,
  source: ConfigSource,
  logger: Logger,
): ClusterAccess {
  const confDirectories =
    readOptionalSetting(source, settings.hadoopConfDir) ?? confDirectoriesOf(environment);
  if (confDirectories.length === 0) {
    throw new ConfigError(
      'HADOOP_CONF_DIR',
      'with --master yarn the environment variable HADOOP_CONF_DIR or YARN_CONF_DIR (or heddle.hadoop.confDir) must name the ' +
        "directory with the cluster's core-site.xml, hdfs-site.xml and yarn-site.xml; neither is set",
    );
  }
  const conf = loadHadoopConfiguration({ directories: confDirectories, environment });
  const user = hadoopUserOf(environment);
  const trustedCertificates = trustedCertificatesOf(source);
  const trust = trustedCertificates === undefined ? {} : { trustedCertificates };
  const outagePatienceMs = patienceOf(conf);
  const patienceMs = Math.min(outagePatienceMs, maxPatienceMs);
  return {
    conf,
    confDirectories,
    user,
    rm: new RmClient({ conf, user, logger, patienceMs, ...trust }),
    outagePatienceMs,
    files: openClusterFileSystems({ conf, user, settings: source, environment, logger, ...trust }),
    trustedCertificates,
  };
}

/** As long as Hadoop's own clients wait for a ResourceManager; -1 is without end. */
function patienceOf(conf: HadoopConfiguration): number {
  const waitMs = conf.getInteger('yarn.resourcemanager.connect.max-wait.ms') ?? -1;
  return waitMs < 0 ? Infinity : waitMs;
}

/** Where an application's own files are staged. */
export function stagingRoot(source: ConfigSource, files: ClusterFileSystems): string {
  const named = readOptionalSetting(source, settings.yarnStagingDir);
  return named === undefined ? `${files.home}/.heddle/staging` : files.registry.resolve(named).path;
}

/** Where the archives are that all applications share. */
export function runtimeRoot(source: ConfigSource, files: ClusterFileSystems): string {
  const named = readOptionalSetting(source, settings.yarnRuntimeDir);
  return named === undefined ? `${files.home}/.heddle/runtime` : files.registry.resolve(named).path;
}
