import {
  formatSocketAddress,
  httpPolicyOf,
  nameNodePorts,
  nameServiceOf,
  parseSocketAddress,
  type HadoopConfiguration,
  type SocketAddress,
} from '@heddle/hadoop-conf';
import { ArgumentError, silentLogger, type Logger } from '@heddle/common';
import { encodeTokenToUrl, type Credentials } from '@heddle/hadoop-rpc';
import { clusterSchemes, type ClusterScheme } from '../open-file-systems.js';
import { findDelegationToken } from './find-token.js';
import { defaultRetryLimits, type RetryLimits } from './retry-policy.js';
import type { NameNodeEndpoint, WebHdfsOptions } from './web-hdfs-options.js';

/** Connections that are not there by then are given up; Hadoop waits a minute for each host. */
const connectTimeoutMs = 10_000;

/** Who asks, and how the cluster's servers are reached where site files do not say it. */
export interface HadoopClient {
  readonly conf: HadoopConfiguration;
  /** Sent as `user.name`; on a secure cluster the token decides. */
  readonly user: string;
  /** Tokens of the process, such as those of `HADOOP_TOKEN_FILE_LOCATION`. */
  readonly credentials?: Credentials;
  /** Addresses of host names, which win over the system's. */
  readonly hosts?: ReadonlyMap<string, string>;
  /** PEM text of the cluster's certificate authority, for `swebhdfs`. */
  readonly trustedCertificates?: string;
  readonly logger?: Logger;
  /** For tests; normally as `dfs.client.failover.*` says. */
  readonly retries?: Partial<RetryLimits>;
}

/**
 * The client options of one cluster. Which Hadoop key decides what:
 *
 * | option | key |
 * |---|---|
 * | name nodes | `dfs.nameservices`, `dfs.ha.namenodes.<ns>`, `dfs.namenode.http(s)-address[.<ns>[.<id>]]`, `dfs.http.policy` |
 * | retries | `dfs.client.failover.max.attempts`, `….sleep.base.millis`, `….sleep.max.millis` |
 * | longest silence of a server | `dfs.client.socket-timeout` |
 * | DataNodes by address where their names do not resolve | `dfs.client.use.datanode.hostname` is false |
 *
 * @param authority as in `hdfs://<authority>/`; empty means that of `fs.defaultFS`
 * @throws HadoopSettingError that names the deciding key; ArgumentError for an authority that names no host
 */
export function webHdfsOptions(
  client: HadoopClient,
  scheme: ClusterScheme,
  authority: string,
): WebHdfsOptions {
  const { conf } = client;
  const named = authority === '' ? defaultAuthority(conf, scheme) : authority;
  const nameNodes = endpointsOf(conf, scheme, named);
  const token = client.credentials && findDelegationToken(client.credentials, conf, scheme, named);
  return {
    scheme,
    authority: named,
    nameNodes,
    user: client.user,
    ...(token === undefined ? {} : { delegationToken: encodeTokenToUrl(token) }),
    transport: {
      connectTimeoutMs,
      socketTimeoutMs: conf.getDurationMs('dfs.client.socket-timeout', 'ms') ?? 60_000,
      hosts: client.hosts ?? new Map(),
      trustedCertificates: client.trustedCertificates,
    },
    retries: {
      ...defaultRetryLimits,
      maxAttempts:
        conf.getInteger('dfs.client.failover.max.attempts') ?? defaultRetryLimits.maxAttempts,
      baseDelayMs: conf.getDurationMs('dfs.client.failover.sleep.base.millis', 'ms') ?? 500,
      maxDelayMs: conf.getDurationMs('dfs.client.failover.sleep.max.millis', 'ms') ?? 15_000,
      ...client.retries,
    },
    dataNodeAddressAllowed: conf.getBoolean('dfs.client.use.datanode.hostname') !== true,
    logger: client.logger ?? silentLogger,
  };
}

