import { hadoop } from '#protocol';

import { specialCallIds } from './call-ids.js';
import { encodeMessage, encodeVarint } from './protobuf.js';

const {
  IpcConnectionContextProto,
  RequestHeaderProto,
  RpcKindProto,
  RpcRequestHeaderProto,
  RpcSaslProto,
} = hadoop.common;

/** How the connection header announces the proof of identity. */
export type AuthProtocol = 'none' | 'sasl';

const authProtocolBytes: Readonly<Record<AuthProtocol, number>> = { none: 0x00, sasl: 0xdf };
const noClientId = new Uint8Array(0);

/** What a call's frame says of itself. */
export interface CallHeader {
  readonly callId: number;
  readonly clientId: Uint8Array;
  /** 0 for the first time, n for the n-th repetition with the same ids. */
  readonly retryCount: number;
  readonly protocolName: string;
  readonly protocolVersion: number;
  readonly method: string;
}

/**
 * The first bytes of a connection, sent once, answered only when refused:
 *
 *     0  68 72 70 63   "hrpc"
 *     4  09            RPC version
 *     5  00            service class
 *     6  00 | df       no authentication | SASL
 */
export function encodeConnectionHeader(auth: AuthProtocol): Uint8Array {
  return Uint8Array.of(0x68, 0x72, 0x70, 0x63, 9, 0, authProtocolBytes[auth]);
}

/**
 * A call:
 *
 *     uint32 length
 *     varint n1, RpcRequestHeaderProto
 *     varint n2, RequestHeaderProto
 *     varint n3, the request message
 */
export function encodeCall(header: CallHeader, request: Uint8Array): Uint8Array {
  const requestHeader = encodeMessage(RequestHeaderProto, {
    methodName: header.method,
    declaringClassProtocolName: header.protocolName,
    clientProtocolVersion: header.protocolVersion,
  });
  return frameOf(
    rpcHeader(header.callId, header.clientId, header.retryCount),
    requestHeader,
    request,
  );
}

/** Who uses a connection: names under SIMPLE, nothing under token authentication. */
export interface ConnectionUser {
  readonly effectiveUser?: string;
  readonly realUser?: string;
}

/**
 * The connection context, sent once after authentication and before the first call:
 *
 *     uint32 length
 *     varint n1, RpcRequestHeaderProto (call id -3)
 *     varint n2, IpcConnectionContextProto
 */
export function encodeConnectionContext(
  clientId: Uint8Array,
  protocolName: string,
  user: ConnectionUser,
): Uint8Array {
  const context = encodeMessage(IpcConnectionContextProto, {
    userInfo: user,
    protocol: protocolName,
  });
  return frameOf(rpcHeader(specialCallIds.connectionContext, clientId, -1), context);
}

/** A ping: a header with call id -4 alone; never answered. */
export function encodePing(clientId: Uint8Array): Uint8Array {
  return frameOf(rpcHeader(specialCallIds.ping, clientId, -1));
}

/** A SASL message of the client. */
export interface SaslRequest {
  readonly state: hadoop.common.RpcSaslProto.SaslState;
  readonly token?: Uint8Array;
  /** Encoded SaslAuth messages. */
  readonly auths?: Uint8Array[];
}

/**
 * A SASL message:
 *
 *     uint32 length
 *     varint n1, RpcRequestHeaderProto (call id -33, client id present and empty)
 *     varint n2, RpcSaslProto
 */
export function encodeSaslMessage(message: SaslRequest): Uint8Array {
  return frameOf(
    rpcHeader(specialCallIds.sasl, noClientId, -1),
    encodeMessage(RpcSaslProto, message),
  );
}

function rpcHeader(callId: number, clientId: Uint8Array, retryCount: number): Uint8Array {
  return encodeMessage(RpcRequestHeaderProto, {
    rpcKind: RpcKindProto.RPC_PROTOCOL_BUFFER,
    // The server refuses a header without this field, though 0 is its only value.
    rpcOp: RpcRequestHeaderProto.OperationProto.RPC_FINAL_PACKET,
    callId,
    clientId,
    retryCount,
  });
}

function frameOf(...messages: readonly Uint8Array[]): Uint8Array {
  const parts = messages.flatMap((message) => [encodeVarint(message.length), message]);
  const length = new Uint8Array(4);
  const lengthBytes = parts.reduce((sum, part) => sum + part.length, 0);
  new DataView(length.buffer).setUint32(0, lengthBytes);
  return Buffer.concat([length, ...parts]);
}
