/**
 * What one attempt at a NameNode came to, as far as retrying is concerned:
 * `unresolvable`: its name has no address · `notSent`: no connection, so nothing happened there ·
 * `unknown`: the connection broke or stayed silent after the request · `standby` · `busy`: it asks for patience.
 */
export type AttemptFailure = 'unresolvable' | 'notSent' | 'unknown' | 'standby' | 'busy';

/** Bounds of the attempts of one call. */
export interface RetryLimits {
  /** Attempts where a server has answered this client before, or where there are several servers. */
  readonly maxAttempts: number;
  /** Attempts at a single server that never answered: its address may be wrong. */
  readonly maxFirstContactAttempts: number;
  readonly baseDelayMs: number;
  readonly maxDelayMs: number;
}

/** `dfs.client.failover.*` of Hadoop 3.4; a wrong address is told after some two seconds. */
export const defaultRetryLimits: RetryLimits = {
  maxAttempts: 15,
  maxFirstContactAttempts: 3,
  baseDelayMs: 500,
  maxDelayMs: 15_000,
};

/** What to do after a failed attempt. */
export type RetryStep =
  | { readonly kind: 'retry'; readonly serverIndex: number; readonly delayMs: number }
  | { readonly kind: 'giveUp' };

/** What the decision needs to know besides the failure. */
export interface RetryFacts {
  readonly serverCount: number;
  readonly serverIndex: number;
  /** Attempts of this call that have failed, this one included. */
  readonly failedAttempts: number;
  /** Whether any server of the cluster has ever answered this client. */
  readonly everAnswered: boolean;
  /** From 0 to 1; spreads the retries of many clients. */
  readonly jitter: number;
}

/**
 * The one rule of retries at NameNodes. Another server is tried at once as long as it has not been
 * asked in this round; a round without success is followed by an exponential pause (half to all of
 * it, by jitter). Follows Hadoop 3.4 `RetryPolicies.failoverOnNetworkException`.
 */
export function nextStep(
  failure: AttemptFailure,
  facts: RetryFacts,
  limits: RetryLimits,
): RetryStep {
  const { serverCount, serverIndex, failedAttempts } = facts;
  const alone = serverCount === 1;
  // A wrong name stays wrong; of several servers another one may be right.
  if (failure === 'unresolvable' && alone) return { kind: 'giveUp' };
  const firstContact = alone && !facts.everAnswered && failure !== 'busy';
  const maxAttempts = firstContact ? limits.maxFirstContactAttempts : limits.maxAttempts;
  if (failedAttempts >= maxAttempts) return { kind: 'giveUp' };
  const next = failure === 'busy' ? serverIndex : (serverIndex + 1) % serverCount;
  const roundIsOver = failure === 'busy' || failedAttempts % serverCount === 0;
  if (!roundIsOver) return { kind: 'retry', serverIndex: next, delayMs: 0 };
  const round = Math.floor(failedAttempts / serverCount);
  const full = Math.min(limits.maxDelayMs, limits.baseDelayMs * 2 ** Math.max(0, round - 1));
  return { kind: 'retry', serverIndex: next, delayMs: Math.round(full * (0.5 + facts.jitter / 2)) };
}
