import { hadoop } from '#protocol';

import type { CallOptions, RpcCaller } from '../client/rpc-caller.js';
import type { RpcProtocol } from '../connection/rpc-connection.js';
import type { Token } from '../credentials/token.js';
import { decodeMessage, encodeMessage } from '../wire/protobuf.js';
import { containerSignals, type KnownNameOf } from './enums.js';
import { containerIdFrom, containerIdTo, type ContainerId } from './ids.js';
import { containerFailureFrom, containerStatusFrom, launchContextTo } from './record-codecs.js';
import type { ContainerFailure, ContainerLaunchContext, ContainerStatus } from './records.js';

const {
  GetContainerStatusesRequestProto,
  GetContainerStatusesResponseProto,
  SignalContainerRequestProto,
  StartContainersRequestProto,
  StartContainersResponseProto,
  StopContainersRequestProto,
  StopContainersResponseProto,
} = hadoop.yarn;

/** `ContainerManagementProtocolPB`, Hadoop 3.4.3: AM to NodeManager. */
export const containerManagementProtocol: RpcProtocol = {
  name: 'org.apache.hadoop.yarn.api.ContainerManagementProtocolPB',
  version: 1,
};

/** A granted container and what to start in it. */
export interface StartContainerRequest {
  readonly context: ContainerLaunchContext;
  /** Of the container as granted, unchanged. */
  readonly containerToken: Token;
}

/** What each container of a call came to; a failure here is inside a call that succeeded. */
export interface ContainerResults {
  readonly succeeded: readonly ContainerId[];
  readonly failed: readonly ContainerFailure[];
}

export interface StartContainersResponse extends ContainerResults {
  /** Of every auxiliary service of the node, such as the port of `mapreduce_shuffle`. */
  readonly serviceMetaData: ReadonlyMap<string, Uint8Array>;
}

export interface ContainerStatuses {
  readonly statuses: readonly ContainerStatus[];
  readonly failed: readonly ContainerFailure[];
}

/** ContainerManagementProtocol: one NodeManager, many calls at once. */
export class ContainerManagementClient {
  readonly #caller: RpcCaller;

  /** @param caller speaks `containerManagementProtocol` with that node's NM token */
  constructor(caller: RpcCaller) {
    this.#caller = caller;
  }

  /**
   * Queues containers for launching; success does not mean that they run. Not repeated when its fate is
   * unknown: a second start of a container is refused.
   */
  async startContainers(
    requests: readonly StartContainerRequest[],
    options?: CallOptions,
  ): Promise<StartContainersResponse> {
    const bytes = startContainersRequestTo(requests);
    const answer = await this.#caller.call('startContainers', bytes, false, options);
    return startContainersResponseFrom(answer);
  }

  /** Containers that have ended count as stopped. */
  async stopContainers(
    ids: readonly ContainerId[],
    options?: CallOptions,
  ): Promise<ContainerResults> {
    const bytes = encodeMessage(StopContainersRequestProto, {
      container_id: ids.map(containerIdTo),
    });
    const answer = await this.#caller.call('stopContainers', bytes, true, options);
    return stopContainersResponseFrom(answer);
  }

  async getContainerStatuses(
    ids: readonly ContainerId[],
    options?: CallOptions,
  ): Promise<ContainerStatuses> {
    const bytes = encodeMessage(GetContainerStatusesRequestProto, {
      container_id: ids.map(containerIdTo),
    });
    const answer = await this.#caller.call('getContainerStatuses', bytes, true, options);
    return containerStatusesFrom(answer);
  }

  async signalToContainer(
    id: ContainerId,
    signal: KnownNameOf<typeof containerSignals>,
    options?: CallOptions,
  ): Promise<void> {
    const bytes = encodeMessage(SignalContainerRequestProto, {
      container_id: containerIdTo(id),
      command: containerSignals.to(signal),
    });
    await this.#caller.call('signalToContainer', bytes, true, options);
  }
}

/** @internal */
export function startContainersRequestTo(requests: readonly StartContainerRequest[]): Uint8Array {
  return encodeMessage(StartContainersRequestProto, {
    start_container_request: requests.map(({ context, containerToken }) => ({
      container_launch_context: launchContextTo(context),
      container_token: containerToken,
    })),
  });
}

/** @internal */
export function startContainersResponseFrom(bytes: Uint8Array): StartContainersResponse {
  const proto = decodeMessage(StartContainersResponseProto, bytes, 'the answer of startContainers');
  const services = proto.services_meta_data.map(({ key, value }): [string, Uint8Array] => [
    key ?? '',
    (value ?? new Uint8Array(0)).slice(),
  ]);
  return {
    serviceMetaData: new Map(services),
    succeeded: proto.succeeded_requests.map(containerIdFrom),
    failed: proto.failed_requests.map(containerFailureFrom),
  };
}

/** @internal */
export function stopContainersResponseFrom(bytes: Uint8Array): ContainerResults {
  const proto = decodeMessage(StopContainersResponseProto, bytes, 'the answer of stopContainers');
  return {
    succeeded: proto.succeeded_requests.map(containerIdFrom),
    failed: proto.failed_requests.map(containerFailureFrom),
  };
}

/** @internal */
export function containerStatusesFrom(bytes: Uint8Array): ContainerStatuses {
  const what = 'the answer of getContainerStatuses';
  const proto = decodeMessage(GetContainerStatusesResponseProto, bytes, what);
  return {
    statuses: proto.status.map(containerStatusFrom),
    failed: proto.failed_requests.map(containerFailureFrom),
  };
}
