import { HeddleError } from '@heddle/common';
import { JsonObject, locatedBlocksOf, type ReplicaLocation } from './json-answers.js';
import type { NameNodeClient } from './name-node-client.js';

/**
 * Names of DataNodes as `excludedatanodes` wants them. A redirect names a DataNode by host and HTTP
 * port, the NameNode knows it by address and transfer port (`NamenodeWebHdfsMethods.chooseDatanode`,
 * Hadoop 3.4: `ip:xferPort`, or `ip` alone); the block's locations tell which belongs to which.
 */
export class ReplicaNames {
  readonly #nameNodes: NameNodeClient;

  constructor(nameNodes: NameNodeClient) {
    this.#nameNodes = nameNodes;
  }

  /** The value of `excludedatanodes`; empty when no node is bad, or nothing is known of them. */
  async namesOf(path: string, offset: number, badNodes: ReadonlySet<string>): Promise<string> {
    if (badNodes.size === 0) return '';
    const replicas = await this.replicasAt(path, offset);
    const bad = replicas.filter((replica) => [...badNodes].some((node) => isNode(replica, node)));
    return bad.map(({ ipAddress, transferPort }) => `${ipAddress}:${transferPort}`).join(',');
  }

  /** Where the block at an offset is; empty when the server does not tell. */
  async replicasAt(path: string, offset: number): Promise<readonly ReplicaLocation[]> {
    try {
      const answer = await this.#nameNodes.json({
        method: 'GET',
        op: 'GET_BLOCK_LOCATIONS',
        path,
        operation: 'locate the blocks of',
        parameters: { offset, length: 1 },
      });
      return locatedBlocksOf(new JsonObject(answer)).flatMap((block) => block.replicas);
    } catch (error) {
      // Only a help: what really is wrong shows with the read itself.
      if (error instanceof HeddleError) return [];
      throw error;
    }
  }
}

/** @param node `host:port` of a redirect */
export function isNode(replica: ReplicaLocation, node: string): boolean {
  const { hostname, port } = new URL(`http://${node}`);
  const samePort = [replica.httpPort, replica.httpsPort].includes(Number(port || 80));
  return samePort && (replica.hostName === hostname || replica.ipAddress === hostname);
}
