import { connect } from 'node:net';

import {
  type HadoopConfiguration,
  type SocketAddress,
  loadHadoopConfiguration,
  resourceManagersOf,
} from '@heddle/hadoop-conf';
import {
  ApplicationClient,
  type ApplicationId,
  ApplicationMasterClient,
  ContainerManagementClient,
  type NodeId,
  RemoteError,
  RpcClient,
  type RpcClientOptions,
  RpcConnectionError,
  type RpcProtocol,
  type Token,
  applicationClientProtocol,
  applicationMasterProtocol,
  containerManagementProtocol,
  simpleAuthentication,
  tokenAuthentication,
} from '@heddle/hadoop-rpc';

import type { MiniCluster } from '../../../src/cluster/index.js';
import { eventually } from '../eventually.js';

const user = 'rpc-test';

/** No waiting for daemons that are away, but where a test asks for it. */
const impatient = {
  maxElapsedMs: 0,
  retryIntervalMs: 100,
  failoverBaseMs: 100,
  failoverMaxMs: 500,
};

/** Clients of our own for the daemons of a cluster; `close` ends their connections. */
export class LiveClients {
  readonly configuration: HadoopConfiguration;
  readonly #opened: RpcClient[] = [];

  constructor(cluster: MiniCluster) {
    this.configuration = loadHadoopConfiguration({ directories: [cluster.confDir] });
  }

  /** A client of any protocol and place. */
  open(
    addresses: readonly SocketAddress[],
    protocol: RpcProtocol,
    authentication: RpcClientOptions['authentication'],
    options: Partial<RpcClientOptions> = {},
  ): RpcClient {
    const client = new RpcClient({
      addresses,
      protocol,
      authentication,
      retry: impatient,
      callTimeoutMs: 30_000,
      ...options,
    });
    this.#opened.push(client);
    return client;
  }

  applicationClient(options: Partial<RpcClientOptions> = {}): ApplicationClient {
    const addresses = resourceManagersOf(this.configuration).map(
      (manager) => manager.clientAddress,
    );
    const authentication = (): ReturnType<typeof simpleAuthentication> =>
      simpleAuthentication(user);
    return new ApplicationClient(
      this.open(addresses, applicationClientProtocol, authentication, options),
    );
  }

  masterClient(token: Token, options: Partial<RpcClientOptions> = {}): ApplicationMasterClient {
    const addresses = resourceManagersOf(this.configuration).map(
      (manager) => manager.schedulerAddress,
    );
    const authentication = (): ReturnType<typeof tokenAuthentication> => tokenAuthentication(token);
    return new ApplicationMasterClient(
      this.open(addresses, applicationMasterProtocol, authentication, options),
    );
  }

  nodeClient(
    node: NodeId,
    token: Token,
    options: Partial<RpcClientOptions> = {},
  ): ContainerManagementClient {
    const authentication = (): ReturnType<typeof tokenAuthentication> => tokenAuthentication(token);
    return new ContainerManagementClient(
      this.open([node], containerManagementProtocol, authentication, options),
    );
  }

  /** Submits an application whose master is the test itself, and returns what the master needs. */
  async startUnmanaged(name: string): Promise<{ id: ApplicationId; token: Token }> {
    const client = this.applicationClient();
    const { id } = await client.getNewApplication();
    await client.submitApplication({
      id,
      name,
      queue: 'default',
      type: 'HEDDLE-TEST',
      tags: [],
      maxAttempts: 1,
      resource: { memoryMiB: 128, virtualCores: 1, others: new Map() },
      isUnmanaged: true,
      keepContainers: false,
      context: {
        localResources: new Map(),
        serviceData: new Map(),
        environment: new Map(),
        commands: [],
        acls: new Map(),
      },
    });
    const token = await eventually('the token of an unmanaged attempt', async () => {
      return (await client.getApplicationReport(id)).amRmToken;
    });
    return { id, token };
  }

  close(): void {
    for (const client of this.#opened.splice(0)) client.close();
  }
}

/** The error of a promise. @throws Error when there is none */
export async function errorOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => {
      throw new Error('Nothing was thrown.');
    },
    (error: unknown) => error,
  );
}

/** The error of a promise as a refusal of the server. @throws what else it was */
export async function refusalOf(promise: Promise<unknown>): Promise<RemoteError> {
  const error = await errorOf(promise);
  if (error instanceof RemoteError) return error;
  throw error;
}

/** Tells whether an error only says that a daemon is not there yet. */
export function isAway(error: unknown): boolean {
  return error instanceof RpcConnectionError;
}

/** Opens a connection as far as the server's offer and returns its protection: `auth`, `auth-int`, `auth-conf`. */
export function offeredProtection({ host, port }: SocketAddress): Promise<string> {
  const hello = '687270630900df' + '0000000e' + '0a08021000184122002801021001';
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, timeout: 10_000 }, () => {
      socket.write(Buffer.from(hello, 'hex'));
    });
    let text = '';
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1');
      const offer = /qop="([^"]*)"/.exec(text);
      if (!offer) return;
      socket.destroy();
      resolve(offer[1]!);
    });
    socket.on('timeout', () => {
      socket.destroy(new Error(`No offer from ${host}:${port}.`));
    });
    socket.on('error', reject);
  });
}
