import type { HadoopConfiguration } from './hadoop-configuration.js';
import type { SocketAddress } from './values/socket-address.js';

/** The addresses of one NameNode. */
export interface NameNode {
  /** Id in `dfs.ha.namenodes.<service>`; undefined outside high availability. */
  readonly id: string | undefined;
  readonly rpcAddress: SocketAddress;
  /** Undefined when `dfs.http.policy` is HTTPS_ONLY. */
  readonly httpAddress: SocketAddress | undefined;
  /** Undefined when `dfs.http.policy` is HTTP_ONLY. */
  readonly httpsAddress: SocketAddress | undefined;
}

/** The NameNodes behind the authority of an `hdfs://` path, in the order to try them. */
export interface NameService {
  /** Logical name; undefined when the authority is the address of a NameNode. */
  readonly name: string | undefined;
  readonly nameNodes: readonly NameNode[];
}

/** Ports of a NameNode that is named without one (Hadoop 3: `HdfsClientConfigKeys`). */
export const nameNodePorts = { rpc: 8020, http: 9870, https: 9871 } as const;

/**
 * The NameNodes of an authority, such as `prod` or `nn1:8020`.
 *
 * Decided by `dfs.nameservices`, `dfs.ha.namenodes.<service>`,
 * `dfs.namenode.{rpc,http,https}-address[.<service>[.<id>]]` and `dfs.http.policy` (`DFSUtilClient`,
 * `HAUtilClient`, Hadoop 3.4.3). An address without a host of its own (`0.0.0.0`) takes the host of the RPC address.
 *
 * @throws HadoopSettingError when a listed NameNode has no address, or an address is malformed
 */
export function nameServiceOf(conf: HadoopConfiguration, authority: string): NameService {
  const withPort = /:\d+$/.test(authority);
  if (withPort || !conf.getList('dfs.nameservices').includes(authority)) {
    return { name: undefined, nameNodes: [singleNameNode(conf, authority)] };
  }
  const ids = conf.getList(`dfs.ha.namenodes.${authority}`);
  const suffixes = ids.length === 0 ? [authority] : ids.map((id) => `${authority}.${id}`);
  const nameNodes = suffixes.map((suffix, index) => listedNameNode(conf, suffix, ids[index]));
  return { name: authority, nameNodes };
}

function singleNameNode(conf: HadoopConfiguration, authority: string): NameNode {
  const match = /^(?:\[([^\]]+)\]|([^:]+))(?::(\d+))?$/.exec(authority);
  if (match === null) {
    throw conf.errorFor('fs.defaultFS', `"${authority}" is no host and no name service`);
  }
  const host = match[1] ?? match[2]!;
  const port = match[3] === undefined ? nameNodePorts.rpc : Number(match[3]);
  return nameNode(conf, undefined, { host, port }, '');
}

function listedNameNode(
  conf: HadoopConfiguration,
  suffix: string,
  id: string | undefined,
): NameNode {
  const rpcKey = `dfs.namenode.rpc-address.${suffix}`;
  const rpcAddress = conf.getSocketAddress(rpcKey, nameNodePorts.rpc);
  if (rpcAddress === undefined) {
    throw conf.errorFor(rpcKey, 'the NameNode is listed but its address is not set');
  }
  return nameNode(conf, id, rpcAddress, `.${suffix}`);
}

function nameNode(
  conf: HadoopConfiguration,
  id: string | undefined,
  rpcAddress: SocketAddress,
  suffix: string,
): NameNode {
  const policy = httpPolicyOf(conf, 'dfs.http.policy');
  const web = (kind: 'http' | 'https'): SocketAddress => {
    const configured = conf.getSocketAddress(
      `dfs.namenode.${kind}-address${suffix}`,
      nameNodePorts[kind],
    );
    const address = configured ?? { host: rpcAddress.host, port: nameNodePorts[kind] };
    return isWildcard(address.host) ? { host: rpcAddress.host, port: address.port } : address;
  };
  return {
    id,
    rpcAddress,
    httpAddress: policy === 'HTTPS_ONLY' ? undefined : web('http'),
    httpsAddress: policy === 'HTTP_ONLY' ? undefined : web('https'),
  };
}

/** `HttpConfig.Policy`. */
export type HttpPolicy = 'HTTP_ONLY' | 'HTTPS_ONLY' | 'HTTP_AND_HTTPS';

/** @throws HadoopSettingError for an unknown policy */
export function httpPolicyOf(
  conf: HadoopConfiguration,
  key: 'dfs.http.policy' | 'yarn.http.policy',
): HttpPolicy {
  return conf.getOneOf(key, ['HTTP_ONLY', 'HTTPS_ONLY', 'HTTP_AND_HTTPS']) ?? 'HTTP_ONLY';
}

/** True for addresses that mean "every interface" and can be listened on, not connected to. */
export function isWildcard(host: string): boolean {
  return host === '0.0.0.0' || host === '::' || host === '0:0:0:0:0:0:0:0';
}
