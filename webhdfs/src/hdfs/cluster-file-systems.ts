import { readSetting, settings } from '@heddle/common';
import { FileSystemRegistry } from '../file-system-registry.js';
import type { FileSystem } from '../file-system.js';
import { LocalFileSystem } from '../local/local-file-system.js';
import { clusterSchemes, type ClusterScheme } from '../open-file-systems.js';
import { hadoopClientOf, type HadoopClientSources } from './hadoop-client.js';
import { defaultFileSystemOf, webHdfsOptions } from './options-from-conf.js';
import { WebHdfsFileSystem } from './web-hdfs-file-system.js';

/** The file systems of a process on a cluster. */
export interface ClusterFileSystems {
  /** Plain paths mean the default file system, relative ones the user's directory in it. */
  readonly registry: FileSystemRegistry;
  /** That of `fs.defaultFS`. */
  readonly fileSystem: FileSystem;
  /** The user's directory in it. */
  readonly home: string;
}

/**
 * The file systems of a process whose plain paths are the cluster's (`fs.defaultFS`), as everywhere on YARN.
 *
 * @throws HadoopSettingError, SiteFileError, ConfigError
 */
export function openClusterFileSystems(options: HadoopClientSources): ClusterFileSystems {
  const client = hadoopClientOf(options);
  const local = new LocalFileSystem({
    blockSizeBytes: readSetting(options.settings, settings.localBlockSize),
  });
  const open = (scheme: ClusterScheme, authority: string): FileSystem =>
    new WebHdfsFileSystem(webHdfsOptions(client, scheme, authority));
  const found = defaultFileSystemOf(client.conf);
  const fileSystem = found === undefined ? local : open(found.scheme, found.authority);
  const prefix = client.conf.getTrimmed('dfs.user.home.dir.prefix') ?? '/user';
  const home = found === undefined ? process.cwd() : `${prefix}/${client.user}`;
  const registry = new FileSystemRegistry({ fileSystem, workingDirectory: home });
  registry.register('file', () => local);
  for (const scheme of clusterSchemes) {
    registry.register(scheme, (authority) => {
      const isDefault =
        scheme === found?.scheme && (authority === '' || authority === found.authority);
      return isDefault ? fileSystem : open(scheme, authority);
    });
  }
  return { registry, fileSystem, home };
}
