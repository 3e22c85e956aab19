import { hadoop } from '#protocol';

import type { CallOptions, RpcCaller } from '../client/rpc-caller.js';
import type { RpcProtocol } from '../connection/rpc-connection.js';
import type { Token } from '../credentials/token.js';
import { decodeMessage, encodeMessage } from '../wire/protobuf.js';
import {
  amCommands,
  finalStatuses,
  schedulerResourceTypes,
  type KnownNameOf,
  type NameOf,
} from './enums.js';
import { containerIdFrom, containerIdTo, type ContainerId } from './ids.js';
import {
  containerFrom,
  containerStatusFrom,
  nodeReportFrom,
  nodeTokenFrom,
  optionalTokenFrom,
  resourceFrom,
  resourceRequestTo,
} from './record-codecs.js';
import type {
  Container,
  ContainerStatus,
  NodeManagerToken,
  NodeReport,
  Resource,
  ResourceRequest,
} from './records.js';

const {
  AllocateRequestProto,
  AllocateResponseProto,
  FinishApplicationMasterRequestProto,
  FinishApplicationMasterResponseProto,
  RegisterApplicationMasterRequestProto,
  RegisterApplicationMasterResponseProto,
} = hadoop.yarn;

/** `ApplicationMasterProtocolPB`, Hadoop 3.4.3: AM to ResourceManager, port 8030. */
export const applicationMasterProtocol: RpcProtocol = {
  name: 'org.apache.hadoop.yarn.api.ApplicationMasterProtocolPB',
  version: 1,
};

export interface RegisterRequest {
  /** Host of the AM. */
  readonly host: string;
  /** -1 for none. */
  readonly rpcPort: number;
  /** Empty for none. */
  readonly trackingUrl: string;
}

export interface RegisterResponse {
  readonly maximumCapability: Resource;
  readonly queue: string;
  /** Kept from an earlier attempt. */
  readonly previousContainers: readonly Container[];
  readonly previousTokens: readonly NodeManagerToken[];
  /** Without `cpu`, granted cores mean nothing. */
  readonly schedulerResourceTypes: readonly NameOf<typeof schedulerResourceTypes>[];
  /** Only on secure clusters; empty otherwise. */
  readonly clientToAmTokenMasterKey: Uint8Array;
}

export interface AllocateRequest {
  /** The last answer's; 0 after registering. The same again for a repetition. */
  readonly responseId: number;
  /** Only what changed; counts are absolute. */
  readonly asks: readonly ResourceRequest[];
  readonly releases: readonly ContainerId[];
  readonly blacklistAdditions: readonly string[];
  readonly blacklistRemovals: readonly string[];
  /** 0 … 1. */
  readonly progress: number;
  readonly trackingUrl?: string;
}

export interface AllocateResponse {
  readonly responseId: number;
  /** Undefined from newer ResourceManagers, which throw instead. */
  readonly command: NameOf<typeof amCommands> | undefined;
  readonly allocated: readonly Container[];
  /** May repeat after a fail-over. */
  readonly completed: readonly ContainerStatus[];
  readonly headroom: Resource;
  readonly updatedNodes: readonly NodeReport[];
  readonly clusterNodes: number;
  readonly nodeTokens: readonly NodeManagerToken[];
  /** A newer AMRM token: for the next connection; the present one goes on. */
  readonly amRmToken: Token | undefined;
  readonly previousContainers: readonly Container[];
  /** Will be taken whatever happens. */
  readonly strictPreemption: readonly ContainerId[];
  /** Will be taken unless something equal is given back. */
  readonly negotiablePreemption: readonly ContainerId[];
}

export interface FinishRequest {
  readonly status: KnownNameOf<typeof finalStatuses>;
  readonly diagnostics: string;
  /** Where the application's history is; empty for none. */
  readonly trackingUrl: string;
}

/**
 * ApplicationMasterProtocol: one AM, one call at a time.
 *
 * All three methods may be repeated when their fate is unknown: allocate is told apart by its response id,
 * a second register is refused with a text that says so, and finish is meant to be repeated.
 */
export class ApplicationMasterClient {
  readonly #caller: RpcCaller;

