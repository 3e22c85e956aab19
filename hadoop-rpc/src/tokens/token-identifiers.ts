import { hadoop } from '#protocol';

import { decodeMessage, encodeMessage } from '../wire/protobuf.js';
import { int64ToNumber } from '../wire/int64.js';
import {
  attemptIdFrom,
  attemptIdTo,
  containerIdFrom,
  nodeIdFrom,
  type ApplicationAttemptId,
  type ContainerId,
  type NodeId,
} from '../yarn/ids.js';
import { resourceFrom } from '../yarn/record-codecs.js';
import type { Resource } from '../yarn/records.js';

const { AMRMTokenIdentifierProto, ContainerTokenIdentifierProto, NMTokenIdentifierProto } =
  hadoop.yarn;

/** What is inside an AMRM token (`AMRMTokenIdentifier`, Hadoop 3.4.3). */
export interface AmRmTokenIdentifier {
  readonly attemptId: ApplicationAttemptId;
  /** Random, often negative. */
  readonly keyId: number;
}

/** What is inside an NM token (`NMTokenIdentifier`). */
export interface NodeTokenIdentifier extends AmRmTokenIdentifier {
  readonly nodeId: NodeId;
  readonly submitter: string;
}

/** What is inside a container token (`ContainerTokenIdentifier`), as far as errors about it need. */
export interface ContainerTokenIdentifier {
  readonly containerId: ContainerId;
  readonly nodeAddress: string;
  readonly submitter: string;
  readonly resource: Resource;
  /** By the clock of the ResourceManager. */
  readonly expiryTimeMs: number;
}

/** @throws RpcMessageError */
export function decodeAmRmTokenIdentifier(identifier: Uint8Array): AmRmTokenIdentifier {
  const proto = decodeMessage(
    AMRMTokenIdentifierProto,
    identifier,
    'the identifier of an AMRM token',
  );
  return { attemptId: attemptIdFrom(proto.appAttemptId), keyId: proto.keyId };
}

/** For tests and tools; a cluster accepts only identifiers that its ResourceManager signed. */
export function encodeAmRmTokenIdentifier(identifier: AmRmTokenIdentifier): Uint8Array {
  const appAttemptId = attemptIdTo(identifier.attemptId);
  return encodeMessage(AMRMTokenIdentifierProto, { appAttemptId, keyId: identifier.keyId });
}

/** @throws RpcMessageError */
export function decodeNodeTokenIdentifier(identifier: Uint8Array): NodeTokenIdentifier {
  const proto = decodeMessage(NMTokenIdentifierProto, identifier, 'the identifier of an NM token');
  return {
    attemptId: attemptIdFrom(proto.appAttemptId),
    nodeId: nodeIdFrom(proto.nodeId),
    submitter: proto.appSubmitter,
    keyId: proto.keyId,
  };
}

/** @throws RpcMessageError */
export function decodeContainerTokenIdentifier(identifier: Uint8Array): ContainerTokenIdentifier {
  const what = 'the identifier of a container token';
  const proto = decodeMessage(ContainerTokenIdentifierProto, identifier, what);
  return {
    containerId: containerIdFrom(proto.containerId),
    nodeAddress: proto.nmHostAddr,
    submitter: proto.appSubmitter,
    resource: resourceFrom(proto.resource),
    expiryTimeMs: int64ToNumber(proto.expiryTimeStamp, what),
  };
}
