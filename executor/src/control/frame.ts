import { createHmac, timingSafeEqual, type KeyObject } from 'node:crypto';
import { PROTOCOL_VERSION } from './messages.js';

/**
 * One WebSocket message of a control connection:
 *
 * ```
 * version u8 | type u8 | sequence u32 | acknowledged u32 | beat u32 | payload | MAC (16 bytes)
 * ```
 *
 * The MAC is HMAC-SHA-256, cut to 128 bits, over everything before it, with the key of this session
 * and this direction. Integers are big-endian.
 */
export const FrameType = {
  /** First of the executor: which session it resumes. */
  hello: 1,
  /** First of the hub: its nonce, and what it has received. */
  welcome: 2,
  /** Instead of `welcome`: an exit code and a reason. */
  refused: 3,
  /** A piece of the ordered stream of messages. */
  data: 4,
  /** Outside of the order: a sign of life, an acknowledgement, a small message. */
  beat: 5,
} as const;

export type FrameType = (typeof FrameType)[keyof typeof FrameType];

const HEADER_BYTES = 14;
const MAC_BYTES = 16;
/** What a frame adds to its payload. */
export const FRAME_OVERHEAD_BYTES = HEADER_BYTES + MAC_BYTES;
/** Largest payload; longer messages are sent in several frames. */
export const MAX_PAYLOAD_BYTES = 256 * 1024;

export interface Frame {
  readonly type: FrameType;
  /**
   * Counts `data` frames of a direction from 1, through all connections of a session; in a `beat` the
   * last one that was sent.
   */
  readonly sequence: number;
  /** The last `data` frame that the sender has received, 0 for none. */
  readonly acknowledged: number;
  /** Executor: number of its last beat. Hub: the last beat that it received. */
  readonly beat: number;
  readonly payload: Uint8Array;
}

/** Key of the MACs; a `KeyObject` where many frames follow, since Node takes long to make one. */
export type FrameKey = KeyObject | Uint8Array;

/** A frame as bytes of its own. */
export function encodeFrame(frame: Frame, key: FrameKey): Buffer {
  const { payload } = frame;
  const bytes = Buffer.allocUnsafe(FRAME_OVERHEAD_BYTES + payload.length);
  bytes[0] = PROTOCOL_VERSION;
  bytes[1] = frame.type;
  bytes.writeUInt32BE(frame.sequence, 2);
  bytes.writeUInt32BE(frame.acknowledged, 6);
  bytes.writeUInt32BE(frame.beat, 10);
  bytes.set(payload, HEADER_BYTES);
  const end = HEADER_BYTES + payload.length;
  bytes.set(macOf(bytes.subarray(0, end), key), end);
  return bytes;
}

/** Why bytes are no frame of this session. */
export type FrameFault = 'short' | 'mac' | 'version' | 'type';

/** The frame in `bytes`, whose payload is a view of them; or why there is none. */
export function decodeFrame(bytes: Buffer, key: FrameKey): Frame | FrameFault {
  if (bytes.length < FRAME_OVERHEAD_BYTES) return 'short';
  const end = bytes.length - MAC_BYTES;
  if (!timingSafeEqual(macOf(bytes.subarray(0, end), key), bytes.subarray(end))) return 'mac';
  if (bytes[0] !== PROTOCOL_VERSION) return 'version';
  const type = bytes[1] as FrameType;
  if (type < FrameType.hello || type > FrameType.beat) return 'type';
  return {
    type,
    sequence: bytes.readUInt32BE(2),
    acknowledged: bytes.readUInt32BE(6),
    beat: bytes.readUInt32BE(10),
    payload: bytes.subarray(HEADER_BYTES, end),
  };
}

function macOf(bytes: Uint8Array, key: FrameKey): Buffer {
  return createHmac('sha256', key).update(bytes).digest().subarray(0, MAC_BYTES);
}
