import { RemoteError, RpcConnectionError, RpcFramingError, RpcTimeoutError } from '../errors.js';

/** How patient a client is. Times of Hadoop's own clients are in the settings named. */
export interface RetryPolicy {
  /** Servers of which one is active; 1 without high availability. */
  readonly serverCount: number;
  /** Time from the first attempt after which nothing is repeated (`yarn.resourcemanager.connect.max-wait.ms`). */
  readonly maxElapsedMs: number;
  /** Pause before the same server is tried again (`yarn.resourcemanager.connect.retry-interval.ms`). */
  readonly retryIntervalMs: number;
  /** First pause after every server was tried; it doubles with each round (`yarn.client.failover-sleep-base-ms`). */
  readonly failoverBaseMs: number;
  /** Longest such pause (`yarn.client.failover-sleep-max-ms`). */
  readonly failoverMaxMs: number;
}

/** What is known of a call when an attempt failed. */
export interface RetryState {
  /** Attempts that went to another server so far. */
  readonly failovers: number;
  readonly elapsedMs: number;
  readonly isIdempotent: boolean;
  /** 0 … 1, so that many clients do not come back at the same moment. */
  readonly jitter: number;
}

/** What to do after a failed attempt. */
export type RetryDecision =
  | { readonly kind: 'retry'; readonly delayMs: number }
  | { readonly kind: 'failOver'; readonly delayMs: number }
  | { readonly kind: 'fail' };

/**
 * Decides after a failed attempt, without clock or randomness.
 *
 * - The server says so (`RetriableException`, `StandbyException`): retry, fail over.
 * - The call never left: fail over, or retry when there is only one server.
 * - The call was sent and its fate is unknown: as above when it is idempotent, otherwise fail.
 * - Everything else fails: refused credentials, mistakes, unknown exceptions, aborts.
 *
 * Follows `RetryPolicies.failoverOnNetworkException` of Hadoop 3.4.3, except that refused connections of
 * a standby ResourceManager, which does not listen on the scheduler port, count as a standby.
 */
export function decideRetry(error: unknown, state: RetryState, policy: RetryPolicy): RetryDecision {
  const wish = wishFor(error, state.isIdempotent);
  if (wish === 'fail') return { kind: 'fail' };
  const kind = wish === 'failOver' && policy.serverCount > 1 ? 'failOver' : 'retry';
  const pauseMs =
    kind === 'retry' ? policy.retryIntervalMs : failoverPauseMs(state.failovers, policy);
  // Half of the pause is fixed, so that no client hammers.
  const delayMs = Math.round(pauseMs * (0.5 + state.jitter / 2));
  return state.elapsedMs + delayMs > policy.maxElapsedMs ? { kind: 'fail' } : { kind, delayMs };
}

function wishFor(error: unknown, isIdempotent: boolean): 'retry' | 'failOver' | 'fail' {
  if (error instanceof RemoteError) {
    return error.verdict === 'retry' || error.verdict === 'failOver' ? error.verdict : 'fail';
  }
  if (error instanceof RpcConnectionError || error instanceof RpcTimeoutError) {
    return isIdempotent || !error.mayHaveBeenSent ? 'failOver' : 'fail';
  }
  // A garbled answer: the connection is gone, a fresh one may do; the call may have been executed.
  if (error instanceof RpcFramingError) return isIdempotent ? 'failOver' : 'fail';
  return 'fail';
}

/** None until every server was tried once, then doubling by rounds. */
function failoverPauseMs(failovers: number, policy: RetryPolicy): number {
  const round = Math.floor((failovers + 1) / policy.serverCount);
  if (round === 0) return 0;
  return Math.min(policy.failoverMaxMs, policy.failoverBaseMs * 2 ** Math.min(round - 1, 30));
}
