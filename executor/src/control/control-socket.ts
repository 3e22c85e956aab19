import type { WebSocket } from 'ws';
import { FRAME_OVERHEAD_BYTES, MAX_PAYLOAD_BYTES } from './frame.js';

/** Largest WebSocket message that either side takes. */
export const MAX_FRAME_BYTES = MAX_PAYLOAD_BYTES + FRAME_OVERHEAD_BYTES + 1024;
/** Path of the hub's upgrade. */
export const CONTROL_PATH = '/control';
/** With this code the hub closes the connection of an executor whose goodbye it has. */
export const GOODBYE_CLOSE_CODE = 4_000;
/** Id of the hub's process in signatures. */
export const HUB_ID = 'driver';

/** Options of both ends: no compression (attacks on lengths, and no gain), bounded messages. */
export const webSocketOptions = {
  perMessageDeflate: false,
  maxPayload: MAX_FRAME_BYTES,
  skipUTF8Validation: true,
} as const;

/** Sends a frame; a connection that breaks tells so with `close`. */
export function sendFrame(socket: WebSocket, frame: Buffer): void {
  if (socket.readyState === socket.OPEN) socket.send(frame, ignoreSendError);
}

/** The bytes of a binary message; undefined for text. */
export function binaryOf(data: unknown, isBinary: boolean): Buffer | undefined {
  return isBinary && Buffer.isBuffer(data) ? data : undefined;
}

function ignoreSendError(): void {
  // `close` follows.
}
