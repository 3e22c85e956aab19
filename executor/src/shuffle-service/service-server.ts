import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  isStockHash,
  STOCK_NAME,
  STOCK_PATH,
  STOCK_VERSION,
  stockHash,
} from '../shuffle/remote/stock-protocol.js';
import { encodeText, encodeVLong } from '../shuffle/remote/writable.js';
import { defaultServerLimits } from '../transport/server-limits.js';
import { Strangers } from '../transport/strangers.js';
import { partChunks, ServiceFiles, type ServicePart } from './service-files.js';

const BUFFER_BYTES = 256 * 1024;
const MAX_HEADER_BYTES = 8 * 1024;
/** As the stock service: its decoder refuses longer ones. */
const MAX_REQUEST_LINE = 4_096;
const IDLE_MS = 60_000;
const HEADERS_MS = 10_000;
/** How often connections are looked at that take longer. */
const CHECK_MS = 2_000;
const MAX_CONNECTIONS = 500;

export interface ServiceServerOptions {
  /** The one application that is served, as MapReduce names it. */
  readonly jobId: string;
  readonly secret: Uint8Array;
  /** The application's directories, each with `output/<map id>`. */
  readonly localDirectories: readonly string[];
}

/** An answer that is an error, as the stock service words it. */
class ServiceError extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

/**
 * Serves map outputs with the protocol of the NodeManager's `mapreduce_shuffle` (Hadoop 3.4
 * `ShuffleHandler`): same request, headers, part headers and errors.
 */
export class ServiceServer {
  readonly #options: ServiceServerOptions;
  readonly #files: ServiceFiles;
  readonly #server: Server;
  /** Whoever has no key leaves room for those that have one. */
  readonly #strangers = new Strangers(defaultServerLimits.strangersPerAddress);
  #port = 0;

  constructor(options: ServiceServerOptions) {
    this.#options = options;
    this.#files = new ServiceFiles(options.localDirectories);
    this.#server = createServer(
      {
        maxHeaderSize: MAX_HEADER_BYTES,
        headersTimeout: HEADERS_MS,
        connectionsCheckingInterval: CHECK_MS,
        keepAliveTimeout: 5_000,
      },
      (request, response) => void this.#handle(request, response),
    );
    this.#server.timeout = IDLE_MS;
    this.#server.maxConnections = MAX_CONNECTIONS;
    this.#server.on('connection', (socket) => this.#strangers.admit(socket));
    this.#server.on('clientError', (_error, socket) => socket.destroy());
  }

  /** Resolves to the port. Throws when the address cannot be listened on. */
  async listen(host: string, port: number): Promise<number> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(port, host, () => resolve());
    });
    this.#port = (this.#server.address() as AddressInfo).port;
    return this.#port;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    request.on('error', () => undefined);
    response.on('error', () => undefined);
    response.sendDate = false;
    try {
      const { parts, reducer, urlHash } = this.#read(request);
      this.#strangers.know(request.socket);
      await this.#send(response, parts, reducer, urlHash);
    } catch (error) {
      if (response.headersSent) {
        response.destroy();
        return;
      }
      const status = error instanceof ServiceError ? error.status : 500;
      const text = error instanceof Error ? error.message : '';
      response.writeHead(status, {
        'content-type': 'text/plain; charset=UTF-8',
        name: STOCK_NAME,
        version: STOCK_VERSION,
        connection: 'close',
        'content-length': Buffer.byteLength(text),
      });
      response.end(text);
    }
  }

  #read(request: IncomingMessage): {
    readonly parts: ServicePart[];
    readonly reducer: number;
    readonly urlHash: string;
  } {
    const url = request.url ?? '';
    if (request.method !== 'GET') throw new ServiceError(405, '');
    if (url.length > MAX_REQUEST_LINE) throw new ServiceError(414, '');
    const { name, version, urlhash } = request.headers;
    if (name !== STOCK_NAME || version !== STOCK_VERSION) {
      throw new ServiceError(400, 'Incompatible shuffle request version');
    }
    const queryAt = url.indexOf('?');
    const query = new URLSearchParams(queryAt < 0 ? '' : url.slice(queryAt + 1));
    const jobs = query.getAll('job');
    const reducers = query.getAll('reduce');
    const maps = query.getAll('map').flatMap((text) => text.split(','));
    if (url.slice(0, queryAt) !== STOCK_PATH) throw new ServiceError(404, '');
    if (maps.length === 0 || reducers.length === 0 || jobs.length === 0) {
      throw new ServiceError(400, 'Required param job, map and reduce');
    }
    if (jobs.length !== 1 || reducers.length !== 1) {
      throw new ServiceError(400, 'Too many job/reduce parameters');
    }
    const { jobId, secret } = this.#options;
    if (jobs[0] !== jobId) {
      throw new ServiceError(401, `Can't find job token for job ${String(jobs[0])} !!`);
    }
    if (typeof urlhash !== 'string' || !isStockHash(secret, `${this.#port}${url}`, urlhash)) {
      throw new ServiceError(401, 'Verification of the hashReply failed');
    }
    const reducer = reducers[0]!;
    if (!/^[0-9]{1,9}$/.test(reducer)) throw new ServiceError(400, 'Bad reduce parameter');
    const parts = maps.map((mapId) => {
      const part = this.#files.find(mapId, Number(reducer));
      if (part !== undefined) return part;
      throw new ServiceError(500, `Could not find map output of ${mapId} for job ${jobId}`);
    });
    return { parts, reducer: Number(reducer), urlHash: urlhash };
  }

  async #send(
    response: ServerResponse,
    parts: readonly ServicePart[],
    reducer: number,
    urlHash: string,
  ): Promise<void> {
    const headers = parts.map(({ mapId, entry }) =>
      Buffer.concat([
        encodeText(mapId),
        encodeVLong(entry.partLength),
        encodeVLong(entry.rawLength),
        encodeVLong(reducer),
      ]),
    );
    let lengthBytes = 0;
    for (const [i, header] of headers.entries()) {
      lengthBytes += header.length + parts[i]!.entry.partLength;
    }
    response.writeHead(200, {
      ReplyHash: stockHash(this.#options.secret, urlHash),
      name: STOCK_NAME,
      version: STOCK_VERSION,
      'content-length': lengthBytes,
    });
    const buffer = Buffer.allocUnsafeSlow(BUFFER_BYTES);
    for (const [i, part] of parts.entries()) {
      if (!(await written(response, headers[i]!))) return;
      for (const chunk of partChunks(part, buffer)) {
        if (!(await written(response, chunk))) return;
      }
    }
    response.end();
  }
}

/** Resolves when the bytes have left; to false when the caller is gone. */
async function written(response: ServerResponse, bytes: Uint8Array): Promise<boolean> {
  if (response.destroyed) return false;
  return new Promise((resolve) => {
    const closed = (): void => resolve(false);
    response.once('close', closed);
    response.write(bytes, (error) => {
      response.off('close', closed);
      resolve(error === null || error === undefined);
    });
  });
}
