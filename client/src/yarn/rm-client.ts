import { Agent as HttpsAgent } from 'node:https';
import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from '@heddle/common';
import { describeThrown } from '@heddle/common';
import type { HadoopConfiguration } from '@heddle/hadoop-conf';
import { resourceManagersOf } from '@heddle/hadoop-conf';
import { CertificateError, certificateProblem } from '@heddle/webhdfs/hadoop';
import axios, { type AxiosInstance, type AxiosResponse } from 'axios';
import {
  ApplicationUnknownError,
  ResourceManagerRefusedError,
  ResourceManagerUnreachableError,
} from './yarn-errors.js';
import {
  applicationFrom,
  attemptFrom,
  isObject,
  listOf,
  nodeFrom,
  queuesFrom,
  type ApplicationReport,
  type AttemptInfo,
  type NewApplication,
  type NodeInfo,
  type QueueInfo,
} from './rm-records.js';

export interface RmClientOptions {
  readonly conf: HadoopConfiguration;
  /** Sent with every request: without it the ResourceManager takes the caller for `dr.who`. */
  readonly user: string;
  readonly logger: Logger;
  /** How long an unreachable ResourceManager is waited for. @default 30,000 ms */
  readonly patienceMs?: number;
  /** Certificates (PEM) of the authorities to trust instead of Node's own. */
  readonly trustedCertificates?: string;
}

/** Time for one request. */
const requestTimeoutMs = 20_000;
const maxAnswerBytes = 64 * 2 ** 20;
const pauseMs = 500;
const noteAfterAttempts = 5;
/** Characters of an answer that an error shows. */
const shownTextLength = 2_000;

/**
 * The ResourceManager's REST interface (`RMWebServices`, Hadoop 3.4.3), of one or of a pair of which
 * one is active. Redirects of a standby are followed by hand, with the body; redirects to anywhere
 * else are not followed.
 */
export class RmClient {
  readonly #http: AxiosInstance;
  readonly #bases: readonly string[];
  readonly #logger: Logger;
  readonly #patienceMs: number;
  #active = 0;

