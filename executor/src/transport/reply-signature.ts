import { createHmac, timingSafeEqual } from 'node:crypto';

/** Proves that a reply is the asked process's answer to this very request. */
export const REPLY_MAC_HEADER = 'heddle-reply';
/** Seal of a reply's body, or `stream` where the contents carry seals of their own. */
export const REPLY_BODY_HEADER = 'heddle-body';
/** The server's clock, told with a refusal: a wrong clock is a common reason. */
export const SERVER_TIME_HEADER = 'heddle-time';
/** Value of `heddle-body` for streamed replies. */
export const STREAMED_BODY = 'stream';

const DOMAIN = 'heddle reply, version 1';

/** What a reply's MAC covers, besides the key. */
export interface ReplyClaims {
  /** Of the request. */
  readonly nonce: string;
  readonly status: number;
  /** -1 where it is not known before. */
  readonly lengthBytes: number;
  readonly bodySeal: string;
}

/** The value of `heddle-reply`. */
export function replyMac(key: Uint8Array, claims: ReplyClaims): string {
  const { nonce, status, lengthBytes, bodySeal } = claims;
  return createHmac('sha256', key)
    .update(`${DOMAIN}\n${nonce}\n${status}\n${lengthBytes}\n${bodySeal}`)
    .digest('base64url');
}

/** Compares in constant time. */
export function isReplyMac(key: Uint8Array, claims: ReplyClaims, mac: string): boolean {
  const expected = Buffer.from(replyMac(key, claims));
  const given = Buffer.from(mac);
  return expected.length === given.length && timingSafeEqual(expected, given);
}
