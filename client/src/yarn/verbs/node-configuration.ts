import axios from 'axios';
import type { ClusterAccess } from '../cluster-access.js';

const requestTimeoutMs = 10_000;
const maxAnswerBytes = 16 * 2 ** 20;

/** Settings as a NodeManager runs with them. */
export interface NodeConfiguration {
  readonly host: string;
  readonly values: ReadonlyMap<string, string>;
}

/**
 * Asks a running NodeManager for its configuration (`ConfServlet`, Hadoop 3.4.3). Undefined when none
 * tells it, which some clusters forbid.
 */
export async function nodeConfiguration(
  cluster: ClusterAccess,
): Promise<NodeConfiguration | undefined> {
  const node = (await cluster.rm.nodes()).find(({ state }) => state === 'RUNNING');
  if (node === undefined) return undefined;
  const base = node.httpAddress.startsWith('http')
    ? node.httpAddress
    : `http://${node.httpAddress}`;
  try {
    const answer = await axios.get<unknown>(`${base}/conf`, {
      params: { format: 'json', 'user.name': cluster.user },
      timeout: requestTimeoutMs,
      maxContentLength: maxAnswerBytes,
      proxy: false,
    });
    const { properties } = answer.data as {
      properties?: readonly { readonly key: string; readonly value: string }[];
    };
    if (properties === undefined) return undefined;
    return { host: node.host, values: new Map(properties.map(({ key, value }) => [key, value])) };
  } catch {
    return undefined;
  }
}
