import type { IncomingMessage } from 'node:http';
import { PeerProtocolError, PeerTimeoutError, PeerUnreachableError, type Peer } from './errors.js';
import type { ReplyHead } from './genuine-reply.js';

/** The bytes of an answer, in order and with back-pressure: nothing is read that nobody takes. */
export class ReplyStream {
  readonly #peer: Peer;
  readonly #response: IncomingMessage;
  readonly #chunks: AsyncIterator<Buffer>;
  readonly #stallMs: number;
  readonly #wholeTimer: NodeJS.Timeout;
  #stallTimer: NodeJS.Timeout | undefined;
  #timeout: PeerTimeoutError | undefined;
  /** What the last chunk held beyond what was asked for. */
  #rest: Buffer | undefined;
  #takenBytes = 0;

  constructor(
    peer: Peer,
    response: IncomingMessage,
    readonly head: ReplyHead,
    limits: { readonly stallMs: number; readonly wholeMs: number },
  ) {
    this.#peer = peer;
    this.#response = response;
    response.on('error', () => undefined);
    this.#chunks = response[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
    this.#stallMs = limits.stallMs;
    this.#wholeTimer = setTimeout(() => this.#expire('whole', limits.wholeMs), limits.wholeMs);
    response.once('close', () => clearTimeout(this.#wholeTimer));
  }

  /** The next bytes, undefined at the end. Throws subclasses of `PeerError`. */
  async next(): Promise<Buffer | undefined> {
    const rest = this.#rest;
    if (rest !== undefined) {
      this.#rest = undefined;
      return rest;
    }
    this.#stallTimer ??= setTimeout(() => this.#expire('body', this.#stallMs), this.#stallMs);
    this.#stallTimer.refresh();
    let result: IteratorResult<Buffer>;
    try {
      result = await this.#chunks.next();
    } catch (error) {
      throw this.#failure(error);
    } finally {
      // Only waiting for the peer counts, not what the caller does between two chunks.
      clearTimeout(this.#stallTimer);
      this.#stallTimer = undefined;
    }
    if (result.done !== true) {
      this.#takenBytes += result.value.length;
      return result.value;
    }
    clearTimeout(this.#wholeTimer);
    if (this.#timeout !== undefined) throw this.#timeout;
    if (this.#takenBytes !== this.head.lengthBytes) {
      const reason = `it has ${this.#takenBytes} bytes, and ${this.head.lengthBytes} were announced`;
      throw new PeerProtocolError(this.#peer, reason);
    }
    return undefined;
  }

  /** Fills all of `target`. Throws `PeerProtocolError` when the answer ends before. */
  async readInto(target: Uint8Array): Promise<void> {
    let filled = 0;
    while (filled < target.length) {
      const chunk = await this.next();
      if (chunk === undefined) {
        throw new PeerProtocolError(this.#peer, 'it ends before all that was asked for');
      }
      const taken = Math.min(chunk.length, target.length - filled);
      target.set(taken === chunk.length ? chunk : chunk.subarray(0, taken), filled);
      if (taken < chunk.length) this.#rest = chunk.subarray(taken);
      filled += taken;
    }
    // Reads the end, so that the connection can be used again.
    if (this.#rest === undefined && this.#takenBytes === this.head.lengthBytes) await this.next();
  }

  /** Gives up the rest; idempotent. */
  close(): void {
    clearTimeout(this.#wholeTimer);
    this.#response.destroy();
  }

  #expire(phase: 'body' | 'whole', afterMs: number): void {
    this.#timeout = new PeerTimeoutError(this.#peer, phase, afterMs);
    this.#response.destroy();
  }

  #failure(error: unknown): Error {
    if (this.#timeout !== undefined) return this.#timeout;
    const errno = (error as NodeJS.ErrnoException).code ?? 'ECONNRESET';
    return errno.startsWith('HPE_')
      ? new PeerProtocolError(this.#peer, 'its framing is broken', { cause: error })
      : new PeerUnreachableError(this.#peer, errno, { cause: error });
  }
}
