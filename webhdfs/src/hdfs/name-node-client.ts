import { setTimeout as sleep } from 'node:timers/promises';
import { isIP } from 'node:net';
import type { HeddleError } from '@heddle/common';
import {
  CertificateError,
  HostUnresolvableError,
  InvalidPathError,
  NameNodeUnavailableError,
  NotWebHdfsError,
  type ServerFailure,
} from './errors.js';
import { HttpTransport, type HttpAnswer } from './http/http-transport.js';
import { encodePath, operationUrl, type Parameters } from './http/web-hdfs-url.js';
import { JsonObject } from './json-answers.js';
import { networkFailure } from './network-failure.js';
import { parseRemoteException, remoteError, verdictOfRemote } from './remote-exceptions.js';
import { nextStep, type AttemptFailure } from './retry-policy.js';
import type { NameNodeEndpoint, WebHdfsOptions } from './web-hdfs-options.js';

/** One operation on a path. */
export interface NameNodeCall {
  readonly method: 'GET' | 'PUT' | 'POST' | 'DELETE';
  /** `op`, such as `GETFILESTATUS`. */
  readonly op: string;
  readonly path: string;
  readonly parameters?: Parameters;
  /** For people: `read`, `rename to`. */
  readonly operation: string;
  /**
   * Told when an attempt's outcome is unknown, for calls that must not happen twice: returns the
   * answer when it finds that the call has been done, else undefined, and the call is repeated.
   */
  readonly resolveUnknown?: () => Promise<string | undefined>;
}

/** Where a NameNode sends a client for bytes. */
export interface Redirect {
  readonly url: URL;
  /** The NameNode that sent it. */
  readonly nameNode: string;
  /** It sends to itself: no NameNode, but a gateway (HttpFS) that passes the bytes on. */
  readonly isGateway: boolean;
}

/**
 * Calls to the NameNodes of one cluster: the active one is found and remembered, failures are sorted
 * by one table, retries follow one rule. WebHDFS does not redirect to the active NameNode, so clients
 * must try (Hadoop 3.4 `WebHdfsFileSystem.AbstractRunner`).
 */
export class NameNodeClient {
  readonly options: WebHdfsOptions;
  readonly transport: HttpTransport;
  #active = 0;
  #everAnswered = false;

  constructor(options: WebHdfsOptions) {
    this.options = options;
    this.transport = new HttpTransport(options.transport);
  }

  /**
   * The body of an answer, which is JSON, or empty.
   *
   * @throws FileNotFoundError, FileExistsError, AccessDeniedError, … as the server says
   * @throws NameNodeUnavailableError, HostUnresolvableError, NotWebHdfsError, CertificateError
   */
  async call(call: NameNodeCall): Promise<string> {
    const { answer, endpoint } = await this.#attempt(call);
    if (answer.status === 307) {
      throw unexpected(call, endpoint, answer, 'it redirects a metadata call');
    }
    return answer.body;
  }

  /** As `call`, and the body as parsed JSON. */
  async json(call: NameNodeCall): Promise<unknown> {
    const { answer, endpoint } = await this.#attempt(call);
    try {
      return JSON.parse(answer.body) as unknown;
    } catch (error) {
      throw unexpected(call, endpoint, answer, 'the answer is no JSON', { cause: error });
    }
  }