  /** @throws HadoopSettingError when the configuration names no ResourceManager */
  constructor(options: RmClientOptions) {
    this.#bases = resourceManagersOf(options.conf).map(
      ({ webScheme, webAddress }) => `${webScheme}://${webAddress.host}:${webAddress.port}`,
    );
    this.#logger = options.logger;
    this.#patienceMs = options.patienceMs ?? 30_000;
    this.#http = axios.create({
      timeout: requestTimeoutMs,
      maxRedirects: 0,
      maxContentLength: maxAnswerBytes,
      // Statuses are judged here; nothing is thrown for them.
      validateStatus: () => true,
      responseType: 'text',
      transformResponse: (body: unknown) => body,
      headers: { Accept: 'application/json', 'X-XSRF-Header': '1' },
      params: { 'user.name': options.user },
      proxy: false,
      ...(options.trustedCertificates === undefined
        ? {}
        : { httpsAgent: new HttpsAgent({ ca: options.trustedCertificates }) }),
    });
  }

  /** Base addresses, for messages. */
  get addresses(): readonly string[] {
    return this.#bases;
  }

  /** Reserves an application id, and says how large a container may be. */
  async newApplication(): Promise<NewApplication> {
    const body = await this.#json('POST', '/apps/new-application', 'give an application id', {});
    const id = body['application-id'];
    const most = body['maximum-resource-capability'];
    if (typeof id !== 'string' || !isObject(most)) {
      throw this.#unusable('new-application', body);
    }
    return {
      applicationId: id,
      maximumMemoryMiB: Number(most['memory']),
      maximumVirtualCores: Number(most['vCores']),
    };
  }

  /** Submits a context; a repetition with the same id changes nothing. */
  async submit(context: Readonly<Record<string, unknown>>): Promise<void> {
    await this.#request('POST', '/apps', 'take the application', context);
  }

  /** @param signal ends the waiting for an answer. @throws ApplicationUnknownError; the signal's reason */
  async application(applicationId: string, signal?: AbortSignal): Promise<ApplicationReport> {
    const what = `report on ${applicationId}`;
    const path = `/apps/${encodeURIComponent(applicationId)}`;
    const body = await this.#json('GET', path, what, undefined, applicationId, signal);
    if (!isObject(body['app'])) throw this.#unusable(path, body);
    return applicationFrom(body['app']);
  }

  /** Applications of a type, newest last. @param states only these */
  async applications(type: string, states: readonly string[] = []): Promise<ApplicationReport[]> {
    const query = new URLSearchParams({ applicationTypes: type });
    if (states.length > 0) query.set('states', states.join(','));
    const body = await this.#json('GET', `/apps?${query.toString()}`, 'list applications');
    const apps = isObject(body['apps']) ? listOf(body['apps']['app']) : [];
    return apps.map(applicationFrom).sort((a, b) => a.startedTime - b.startedTime);
  }

  async attempts(applicationId: string): Promise<AttemptInfo[]> {
    const path = `/apps/${encodeURIComponent(applicationId)}/appattempts`;
    const body = await this.#json('GET', path, `list attempts of ${applicationId}`);
    const list = isObject(body['appAttempts']) ? listOf(body['appAttempts']['appAttempt']) : [];
    return list.map(attemptFrom);
  }

  /** Containers that run, of the newest attempt. */
  async containers(
    applicationId: string,
  ): Promise<{ readonly id: string; readonly nodeHttpAddress: string }[]> {
    const newest = (await this.attempts(applicationId)).at(-1);
    if (newest === undefined) return [];
    const path = `/apps/${encodeURIComponent(applicationId)}/appattempts/${attemptName(applicationId, newest.id)}/containers`;
    const body = await this.#json('GET', path, `list containers of ${applicationId}`);
    const listed = isObject(body['containers']) ? body['containers'] : body;
    return listOf(listed['container']).map((one) => ({
      id: textOf(one['containerId']) ?? textOf(one['id']) ?? '',
      nodeHttpAddress: textOf(one['nodeHttpAddress']) ?? '',
    }));
  }

  async nodes(): Promise<NodeInfo[]> {
    const body = await this.#json('GET', '/nodes', 'list its nodes');
    const list = isObject(body['nodes']) ? listOf(body['nodes']['node']) : [];
    return list.map(nodeFrom);
  }

  /** Queues of the Capacity or Fair Scheduler, all of them in one list; none of schedulers without queues. */
  async queues(): Promise<QueueInfo[]> {
    const body = await this.#json('GET', '/scheduler', 'list its queues');
    const scheduler = isObject(body['scheduler']) ? body['scheduler'] : {};
    const info = isObject(scheduler['schedulerInfo']) ? scheduler['schedulerInfo'] : {};
    return queuesFrom(isObject(info['rootQueue']) ? info['rootQueue'] : info);
  }

  /** Version and state of the ResourceManager. */
  async clusterInfo(): Promise<Readonly<Record<string, unknown>>> {
    const body = await this.#json('GET', '/info', 'say what it is');
    return isObject(body['clusterInfo']) ? body['clusterInfo'] : {};
  }

  /** Asks for the end of an application; idempotent. @returns whether it has ended already */
  async kill(applicationId: string, reason: string): Promise<boolean> {
    const path = `/apps/${encodeURIComponent(applicationId)}/state`;
    const body = { state: 'KILLED', diagnostics: reason };
    const answer = await this.#request('PUT', path, `kill ${applicationId}`, body, applicationId);
    return answer.status === 200;
  }

  /** Bounds the time that an application may run. */
  async setLifetime(applicationId: string, expiryTime: Date): Promise<void> {
    const path = `/apps/${encodeURIComponent(applicationId)}/timeout`;
    const iso = expiryTime.toISOString().replace('Z', '+0000');
    const body = { timeout: { type: 'LIFETIME', expiryTime: iso } };
    await this.#request('PUT', path, `limit the lifetime of ${applicationId}`, body, applicationId);
  }

  async #json(
    method: 'GET' | 'POST' | 'PUT',
    path: string,
    what: string,
    body?: unknown,
    applicationId?: string,
    signal?: AbortSignal,
  ): Promise<Readonly<Record<string, unknown>>> {
    const answer = await this.#request(method, path, what, body, applicationId, signal);
    const parsed = parseJson(String(answer.data));
    if (!isObject(parsed)) throw this.#unusable(path, answer.data);
    return parsed;
  }

  async #request(
    method: 'GET' | 'POST' | 'PUT',
    path: string,
    what: string,
    body?: unknown,
    applicationId?: string,
    signal?: AbortSignal,
  ): Promise<AxiosResponse> {
    const deadlineMs = performance.now() + this.#patienceMs;
    let reason: string;
    let cause: unknown;
    for (let attempt = 0; ; attempt += 1) {
      const base = this.#bases[this.#active]!;
      try {
        const answer = await this.#send(method, `${base}/ws/v1/cluster${path}`, body, signal);
        const verdict = judge(answer);
        if (verdict === 'fine') return answer;
        if (verdict === 'refused') throw this.#refusal(what, answer, applicationId);
        reason = `${base} is not active`;
      } catch (error) {
        signal?.throwIfAborted();
        if (!axios.isAxiosError(error)) throw error;
        const problem = certificateProblem(error);
        if (problem !== undefined)
          throw new CertificateError(base, problem, { cause: error.cause });
        reason = describeThrown(error.cause ?? error, 300).replace(/^AxiosError: /, '');
        cause = error;
      }
      this.#active = (this.#active + 1) % this.#bases.length;
      if (performance.now() >= deadlineMs) {
        throw new ResourceManagerUnreachableError(this.#bases, reason, { cause });
      }
      // Once for people who wait; each time for those who look closer.
      const level = attempt === noteAfterAttempts ? 'warn' : 'info';
      this.#logger[level]('the ResourceManager is asked again', { what, reason });
      if ((attempt + 1) % this.#bases.length === 0) {
        await delay(pauseMs, undefined, signal === undefined ? {} : { signal });
      }
    }
  }

  async #send(
    method: string,
    url: string,
    body: unknown,
    signal: AbortSignal | undefined,
  ): Promise<AxiosResponse> {
    const headers = body === undefined ? {} : { 'Content-Type': 'application/json' };
    const data = body === undefined ? undefined : JSON.stringify(body);
    const ending = signal === undefined ? {} : { signal };
    const first = await this.#http.request({ method, url, data, headers, ...ending });
    const target = redirectTarget(first);
    // A standby sends to the active one; anything else is none of our business.
    if (target === undefined || !this.#isOwn(target)) return first;
    return this.#http.request({ method, url: withoutUser(target), data, headers, ...ending });
  }

  #isOwn(target: string): boolean {
    const { origin } = new URL(target);
    return this.#bases.some((base) => new URL(base).origin === origin);
  }

  #refusal(what: string, answer: AxiosResponse, applicationId: string | undefined): Error {
    if (answer.status === 404 && applicationId !== undefined) {
      return new ApplicationUnknownError(applicationId);
    }
    const text = String(answer.data);
    const parsed = parseJson(text);
    const remote = isObject(parsed) ? parsed['RemoteException'] : undefined;
    if (isObject(remote)) {
      const message = (textOf(remote['message']) ?? '').replace(/^java\.lang\.Exception: /, '');
      return new ResourceManagerRefusedError(
        what,
        answer.status,
        textOf(remote['exception']),
        message.slice(0, shownTextLength),
      );
    }
    const shown = text
      .replace(/<[^>]*>/g, ' ')
      .replace(/\s+/g, ' ')
      .trim();
    return new ResourceManagerRefusedError(
      what,
      answer.status,
      undefined,
      shown.slice(0, shownTextLength) || 'no text',
    );
  }

  #unusable(path: string, body: unknown): ResourceManagerRefusedError {
    const shown = typeof body === 'string' ? body : JSON.stringify(body);
    return new ResourceManagerRefusedError(
      `answer ${path} as expected`,
      200,
      undefined,
      shown.slice(0, shownTextLength),
    );
  }
}

function judge(answer: AxiosResponse): 'fine' | 'notActive' | 'refused' {
  const { status } = answer;
  if (status === 307 || status === 302) return 'notActive';
  if (status === 200 && /^(There is no active RM|This is standby RM)/.test(String(answer.data))) {
    return 'notActive';
  }
  if (status >= 200 && status < 300) return 'fine';
  // While it starts, or behind a proxy.
  return status === 502 || status === 503 || status === 504 ? 'notActive' : 'refused';
}

function redirectTarget(answer: AxiosResponse): string | undefined {
  if (answer.status !== 307 && answer.status !== 302) return undefined;
  const location: unknown = answer.headers['location'];
  return typeof location === 'string' && URL.canParse(location) ? location : undefined;
}

/** The user is added to every request already. */
function withoutUser(target: string): string {
  const url = new URL(target);
  url.searchParams.delete('user.name');
  return url.href;
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function attemptName(applicationId: string, attempt: number): string {
  return `${applicationId.replace(/^application_/, 'appattempt_')}_${String(attempt).padStart(6, '0')}`;
}
