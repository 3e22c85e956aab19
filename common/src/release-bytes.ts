/** Below this the garbage collector does as well. */
const worthReleasingBytes = 256 * 1024;

/**
 * Gives memory back at once instead of at some garbage collection, which large bytes outside of the
 * heap do not hasten: the bytes are empty afterwards. Bytes that share their buffer are left alone.
 */
export function releaseBytes(bytes: Uint8Array): void {
  const { buffer, byteLength } = bytes;
  if (byteLength < worthReleasingBytes || byteLength !== buffer.byteLength) return;
  if (buffer instanceof ArrayBuffer) buffer.transfer(0);
}