  /** Asks where to read or write bytes; the caller goes there itself. */
  async redirect(call: NameNodeCall): Promise<Redirect> {
    // HttpFS answers an OPEN with the bytes themselves, unless it is asked where they are.
    const mayBeGateway = call.op === 'OPEN' && this.options.scheme !== 'hdfs';
    const { answer, endpoint } = await this.#attempt(
      mayBeGateway ? { ...call, parameters: { ...call.parameters, noredirect: true } } : call,
    );
    const location = answer.status === 307 ? answer.location : locationIn(answer.body);
    if (location === undefined) {
      throw unexpected(call, endpoint, answer, 'it did not redirect to a DataNode');
    }
    const { origin, label } = endpoint;
    const url = checkedRedirect(location, origin, label);
    const isGateway = url.origin === new URL(origin).origin;
    return { url: withOwnPath(url, call.path), nameNode: label, isGateway };
  }

  /** Closes idle connections. Idempotent. */
  close(): void {
    this.transport.close();
  }

  async #attempt(
    call: NameNodeCall,
  ): Promise<{ readonly answer: HttpAnswer; readonly endpoint: NameNodeEndpoint }> {
    const { nameNodes, retries, logger } = this.options;
    if (!call.path.isWellFormed()) {
      throw new InvalidPathError(
        call.path,
        'it holds half of a surrogate pair, which no server can be told',
      );
    }
    const failures = new Map<string, string>();
    let lastError: HeddleError | undefined;
    for (let failedAttempts = 0; ;) {
      const serverIndex = this.#active;
      const endpoint = nameNodes[serverIndex]!;
      const outcome = await this.#once(call, endpoint);
      if (outcome.kind === 'answer') return { answer: outcome.answer, endpoint };
      failedAttempts += 1;
      failures.set(endpoint.label, outcome.reason);
      lastError = outcome.error;
      if (outcome.failure === 'unknown' && call.resolveUnknown !== undefined) {
        const body = await call.resolveUnknown();
        if (body !== undefined) return { answer: doneAnswer(body), endpoint };
      }
      const step = nextStep(
        outcome.failure,
        {
          serverCount: nameNodes.length,
          serverIndex,
          failedAttempts,
          everAnswered: this.#everAnswered,
          jitter: Math.random(),
        },
        retries,
      );
      if (step.kind === 'giveUp') {
        throw lastError ?? this.#unavailable(failures, failedAttempts, outcome.cause);
      }
      // Another call may have found the active one meanwhile.
      if (this.#active === serverIndex) this.#active = step.serverIndex;
      logger[step.delayMs === 0 ? 'info' : 'warn']('a NameNode call is tried again', {
        op: call.op,
        nameNode: endpoint.label,
        reason: outcome.reason,
        next: nameNodes[step.serverIndex]!.label,
        delayMs: step.delayMs,
      });
      if (step.delayMs > 0) await sleep(step.delayMs);
    }
  }

  async #once(call: NameNodeCall, endpoint: NameNodeEndpoint): Promise<Outcome> {
    let answer: HttpAnswer;
    try {
      answer = await this.transport.call(call.method, this.url(call, endpoint));
    } catch (thrown) {
      return this.#networkOutcome(thrown, endpoint);
    }
    const { status } = answer;
    if (status === 200 || status === 201 || status === 307) {
      this.#everAnswered = true;
      return { kind: 'answer', answer };
    }
    const remote = parseRemoteException(answer.body);
    if (remote === undefined) {
      // A server that starts, or a gateway before one that does.
      if (status === 502 || status === 503 || status === 504) {
        return { kind: 'failed', failure: 'notSent', reason: `HTTP ${status}` };
      }
      throw unexpected(call, endpoint, answer, 'the answer is no WebHDFS one');
    }
    this.#everAnswered = true;
    const verdict = verdictOfRemote(remote);
    const about = { ...call, user: this.options.user, server: endpoint.label };
    const reason = `${remote.exception}: ${remote.message}`;
    if (verdict === 'failOver') return { kind: 'failed', failure: 'standby', reason };
    const error = remoteError(about, remote);
    if (verdict === 'retry') return { kind: 'failed', failure: 'busy', reason, error };
    throw error;
  }

  /** The URL of a call at a NameNode; holds a secret where a delegation token is used. */
  url(call: NameNodeCall, endpoint = this.options.nameNodes[this.#active]!): string {
    const { user, delegationToken } = this.options;
    return operationUrl(endpoint.origin, call.path, {
      op: call.op,
      'user.name': user,
      ...(delegationToken === undefined ? {} : { delegation: delegationToken }),
      ...call.parameters,
    });
  }

  #networkOutcome(thrown: unknown, endpoint: NameNodeEndpoint): Outcome {
    const { kind, reason, cause } = networkFailure(withoutRequest(thrown));
    if (kind === 'certificate') throw new CertificateError(endpoint.label, reason, { cause });
    const { hostname } = new URL(endpoint.origin);
    const error =
      kind === 'unresolvable' && isIP(hostname) === 0
        ? new HostUnresolvableError(hostname, 'NameNode', nameSetting(this.options), { cause })
        : undefined;
    return {
      kind: 'failed',
      failure: kind,
      reason,
      cause,
      ...(error === undefined ? {} : { error }),
    };
  }

  #unavailable(
    failures: ReadonlyMap<string, string>,
    attempts: number,
    cause: Error | undefined,
  ): NameNodeUnavailableError {
    const listed: ServerFailure[] = [...failures].map(([server, reason]) => ({ server, reason }));
    return new NameNodeUnavailableError(this.options.authority, listed, attempts, { cause });
  }
}

