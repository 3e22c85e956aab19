import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';

import { silentLogger, systemClock, toError, type Clock, type Logger } from '@heddle/common';
import type { SocketAddress } from '@heddle/hadoop-conf';

import type { RpcProtocol } from '../connection/rpc-connection.js';
import { RpcAbortedError } from '../errors.js';
import type { RpcAuthentication } from '../sasl/authentication.js';
import { nextCallId } from '../wire/call-ids.js';
import { decideRetry, type RetryPolicy } from './retry-decision.js';
import type { CallOptions, RpcCaller } from './rpc-caller.js';
import { RpcServer } from './rpc-server.js';

/** What an RPC client is built from. */
export interface RpcClientOptions {
  /** The servers in the order to try them; several form a high-availability group. */
  readonly addresses: readonly SocketAddress[];
  readonly protocol: RpcProtocol;
  /** Called for each new connection: tokens roll over while a client lives. */
  readonly authentication: () => RpcAuthentication;
  readonly retry: Omit<RetryPolicy, 'serverCount'>;
  /** Time for one attempt, with connecting. @default 120000 (`ipc.client.rpc-timeout.ms`) */
  readonly callTimeoutMs?: number;
  /** @default 20000 (`ipc.client.connect.timeout`) */
  readonly connectTimeoutMs?: number;
  /** @default 134217728 (`ipc.maximum.response.length`) */
  readonly maxResponseBytes?: number;
  /** @default 16 random bytes */
  /** Silence after which a waiting call's connection is pinged. @default 60000 (`ipc.ping.interval`) */
  readonly pingIntervalMs?: number;
  /** Time without calls after which a connection is closed. @default 10000 (`ipc.client.connection.maxidletime`) */
  readonly maxIdleMs?: number;
  readonly clientId?: Uint8Array;
  readonly clock?: Clock;
  readonly logger?: Logger;
  /** 0 … 1. @default Math.random */
  readonly jitter?: () => number;
}

/**
 * Calls one server, or the active one of a group, and repeats what may be repeated.
 *
 * All attempts of a call carry the same client id and call id and a growing retry count, by which a
 * server with a retry cache knows them (`Client`, `RetryCache`, Hadoop 3.4.3).
 */
export class RpcClient implements RpcCaller {
  readonly #servers: readonly RpcServer[];
  readonly #policy: RetryPolicy;
  readonly #callTimeoutMs: number;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #jitter: () => number;
  readonly #closing = new AbortController();
  #active = 0;
  #lastCallId = -1;

  constructor(options: RpcClientOptions) {
    this.#clock = options.clock ?? systemClock;
    this.#logger = options.logger ?? silentLogger;
    this.#jitter = options.jitter ?? Math.random;
    this.#callTimeoutMs = options.callTimeoutMs ?? 120_000;
    this.#policy = { ...options.retry, serverCount: options.addresses.length };
    const clientId = options.clientId ?? randomBytes(16);
    this.#servers = options.addresses.map(
      (address) =>
        new RpcServer({
          address,
          clientId,
          protocol: options.protocol,
          authentication: options.authentication,
          connectTimeoutMs: options.connectTimeoutMs ?? 20_000,
          maxResponseBytes: options.maxResponseBytes ?? 134_217_728,
          care: {
            pingIntervalMs: options.pingIntervalMs ?? 60_000,
            maxIdleMs: options.maxIdleMs ?? 10_000,
          },
          clock: this.#clock,
          logger: this.#logger,
        }),
    );
  }

  /** @throws the error of the last attempt; see `RpcConnection.call` */
  async call(
    method: string,
    request: Uint8Array,
    isIdempotent: boolean,
    options: CallOptions = {},
  ): Promise<Uint8Array> {
    this.#lastCallId = nextCallId(this.#lastCallId);
    const callId = this.#lastCallId;
    const startMs = this.#clock.monotonicMs();
    const totalMs = options.timeoutMs ?? Number.POSITIVE_INFINITY;
    let failovers = 0;
    for (let retryCount = 0; ; retryCount += 1) {
      if (this.#closing.signal.aborted) {
        throw new RpcAbortedError(method, { cause: 'the client was closed' });
      }
      const index = this.#active;
      const leftMs = totalMs - (this.#clock.monotonicMs() - startMs);
      const timeoutMs = Math.max(1, Math.min(this.#callTimeoutMs, leftMs));
      try {
        const server = this.#servers[index]!;
        const { signal } = options;
        return await server.call({ callId, retryCount, method, request, timeoutMs, signal });
      } catch (error) {
        const elapsedMs = this.#clock.monotonicMs() - startMs;
        const state = { failovers, elapsedMs, isIdempotent, jitter: this.#jitter() };
        const maxElapsedMs = Math.min(this.#policy.maxElapsedMs, totalMs);
        const decision = decideRetry(error, state, { ...this.#policy, maxElapsedMs });
        if (decision.kind === 'fail') throw error;
        if (decision.kind === 'failOver') {
          failovers += 1;
          // Another call may have moved on already.
          if (this.#active === index) this.#active = (index + 1) % this.#servers.length;
        }
        this.#logger.info('rpc call is repeated', {
          method,
          attempt: retryCount + 1,
          decision: decision.kind,
          delayMs: decision.delayMs,
          reason: toError(error).message,
        });
        await this.#pause(method, decision.delayMs, options.signal);
      }
    }
  }

  /** Ends all connections and the calls on them. The client must not be used again. */
  close(): void {
    this.#closing.abort();
    for (const server of this.#servers) server.close();
  }

  async #pause(method: string, delayMs: number, signal: AbortSignal | undefined): Promise<void> {
    const signals = [this.#closing.signal, ...(signal === undefined ? [] : [signal])];
    try {
      await delay(delayMs, undefined, { signal: AbortSignal.any(signals) });
    } catch {
      throw new RpcAbortedError(method, { cause: signal?.reason ?? 'the client was closed' });
    }
  }
}
