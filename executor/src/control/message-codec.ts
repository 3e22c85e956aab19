import { CorruptDataError, decodeValue, encodeValue, plainCodeTable } from 'heddle/internal';
import { describeThrown } from '@heddle/common';
import { ControlProtocolError } from './errors.js';
import { checkExecutorMessage } from './message-checks.js';
import type { DriverMessage, ExecutorMessage } from './messages.js';
import type { PackedUpdates } from './task-updates.js';

/** A stage goes to many executors: its bytes are made once. */
const encoded = new WeakMap<DriverMessage, Uint8Array>();

/** A driver's message as bytes; the same message object is encoded once. */
export function encodeDriverMessage(message: DriverMessage): Uint8Array {
  if (message.kind !== 'registerStage') return encodeValue(message, plainCodeTable);
  let bytes = encoded.get(message);
  if (bytes === undefined) {
    bytes = encodeValue(message, plainCodeTable);
    encoded.set(message, bytes);
  }
  return bytes;
}

/** @throws ControlProtocolError for anything but a driver's message */
export function decodeDriverMessage(bytes: Uint8Array, peer: string): DriverMessage {
  const value = decoded(bytes, peer);
  // What comes with the hub's MAC was made by the same engine: its insides need no check.
  if (
    typeof value !== 'object' ||
    value === null ||
    typeof (value as DriverMessage).kind !== 'string'
  ) {
    throw new ControlProtocolError(peer, 'a message is no object with a kind', 'session');
  }
  return value as DriverMessage;
}

/** An executor's message as bytes. */
export function encodeExecutorMessage(message: ExecutorMessage): Uint8Array {
  return encodeValue(
    message.kind === 'taskUpdates'
      ? { ...message, updates: message.updates.map(compactUpdate) }
      : message,
    plainCodeTable,
  );
}

/**
 * The message in `bytes`, every field of it checked: an executor runs code of the user, which may
 * have taken it over.
 *
 * @throws ControlProtocolError for anything else
 */
export function decodeExecutorMessage(bytes: Uint8Array, peer: string): ExecutorMessage {
  const message = checkExecutorMessage(decoded(bytes, peer));
  if (typeof message === 'string') throw new ControlProtocolError(peer, message, 'session');
  return message;
}

function decoded(bytes: Uint8Array, peer: string): unknown {
  try {
    return decodeValue(bytes, plainCodeTable);
  } catch (error) {
    if (!(error instanceof CorruptDataError)) throw error;
    const reason = `a message cannot be decoded: ${describeThrown(error)}`;
    throw new ControlProtocolError(peer, reason, 'session', { cause: error });
  }
}

/** The encoding of a view holds its whole buffer, of which a thread's results are often a small part. */
function compactUpdate(update: PackedUpdates['updates'][number]): PackedUpdates['updates'][number] {
  if (typeof update === 'number') return update;
  switch (update.kind) {
    case 'succeeded': {
      const { result, accumulators } = update;
      return {
        ...update,
        result: result.kind === 'value' ? { ...result, bytes: compact(result.bytes) } : result,
        accumulators: accumulators.map((one) => ({ ...one, value: compact(one.value) })),
      };
    }
    case 'failed': {
      const { failure } = update;
      if (failure.kind !== 'exception') return update;
      return { ...update, failure: { ...failure, error: compact(failure.error) } };
    }
  }
}

function compact(bytes: Uint8Array): Uint8Array {
  const isWhole =
    bytes.byteLength === bytes.buffer.byteLength && bytes.buffer instanceof ArrayBuffer;
  return isWhole ? bytes : new Uint8Array(bytes);
}
