/**
 * Hadoop's variable-length integers (`WritableUtils.writeVLong`, Hadoop 3.4): one byte for -112 … 127,
 * else a byte that tells sign and length, and then the big-endian magnitude.
 */
export function encodeVLong(value: number): Buffer {
  if (value >= -112 && value <= 127) return Buffer.from([value & 0xff]);
  const negative = value < 0;
  let rest = BigInt(negative ? -value - 1 : value);
  const magnitude: number[] = [];
  while (rest > 0n) {
    magnitude.unshift(Number(rest & 0xffn));
    rest >>= 8n;
  }
  return Buffer.from([((negative ? -120 : -112) - magnitude.length) & 0xff, ...magnitude]);
}

/** How many bytes a value takes, by its first byte. */
export function vLongBytes(firstByte: number): number {
  const first = (firstByte << 24) >> 24;
  if (first >= -112) return 1;
  return first < -120 ? -119 - first : -111 - first;
}

/** Reads a value that takes all of `bytes`. Values beyond 2^53 lose precision. */
export function decodeVLong(bytes: Uint8Array): number {
  const first = (bytes[0]! << 24) >> 24;
  if (bytes.length === 1) return first;
  let value = 0;
  for (let i = 1; i < bytes.length; i++) value = value * 256 + bytes[i]!;
  return first < -120 ? -value - 1 : value;
}

/** Hadoop's `Text`: length and UTF-8. */
export function encodeText(text: string): Buffer {
  const bytes = Buffer.from(text);
  return Buffer.concat([encodeVLong(bytes.length), bytes]);
}
