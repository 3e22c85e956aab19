import { Agent as HttpAgent, request as httpRequest } from 'node:http';
import type { ClientRequest, IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import type { SecureContextOptions } from 'node:tls';
import { HeddleError } from '@heddle/common';
import {
  PeerProtocolError,
  PeerTimeoutError,
  PeerUnreachableError,
  type Peer,
} from '../../transport/errors.js';
import { ReplyStream } from '../../transport/reply-stream.js';
import {
  isStockHash,
  MAX_REQUEST_LINE,
  STOCK_NAME,
  STOCK_VERSION,
  stockHash,
  stockPath,
} from './stock-protocol.js';
import { decodeVLong, vLongBytes } from './writable.js';

export interface StockShuffleClientOptions {
  /** As the service knows the application: see `jobIdOf`. */
  readonly jobId: string;
  /** What the containers' service data announced; the password of the token. */
  readonly secret: Uint8Array;
  /** `mapreduce.shuffle.ssl.enabled`: what the service's certificate is checked with. @default plain HTTP */
  readonly tls?: SecureContextOptions;
  /** Until an answer begins. */
  readonly answerMs: number;
  /** Without any byte. */
  readonly stallMs: number;
}

/** Where a node's shuffle service listens. */
export interface StockService {
  readonly host: string;
  readonly port: number;
}

/** A part that is wanted, and what takes its bytes. */
export interface StockPart {
  readonly mapId: string;
  /** Its size, or when only about that is known, the most that it may have. */
  readonly mostBytes: number;
  readonly isExact: boolean;
  /** Takes this many bytes of the answer, from where it stands. */
  receive(stream: ReplyStream, lengthBytes: number): Promise<void>;
}

/** Whether an announced length can be the part's; what it holds is proved by its seal. */
export function mayHaveLength(
  { mostBytes, isExact }: Pick<StockPart, 'mostBytes' | 'isExact'>,
  lengthBytes: number,
): boolean {
  return isExact ? lengthBytes === mostBytes : lengthBytes > 0 && lengthBytes <= mostBytes;
}

/** What became of a part. */
export type StockOutcome =
  { readonly kind: 'received' } | { readonly kind: 'missing'; readonly reason: string };

/** A node's shuffle service does not know our application or secret: nothing of that host can be read. */
export class ShuffleServiceRefusedError extends HeddleError {
  readonly code = 'SHUFFLE_SERVICE_REFUSED';

  constructor(
    readonly service: StockService,
    readonly status: number,
    readonly answer: string,
  ) {
    super(
      `the shuffle service at ${service.host}:${service.port} refused our secret with status ${status} (${answer}): ` +
        'no container that announces it has been started there since the NodeManager lost it',
    );
  }
}

/** Reads map outputs from the nodes' stock shuffle services. */
export class StockShuffleClient {
  readonly #options: StockShuffleClientOptions;
  readonly #agent: HttpAgent;

  constructor(options: StockShuffleClientOptions) {
    this.#options = options;
    const agentOptions = {
      keepAlive: true,
      maxSockets: 4,
      maxFreeSockets: 2,
      // The service closes idle connections after 5 s (`connection-keep-alive.timeout`).
      timeout: 4_000,
    };
    this.#agent =
      options.tls === undefined
        ? new HttpAgent(agentOptions)
        : new HttpsAgent({ ...agentOptions, ...options.tls });
  }

  /**
   * Reads one reducer's part of many map outputs, in order; `settle` is told of each as soon as it is
   * known. Throws subclasses of `PeerError` when the service cannot be reached or breaks off, and
   * `ShuffleServiceRefusedError`; what was not settled may be asked for again.
   */
  async fetch<P extends StockPart>(
    service: StockService,
    reducer: number,
    parts: readonly P[],
    settle: (part: P, outcome: StockOutcome) => void,
    signal?: AbortSignal,
  ): Promise<void> {
    const waiting = this.#requests(reducer, parts);
    for (let batch = waiting.shift(); batch !== undefined; batch = waiting.shift()) {
      const lost = await this.#ask(service, reducer, batch, settle, signal);
      if (lost !== undefined) waiting.unshift(...this.#withoutLost(batch, lost, settle));
    }
  }

  close(): void {
    this.#agent.destroy();
  }

  /** As few requests as the limit of a request line allows. */
  #requests<P extends StockPart>(reducer: number, parts: readonly P[]): P[][] {
    const fixed = stockPath(this.#options.jobId, reducer, []).length + 'GET  HTTP/1.1'.length;
    const requests: P[][] = [];
    let length = Number.MAX_SAFE_INTEGER;
    for (const part of parts) {
      const added = part.mapId.length + 1;
      if (length + added > MAX_REQUEST_LINE) {
        requests.push([]);
        length = fixed;
      }
      requests.at(-1)!.push(part);
      length += added;
    }
    return requests;
  }

  /** One missing map fails the whole request: settles it, and says what to ask for instead. */
  #withoutLost<P extends StockPart>(
    batch: readonly P[],
    answer: string,
    settle: (part: P, outcome: StockOutcome) => void,
  ): P[][] {
    const named = batch.find(({ mapId }) => namesMap(answer, mapId));
    if (named !== undefined || batch.length === 1) {
      const lost = named ?? batch[0]!;
      settle(lost, { kind: 'missing', reason: `the node's shuffle service says: ${answer}` });
      const others = batch.filter((part) => part !== lost);
      return others.length === 0 ? [] : [others];
    }
    const half = Math.ceil(batch.length / 2);
    return [batch.slice(0, half), batch.slice(half)];
  }

  /** Undefined when all were received; else the text of an answer that says that a map is missing. */
  async #ask<P extends StockPart>(
    service: StockService,
    reducer: number,
    batch: readonly P[],
    settle: (part: P, outcome: StockOutcome) => void,
    signal: AbortSignal | undefined,
  ): Promise<string | undefined> {
    const { secret, jobId, stallMs } = this.#options;
    const peer: Peer = { id: 'shuffle service', host: service.host, port: service.port };
    const path = stockPath(
      jobId,
      reducer,
      batch.map(({ mapId }) => mapId),
    );
    const urlHash = stockHash(secret, `${service.port}${path}`);
    const response = await this.#send(peer, path, urlHash, signal);
    const status = response.statusCode ?? 0;
    if (status !== 200) {
      const answer = await textOf(response);
      if (status === 401 || status === 403) {
        throw new ShuffleServiceRefusedError(service, status, answer);
      }
      if (status === 500 || status === 404) return answer;
      throw new PeerProtocolError(peer, `status ${status}: ${answer}`);
    }
    const { name, version, replyhash } = response.headers;
    const genuine = typeof replyhash === 'string' && isStockHash(secret, urlHash, replyhash);
    if (!genuine || name !== STOCK_NAME || version !== STOCK_VERSION) {
      response.destroy();
      throw new PeerProtocolError(peer, 'it does not prove to know our secret');
    }
    const lengthBytes = Number(response.headers['content-length'] ?? -1);
    const head = { status, headers: response.headers, lengthBytes, bodySeal: undefined };
    const stream = new ReplyStream(peer, response, head, { stallMs, wholeMs: 300_000 });
    try {
      for (const part of batch) {
        const lengthBytes = await readPartHeader(stream, peer, part, reducer);
        await part.receive(stream, lengthBytes);
        settle(part, { kind: 'received' });
      }
    } catch (error) {
      stream.close();
      throw error;
    }
    return undefined;
  }

  async #send(
    peer: Peer,
    path: string,
    urlHash: string,
    signal: AbortSignal | undefined,
  ): Promise<IncomingMessage> {
    const { answerMs, tls } = this.#options;
    if (signal?.aborted === true) throw new PeerUnreachableError(peer, 'ECANCELED');
    const request = tls === undefined ? httpRequest : httpsRequest;
    const sent: ClientRequest = request({
      agent: this.#agent,
      host: peer.host,
      port: peer.port,
      method: 'GET',
      path,
      headers: { name: STOCK_NAME, version: STOCK_VERSION, UrlHash: urlHash },
    });
    // Not by Node's own option: its AbortError can come out where nobody listens, and end the process.
    const abort = (): void => void sent.destroy();
    signal?.addEventListener('abort', abort, { once: true });
    sent.once('close', () => signal?.removeEventListener('abort', abort));
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        reject(new PeerTimeoutError(peer, 'answer', answerMs));
        sent.destroy();
      }, answerMs);
      sent.once('response', (response) => {
        clearTimeout(timer);
        resolve(response);
      });
      sent.on('error', (cause: NodeJS.ErrnoException) => {
        clearTimeout(timer);
        reject(new PeerUnreachableError(peer, cause.code ?? 'EIO', { cause }));
      });
      sent.end();
    });
  }
}

