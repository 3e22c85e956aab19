import { createHmac, randomBytes } from 'node:crypto';
import { ArgumentError } from '@heddle/common';
import { sealBody } from './body-seal.js';

/**
 * How a request proves where it comes from, in one header:
 *
 * ```
 * authorization: Heddle1 <caller>,<target>,<attempt>,<time>,<nonce>,<body>,<mac>
 * ```
 *
 * Time is in milliseconds since the epoch, the nonce has 128 random bits, `body` is the body's seal. The MAC is HMAC-SHA-256 over all of these, the method and the path with its query. All values
 * are base64url or taken from an alphabet without commas, so that nothing can be read in two ways.
 */
export const SIGNATURE_SCHEME = 'Heddle1';

const DOMAIN = 'heddle request, version 1';
const NAME_PATTERN = /^[A-Za-z0-9_.:-]{1,200}$/;
const MAC_PATTERN = /^[A-Za-z0-9_-]{43}$/;
const BODY_PATTERN = /^(0|[A-Za-z0-9_-]{38})$/;
const NONCE_PATTERN = /^[A-Za-z0-9_-]{22}$/;
const TIME_PATTERN = /^[0-9]{1,16}$/;
const MAX_HEADER_LENGTH = 1024;

/** Who signs, with what. */
export interface Credentials {
  /** Derived from the attempt key for the purpose of the server that is asked. */
  readonly key: Uint8Array;
  /** Id of the application attempt: requests of another one are refused. */
  readonly attemptId: string;
  /** Id of the process that asks (`driver`, an executor's id). */
  readonly callerId: string;
}

/** What is signed. */
export interface RequestToSign {
  readonly method: string;
  /** With the query. */
  readonly path: string;
  /** Id of the process that shall answer, not its address: an address may be reused. */
  readonly targetId: string;
  /** @default no body */
  readonly body?: Uint8Array;
}

/** The claims of a request's signature. */
export interface SignatureClaims {
  readonly callerId: string;
  readonly targetId: string;
  readonly attemptId: string;
  readonly timeMs: number;
  readonly nonce: string;
  /** What `isBodySeal` is given. */
  readonly bodySeal: string;
}

/** The headers that authenticate a request, and the nonce that its reply must prove to know. */
export interface SignedRequest {
  readonly headers: { readonly authorization: string };
  readonly nonce: string;
}

/** Signs a request. Throws `ArgumentError` for ids that no signature can hold. */
export function signRequest(
  credentials: Credentials,
  request: RequestToSign,
  nowMs: number = Date.now(),
): SignedRequest {
  const claims: SignatureClaims = {
    callerId: checkedName(credentials.callerId),
    targetId: checkedName(request.targetId),
    attemptId: checkedName(credentials.attemptId),
    timeMs: Math.round(nowMs),
    nonce: randomBytes(16).toString('base64url'),
    bodySeal: sealBody(credentials.key, 'request', request.body ?? new Uint8Array(0)),
  };
  const mac = requestMac(credentials.key, request.method, request.path, claims);
  const { callerId, targetId, attemptId, timeMs, nonce, bodySeal } = claims;
  const values = [
    callerId,
    targetId,
    attemptId,
    timeMs,
    nonce,
    bodySeal,
    mac.toString('base64url'),
  ];
  return { headers: { authorization: `${SIGNATURE_SCHEME} ${values.join(',')}` }, nonce };
}

/** Reads the header's claims and MAC without believing them; undefined when it is malformed. */
export function parseSignature(
  header: string | undefined,
): { readonly claims: SignatureClaims; readonly mac: Buffer } | undefined {
  if (header === undefined || header.length > MAX_HEADER_LENGTH) return undefined;
  const start = `${SIGNATURE_SCHEME} `;
  if (!header.startsWith(start)) return undefined;
  const values = header.slice(start.length).split(',');
  if (values.length !== 7) return undefined;
  const [callerId, targetId, attemptId, time, nonce, bodySeal, mac] = values as [
    string,
    string,
    string,
    string,
    string,
    string,
    string,
  ];
  const wellFormed =
    NAME_PATTERN.test(callerId) &&
    NAME_PATTERN.test(targetId) &&
    NAME_PATTERN.test(attemptId) &&
    TIME_PATTERN.test(time) &&
    NONCE_PATTERN.test(nonce) &&
    BODY_PATTERN.test(bodySeal) &&
    MAC_PATTERN.test(mac);
  if (!wellFormed) return undefined;
  const macBytes = Buffer.from(mac, 'base64url');
  // base64url has spare bits at its end: only one spelling of a MAC is accepted.
  if (macBytes.toString('base64url') !== mac) return undefined;
  const claims = { callerId, targetId, attemptId, timeMs: Number(time), nonce, bodySeal };
  return { claims, mac: macBytes };
}

/** The MAC that a request with these claims must carry. */
export function requestMac(
  key: Uint8Array,
  method: string,
  path: string,
  claims: SignatureClaims,
): Buffer {
  const { callerId, targetId, attemptId, timeMs, nonce, bodySeal } = claims;
  const text = [DOMAIN, method, path, callerId, targetId, attemptId, timeMs, nonce, bodySeal].join(
    '\n',
  );
  return createHmac('sha256', key).update(text).digest();
}

/** Whether a signature can hold this id: letters, digits, `_`, `.`, `:`, `-`; at most 200. */
export function isSignableName(text: string): boolean {
  return NAME_PATTERN.test(text);
}

function checkedName(text: string): string {
  if (!NAME_PATTERN.test(text)) {
    throw new ArgumentError(
      `${JSON.stringify(text)} cannot stand in a signature: an id has 1 to 200 letters, digits, "_", ".", ":" or "-"`,
    );
  }
  return text;
}
