import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import type { Clock } from '@heddle/common';
import {
  PeerBusyError,
  PeerGoneError,
  PeerProtocolError,
  PeerRefusedError,
  type Peer,
} from './errors.js';
import {
  isReplyMac,
  REPLY_BODY_HEADER,
  REPLY_MAC_HEADER,
  SERVER_TIME_HEADER,
  STREAMED_BODY,
} from './reply-signature.js';

/** Status and headers of a genuine answer. */
export interface ReplyHead {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly lengthBytes: number;
  /** Of the body; undefined where the contents carry seals of their own. */
  readonly bodySeal: string | undefined;
}

/**
 * The head of an answer, once it has proved to come from the peer. Throws `PeerRefusedError`,
 * `PeerGoneError`, `PeerBusyError`, and `PeerProtocolError` for what proves nothing.
 */
export function genuineReply(
  peer: Peer,
  response: IncomingMessage,
  key: Uint8Array,
  nonce: string,
  clock: Clock,
): ReplyHead {
  const status = response.statusCode ?? 0;
  const { headers } = response;
  if (status === 401) throw new PeerRefusedError(peer, clockAhead(headers, clock));
  const mac = headers[REPLY_MAC_HEADER];
  const bodySeal = headers[REPLY_BODY_HEADER];
  const lengthBytes = Number(headers['content-length'] ?? -1);
  if (typeof mac !== 'string' || typeof bodySeal !== 'string') {
    if (status === 503) throw new PeerBusyError(peer);
    throw new PeerProtocolError(peer, `status ${status} without a proof of where it comes from`);
  }
  if (!isReplyMac(key, { nonce, status, lengthBytes, bodySeal }, mac)) {
    throw new PeerProtocolError(peer, 'its proof of where it comes from is wrong');
  }
  if (status === 410) throw new PeerGoneError(peer);
  if (status === 503) throw new PeerBusyError(peer);
  return {
    status,
    headers,
    lengthBytes,
    bodySeal: bodySeal === STREAMED_BODY ? undefined : bodySeal,
  };
}

function clockAhead(headers: IncomingHttpHeaders, clock: Clock): number | undefined {
  const time = headers[SERVER_TIME_HEADER];
  if (typeof time !== 'string' || !/^[0-9]{1,16}$/.test(time)) return undefined;
  return Number(time) - clock.nowMs();
}