/** Scheme and authority of `fs.defaultFS`; undefined when that is the local file system. */
export function defaultFileSystemOf(
  conf: HadoopConfiguration,
): { readonly scheme: ClusterScheme; readonly authority: string } | undefined {
  const value = conf.getTrimmed('fs.defaultFS') ?? 'file:///';
  const match = /^([a-z][a-z0-9+.-]*):\/\/([^/]*)/i.exec(value);
  const scheme = clusterSchemes.find((known) => known === match?.[1]?.toLowerCase());
  if (scheme !== undefined && match?.[2]) return { scheme, authority: match[2] };
  if (/^file:/i.test(value)) return undefined;
  throw conf.errorFor(
    'fs.defaultFS',
    `a file system is needed that can be opened here: ${clusterSchemes.join('://…, ')}://… or file:///`,
  );
}

function defaultAuthority(conf: HadoopConfiguration, scheme: ClusterScheme): string {
  const found = defaultFileSystemOf(conf);
  if (found !== undefined) return found.authority;
  throw conf.errorFor(
    'fs.defaultFS',
    `${scheme}:/// means the default cluster, and none is set: write ${scheme}://host:port/…, or point HADOOP_CONF_DIR at the cluster's site files`,
  );
}

function endpointsOf(
  conf: HadoopConfiguration,
  scheme: ClusterScheme,
  authority: string,
): NameNodeEndpoint[] {
  const isService = conf.getList('dfs.nameservices').includes(authority);
  if (scheme !== 'hdfs' && !isService) {
    // The authority of webhdfs and swebhdfs is the HTTP address itself.
    const protocol = scheme === 'swebhdfs' ? 'https' : 'http';
    return [endpoint(protocol, addressOf(conf, authority, nameNodePorts[protocol]), undefined)];
  }
  if (!isService && !isOwnNameNode(conf, authority)) {
    // Another cluster than the site files' one: only its host is known.
    const protocol = httpPolicyOf(conf, 'dfs.http.policy') === 'HTTPS_ONLY' ? 'https' : 'http';
    const { host } = addressOf(conf, authority, nameNodePorts.rpc);
    return [endpoint(protocol, { host, port: nameNodePorts[protocol] }, undefined)];
  }
  return nameServiceOf(conf, authority).nameNodes.map(({ id, httpAddress, httpsAddress }) => {
    const secure = scheme === 'swebhdfs' || (scheme === 'hdfs' && httpAddress === undefined);
    const address = secure ? httpsAddress : httpAddress;
    if (address === undefined) {
      throw conf.errorFor('dfs.http.policy', `it leaves out the addresses of ${scheme}`);
    }
    return endpoint(secure ? 'https' : 'http', address, id);
  });
}

/** Whether the single NameNode of the site files is the one that an authority names. */
function isOwnNameNode(conf: HadoopConfiguration, authority: string): boolean {
  const { host, port } = addressOf(conf, authority, nameNodePorts.rpc);
  const same = (other: SocketAddress | undefined): boolean =>
    other?.host === host && other.port === port;
  const fallback = defaultFileSystemOf(conf);
  return (
    (fallback?.scheme === 'hdfs' &&
      same(parseSocketAddress(fallback.authority, nameNodePorts.rpc))) ||
    same(conf.getSocketAddress('dfs.namenode.rpc-address', nameNodePorts.rpc))
  );
}

function addressOf(
  conf: HadoopConfiguration,
  authority: string,
  defaultPort: number,
): SocketAddress {
  const address = parseSocketAddress(authority, defaultPort);
  if (address !== undefined && !address.host.includes('@')) return address;
  if (defaultFileSystemOf(conf)?.authority === authority) {
    throw conf.errorFor('fs.defaultFS', `"${authority}" is no host and no name service`);
  }
  throw new ArgumentError(
    `"${authority}" is neither host:port nor a name service (dfs.nameservices): the part of a path ` +
      'between // and / names the cluster, without a user; who asks says HADOOP_USER_NAME',
  );
}

function endpoint(
  protocol: 'http' | 'https',
  address: SocketAddress,
  id: string | undefined,
): NameNodeEndpoint {
  const shown = formatSocketAddress(address);
  return {
    label: id === undefined ? shown : `${id} (${shown})`,
    origin: `${protocol}://${shown}`,
  };
}
