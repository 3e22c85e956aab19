import { hadoop } from '#protocol';

import { RpcFramingError, RpcMessageError, type RemoteFailure } from '../errors.js';
import { specialCallIds } from './call-ids.js';
import { decodeMessage, readDelimited } from './protobuf.js';

const { RpcResponseHeaderProto, RpcSaslProto } = hadoop.common;
const { RpcErrorCodeProto, RpcStatusProto } = RpcResponseHeaderProto;

/** One frame of a server, understood. */
export type ServerMessage =
  | { readonly kind: 'response'; readonly callId: number; readonly body: Uint8Array }
  | { readonly kind: 'failure'; readonly callId: number; readonly failure: RemoteFailure }
  | {
      readonly kind: 'sasl';
      readonly state: hadoop.common.RpcSaslProto.SaslState;
      /** Undefined when the message has no token; that is not the same as an empty one. */
      readonly token: Uint8Array | undefined;
      /** Encoded SaslAuth messages. */
      readonly auths: readonly Uint8Array[];
    };

/**
 * A frame of a server, without its length:
 *
 *     varint n1, RpcResponseHeaderProto
 *     varint n2, the response message     when the status is SUCCESS and the call id is not -33
 *     varint n2, RpcSaslProto             when the call id is -33 and the status SUCCESS
 *
 * @throws RpcFramingError for anything else
 */
export function decodeServerFrame(frame: Uint8Array): ServerMessage {
  const headerPart = readDelimited(frame, 0);
  const header = decodeAs(RpcResponseHeaderProto, headerPart.bytes, 'the header of a response');
  // Unsigned on the wire: -33 arrives as 4294967263.
  const callId = header.callId | 0;
  switch (header.status) {
    case RpcStatusProto.ERROR:
    case RpcStatusProto.FATAL:
      return { kind: 'failure', callId, failure: failureOf(header) };
    case RpcStatusProto.SUCCESS:
      break;
    default:
      throw new RpcFramingError(`a response with the unknown status ${String(header.status)}`);
  }
  const body = readDelimited(frame, headerPart.end);
  if (body.end !== frame.length) {
    throw new RpcFramingError(`${frame.length - body.end} bytes behind a response message`);
  }
  if (callId >= 0) return { kind: 'response', callId, body: body.bytes };
  if (callId === specialCallIds.sasl) return saslMessageOf(body.bytes);
  throw new RpcFramingError(`a response to the call id ${callId}`);
}

function saslMessageOf(bytes: Uint8Array): ServerMessage {
  const message = decodeAs(RpcSaslProto, bytes, 'a SASL message');
  const token = Object.hasOwn(message, 'token') ? message.token : undefined;
  return { kind: 'sasl', state: message.state, token, auths: message.auths };
}

function failureOf(header: hadoop.common.RpcResponseHeaderProto.$Properties): RemoteFailure {
  const text = header.errorMsg ?? '';
  // The message, then the lines of a Java stack trace.
  const traceAt = text.search(/\n\s*at \S/);
  return {
    className: header.exceptionClassName ?? 'unknown exception',
    message: (traceAt === -1 ? text : text.slice(0, traceAt)).trim(),
    trace: traceAt === -1 ? '' : text.slice(traceAt + 1),
    detail: Object.hasOwn(header, 'errorDetail') ? detailOf(header.errorDetail) : undefined,
    isFatal: header.status === RpcStatusProto.FATAL,
  };
}

function detailOf(code: number | null | undefined): string {
  const names: Readonly<Record<number, string | undefined>> = RpcErrorCodeProto;
  return names[code ?? -1] ?? String(code);
}

/** As `decodeMessage`; here a wrong message means that the stream is not to be trusted any more. */
function decodeAs<P, M>(
  type: Parameters<typeof decodeMessage<P, M>>[0],
  bytes: Uint8Array,
  what: string,
): M {
  try {
    return decodeMessage(type, bytes, what);
  } catch (error) {
    if (!(error instanceof RpcMessageError)) throw error;
    throw new RpcFramingError(`${what}: ${error.reason}`, { cause: error });
  }
}
