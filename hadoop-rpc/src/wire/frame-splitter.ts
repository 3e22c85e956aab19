import { RpcFramingError } from '../errors.js';

const lengthBytes = 4;

/**
 * Cuts a byte stream into frames:
 *
 *     offset  bytes
 *     0       4      length n of what follows, unsigned, big-endian
 *     4       n      one frame
 *
 * Holds at most one incomplete frame, and only bytes that have really come: a length is believed
 * when its bytes are there.
 */
export class FrameSplitter {
  readonly #maxFrameBytes: number;
  #chunks: Uint8Array[] = [];
  #heldBytes = 0;
  #neededBytes = lengthBytes;

  /** @param maxFrameBytes a longer frame is an error (`ipc.maximum.response.length`) */
  constructor(maxFrameBytes: number) {
    this.#maxFrameBytes = maxFrameBytes;
  }

  /** Bytes held of a frame that is not complete. */
  get heldBytes(): number {
    return this.#heldBytes;
  }

  /**
   * The frames that a chunk completes, without their lengths.
   *
   * @throws RpcFramingError for a length of 0 or above the maximum; the stream is then useless
   */
  push(chunk: Uint8Array): Uint8Array[] {
    const frames: Uint8Array[] = [];
    this.#chunks.push(chunk);
    this.#heldBytes += chunk.length;
    while (this.#heldBytes >= this.#neededBytes) {
      const held = this.#joined();
      this.#neededBytes = lengthBytes + this.#checkedLength(held);
      if (held.length < this.#neededBytes) break;
      frames.push(held.subarray(lengthBytes, this.#neededBytes));
      this.#keep(held.subarray(this.#neededBytes));
      this.#neededBytes = lengthBytes;
    }
    return frames;
  }

  #joined(): Uint8Array {
    const only = this.#chunks.length === 1 ? this.#chunks[0] : undefined;
    const joined = only ?? Buffer.concat(this.#chunks, this.#heldBytes);
    this.#chunks = [joined];
    return joined;
  }

  #keep(rest: Uint8Array): void {
    this.#chunks = rest.length === 0 ? [] : [rest];
    this.#heldBytes = rest.length;
  }

  #checkedLength(held: Uint8Array): number {
    const length = new DataView(held.buffer, held.byteOffset).getUint32(0);
    if (length > 0 && length <= this.#maxFrameBytes) return length;
    throw new RpcFramingError(describeWrongLength(length, this.#maxFrameBytes));
  }
}

/** Says what a length that is none may mean. */
function describeWrongLength(length: number, maxFrameBytes: number): string {
  // "HTTP" in ASCII: a web port was taken for an RPC port.
  if (length === 0x48545450) return 'the server speaks HTTP: this is a web port, not an RPC port';
  if (length === 0xffffffff) return 'the server is older than RPC version 9 (Hadoop 2)';
  if (length === 0) return 'a frame of no bytes';
  return `a frame of ${length} bytes, above the limit of ${maxFrameBytes} (ipc.maximum.response.length)`;
}
