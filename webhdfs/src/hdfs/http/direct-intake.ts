import type { ClientRequest, IncomingMessage } from 'node:http';
import type { OnReadOpts } from 'node:net';

/** Memory that is smaller is not worth a system call of its own. */
const leastDirectBytes = 16 * 1024;
const scratchBytes = 64 * 1024;

/** Who takes the bytes of a body once they no longer pass through the parser. */
export interface DirectSink {
  /** Where the next bytes are wanted; undefined or small: anywhere. */
  wanted(): Uint8Array | undefined;
  /** Told of bytes, `inPlace` when they are where they were wanted. @returns false to stop reading for now */
  take(bytes: Uint8Array, inPlace: boolean): boolean;
}

/**
 * Brings the body of a large answer from the socket into the reader's own memory. Node's HTTP parser copies every
 * body twice into new memory, which costs several times as much as reading it. Head and framing stay with
 * the parser: it gets all bytes until the answer has begun, and the others too, unless a reader takes them over.
 */
export class DirectIntake {
  /** For the options of the connection (`net.Socket`, `tls.connect`). */
  readonly onread: OnReadOpts;
  readonly #scratch = new Uint8Array(scratchBytes);
  #request: ClientRequest | undefined;
  #hasBegun = false;
  #sink: DirectSink | undefined;

  constructor() {
    this.onread = {
      buffer: () => this.#memory(),
      callback: (count, memory) => this.#arrived(memory.subarray(0, count)),
    };
  }

  /** Names the request whose connection this is; at once after it was made. */
  attach(request: ClientRequest): void {
    this.#request = request;
    request.once('response', () => {
      this.#hasBegun = true;
    });
  }

  /**
   * Bytes of an answer's body that are still to come and can be taken over; 0 where the parser must see them.
   * Without `Content-Length`, only the parser knows where the body ends.
   */
  remaining(response: IncomingMessage): number {
    const { 'content-length': length, 'transfer-encoding': coding } = response.headers;
    if (length === undefined || coding !== undefined || response.complete) return 0;
    return Math.max(0, Number(length) - response.readableLength);
  }

  /** From now on the bytes go to the sink; reading stands still until `resume`. */
  takeOver(sink: DirectSink): void {
    this.#request?.socket?.pause();
    this.#sink = sink;
  }

  resume(): void {
    this.#request?.socket?.resume();
  }

  /** Closes the connection. */
  destroy(): void {
    this.#request?.socket?.destroy();
  }

  #memory(): Uint8Array {
    const wanted = this.#sink?.wanted();
    return wanted !== undefined && wanted.length >= leastDirectBytes ? wanted : this.#scratch;
  }

  #arrived(bytes: Uint8Array): boolean {
    if (this.#sink !== undefined) {
      return this.#sink.take(bytes, bytes.buffer !== this.#scratch.buffer);
    }
    const hadBegun = this.#hasBegun;
    // The memory is used again: the parser gets a copy.
    this.#request?.socket?.emit('data', Buffer.from(bytes));
    // Whoever reads the body starts it again.
    return hadBegun || !this.#hasBegun;
  }
}
