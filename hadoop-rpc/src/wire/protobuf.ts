import type { Writer } from 'protobufjs/minimal.js';

import { RpcFramingError, RpcMessageError } from '../errors.js';

/** A generated message class: what encoding and decoding need of it. */
export interface MessageType<Properties, Message> {
  encode(message: Properties): Writer;
  decode(bytes: Uint8Array): Message;
}

/** The bytes of a message, without a length in front. */
export function encodeMessage<P, M>(type: MessageType<P, M>, message: P): Uint8Array {
  return type.encode(message).finish();
}

/**
 * Decodes a whole message.
 *
 * @param what its name, for the error
 * @throws RpcMessageError when the bytes are not such a message or a required field is missing
 */
export function decodeMessage<P, M>(type: MessageType<P, M>, bytes: Uint8Array, what: string): M {
  try {
    return type.decode(bytes);
  } catch (error) {
    throw new RpcMessageError(what, error instanceof Error ? error.message : String(error), {
      cause: error,
    });
  }
}

/** Bytes of a length as a protobuf varint. */
export function encodeVarint(value: number): Uint8Array {
  const bytes: number[] = [];
  let rest = value;
  while (rest > 0x7f) {
    bytes.push((rest & 0x7f) | 0x80);
    rest >>>= 7;
  }
  bytes.push(rest);
  return Uint8Array.from(bytes);
}

/** A piece of a frame with a varint length in front, and the offset behind it. */
export interface Delimited {
  readonly bytes: Uint8Array;
  readonly end: number;
}

/**
 * Reads `varint n, n bytes` at an offset of a frame.
 *
 * @throws RpcFramingError when the length is malformed or reaches beyond the frame
 */
export function readDelimited(frame: Uint8Array, offset: number): Delimited {
  let length = 0;
  let position = offset;
  for (let shift = 0; ; shift += 7) {
    const byte = frame[position];
    if (byte === undefined) throw new RpcFramingError('a frame ends inside a length');
    if (shift > 28 || (shift === 28 && byte > 7)) {
      throw new RpcFramingError('a length inside a frame is above 2^31');
    }
    position += 1;
    length |= (byte & 0x7f) << shift;
    if (byte < 0x80) break;
  }
  const end = position + length;
  if (end > frame.length) {
    throw new RpcFramingError(
      `a message of ${length} bytes does not fit the ${frame.length - position} left in its frame`,
    );
  }
  return { bytes: frame.subarray(position, end), end };
}

/**
 * A field that was on the wire; undefined otherwise.
 *
 * For enums: a number that is not known here is kept among the unknown fields, and the field itself would
 * read as the enum's first value.
 */
export function presentField<M extends object, K extends keyof M>(
  message: M,
  field: K,
): M[K] | undefined {
  return Object.hasOwn(message, field) ? message[field] : undefined;
}
