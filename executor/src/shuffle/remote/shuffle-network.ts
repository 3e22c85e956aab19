import type { AuthenticatedClient, AuthenticatedServer, Peer } from '../../transport/index.js';
import type { StockShuffleClient } from './stock-client.js';

/** Where one executor of the application attempt is, or was, by the hub's registry. */
export interface ShufflePeer {
  readonly peer: Peer;
  readonly alive: boolean;
  /** The shuffle service of its node, which has its outputs also after its end. */
  readonly shuffleService?: { readonly host: string; readonly port: number };
}

/** Everything through which an executor reads the others' map outputs and they read its own. */
export interface ShuffleNetwork {
  readonly client: Pick<AuthenticatedClient, 'open' | 'request'>;
  readonly routes: Pick<AuthenticatedServer, 'route'>;
  /** Derived for `part-seal`; the same in all executors of the attempt, and in nobody else. */
  readonly partSealKey: Uint8Array;
  /** Undefined for an id that the hub has never named. */
  find(executorId: string): ShufflePeer | undefined;
  /** Reads from nodes' shuffle services; left out where there are none. */
  readonly stock?: StockShuffleClient;
  readonly limits?: Partial<FetchLimits>;
}

/** How fetching is bounded; times in milliseconds. */
export interface FetchLimits {
  /** `heddle.reducer.maxSizeInFlight`: bytes that all threads of an executor fetch ahead together. */
  readonly bytesInFlight: number;
  /** `heddle.shuffle.io.maxRetries`: tries after the first one. */
  readonly maxRetries: number;
  /** `heddle.shuffle.io.retryWait`: about how long to wait before each. */
  readonly retryWaitMs: number;
  /** `heddle.shuffle.io.connectionTimeout`: until an answer begins. */
  readonly answerMs: number;
  /** `heddle.shuffle.io.stallTimeout`: without any byte. */
  readonly stallMs: number;
  /** `heddle.shuffle.readHostLocalDisk`: read outputs of other executors of this host from the disk. */
  readonly readHostLocalDisk: boolean;
}

export const defaultFetchLimits: FetchLimits = {
  bytesInFlight: 48 * 2 ** 20,
  maxRetries: 3,
  retryWaitMs: 5_000,
  answerMs: 30_000,
  stallMs: 10_000,
  readHostLocalDisk: true,
};
