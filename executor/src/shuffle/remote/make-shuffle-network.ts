import type { SecureContextOptions } from 'node:tls';
import { readSetting, settings, type ConfigSource } from '@heddle/common';
import { fetchAheadBytes } from '../../process/memory-plan.js';
import type { AttemptKey } from '../../transport/index.js';
import type { FetchLimits, ShuffleNetwork } from './shuffle-network.js';
import { StockShuffleClient } from './stock-client.js';
import { jobIdOf } from './stock-protocol.js';

export interface ShuffleNetworkParts extends Pick<ShuffleNetwork, 'client' | 'routes' | 'find'> {
  readonly key: AttemptKey;
  readonly applicationId: string;
  /** `heddle.executor.memory`. */
  readonly memoryBytes: number;
  readonly settings: ConfigSource;
  /** Where `mapreduce.shuffle.ssl.enabled` is set. @default plain HTTP */
  readonly stockTls?: SecureContextOptions;
}

/** How an executor process reaches the others' map outputs, by its settings. */
export function makeShuffleNetwork(parts: ShuffleNetworkParts): ShuffleNetwork {
  const { key, client, routes, find, settings: source, memoryBytes, stockTls } = parts;
  const limits: FetchLimits = {
    bytesInFlight: Math.min(
      readSetting(source, settings.reducerMaxSizeInFlight),
      fetchAheadBytes(memoryBytes),
    ),
    maxRetries: readSetting(source, settings.shuffleIoMaxRetries),
    retryWaitMs: readSetting(source, settings.shuffleIoRetryWait),
    answerMs: readSetting(source, settings.shuffleIoConnectionTimeout),
    stallMs: readSetting(source, settings.shuffleIoStallTimeout),
    readHostLocalDisk: readSetting(source, settings.shuffleReadHostLocalDisk),
  };
  const stock = new StockShuffleClient({
    jobId: jobIdOf(parts.applicationId),
    secret: stockShuffleSecret(key),
    answerMs: limits.answerMs,
    stallMs: limits.stallMs,
    ...(stockTls === undefined ? {} : { tls: stockTls }),
  });
  return {
    client,
    routes,
    find,
    partSealKey: key.derive('part-seal'),
    limits,
    ...(readSetting(source, settings.shuffleServiceEnabled) ? { stock } : {}),
  };
}

/** What containers announce to the node's shuffle service, as the password of their token. */
export function stockShuffleSecret(key: AttemptKey): Buffer {
  return key.derive('stock-shuffle');
}
