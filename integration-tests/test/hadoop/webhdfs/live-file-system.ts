import { randomUUID } from 'node:crypto';
import { sharedCluster, type MiniCluster } from '@heddle/integration-tests/cluster';
import { loadHadoopConfiguration, type HadoopConfiguration } from '@heddle/hadoop-conf';
import { WebHdfsFileSystem, webHdfsOptions, type HadoopClient } from '@heddle/webhdfs/hadoop';

/** A client of a cluster, as a user, with a folder of its own. */
export interface LiveFileSystem {
  readonly cluster: MiniCluster;
  readonly fileSystem: WebHdfsFileSystem;
  /** `/user/<user>/<random>`, empty, owned by the user. */
  readonly root: string;
  /** Another client of the same cluster. */
  as(user: string, options?: Partial<HadoopClient>): WebHdfsFileSystem;
  /** Removes the folder and closes all clients. */
  close(): Promise<void>;
}

/** How the client of a live test differs from one that site files alone make. */
export interface LiveOptions extends Partial<HadoopClient> {
  /** @default hdfs */
  readonly scheme?: 'hdfs' | 'webhdfs' | 'swebhdfs';
  /** @default the shared one */
  readonly cluster?: MiniCluster;
}

/** Names that HDFS itself refuses (`DFSUtil.isValidName`). */
export const namesThatHdfsForbids = ['a:b'];

/** What stands between `//` and the path; the cluster's only NameNode, as the site files name it. */
export function authorityOf(
  conf: HadoopConfiguration,
  scheme: NonNullable<LiveOptions['scheme']>,
): string {
  if (scheme === 'hdfs') return '';
  return conf.getRequired(`dfs.namenode.${scheme === 'swebhdfs' ? 'https' : 'http'}-address`);
}

/** Opens the shared cluster as a user with an own folder below `/user`. */
export async function openLive(user: string, options: LiveOptions = {}): Promise<LiveFileSystem> {
  const { scheme = 'hdfs', ...overrides } = options;
  const cluster = options.cluster ?? (await sharedCluster());
  const conf = loadHadoopConfiguration({ directories: [cluster.confDir] });
  const authority = authorityOf(conf, scheme);
  const clients: WebHdfsFileSystem[] = [];
  const as = (name: string, more: Partial<HadoopClient> = {}): WebHdfsFileSystem => {
    const client = { conf, user: name, ...overrides, ...more };
    const fileSystem = new WebHdfsFileSystem(webHdfsOptions(client, scheme, authority));
    clients.push(fileSystem);
    return fileSystem;
  };
  const root = `/user/${user}/${randomUUID()}`;
  const admin = as(cluster.superUser);
  await admin.makeDirectories(root);
  await admin.setOwner(root, user);
  return {
    cluster,
    fileSystem: as(user),
    root,
    as,
    close: async () => {
      await admin.delete(root);
      for (const client of clients) client.close();
    },
  };
}
