import type { hadoop } from '#protocol';

import type { Token } from '../credentials/token.js';
import { RpcMessageError } from '../errors.js';
import { presentField } from '../wire/protobuf.js';
import { bigIntToInt64, int64ToBigInt, int64ToNumber } from '../wire/int64.js';
import {
  accessTypes,
  containerStates,
  containerSubStates,
  localResourceTypes,
  localResourceVisibilities,
  nodeStates,
} from './enums.js';
import { containerIdFrom, nodeIdFrom } from './ids.js';
import type {
  Container,
  ContainerFailure,
  ContainerLaunchContext,
  ContainerStatus,
  LocalResource,
  NodeManagerToken,
  NodeReport,
  Resource,
  ResourceRequest,
} from './records.js';

type Optional<T> = T | null | undefined;

/** Types that have fields of their own in `ResourceProto`. */
const namedTypes: ReadonlySet<string> = new Set(['memory-mb', 'vcores']);

/** Absent fields are 0. */
export function resourceFrom(proto: Optional<hadoop.yarn.ResourceProto.$Properties>): Resource {
  const entries = (proto?.resource_value_map ?? []).filter(({ key }) => !namedTypes.has(key));
  return {
    memoryMiB: int64ToNumber(proto?.memory, 'a resource'),
    virtualCores: proto?.virtual_cores ?? 0,
    others: new Map(entries.map(({ key, value }) => [key, int64ToNumber(value, 'a resource')])),
  };
}

export function resourceTo(resource: Resource): hadoop.yarn.ResourceProto.$Properties {
  const others = [...resource.others].map(([key, value]) => ({
    key,
    value: bigIntToInt64(BigInt(value)),
  }));
  return {
    memory: bigIntToInt64(BigInt(resource.memoryMiB)),
    virtual_cores: resource.virtualCores,
    resource_value_map: others,
  };
}

export function tokenFrom(proto: hadoop.common.TokenProto.$Properties): Token {
  // Copies: the message's bytes are views of the whole answer, which a kept token would hold.
  return {
    identifier: proto.identifier.slice(),
    password: proto.password.slice(),
    kind: proto.kind,
    service: proto.service,
  };
}

export function optionalTokenFrom(
  proto: Optional<hadoop.common.TokenProto.$Properties>,
): Token | undefined {
  return proto === null || proto === undefined ? undefined : tokenFrom(proto);
}

export function containerFrom(proto: hadoop.yarn.ContainerProto.$Properties): Container {
  return {
    id: containerIdFrom(proto.id),
    nodeId: nodeIdFrom(proto.nodeId),
    nodeHttpAddress: proto.node_http_address ?? '',
    resource: resourceFrom(proto.resource),
    priority: proto.priority?.priority ?? 0,
    token: optionalTokenFrom(proto.container_token),
    allocationRequestId: int64ToBigInt(proto.allocation_request_id ?? -1),
  };
}

export function containerStatusFrom(
  proto: hadoop.yarn.ContainerStatusProto.$Properties,
): ContainerStatus {
  const subState = presentField(proto, 'container_sub_state');
  return {
    id: containerIdFrom(proto.container_id),
    state: containerStates.from(presentField(proto, 'state')),
    ...(subState === undefined ? {} : { subState: containerSubStates.from(subState) }),
    diagnostics: proto.diagnostics ?? '',
    exitStatus: proto.exit_status ?? -1000,
  };
}

export function nodeTokenFrom(proto: hadoop.yarn.NMTokenProto.$Properties): NodeManagerToken {
  if (proto.token === null || proto.token === undefined) {
    throw new RpcMessageError('a NodeManager token', 'it is empty');
  }
  return { nodeId: nodeIdFrom(proto.nodeId), token: tokenFrom(proto.token) };
}

export function nodeReportFrom(proto: hadoop.yarn.NodeReportProto.$Properties): NodeReport {
  return {
    nodeId: nodeIdFrom(proto.nodeId),
    httpAddress: proto.httpAddress ?? '',
    rack: proto.rackName ?? '/default-rack',
    state: nodeStates.from(presentField(proto, 'node_state')),
    capability: resourceFrom(proto.capability),
    used: resourceFrom(proto.used),
    containers: proto.numContainers ?? 0,
    labels: proto.node_labels ?? [],
  };
}

export function containerFailureFrom(
  proto: hadoop.yarn.ContainerExceptionMapProto.$Properties,
): ContainerFailure {
  return {
    id: containerIdFrom(proto.container_id),
    className: proto.exception?.class_name ?? 'unknown exception',
    message: (proto.exception?.message ?? '').trim(),
    trace: proto.exception?.trace ?? '',
  };
}

export function resourceRequestTo(
  request: ResourceRequest,
): hadoop.yarn.ResourceRequestProto.$Properties {
  const { nodeLabelExpression, allocationRequestId } = request;
  return {
    priority: { priority: request.priority },
    resource_name: request.resourceName,
    capability: resourceTo(request.capability),
    num_containers: request.containers,
    relax_locality: request.relaxLocality,
    ...(nodeLabelExpression === undefined ? {} : { node_label_expression: nodeLabelExpression }),
    ...(allocationRequestId === undefined
      ? {}
      : { allocation_request_id: bigIntToInt64(allocationRequestId) }),
  };
}

export function launchContextTo(
  context: ContainerLaunchContext,
): hadoop.yarn.ContainerLaunchContextProto.$Properties {
  return {
    localResources: [...context.localResources].map(([key, resource]) => ({
      key,
      value: localResourceTo(resource),
    })),
    ...(context.credentials === undefined ? {} : { tokens: context.credentials }),
    service_data: [...context.serviceData].map(([key, value]) => ({ key, value })),
    environment: [...context.environment].map(([key, value]) => ({ key, value })),
    command: [...context.commands],
    application_ACLs: [...context.acls].map(([access, acl]) => ({
      accessType: accessTypes.to(access),
      acl,
    })),
  };
}

function localResourceTo(resource: LocalResource): hadoop.yarn.LocalResourceProto.$Properties {
  const { scheme, host, port, path } = resource.url;
  return {
    // An absent port would be read as 0, not as none.
    resource: { scheme, host, port: port ?? -1, file: path },
    size: bigIntToInt64(BigInt(resource.sizeBytes)),
    timestamp: bigIntToInt64(BigInt(resource.modificationTimeMs)),
    type: localResourceTypes.to(resource.type),
    visibility: localResourceVisibilities.to(resource.visibility),
    ...(resource.pattern === undefined ? {} : { pattern: resource.pattern }),
  };
}