const MAX_ANSWER_BYTES = 8 * 1024;

async function textOf(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  const timer = setTimeout(() => response.destroy(), 10_000);
  try {
    for await (const chunk of response) {
      chunks.push(chunk as Buffer);
      sizeBytes += (chunk as Buffer).length;
      if (sizeBytes > MAX_ANSWER_BYTES) break;
    }
  } catch {
    // What came of it will do.
  } finally {
    clearTimeout(timer);
  }
  return Buffer.concat(chunks).toString('utf8').slice(0, 500).trim();
}

/** Whether the text names this id, rather than one that it is the beginning of. */
function namesMap(text: string, mapId: string): boolean {
  for (let at = text.indexOf(mapId); at >= 0; at = text.indexOf(mapId, at + 1)) {
    const next = text[at + mapId.length];
    if (next === undefined || !/[A-Za-z0-9_-]/.test(next)) return true;
  }
  return false;
}

async function readPartHeader(
  stream: ReplyStream,
  peer: Peer,
  part: StockPart,
  reducer: number,
): Promise<number> {
  const idLength = await readVLong(stream);
  if (idLength < 0 || idLength > 1000) throw new PeerProtocolError(peer, 'a part has no header');
  const id = Buffer.alloc(idLength);
  await stream.readInto(id);
  const lengthBytes = await readVLong(stream);
  await readVLong(stream);
  const forReducer = await readVLong(stream);
  const matches = id.toString() === part.mapId && forReducer === reducer;
  if (!matches || !mayHaveLength(part, lengthBytes)) {
    throw new PeerProtocolError(
      peer,
      `a part is announced as ${id.toString()} for reducer ${forReducer} with ${lengthBytes} bytes, ` +
        `and ${part.mapId} for reducer ${reducer} with ${part.mostBytes} bytes was expected`,
    );
  }
  return lengthBytes;
}

async function readVLong(stream: ReplyStream): Promise<number> {
  const first = Buffer.alloc(1);
  await stream.readInto(first);
  const rest = Buffer.alloc(vLongBytes(first[0]!) - 1);
  await stream.readInto(rest);
  return decodeVLong(Buffer.concat([first, rest]));
}
