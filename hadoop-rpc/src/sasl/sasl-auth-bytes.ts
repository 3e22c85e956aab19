import protobuf from 'protobufjs/minimal.js';

const challengeField = 5;

/**
 * An encoded `SaslAuth` without its challenge, every other byte as it came.
 *
 * The server compares the repeated offer with its own by protobuf equality, in which an empty `protocol`
 * that is present differs from an absent one; bytes that are copied cannot lose that.
 *
 * @param bytes a message that has been decoded before
 */
export function withoutChallenge(bytes: Uint8Array): Uint8Array {
  const reader = protobuf.Reader.create(bytes);
  const kept: Uint8Array[] = [];
  while (reader.pos < reader.len) {
    const start = reader.pos;
    const tag = reader.uint32();
    reader.skipType(tag & 7);
    if (tag >>> 3 !== challengeField) kept.push(bytes.subarray(start, reader.pos));
  }
  return Buffer.concat(kept);
}
