import {
  type AllocateResponse,
  type ApplicationMasterClient,
  type Container,
  type ContainerId,
  type ContainerStatus,
  type ResourceRequest,
  type Token,
  formatContainerId,
  formatNodeId,
} from '@heddle/hadoop-rpc';

import { eventually } from '../eventually.js';

const registration = { host: 'localhost', rpcPort: -1, trackingUrl: '' };

/** An ApplicationMaster in the test's own process: response ids, tokens of nodes, what ended. */
export class UnmanagedMaster {
  readonly nodeTokens = new Map<string, Token>();
  readonly completed = new Map<string, ContainerStatus>();
  readonly allocated: Container[] = [];
  readonly #client: ApplicationMasterClient;
  #responseId = 0;

  constructor(client: ApplicationMasterClient) {
    this.#client = client;
  }

  async register(): Promise<void> {
    await this.#client.register(registration);
    this.#responseId = 0;
  }

  /** One heartbeat. */
  async beat(
    asks: readonly ResourceRequest[] = [],
    releases: readonly ContainerId[] = [],
  ): Promise<AllocateResponse> {
    const answer = await this.#client.allocate({
      responseId: this.#responseId,
      asks,
      releases,
      blacklistAdditions: [],
      blacklistRemovals: [],
      progress: 0.5,
    });
    this.#responseId = answer.responseId;
    for (const { nodeId, token } of answer.nodeTokens) {
      this.nodeTokens.set(formatNodeId(nodeId), token);
    }
    for (const status of answer.completed) {
      this.completed.set(formatContainerId(status.id), status);
    }
    this.allocated.push(...answer.allocated);
    return answer;
  }

  /** Asks for one container of 256 MiB, on a host if one is named, and waits for it. */
  async containerOn(host?: { name: string; rack: string }): Promise<Container> {
    const capability = { memoryMiB: 256, virtualCores: 1, others: new Map<string, number>() };
    const ask = (resourceName: string, relaxLocality: boolean): ResourceRequest => {
      return { priority: 1, resourceName, capability, containers: 1, relaxLocality };
    };
    const asks = host
      ? [ask(host.name, true), ask(host.rack, false), ask('*', false)]
      : [ask('*', true)];
    const before = this.allocated.length;
    await this.beat(asks);
    return eventually('a container', async () => {
      await this.beat();
      return this.allocated[before];
    });
  }

  /** Waits for the end of a container. */
  end(id: ContainerId): Promise<ContainerStatus> {
    return eventually(`the end of ${formatContainerId(id)}`, async () => {
      await this.beat();
      return this.completed.get(formatContainerId(id));
    });
  }

  /** Says that the application has succeeded, until it is believed. */
  async finish(): Promise<void> {
    await eventually('the end of the application', async () => {
      const request = { status: 'succeeded', diagnostics: 'well done', trackingUrl: '' } as const;
      return (await this.#client.finish(request)) ? true : undefined;
    });
  }
}
