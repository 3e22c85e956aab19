import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from '@heddle/common';
import { HeddleError, describeThrown } from '@heddle/common';
import type { SocketAddress } from '@heddle/hadoop-conf';
import {
  ApplicationMasterClient,
  RemoteError,
  RpcClient,
  applicationMasterProtocol,
  tokenAuthentication,
  type AllocateResponse,
  type Container,
  type Resource,
  type Token,
} from '@heddle/hadoop-rpc';
import type { AskChange } from '../allocation/ask-table.js';

/** The ResourceManager does not know this attempt any more: it was killed, or another one took over. */
export class AttemptGoneError extends HeddleError {
  readonly code = 'ATTEMPT_GONE';

  constructor(reason: string, options?: ErrorOptions) {
    super(`YARN has ended this application attempt: ${reason}`, options);
  }
}

export interface ResourceManagerOptions {
  /** Scheduler addresses of all ResourceManagers. */
  readonly addresses: readonly SocketAddress[];
  readonly token: Token;
  /** Name of this host, as YARN knows it. */
  readonly host: string;
  /** Port for the driver; published in the application's report. */
  readonly rpcPort: number;
  readonly trackingUrl: string;
  /** Size of one container. */
  readonly capability: () => Resource;
  readonly nodeLabelExpression?: string;
  readonly logger: Logger;
}

/** What one beat sends. */
export interface BeatRequest {
  readonly asks: readonly AskChange[];
  readonly releases: readonly Container[];
  readonly exclusions: readonly string[];
  readonly readmissions: readonly string[];
  /** 0 … 1. */
  readonly progress: number;
}

/** What one beat came to. `resynced`: the ResourceManager was restarted, and has forgotten all wishes. */
export type BeatAnswer =
  | { readonly kind: 'answered'; readonly response: AllocateResponse }
  | { readonly kind: 'resynced' };

const yarnExceptions = 'org.apache.hadoop.yarn.exceptions';
const notRegistered = `${yarnExceptions}.ApplicationMasterNotRegisteredException`;
const attemptNotFound = `${yarnExceptions}.ApplicationAttemptNotFoundException`;
const invalidRequest = `${yarnExceptions}.InvalidApplicationMasterRequestException`;
const invalidToken = 'org.apache.hadoop.security.token.SecretManager$InvalidToken';

/** Between two calls of `finish`. */
const finishPauseMs = 100;
/** How long the ResourceManager may take to note the end. */
const finishTimeoutMs = 120_000;

/**
 * This attempt's side of ApplicationMasterProtocol: registers, beats one call at a time, and says
 * goodbye until it is heard. Restarts and fail-overs of the ResourceManager end in `resynced`.
 */
export class ResourceManager {
  readonly #options: ResourceManagerOptions;
  readonly #rpc: RpcClient;
  readonly #client: ApplicationMasterClient;
  #token: Token;
  #responseId = 0;

  constructor(options: ResourceManagerOptions) {
    this.#options = options;
    this.#token = options.token;
    this.#rpc = new RpcClient({
      addresses: options.addresses,
      protocol: applicationMasterProtocol,
      authentication: () => tokenAuthentication(this.#token),
      retry: {
        maxElapsedMs: 900_000,
        retryIntervalMs: 1_000,
        failoverBaseMs: 500,
        failoverMaxMs: 5_000,
      },
      callTimeoutMs: 60_000,
      logger: options.logger,
    });
    this.#client = new ApplicationMasterClient(this.#rpc);
  }

  /** @throws AttemptGoneError, RpcError */
  async register(): Promise<void> {
    const { host, rpcPort, trackingUrl } = this.#options;
    try {
      await this.#client.register({ host, rpcPort, trackingUrl });
    } catch (error) {
      // The answer to a first call was lost.
      const isDouble =
        isRemote(error, invalidRequest) && error.remoteMessage.includes('already registered');
      if (!isDouble) throw judged(error);
    }
    this.#responseId = 0;
  }

  /** One allocate call. @throws AttemptGoneError; RemoteError when what was asked for is refused */
  async beat(request: BeatRequest): Promise<BeatAnswer> {
    const { capability, nodeLabelExpression } = this.#options;
    try {
      const response = await this.#client.allocate({
        responseId: this.#responseId,
        asks: request.asks.map(({ priority, resourceName, containers, relaxLocality }) => ({
          priority,
          resourceName,
          capability: capability(),
          containers,
          relaxLocality,
          // Labels may only stand at the widest level.
          ...(nodeLabelExpression === undefined || resourceName !== '*'
            ? {}
            : { nodeLabelExpression }),
        })),
        releases: request.releases.map(({ id }) => id),
        blacklistAdditions: request.exclusions,
        blacklistRemovals: request.readmissions,
        progress: request.progress,
      });
      this.#responseId = response.responseId;
      if (response.amRmToken !== undefined) this.#renewed(response.amRmToken);
      if (response.command === 'shutdown') {
        throw new AttemptGoneError('the ResourceManager told it to shut down');
      }
      if (response.command !== 'resync') return { kind: 'answered', response };
    } catch (error) {
      if (!isRemote(error, notRegistered)) throw judged(error);
    }
    this.#options.logger.warn('the ResourceManager was restarted: registering again');
    await this.register();
    return { kind: 'resynced' };
  }

  /** It comes with every answer until a connection uses it. */
  #renewed(token: Token): void {
    if (Buffer.compare(token.identifier, this.#token.identifier) === 0) return;
    this.#token = token;
    this.#options.logger.info('a newer AMRM token has come: the next connection uses it');
  }

  /** Unregisters; returns when the ResourceManager has noted it, or when time is up. */
  async finish(status: 'succeeded' | 'failed' | 'killed', diagnostics: string): Promise<void> {
    const deadlineMs = performance.now() + finishTimeoutMs;
    for (;;) {
      try {
        const request = { status, diagnostics, trackingUrl: '' };
        if (await this.#client.finish(request, { timeoutMs: finishTimeoutMs })) return;
      } catch (error) {
        if (isRemote(error, notRegistered)) await this.register();
        else throw judged(error);
      }
      if (performance.now() > deadlineMs) {
        this.#options.logger.warn('the ResourceManager did not note the end in time');
        return;
      }
      await delay(finishPauseMs);
    }
  }

  close(): void {
    this.#rpc.close();
  }
}

function isRemote(error: unknown, className: string): error is RemoteError {
  return error instanceof RemoteError && error.className === className;
}

function judged(error: unknown): unknown {
  if (isRemote(error, attemptNotFound) || isRemote(error, invalidToken)) {
    return new AttemptGoneError(error.remoteMessage || describeThrown(error), { cause: error });
  }
  return error;
}
