import { lookup } from 'node:dns';
import * as http from 'node:http';
import type { AxiosStatic } from 'axios';
import * as https from 'node:https';
import type { Duplex } from 'node:stream';
import type { Agent as BaseAgent } from 'node:http';
import { isIP, type LookupFunction, type OnReadOpts } from 'node:net';

/** How to reach the servers of a cluster. */
export interface TransportOptions {
  /** Bound of establishing a connection, in milliseconds. */
  readonly connectTimeoutMs: number;
  /** Longest silence of a server that has something to say, in milliseconds. */
  readonly socketTimeoutMs: number;
  /** Addresses of names that this machine cannot resolve, or shall resolve otherwise. */
  readonly hosts: ReadonlyMap<string, string>;
  /** Certificates (PEM) of the authorities to trust instead of Node's own. */
  readonly trustedCertificates: string | undefined;
}

/** Answer of a metadata call. */
export interface HttpAnswer {
  readonly status: number;
  readonly location: string | undefined;
  readonly contentType: string;
  readonly body: string;
}

/** Options of a request for bytes: those of `node:http`, and of its connection's memory. */
export interface ByteRequestOptions extends http.RequestOptions {
  readonly onread?: OnReadOpts;
}

/** Connections of one kind that wait for the next request. */
const maxFreeSockets = 16;
/** A listing of a million names has some 300 MB; a batch of one thousand, 300 kB. */
const maxAnswerBytes = 64 * 1024 * 1024;

/**
 * The sockets of one cluster's client: pooled, each connection bounded in time, names resolved by
 * the host map first. Metadata go through axios, bytes of files through `node:http`, since DataNodes
 * send an unasked `100 Continue`, on which `fetch` fails. Proxies of the environment are not used.
 */
export class HttpTransport {
  readonly options: TransportOptions;
  readonly #agents: { readonly http: http.Agent; readonly https: https.Agent };
  readonly #byteAgents: { readonly http: http.Agent; readonly https: https.Agent };

  /** Configured addresses, and those that were learnt. */
  readonly #hosts: Map<string, string>;

  constructor(options: TransportOptions) {
    this.options = options;
    this.#hosts = new Map(options.hosts);
    this.#agents = this.#makeAgents(true);
    // DataNodes close after each answer: waiting sockets would only be found dead.
    this.#byteAgents = this.#makeAgents(false);
  }

  /**
   * One metadata request, whatever its status; redirects are not followed.
   *
   * @throws the errors of `node:net` and `node:tls`, also inside of axios's; the caller gives them a class
   */
  async call(method: 'GET' | 'PUT' | 'POST' | 'DELETE', url: string): Promise<HttpAnswer> {
    const axios = await loadAxios();
    const answer = await axios.request<string>({
      method,
      url,
      adapter: 'http',
      proxy: false,
      maxRedirects: 0,
      decompress: true,
      responseType: 'text',
      // Bodies are parsed where it is known what they should be.
      transformResponse: [(body: string) => body],
      validateStatus: () => true,
      timeout: this.options.socketTimeoutMs,
      maxContentLength: maxAnswerBytes,
      // HttpFS refuses a CREATE without it; axios would send a form's.
      headers: { Accept: 'application/json', 'Content-Type': 'application/octet-stream' },
      httpAgent: this.#agents.http,
      httpsAgent: this.#agents.https,
    });
    const header = (name: string): string | undefined => {
      const value: unknown = answer.headers[name];
      return typeof value === 'string' ? value : undefined;
    };
    return {
      status: answer.status,
      location: header('location'),
      contentType: header('content-type') ?? '',
      body: typeof answer.data === 'string' ? answer.data : '',
    };
  }

  /** Begins a request for bytes; the caller ends it and handles all its events. */
  open(url: URL, options: ByteRequestOptions): http.ClientRequest {
    return url.protocol === 'https:'
      ? https.request(url, { ...options, agent: this.#byteAgents.https })
      : http.request(url, { ...options, agent: this.#byteAgents.http });
  }

  /** Notes the address of a name that does not resolve here; false when one is known already. */
  learnAddress(host: string, address: string): boolean {
    if (this.#hosts.has(host) || isIP(address) === 0) return false;
    this.#hosts.set(host, address);
    return true;
  }

  /** The address that requests to a host go to; undefined when its name does not resolve. */
  async addressOf(host: string): Promise<string | undefined> {
    const known = this.#hosts.get(host);
    if (known !== undefined || isIP(host) !== 0) return known ?? host;
    return await new Promise((resolve) => {
      lookup(host, (error, address) => resolve(error === null ? address : undefined));
    });
  }

  /** Closes idle sockets; what is under way ends by itself. Idempotent. */
  close(): void {
    for (const agents of [this.#agents, this.#byteAgents]) {
      agents.http.destroy();
      agents.https.destroy();
    }
  }

  #makeAgents(keepAlive: boolean): { http: http.Agent; https: https.Agent } {
    const { connectTimeoutMs, trustedCertificates } = this.options;
    const common = {
      keepAlive,
      maxFreeSockets,
      lookup: lookupWith(this.#hosts),
      scheduling: 'lifo' as const,
    };
    return {
      http: boundedConnects(new http.Agent(common), connectTimeoutMs),
      https: boundedConnects(
        new https.Agent({
          ...common,
          ...(trustedCertificates === undefined ? {} : { ca: trustedCertificates }),
        }),
        connectTimeoutMs,
      ),
    };
  }
}

type Axios = AxiosStatic;
let loading: Promise<Axios> | undefined;

/** Loaded with the first call: programs without Hadoop do not pay for it. */
function loadAxios(): Promise<Axios> {
  loading ??= import('axios').then((module) => module.default);
  return loading;
}

/** Hosts of the map get their address from it, all others from the system. */
function lookupWith(hosts: ReadonlyMap<string, string>): LookupFunction {
  return (hostname, options, callback) => {
    const address = hosts.get(hostname);
    if (address === undefined) {
      lookup(hostname, options, callback);
      return;
    }
    const family = isIP(address);
    if (options.all === true) callback(null, [{ address, family }]);
    else callback(null, address, family);
  };
}

/** Fails a connection that is not there in time as the kernel would, only sooner. */
function boundedConnects<A extends BaseAgent>(agent: A, timeoutMs: number): A {
  const create = agent.createConnection.bind(agent);
  agent.createConnection = (options, callback): Duplex | null | undefined => {
    const socket = create(options, callback);
    if (socket) boundConnect(socket, timeoutMs);
    return socket;
  };
  return agent;
}

function boundConnect(socket: Duplex, timeoutMs: number): void {
  const timer = setTimeout(() => {
    socket.destroy(
      Object.assign(new Error(`no connection within ${timeoutMs} ms`), { code: 'ETIMEDOUT' }),
    );
  }, timeoutMs);
  const done = (): void => clearTimeout(timer);
  socket.once('connect', done).once('close', done);
}
