import { userInfo } from 'node:os';
import { readSetting, settings, type ConfigSource, type Logger } from '@heddle/common';
import { DeferredFileSystem } from './deferred-file-system.js';
import { FileSystemRegistry } from './file-system-registry.js';
import { LocalFileSystem } from './local/local-file-system.js';

/** What decides which file systems a process has. */
export interface FileSystemsOptions {
  readonly settings: ConfigSource;
  /**
   * `HADOOP_CONF_DIR`, `YARN_CONF_DIR`, `HADOOP_HOME`, `HADOOP_USER_NAME`, `HADOOP_TOKEN_FILE_LOCATION`;
   * only main files pass the process's own.
   */
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly logger: Logger;
  /** Whom clusters shall take us for. @default `HADOOP_USER_NAME`, else the system's user */
  readonly user?: string;
}

/** Schemes of file systems of Hadoop clusters. */
export const clusterSchemes = ['hdfs', 'webhdfs', 'swebhdfs'] as const;
export type ClusterScheme = (typeof clusterSchemes)[number];

/**
 * The file systems of a process whose plain paths are this machine's: local files, and `hdfs`,
 * `webhdfs` and `swebhdfs` of any cluster. Code and site files for those are loaded by the first
 * call that needs them. (Where plain paths are the cluster's: `openClusterFileSystems`.)
 */
export function openFileSystems(options: FileSystemsOptions): FileSystemRegistry {
  const local = new LocalFileSystem({
    blockSizeBytes: readSetting(options.settings, settings.localBlockSize),
  });
  const registry = new FileSystemRegistry({
    fileSystem: local,
    workingDirectory: process.cwd(),
  });
  for (const scheme of clusterSchemes) {
    registry.register(scheme, (authority) => {
      return new DeferredFileSystem(scheme, authority, async () => {
        const hadoop = await import('./hadoop.js');
        const client = hadoop.hadoopClientOf(options);
        return new hadoop.WebHdfsFileSystem(hadoop.webHdfsOptions(client, scheme, authority));
      });
    });
  }
  return registry;
}

/** The name that a process of this environment has in Hadoop. */
export function hadoopUserOf(environment: Readonly<Record<string, string | undefined>>): string {
  const named = environment['HADOOP_USER_NAME'];
  if (named !== undefined && named !== '') return named;
  try {
    return userInfo().username;
  } catch {
    // A container may run under a number without a name.
    return String(process.getuid?.() ?? 'nobody');
  }
}
