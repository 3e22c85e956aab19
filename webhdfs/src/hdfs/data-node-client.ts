import type { ClientRequest, IncomingMessage, RequestOptions } from 'node:http';
import type { HeddleError } from '@heddle/common';
import { CertificateError, HostUnresolvableError } from './errors.js';
import { BodyReader } from './http/body-reader.js';
import { DirectIntake } from './http/direct-intake.js';
import type { HttpTransport } from './http/http-transport.js';
import { networkFailure } from './network-failure.js';
import {
  parseRemoteException,
  remoteError,
  verdictOfRemote,
  type RemoteCall,
  type RemoteVerdict,
} from './remote-exceptions.js';

/** Most of an error's body that is read: DataNodes send stack traces. */
const maxErrorBytes = 64 * 1024;

/** A DataNode did not give or take what it was asked; whether another one may is `verdict`. */
export class DataNodeFailure extends Error {
  constructor(
    /** `host:port` of the redirect. */
    readonly node: string,
    readonly reason: string,
    readonly verdict: RemoteVerdict,
    /** The error to tell the user when nothing else is tried; undefined for a broken connection. */
    readonly error: HeddleError | undefined,
    cause?: unknown,
  ) {
    super(`${node}: ${reason}`, { cause });
    this.name = 'DataNodeFailure';
  }
}

/** A begun request for bytes at a DataNode (or HttpFS) and its answer. */
export class DataNodeRequest {
  readonly node: string;
  readonly request: ClientRequest;
  /** What large bodies are read from. */
  readonly intake = new DirectIntake();
  readonly #call: RemoteCall;
  readonly #url: URL;
  readonly #answer: Promise<IncomingMessage>;
  #refusalRead: Promise<DataNodeFailure> | undefined;
  /** What went wrong below HTTP, once something did. */
  failure: DataNodeFailure | undefined;

  constructor(transport: HttpTransport, url: URL, options: RequestOptions, call: RemoteCall) {
    this.node = url.host;
    this.#url = url;
    this.#call = { ...call, server: url.host };
    this.request = transport.open(url, { ...options, onread: this.intake.onread });
    this.intake.attach(this.request);
    let answered = false;
    this.#answer = new Promise((resolve, reject) => {
      this.request.once('response', (response) => {
        answered = true;
        resolve(response);
      });
      this.request.on('error', (error) => {
        this.failure ??= this.#networkFailure(error);
        reject(this.failure);
      });
      this.request.on('close', () => {
        if (!answered) this.failure ??= this.#broken('the connection was closed without an answer');
        if (this.failure !== undefined) reject(this.failure);
      });
    });
    // Whoever needs the answer awaits it; a request that is given up needs none.
    this.#answer.catch(() => undefined);
  }

  /**
   * Resolves when there is a connection (with TLS, a handshake), or an answer already.
   *
   * @throws DataNodeFailure
   */
  async connected(boundMs: number): Promise<void> {
    const { socket } = this.request;
    if (socket !== null && !socket.connecting) return;
    const connected = new Promise<void>((resolve) => {
      this.request.once('socket', (opened) => {
        if (opened.connecting) opened.once('connect', () => resolve());
        else resolve();
      });
    });
    const timer = setTimeout(() => {
      this.request.destroy(new Error(`no connection within ${boundMs} ms`));
    }, boundMs);
    try {
      await Promise.race([connected, this.#answer]);
    } finally {
      clearTimeout(timer);
    }
  }

  /**
   * The answer, when its status is one of `statuses`; waits `silenceMs` at most.
   *
   * @throws DataNodeFailure
   */
  async answer(statuses: readonly number[], silenceMs: number): Promise<IncomingMessage> {
    const timer = setTimeout(() => {
      this.request.destroy(new Error(`no answer within ${silenceMs} ms`));
    }, silenceMs);
    let response: IncomingMessage;
    try {
      response = await this.#answer;
      if (statuses.includes(response.statusCode ?? 0)) return response;
      throw await this.#refusal(response, silenceMs);
    } finally {
      clearTimeout(timer);
    }
  }

  /**
   * Waits, without a bound of its own, for an answer that comes before all bytes were sent: resolves
   * when it is a good one, rejects when the server refuses them or the connection breaks.
   *
   * @throws DataNodeFailure
   */
  async refused(silenceMs: number): Promise<void> {
    const response = await this.#answer;
    const { statusCode = 0 } = response;
    if (statusCode < 200 || statusCode > 299) throw await this.#refusal(response, silenceMs);
  }

  /** The body is there once, and more than one may ask. */
  #refusal(response: IncomingMessage, silenceMs: number): Promise<DataNodeFailure> {
    this.#refusalRead ??= this.#readRefusal(response, silenceMs);
    return this.#refusalRead;
  }

  async #readRefusal(response: IncomingMessage, silenceMs: number): Promise<DataNodeFailure> {
    const body = Buffer.alloc(maxErrorBytes);
    const reader = new BodyReader(response, silenceMs);
    const { count } = await reader.read(body);
    reader.destroy();
    const text = body.subarray(0, count).toString('utf8');
    const status = `HTTP ${response.statusCode ?? 0}`;
    const remote = parseRemoteException(text);
    if (remote === undefined) return this.#broken(`${status} without a reason`);
    const told = `${remote.exception}: ${remote.message}`;
    return new DataNodeFailure(
      this.node,
      told,
      verdictOfRemote(remote),
      remoteError(this.#call, remote),
    );
  }

  #networkFailure(thrown: Error): DataNodeFailure {
    const { kind, reason, cause } = networkFailure(thrown);
    if (kind === 'certificate') {
      const error = new CertificateError(this.node, reason, { cause });
      return new DataNodeFailure(this.node, reason, 'final', error, cause);
    }
    if (kind === 'unresolvable') {
      const setting = 'dfs.datanode.hostname';
      const error = new HostUnresolvableError(this.#url.hostname, 'DataNode', setting, { cause });
      return new DataNodeFailure(this.node, reason, 'otherReplica', error, cause);
    }
    return this.#broken(reason, cause);
  }

  #broken(reason: string, cause?: Error): DataNodeFailure {
    return new DataNodeFailure(this.node, reason, 'otherReplica', undefined, cause);
  }
}
