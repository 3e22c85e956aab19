import { PROTOCOL_VERSION } from './messages.js';

/** What an executor says first over a connection. */
export interface Hello {
  readonly protocolVersion: number;
  /** The session to go on with; empty for a new one. */
  readonly sessionId: string;
  /** The last frame of it that was received. */
  readonly received: number;
}

/** The hub's answer. */
export interface Welcome {
  readonly sessionId: string;
  readonly hubNonce: string;
  readonly received: number;
}

/** The other answer of the hub: the executor ends with this code. */
export interface Refusal {
  readonly exitCode: number;
  readonly reason: string;
}

const MAX_BYTES = 4 * 1024;

export function encodeHandshake(value: Hello | Welcome | Refusal): Buffer {
  return Buffer.from(JSON.stringify(value));
}

/** Undefined unless it is a hello of this protocol version. */
export function decodeHello(payload: Uint8Array): Hello | undefined {
  const value = parse(payload);
  const isHello =
    value?.['protocolVersion'] === PROTOCOL_VERSION &&
    isText(value['sessionId']) &&
    isCount(value['received']);
  return isHello ? (value as unknown as Hello) : undefined;
}

export function decodeWelcome(payload: Uint8Array): Welcome | undefined {
  const value = parse(payload);
  const isWelcome =
    value !== undefined &&
    isText(value['sessionId']) &&
    isText(value['hubNonce']) &&
    isCount(value['received']);
  return isWelcome ? (value as unknown as Welcome) : undefined;
}

export function decodeRefusal(payload: Uint8Array): Refusal | undefined {
  const value = parse(payload);
  const isRefusal = value !== undefined && isCount(value['exitCode']) && isText(value['reason']);
  return isRefusal ? (value as unknown as Refusal) : undefined;
}

function parse(payload: Uint8Array): Record<string, unknown> | undefined {
  if (payload.length > MAX_BYTES) return undefined;
  try {
    const value: unknown = JSON.parse(Buffer.from(payload).toString('utf8'));
    return typeof value === 'object' && value !== null
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}

function isText(value: unknown): boolean {
  return typeof value === 'string' && value.length <= 1_000;
}

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
