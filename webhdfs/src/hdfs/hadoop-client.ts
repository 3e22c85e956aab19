import { readFileSync } from 'node:fs';
import {
  ConfigError,
  readOptionalSetting,
  readSetting,
  settings,
  type ConfigSource,
} from '@heddle/common';
import {
  confDirectoriesOf,
  loadHadoopConfiguration,
  type HadoopConfiguration,
} from '@heddle/hadoop-conf';
import { CredentialsFormatError, decodeCredentials, type Credentials } from '@heddle/hadoop-rpc';
import { hadoopUserOf, type FileSystemsOptions } from '../open-file-systems.js';
import type { HadoopClient } from './options-from-conf.js';

/** Site files, tokens and certificates that a process's settings and environment lead to. */
export interface HadoopClientSources extends FileSystemsOptions {
  /** Site settings that were read already. */
  readonly conf?: HadoopConfiguration;
  /** @default those of `HADOOP_TOKEN_FILE_LOCATION` */
  readonly credentials?: Credentials;
  /** Certificates (PEM) of the cluster's authority. @default those of `heddle.hadoop.tls.caFile` */
  readonly trustedCertificates?: string;
}

/**
 * Reads what a client of Hadoop clusters needs.
 *
 * @throws SiteFileError, ConfigError, CredentialsFormatError
 */
export function hadoopClientOf(options: HadoopClientSources): HadoopClient {
  const { environment, logger } = options;
  const credentials = options.credentials ?? credentialsOf(environment);
  const trusted = options.trustedCertificates ?? trustedCertificatesOf(options.settings);
  return {
    conf: options.conf ?? confOf(options),
    user: options.user ?? hadoopUserOf(environment),
    ...(credentials === undefined ? {} : { credentials }),
    hosts: hostsOf(readSetting(options.settings, settings.hadoopHosts)),
    ...(trusted === undefined ? {} : { trustedCertificates: trusted }),
    logger,
  };
}

function confOf({ settings: source, environment }: HadoopClientSources): HadoopConfiguration {
  const directories =
    readOptionalSetting(source, settings.hadoopConfDir) ?? confDirectoriesOf(environment);
  return loadHadoopConfiguration({ directories, environment });
}

function credentialsOf(
  environment: Readonly<Record<string, string | undefined>>,
): Credentials | undefined {
  const variable = 'HADOOP_TOKEN_FILE_LOCATION';
  const file = environment[variable];
  if (file === undefined || file === '') return undefined;
  try {
    return decodeCredentials(readFileSync(file));
  } catch (error) {
    if (error instanceof CredentialsFormatError) {
      throw new CredentialsFormatError(`${error.reason} (${variable} names ${file})`, {
        cause: error,
      });
    }
    const reason = `${variable} names ${file}, which cannot be read: ${(error as Error).message}`;
    throw new ConfigError(variable, reason, { cause: error });
  }
}

/**
 * The certificates (PEM) that `heddle.hadoop.tls.caFile` names; undefined where it is not set.
 *
 * @throws ConfigError when the file cannot be read
 */
export function trustedCertificatesOf(source: ConfigSource): string | undefined {
  const file = readOptionalSetting(source, settings.hadoopTlsCaFile);
  return file === undefined ? undefined : readCertificates(file);
}

function readCertificates(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const { key } = settings.hadoopTlsCaFile;
    const reason = `${key} names ${file}, which cannot be read: ${(error as Error).message}`;
    throw new ConfigError(key, reason, { cause: error });
  }
}

/** `name=address` pairs. */
function hostsOf(pairs: readonly string[]): ReadonlyMap<string, string> {
  return new Map(
    pairs.map((pair): [string, string] => {
      const at = pair.indexOf('=');
      return [pair.slice(0, at), pair.slice(at + 1)];
    }),
  );
}
