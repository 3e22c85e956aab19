import type { LeaseTimes } from '../control/lease-keeper.js';
import { readSetting, settings, type ConfigSource } from '@heddle/common';

/** Times of a control connection, in milliseconds; both ends derive them from the same settings. */
export interface ControlTimes {
  readonly heartbeatMs: number;
  /** Silence after which the hub takes an executor for lost. */
  readonly expiryMs: number;
  /** How an executor judges the hub's silence: it does nothing visible before the hub gives it up. */
  readonly lease: LeaseTimes;
  readonly connectTimeoutMs: number;
}

/** An executor's lease, in expiry times of the hub. */
const leaseFactor = 0.9;
/** Silence after which the hub is gone; longer than an expiry, since a busy driver waits as long. */
const abandonFactor = 1.5;
const connectTimeoutMs = 30_000;
/** What a message has beside the result in it. */
const messageSlackBytes = 16 * 2 ** 20;
const largestMessageBytes = 2 ** 31;

/** The times that the application's settings ask for. */
export function controlTimes(source: ConfigSource): ControlTimes {
  const heartbeatMs = readSetting(source, settings.executorHeartbeatInterval);
  const expiryMs = Math.max(readSetting(source, settings.networkTimeout), 2 * heartbeatMs);
  const lease = { leaseMs: expiryMs * leaseFactor, abandonMs: expiryMs * abandonFactor };
  return { heartbeatMs, expiryMs, lease, connectTimeoutMs };
}

/** Largest control message: the largest result that the driver takes. */
export function maxMessageBytes(source: ConfigSource): number {
  const resultBytes = readSetting(source, settings.driverMaxResultSize);
  if (resultBytes === 0) return largestMessageBytes;
  return Math.min(largestMessageBytes, resultBytes + messageSlackBytes);
}
