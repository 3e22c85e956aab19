import {
  formatSocketAddress,
  nameServiceOf,
  type HadoopConfiguration,
  type SocketAddress,
} from '@heddle/hadoop-conf';
import { tokenKinds, type Credentials, type Token } from '@heddle/hadoop-rpc';

/** Kinds that NameNodes take over HTTP: all come from one secret manager, only the name differs. */
const kinds: readonly string[] = [
  tokenKinds.webHdfsDelegation,
  tokenKinds.secureWebHdfsDelegation,
  tokenKinds.hdfsDelegation,
];

/**
 * The delegation token for a cluster among those of a process: by its service, which is
 * `ha-hdfs:<name service>`, or host or address with the RPC or HTTP port (`SecurityUtil.buildTokenService`,
 * Hadoop 3.4). A single HDFS token is taken whatever its service is written as: addresses there may
 * be of a network that this machine sees differently.
 */
export function findDelegationToken(
  credentials: Credentials,
  conf: HadoopConfiguration,
  scheme: string,
  authority: string,
): Token | undefined {
  const tokens = [...credentials.tokens.values()].filter((token) => kinds.includes(token.kind));
  const services = new Set([
    `ha-hdfs:${authority}`,
    `ha-${scheme}:${authority}`,
    authority,
    ...addressesOf(conf, authority).map(formatSocketAddress),
  ]);
  return (
    tokens.find((token) => services.has(token.service)) ??
    (tokens.length === 1 ? tokens[0] : undefined)
  );
}

function addressesOf(conf: HadoopConfiguration, authority: string): SocketAddress[] {
  return nameServiceOf(conf, authority).nameNodes.flatMap((nameNode) =>
    [nameNode.rpcAddress, nameNode.httpAddress, nameNode.httpsAddress].filter(
      (address) => address !== undefined,
    ),
  );
}
