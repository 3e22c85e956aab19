/** What is known of a connection between two of its calls or during one. Times are monotonic milliseconds. */
export interface ConnectionActivity {
  readonly nowMs: number;
  readonly lastSentMs: number;
  readonly lastReceivedMs: number;
  readonly pendingCalls: number;
}

/** How long a connection may do nothing. */
export interface CareLimits {
  /** While calls wait: silence after which a ping goes out, so that a dead peer is noticed (`ipc.ping.interval`). */
  readonly pingIntervalMs: number;
  /** Without calls: time after which the connection is closed (`ipc.client.connection.maxidletime`). */
  readonly maxIdleMs: number;
}

/** What to do with a connection now. */
export type ConnectionCare =
  | { readonly kind: 'wait'; readonly delayMs: number }
  | { readonly kind: 'ping' }
  | { readonly kind: 'close' };

/**
 * Decides what an open connection needs, without clock (`Client.Connection`, Hadoop 3.4.3).
 *
 * A ping is never answered; writing it makes the kernel notice that the peer is gone.
 */
export function careFor(activity: ConnectionActivity, limits: CareLimits): ConnectionCare {
  const { nowMs, lastSentMs, lastReceivedMs, pendingCalls } = activity;
  const limitMs = pendingCalls === 0 ? limits.maxIdleMs : limits.pingIntervalMs;
  const delayMs = Math.max(lastSentMs, lastReceivedMs) + limitMs - nowMs;
  if (delayMs > 0) return { kind: 'wait', delayMs };
  return { kind: pendingCalls === 0 ? 'close' : 'ping' };
}
