import { Agent, request as httpRequest, type ClientRequest, type IncomingMessage } from 'node:http';
import { systemClock, type Clock } from '@heddle/common';
import { isBodySeal } from './body-seal.js';
import { PeerProtocolError, PeerTimeoutError, PeerUnreachableError, type Peer } from './errors.js';
import { genuineReply, type ReplyHead } from './genuine-reply.js';
import { ReplyStream } from './reply-stream.js';
import { signRequest, type Credentials } from './request-signature.js';

export interface AuthenticatedClientOptions extends Credentials {
  /** Connections to one peer; more requests wait. @default 4 */
  readonly maxConnectionsPerPeer?: number;
  readonly clock?: Clock;
}

/** One request. All times in milliseconds. */
export interface PeerRequest {
  readonly method: 'GET' | 'QUERY' | 'POST' | 'PUT' | 'DELETE';
  /** With the query; nothing in it may need escaping. */
  readonly path: string;
  readonly body?: Uint8Array;
  /** Until the headers of the answer are there, connecting included. @default 30,000 */
  readonly answerMs?: number;
  /** Longest time without any byte while the answer comes. @default 10,000 */
  readonly stallMs?: number;
  /** Until the last byte. @default 300,000 */
  readonly wholeMs?: number;
  /** Gives the request up. */
  readonly signal?: AbortSignal;
}

/** A genuine answer. */
export interface PeerReply extends ReplyHead {
  readonly body: Buffer;
}

const defaultReplyBytes = 1024 * 1024;

/**
 * Asks other processes of the application attempt, over pooled connections. Answers are genuine and
 * whole, or an error of `errors.ts` names the peer: refused credentials, another process at the
 * address (410) and a busy peer (503) are errors, all other statuses are the caller's to judge.
 */
export class AuthenticatedClient {
  readonly #credentials: AuthenticatedClientOptions;
  readonly #clock: Clock;
  readonly #agent: Agent;
  #closed = false;

  constructor(options: AuthenticatedClientOptions) {
    this.#credentials = options;
    this.#clock = options.clock ?? systemClock;
    const maxSockets = options.maxConnectionsPerPeer ?? 4;
    this.#agent = new Agent({
      keepAlive: true,
      maxSockets,
      maxFreeSockets: maxSockets,
      scheduling: 'lifo',
      // Sooner than a server's idle limit, so that a connection is rarely used while it closes.
      timeout: 30_000,
    });
  }

  /** Asks and takes the whole answer into memory. Throws subclasses of `PeerError`. */
  async request(
    peer: Peer,
    request: PeerRequest,
    maxReplyBytes = defaultReplyBytes,
  ): Promise<PeerReply> {
    const stream = await this.open(peer, request);
    const { head } = stream;
    if (head.lengthBytes > maxReplyBytes) {
      stream.close();
      const reason = `it has ${head.lengthBytes} bytes, and ${maxReplyBytes} are expected at most`;
      throw new PeerProtocolError(peer, reason);
    }
    const body = Buffer.allocUnsafeSlow(head.lengthBytes);
    await stream.readInto(body);
    const { bodySeal } = head;
    if (bodySeal !== undefined && !isBodySeal(this.#credentials.key, 'reply', body, bodySeal)) {
      throw new PeerProtocolError(peer, 'its body is not the one that was sent');
    }
    return { ...head, body };
  }

  /**
   * Asks and gives the answer's bytes as they come; the caller must read or close it. What comes is
   * the peer's only where the contents prove it. Throws subclasses of `PeerError`.
   */
  async open(peer: Peer, request: PeerRequest): Promise<ReplyStream> {
    try {
      return await this.#open(peer, request);
    } catch (error) {
      // The peer had just closed the idle connection that was taken.
      if (error instanceof StaleConnection) return this.#open(peer, request);
      throw error;
    }
  }

  /** Closes all connections; what is under way fails. */
  close(): void {
    this.#closed = true;
    this.#agent.destroy();
  }

  async #open(peer: Peer, request: PeerRequest): Promise<ReplyStream> {
    if (this.#closed) throw new PeerUnreachableError(peer, 'ECANCELED');
    const { method, path, body, signal } = request;
    if (signal?.aborted === true) throw new PeerUnreachableError(peer, 'ECANCELED');
    const signed = signRequest(
      this.#credentials,
      { method, path, targetId: peer.id, ...(body === undefined ? {} : { body }) },
      this.#clock.nowMs(),
    );
    const sent = httpRequest({
      agent: this.#agent,
      host: peer.host,
      port: peer.port,
      method,
      path,
      headers: {
        ...signed.headers,
        ...(body === undefined ? {} : { 'content-length': body.length }),
      },
    });
    // Not by Node's own option: its AbortError can come out where nobody listens, and end the process.
    const abort = (): void => void sent.destroy();
    signal?.addEventListener('abort', abort, { once: true });
    sent.once('close', () => signal?.removeEventListener('abort', abort));
    const response = await responseOf(sent, peer, request);
    try {
      const { key } = this.#credentials;
      const head = genuineReply(peer, response, key, signed.nonce, this.#clock);
      return new ReplyStream(peer, response, head, {
        stallMs: request.stallMs ?? 10_000,
        wholeMs: request.wholeMs ?? 300_000,
      });
    } catch (error) {
      response.destroy();
      throw error;
    }
  }
}

/** The connection broke before anything was answered, and it was not a new one. */
class StaleConnection extends PeerUnreachableError {}

async function responseOf(
  sent: ClientRequest,
  peer: Peer,
  request: PeerRequest,
): Promise<IncomingMessage> {
  const answerMs = request.answerMs ?? 30_000;
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      reject(new PeerTimeoutError(peer, 'answer', answerMs));
      sent.destroy();
    }, answerMs);
    sent.once('response', (response) => {
      clearTimeout(timer);
      resolve(response);
    });
    sent.on('error', (error: NodeJS.ErrnoException) => {
      clearTimeout(timer);
      const errno = error.code ?? 'EIO';
      const idempotent = request.method === 'GET' || request.method === 'QUERY';
      const stale =
        sent.reusedSocket && idempotent && (errno === 'ECONNRESET' || errno === 'EPIPE');
      reject(
        stale
          ? new StaleConnection(peer, errno, { cause: error })
          : errno.startsWith('HPE_')
            ? new PeerProtocolError(peer, 'it is not HTTP', { cause: error })
            : new PeerUnreachableError(peer, errno, { cause: error }),
      );
    });
    sent.end(request.body);
  });
}
