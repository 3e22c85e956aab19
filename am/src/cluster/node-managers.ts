import type { Logger } from '@heddle/common';
import { describeThrown } from '@heddle/common';
import {
  ContainerManagementClient,
  RpcClient,
  containerManagementProtocol,
  formatContainerId,
  formatNodeId,
  tokenAuthentication,
  type Container,
  type ContainerLaunchContext,
  type NodeManagerToken,
  type Token,
} from '@heddle/hadoop-rpc';

/** What became of the start of a container. */
export type StartOutcome =
  | {
      readonly kind: 'started';
      /** Where the node's own `mapreduce_shuffle` listens, if it has one. */
      readonly shufflePort: number | undefined;
    }
  /** The node has no auxiliary service of the name that was given. */
  | { readonly kind: 'noShuffleService' }
  | { readonly kind: 'failed'; readonly reason: string; readonly counts: boolean };

/** Name of the auxiliary service of every usual cluster. */
export const shuffleServiceName = 'mapreduce_shuffle';

interface Node {
  token: Token;
  readonly rpc: RpcClient;
  readonly client: ContainerManagementClient;
}

/** The NodeManagers that this attempt has containers on: one connection for each. */
export class NodeManagers {
  readonly #logger: Logger;
  readonly #tokens = new Map<string, Token>();
  readonly #nodes = new Map<string, Node>();

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  /** Tokens come with the first container on a node, and again when keys change. */
  addTokens(tokens: readonly NodeManagerToken[]): void {
    for (const { nodeId, token } of tokens) {
      const name = formatNodeId(nodeId);
      this.#tokens.set(name, token);
      const node = this.#nodes.get(name);
      if (node !== undefined) node.token = token;
    }
  }

  /** Never throws. */
  async start(container: Container, context: ContainerLaunchContext): Promise<StartOutcome> {
    const failed = (reason: string, counts: boolean): StartOutcome => ({
      kind: 'failed',
      reason,
      counts,
    });
    if (container.token === undefined) return failed('its grant carries no token', false);
    try {
      const client = this.#node(container).client;
      const answer = await client.startContainers([{ context, containerToken: container.token }]);
      const failure = answer.failed[0];
      if (failure === undefined) {
        const meta = answer.serviceMetaData.get(shuffleServiceName);
        return { kind: 'started', shufflePort: portOf(meta) };
      }
      const text = `${failure.className} ${failure.message}`;
      if (/InvalidAuxServiceException|auxService:.* does not exist/.test(text)) {
        return { kind: 'noShuffleService' };
      }
      if (failure.message.includes('Attempt to relaunch the same container')) {
        return { kind: 'started', shufflePort: undefined };
      }
      // Refused for what lies between YARN's own parts: tokens, restarts, clocks.
      const counts = !/previous RM|token is expired|NMToken|not yet ready/i.test(failure.message);
      return failed(failure.message.split('\n\tat ')[0]!.trim(), counts);
    } catch (error) {
      return failed(describeThrown(error), false);
    }
  }

  /** @returns whether the node has taken note, or does not know the container. Never throws. */
  async stop(container: Container): Promise<boolean> {
    try {
      const answer = await this.#node(container).client.stopContainers([container.id], {
        timeoutMs: 10_000,
      });
      const failure = answer.failed[0];
      if (failure === undefined) return true;
      return failure.message.includes('is not handled by this NodeManager');
    } catch (error) {
      this.#logger.info('a container could not be stopped', {
        container: formatContainerId(container.id),
        error: describeThrown(error),
      });
      return false;
    }
  }

  close(): void {
    for (const { rpc } of this.#nodes.values()) rpc.close();
    this.#nodes.clear();
  }

  #node(container: Container): Node {
    const name = formatNodeId(container.nodeId);
    const known = this.#nodes.get(name);
    if (known !== undefined) return known;
    const token = this.#tokens.get(name);
    if (token === undefined) {
      throw new Error(`the ResourceManager gave no token for the NodeManager ${name}`);
    }
    const rpc = new RpcClient({
      addresses: [container.nodeId],
      protocol: containerManagementProtocol,
      authentication: () => tokenAuthentication(node.token),
      // A NodeManager that is restarted answers again soon; one that is lost is told by the ResourceManager.
      retry: {
        maxElapsedMs: 60_000,
        retryIntervalMs: 1_000,
        failoverBaseMs: 500,
        failoverMaxMs: 2_000,
      },
      callTimeoutMs: 30_000,
      logger: this.#logger,
    });
    const node: Node = { token, rpc, client: new ContainerManagementClient(rpc) };
    this.#nodes.set(name, node);
    return node;
  }
}

function portOf(meta: Uint8Array | undefined): number | undefined {
  if (meta?.length !== 4) return undefined;
  return Buffer.from(meta).readInt32BE(0);
}