type Outcome =
  | { readonly kind: 'answer'; readonly answer: HttpAnswer }
  | {
      readonly kind: 'failed';
      readonly failure: AttemptFailure;
      readonly reason: string;
      readonly cause?: Error;
      /** What to throw when there is no further attempt; a summary of all servers when undefined. */
      readonly error?: HeddleError;
    };

/**
 * A redirect leads to a DataNode's WebHDFS, or to HttpFS itself, and never from TLS to plain text.
 *
 * @throws NotWebHdfsError that names both hosts
 */
export function checkedRedirect(location: string, from: string, nameNode: string): URL {
  let url: URL;
  try {
    url = new URL(location, from);
  } catch (error) {
    throw new NotWebHdfsError(nameNode, 'it redirects to something that is no URL', {
      cause: error,
    });
  }
  const secure = from.startsWith('https:');
  if (!url.pathname.startsWith('/webhdfs/v1/') || !/^https?:$/.test(url.protocol)) {
    const login = 'which is no WebHDFS address (a login page?)';
    throw new NotWebHdfsError(nameNode, `it redirects to ${url.host}${url.pathname}, ${login}`);
  }
  if (secure && url.protocol !== 'https:') {
    throw new NotWebHdfsError(nameNode, `it redirects from https to plain http at ${url.host}`);
  }
  return url;
}

/** Where the answer to a request with `noredirect` sends to. */
function locationIn(body: string): string | undefined {
  try {
    return new JsonObject(JSON.parse(body)).text('Location') || undefined;
  } catch {
    return undefined;
  }
}

function doneAnswer(body: string): HttpAnswer {
  return { status: 200, location: undefined, contentType: 'application/json', body };
}

function unexpected(
  call: NameNodeCall,
  endpoint: NameNodeEndpoint,
  answer: HttpAnswer,
  what: string,
  options?: ErrorOptions,
): NotWebHdfsError {
  const told = answer.body === '' ? '' : ` (${excerpt(answer.body)})`;
  const where = answer.location === undefined ? '' : `, to ${hostOf(answer.location)}`;
  const reason = `${call.op}: ${what}, status ${answer.status}${where}${told}`;
  return new NotWebHdfsError(endpoint.label, reason, options);
}

/**
 * The redirect for the very path that was asked for: NameNodes normalize the path of a redirect to
 * Unicode's NFC (Java's `URI.toASCIIString`), and the DataNode would then read or create another file.
 */
function withOwnPath(redirect: URL, path: string): URL {
  const own = `/webhdfs/v1${path}`;
  let decoded: string;
  try {
    decoded = decodeURIComponent(redirect.pathname);
  } catch {
    return redirect;
  }
  if (decoded === own || decoded !== own.normalize('NFC')) return redirect;
  const url = new URL(redirect);
  url.pathname = `/webhdfs/v1${encodePath(path)}`;
  return url;
}

function nameSetting(options: WebHdfsOptions): string {
  return options.nameNodes.length > 1
    ? `dfs.namenode.http-address.${options.authority}.<id>`
    : 'the address in the path, or fs.defaultFS and dfs.namenode.http-address,';
}

/** axios's errors carry the whole request, with its URL and so with tokens: only code and text go on. */
function withoutRequest(thrown: unknown): Error {
  if (!(thrown instanceof Error)) return new Error(String(thrown));
  const code = 'code' in thrown && typeof thrown.code === 'string' ? thrown.code : undefined;
  const inner = thrown.cause instanceof Error ? withoutRequest(thrown.cause) : undefined;
  const error = new Error(thrown.message, inner === undefined ? undefined : { cause: inner });
  return code === undefined ? error : Object.assign(error, { code });
}

function hostOf(location: string): string {
  return URL.canParse(location) ? new URL(location).host : 'somewhere';
}

function excerpt(text: string): string {
  const line = text.replace(/\s+/g, ' ').trim();
  return line.length <= 120 ? line : `${line.slice(0, 120)}…`;
}
