import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { describeThrown, HeddleError, systemClock, type Clock, type Logger } from '@heddle/common';
import { isBodySeal } from './body-seal.js';
import { RefusalLog } from './refusal-log.js';
import { sendReply } from './reply-sender.js';
import { SERVER_TIME_HEADER } from './reply-signature.js';
import { announcesBody, readRequestBody } from './request-body.js';
import type { SignatureClaims } from './request-signature.js';
import { RequestVerifier } from './request-verifier.js';
import { RouteTable } from './route-table.js';
import { defaultServerLimits, type ServerLimits } from './server-limits.js';
import type { RequestHandler, ServerReply, UpgradeSession } from './server-messages.js';
import { Strangers } from './strangers.js';

export interface AuthenticatedServerOptions {
  /** Derived from the attempt key for the purpose of this server. */
  readonly key: Uint8Array;
  readonly attemptId: string;
  /** Id of this process: requests that are meant for another one are answered with 410. */
  readonly targetId: string;
  readonly logger: Logger;
  /** @default `defaultServerLimits`, for each that is left out */
  readonly limits?: Partial<ServerLimits>;
  readonly clock?: Clock;
}

/** Options of one route. */
export interface RouteOptions {
  /** Largest body that it takes. @default 1 MiB; 0 for GET */
  readonly maxBodyBytes?: number;
}

/** Takes over a connection; the genuine upgrade request is `request`, unread bytes are in `head`. */
export type UpgradeHandler = (
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
  session: UpgradeSession,
) => void;

/** The server's socket cannot be opened; says where. */
export class ListenError extends HeddleError {
  readonly code = 'LISTEN';

  constructor(
    readonly host: string,
    readonly port: number,
    options?: ErrorOptions,
  ) {
    super(
      `cannot listen on ${host}:${port}: the address is not of this host, or the port is taken`,
      options,
    );
  }
}

interface RouteTarget {
  readonly handler: RequestHandler;
  readonly maxBodyBytes: number;
}

const readOnlyMethods: ReadonlySet<string> = new Set(['GET', 'HEAD', 'QUERY']);

/**
 * An HTTP server whose every request is authenticated before anything looks at its path or body:
 * there is no way to add a handler that is not. Limits bound what strangers and peers can take.
 */
export class AuthenticatedServer {
  readonly #options: AuthenticatedServerOptions;
  readonly #limits: ServerLimits;
  readonly #clock: Clock;
  readonly #verifier: RequestVerifier;
  readonly #routes = new RouteTable<RouteTarget>();
  readonly #upgrades = new Map<string, UpgradeHandler>();
  readonly #strangers: Strangers;
  readonly #refusals: RefusalLog;
  readonly #refusalCounts = new WeakMap<Duplex, number>();
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #activeRequests = 0;
  #closed: Promise<void> | undefined;

  constructor(options: AuthenticatedServerOptions) {
    this.#options = options;
    this.#limits = { ...defaultServerLimits, ...options.limits };
    this.#clock = options.clock ?? systemClock;
    this.#verifier = new RequestVerifier({ ...options, clock: this.#clock });
    this.#strangers = new Strangers(this.#limits.strangersPerAddress);
    this.#refusals = new RefusalLog(options.logger, this.#clock);
    this.#server = this.#createServer();
  }