  /** @param caller speaks `applicationMasterProtocol` with the AMRM token */
  constructor(caller: RpcCaller) {
    this.#caller = caller;
  }

  async register(request: RegisterRequest, options?: CallOptions): Promise<RegisterResponse> {
    const bytes = encodeMessage(RegisterApplicationMasterRequestProto, {
      host: request.host,
      rpc_port: request.rpcPort,
      tracking_url: request.trackingUrl,
    });
    const answer = await this.#caller.call('registerApplicationMaster', bytes, true, options);
    return registerResponseFrom(answer);
  }

  async allocate(request: AllocateRequest, options?: CallOptions): Promise<AllocateResponse> {
    const answer = await this.#caller.call('allocate', allocateRequestTo(request), true, options);
    return allocateResponseFrom(answer);
  }

  /** @returns whether the attempt is unregistered; otherwise call again after some 100 ms */
  async finish(request: FinishRequest, options?: CallOptions): Promise<boolean> {
    const bytes = encodeMessage(FinishApplicationMasterRequestProto, {
      diagnostics: request.diagnostics,
      tracking_url: request.trackingUrl,
      final_application_status: finalStatuses.to(request.status),
    });
    const answer = await this.#caller.call('finishApplicationMaster', bytes, true, options);
    const what = 'the answer of finishApplicationMaster';
    return decodeMessage(FinishApplicationMasterResponseProto, answer, what).isUnregistered;
  }
}

/** @internal */
export function allocateRequestTo(request: AllocateRequest): Uint8Array {
  const { blacklistAdditions, blacklistRemovals, trackingUrl } = request;
  const hasBlacklist = blacklistAdditions.length + blacklistRemovals.length > 0;
  return encodeMessage(AllocateRequestProto, {
    ask: request.asks.map(resourceRequestTo),
    release: request.releases.map(containerIdTo),
    ...(hasBlacklist
      ? {
          blacklist_request: {
            blacklist_additions: [...blacklistAdditions],
            blacklist_removals: [...blacklistRemovals],
          },
        }
      : {}),
    response_id: request.responseId,
    progress: request.progress,
    ...(trackingUrl === undefined ? {} : { tracking_url: trackingUrl }),
  });
}

/** @internal */
export function registerResponseFrom(bytes: Uint8Array): RegisterResponse {
  const what = 'the answer of registerApplicationMaster';
  const proto = decodeMessage(RegisterApplicationMasterResponseProto, bytes, what);
  return {
    maximumCapability: resourceFrom(proto.maximumCapability),
    queue: proto.queue,
    previousContainers: proto.containers_from_previous_attempts.map(containerFrom),
    previousTokens: proto.nm_tokens_from_previous_attempts.map(nodeTokenFrom),
    schedulerResourceTypes: proto.scheduler_resource_types.map(schedulerResourceTypes.from),
    clientToAmTokenMasterKey: proto.client_to_am_token_master_key.slice(),
  };
}

/** @internal */
export function allocateResponseFrom(bytes: Uint8Array): AllocateResponse {
  const proto = decodeMessage(AllocateResponseProto, bytes, 'the answer of allocate');
  const { preempt } = proto;
  return {
    responseId: proto.response_id,
    command: Object.hasOwn(proto, 'a_m_command') ? amCommands.from(proto.a_m_command) : undefined,
    allocated: proto.allocated_containers.map(containerFrom),
    completed: proto.completed_container_statuses.map(containerStatusFrom),
    headroom: resourceFrom(proto.limit),
    updatedNodes: proto.updated_nodes.map(nodeReportFrom),
    clusterNodes: proto.num_cluster_nodes,
    nodeTokens: proto.nm_tokens.map(nodeTokenFrom),
    amRmToken: optionalTokenFrom(proto.am_rm_token),
    previousContainers: proto.containers_from_previous_attempts.map(containerFrom),
    strictPreemption: (preempt?.strictContract?.container ?? []).map(({ id }) =>
      containerIdFrom(id),
    ),
    negotiablePreemption: (preempt?.contract?.container ?? []).map(({ id }) => containerIdFrom(id)),
  };
}
