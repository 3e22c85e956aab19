import type { hadoop } from '#protocol';
import protobuf from 'protobufjs/minimal.js';

import { RpcMessageError } from '../errors.js';

/** What protobufjs gives for 64-bit fields, and takes. */
export type Int64 = NonNullable<hadoop.yarn.ContainerIdProto.$Properties['id']>;

/** @throws RpcMessageError beyond what a number holds exactly */
export function int64ToNumber(value: Int64 | null | undefined, what: string): number {
  const number = Number(int64ToBigInt(value));
  if (!Number.isSafeInteger(number)) {
    throw new RpcMessageError(what, `${number} is beyond 2^53`);
  }
  return number;
}

/** Absent fields are 0. */
export function int64ToBigInt(value: Int64 | null | undefined): bigint {
  if (value === null || value === undefined) return 0n;
  if (typeof value === 'number') return BigInt(value);
  const bits = (BigInt(value.high) << 32n) | BigInt(value.low >>> 0);
  return value.unsigned ? BigInt.asUintN(64, bits) : bits;
}

/** For fields that may need all 64 bits. */
export function bigIntToInt64(value: bigint): Int64 {
  const low = Number(BigInt.asIntN(32, value));
  const high = Number(BigInt.asIntN(32, value >> 32n));
  return new protobuf.util.Long(low, high, false) as Int64;
}
