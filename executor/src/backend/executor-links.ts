import type { HeddleError } from '@heddle/common';
import type {
  DriverMessage,
  ExecutorMessage,
  NetworkAddress,
  PeerInfo,
} from '../control/messages.js';

/** An executor that has registered. */
export interface JoinedExecutor {
  readonly executorId: string;
  /** Name of its node, for locality. */
  readonly host: string;
  readonly slots: number;
  readonly pid: number;
  /** Where its server for shuffle parts and blocks listens; as the hub saw it, not as it said. */
  readonly address: NetworkAddress;
  /** The node's shuffle service, where there is one that serves the application. */
  readonly shuffleService?: NetworkAddress;
}

/** How an executor ended, and what went with it. */
export interface ExecutorEnd {
  readonly reason: string;
  readonly exitCode?: number;
  /** Whether its tasks may be to blame; false when it was taken away or sent away. */
  readonly countsAsFailure: boolean;
  readonly hostLost: boolean;
  /** `served`: its map outputs can still be read through the node's shuffle service. */
  readonly mapOutputs: 'lost' | 'served';
}

/** What `ExecutorLinks` tell their owner. Called on the event loop; must not throw. */
export interface ExecutorLinkEvents {
  joined(executor: JoinedExecutor): void;
  /** Messages of executors that have joined and not left, each once and in order. */
  received(executorId: string, message: ExecutorMessage): void;
  left(executorId: string, end: ExecutorEnd): void;
  /** Nothing can run any more: all jobs fail with this error. */
  failed(error: HeddleError): void;
}

/** How many executors are of use, and near which data. */
export interface LinkWish {
  readonly target: number;
  readonly hosts: readonly { readonly host: string; readonly weight: number }[];
}

/**
 * What the cluster backend needs: executors that come and go, and messages to and from each. Behind it
 * stand processes of this host, or containers of YARN.
 */
export interface ExecutorLinks {
  /** Resolves when the first executor has joined; rejects when none can. */
  start(events: ExecutorLinkEvents): Promise<void>;
  wish(wish: LinkWish): void;
  /** Nothing happens for an executor that has left. */
  send(executorId: string, message: DriverMessage): void;
  /** Ends an executor by the driver's wish; `left` follows, without blame. */
  end(executorId: string, reason: string): void;
  /** Reads bytes of a result that an executor keeps, the end not included; bounded. */
  readResult(
    executorId: string,
    resultId: string,
    fromByte: number,
    toByte: number,
  ): Promise<Uint8Array>;
  /** Tells all executors where the others are. */
  setPeers(executors: readonly PeerInfo[]): void;
  /** Holds a broadcast variable where executors can get it; its bytes must not change. */
  addBroadcast(id: number, bytes: SharedArrayBuffer): void;
  /** Forgets it; the executors' copies are dropped by messages. */
  removeBroadcast(id: number): void;
  /** Ends all executors and removes what they left; bounded; idempotent. */
  stop(): Promise<void>;
}