  /** What the server answers to, as `METHOD /pattern`; upgrades as `UPGRADE /path`. */
  get routes(): string[] {
    return [...this.#routes.list(), ...[...this.#upgrades.keys()].map((path) => `UPGRADE ${path}`)];
  }

  /** Requests that are being answered. */
  get activeRequests(): number {
    return this.#activeRequests;
  }

  /**
   * Adds a route; `pattern` is like `/rdd/:rddId/:partition`. A GET or a QUERY (a GET with a body) must
   * change nothing: it may be repeated. Throws `ArgumentError` when the route is there.
   */
  route(
    method: 'GET' | 'QUERY' | 'POST' | 'PUT' | 'DELETE',
    pattern: string,
    handler: RequestHandler,
    options: RouteOptions = {},
  ): void {
    const maxBodyBytes = options.maxBodyBytes ?? (method === 'GET' ? 0 : this.#limits.bodyBytes);
    this.#routes.add(method, pattern, { handler, maxBodyBytes });
  }

  /** Takes upgrade requests (WebSockets) of one path. */
  onUpgrade(path: string, handler: UpgradeHandler): void {
    this.#upgrades.set(path, handler);
  }

  /** Starts to listen; port 0 takes a free one. Throws `ListenError`. */
  async listen(host: string, port = 0): Promise<{ host: string; port: number }> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', (cause) => reject(new ListenError(host, port, { cause })));
      this.#server.listen({ host, port, backlog: 511 }, () => resolve());
    });
    this.#server.removeAllListeners('error');
    this.#server.on('error', (error) =>
      this.#options.logger.error('server failed', { error: describeThrown(error) }),
    );
    const address = this.#server.address() as AddressInfo;
    return { host, port: address.port };
  }

  /** Lets the process end although the server listens. */
  unref(): void {
    this.#server.unref();
  }

  /** Ends all connections; answers that are under way have `graceMs`. Idempotent. */
  async close(graceMs = 0): Promise<void> {
    this.#closed ??= this.#close(graceMs);
    return this.#closed;
  }

  async #close(graceMs: number): Promise<void> {
    if (!this.#server.listening) return;
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.#server.closeIdleConnections();
    const destroyAll = (): void => {
      for (const socket of this.#sockets) socket.destroy();
    };
    if (graceMs <= 0 || this.#activeRequests === 0) destroyAll();
    const timer = setTimeout(destroyAll, graceMs);
    await closed;
    clearTimeout(timer);
  }

  #createServer(): Server {
    const limits = this.#limits;
    const server = createServer(
      {
        maxHeaderSize: limits.headerBytes,
        headersTimeout: limits.headersMs,
        requestTimeout: limits.requestMs,
        keepAliveTimeout: limits.idleMs,
        connectionsCheckingInterval: Math.min(2_000, limits.headersMs),
        insecureHTTPParser: false,
        joinDuplicateHeaders: false,
        requireHostHeader: true,
      },
      (request, response) => void this.#handle(request, response),
    );
    server.maxHeadersCount = limits.headerCount;
    server.maxConnections = limits.connections;
    server.timeout = limits.idleMs;
    server.on('connection', (socket) => {
      this.#strangers.admit(socket);
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
    });
    // No body is waited for that has not been authenticated.
    server.on('checkContinue', (request, response) => void this.#handle(request, response));
    server.on('upgrade', (request, socket, head) => this.#upgrade(request, socket, head));
    server.on('clientError', (_error, socket) => {
      if (!socket.writable) socket.destroy();
      else {
        socket.end('HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n', () => socket.destroy());
      }
    });
    return server;
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    request.on('error', () => undefined);
    response.on('error', () => undefined);
    response.sendDate = false;
    const method = request.method ?? '';
    const url = request.url ?? '';
    const mutating = !readOnlyMethods.has(method);
    const { authorization } = request.headers;
    const verdict = this.#verifier.verify(method, url, authorization, mutating);
    if (verdict.kind === 'refused') {
      this.#refuse(request, response, verdict.reason);
      return;
    }
    this.#strangers.know(request.socket);
    if (verdict.kind === 'overloaded') {
      // Nothing of the request is known but that it was genuine: the caller sees a bare 503.
      response.writeHead(503, { 'content-length': 0 }).end();
      return;
    }
    const timer = setTimeout(() => request.socket.destroy(), this.#limits.requestMs);
    this.#activeRequests++;
    try {
      const reply =
        verdict.kind === 'wrongTarget'
          ? { status: 410 }
          : await this.#answer(request, response, verdict.claims, method, url);
      if (reply !== undefined) await this.#send(request, response, verdict.claims, reply);
    } catch (error) {
      this.#options.logger.warn('an answer could not be sent', { error: describeThrown(error) });
      response.destroy();
    } finally {
      clearTimeout(timer);
      this.#activeRequests--;
    }
  }

  /** Undefined when there is nobody to answer. */
  async #answer(
    request: IncomingMessage,
    response: ServerResponse,
    claims: SignatureClaims,
    method: string,
    url: string,
  ): Promise<ServerReply | undefined> {
    if (this.#activeRequests > this.#limits.activeRequests) return { status: 503 };
    const queryAt = url.indexOf('?');
    const path = queryAt < 0 ? url : url.slice(0, queryAt);
    const found = this.#routes.find(method, path);
    if (found.kind !== 'found') return { status: found.kind === 'wrongMethod' ? 405 : 404 };
    const { handler, maxBodyBytes } = found.handler;
    if (request.headers.expect !== undefined) response.writeContinue();
    const read = await readRequestBody(request, maxBodyBytes);
    if (read.kind === 'aborted') return undefined;
    if (read.kind === 'tooLarge') return { status: 413 };
    if (!isBodySeal(this.#options.key, 'request', read.body, claims.bodySeal)) {
      this.#refuse(request, response, 'mac');
      return undefined;
    }
    try {
      return await handler({
        method,
        path,
        parameters: found.parameters,
        query: new URLSearchParams(queryAt < 0 ? '' : url.slice(queryAt + 1)),
        callerId: claims.callerId,
        remoteAddress: request.socket.remoteAddress ?? '',
        headers: request.headers,
        body: read.body,
        signal: abortedBy(response),
      });
    } catch (error) {
      this.#options.logger.error('a request handler failed', {
        route: `${method} ${path}`,
        error: describeThrown(error),
      });
      return { status: 500 };
    }
  }

  async #send(
    request: IncomingMessage,
    response: ServerResponse,
    claims: SignatureClaims,
    reply: ServerReply,
  ): Promise<void> {
    if (response.destroyed) return;
    // What was left unread of a body would be taken for the next request.
    const unread = !request.complete && announcesBody(request);
    if (unread) response.setHeader('connection', 'close');
    await sendReply(response, this.#options.key, claims.nonce, reply);
    if (unread) response.once('close', () => request.socket.destroySoon());
  }

  #refuse(request: IncomingMessage, response: ServerResponse, reason: string): void {
    const { socket } = request;
    this.#refusals.add(socket.remoteAddress ?? '', reason);
    const refusals = (this.#refusalCounts.get(socket) ?? 0) + 1;
    this.#refusalCounts.set(socket, refusals);
    const close = refusals >= this.#limits.refusalsPerConnection || announcesBody(request);
    response.writeHead(401, {
      'content-length': 0,
      [SERVER_TIME_HEADER]: String(this.#clock.nowMs()),
      ...(close ? { connection: 'close' } : {}),
    });
    response.end(() => {
      if (close) socket.destroySoon();
    });
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    socket.on('error', () => undefined);
    const url = request.url ?? '';
    const verdict = this.#verifier.verify('GET', url, request.headers.authorization, true);
    const refuse = (status: string): void => {
      socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`, () =>
        socket.destroy(),
      );
    };
    switch (verdict.kind) {
      case 'refused':
        this.#refusals.add(request.socket.remoteAddress ?? '', verdict.reason);
        refuse('401 Unauthorized');
        return;
      case 'wrongTarget':
        refuse('410 Gone');
        return;
      case 'overloaded':
        refuse('503 Service Unavailable');
        return;
      case 'accepted': {
        const handler = this.#upgrades.get(url);
        if (handler === undefined) {
          refuse('404 Not Found');
          return;
        }
        this.#strangers.know(request.socket);
        request.socket.setTimeout(0);
        const { callerId, nonce } = verdict.claims;
        const remoteAddress = request.socket.remoteAddress ?? '';
        handler(request, socket, head, { callerId, remoteAddress, nonce });
      }
    }
  }
}

function abortedBy(response: ServerResponse): AbortSignal {
  const controller = new AbortController();
  response.once('close', () => {
    if (!response.writableFinished) controller.abort();
  });
  return controller.signal;
}
