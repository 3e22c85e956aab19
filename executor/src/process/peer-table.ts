import type { PeerInfo } from '../control/index.js';
import { HUB_ID } from '../control/index.js';
import type { PeerAccess, PeerClient, PeerDirectory, PeerRoutes } from '../storage/remote/peers.js';
import {
  AuthenticatedClient,
  type AttemptKey,
  type AuthenticatedServer,
  type Peer,
} from '../transport/index.js';
import type { ShufflePeer } from '../shuffle/remote/shuffle-network.js';
import type { ExecutorLaunchSpec } from './launch-spec.js';

/**
 * Through which an executor reaches the others of its application attempt and the hub: addresses
 * come from the hub's registry alone, and each kind of server has its own key.
 */
export class PeerTable implements PeerAccess, PeerDirectory {
  readonly client: PeerClient;
  readonly routes: PeerRoutes;
  readonly hub: Peer;
  readonly sealKey: Uint8Array;
  #executors: readonly PeerInfo[] = [];
  readonly #live = new Map<string, Peer>();

  constructor(spec: ExecutorLaunchSpec, key: AttemptKey, routes: AuthenticatedServer) {
    const caller = { attemptId: spec.applicationAttemptId, callerId: spec.executorId };
    const executors = new AuthenticatedClient({ ...caller, key: key.derive('data') });
    const hub = new AuthenticatedClient({ ...caller, key: key.derive('control') });
    this.client = {
      request: (peer, request, maxReplyBytes) =>
        (peer.id === HUB_ID ? hub : executors).request(peer, request, maxReplyBytes),
      open: (peer, request) => (peer.id === HUB_ID ? hub : executors).open(peer, request),
    };
    this.routes = routes;
    this.hub = { id: HUB_ID, ...spec.driver };
    this.sealKey = key.derive('block-seal');
  }

  get peers(): PeerDirectory {
    return this;
  }

  /** All executors as the hub knows them, those that are gone included. */
  get executors(): readonly PeerInfo[] {
    return this.#executors;
  }

  /** Where the map outputs of an executor are, also when it is gone. */
  findShuffle(executorId: string): ShufflePeer | undefined {
    const info = this.#executors.find((executor) => executor.executorId === executorId);
    if (info === undefined) return undefined;
    const { host, port, alive, shuffleService } = info;
    const peer = { id: executorId, host, port };
    return { peer, alive, ...(shuffleService === undefined ? {} : { shuffleService }) };
  }

  /** Replaces what was known. */
  set(executors: readonly PeerInfo[]): void {
    this.#executors = executors;
    this.#live.clear();
    for (const { executorId, host, port, alive } of executors) {
      if (alive) this.#live.set(executorId, { id: executorId, host, port });
    }
  }

  find(executorId: string): Peer | undefined {
    return this.#live.get(executorId);
  }

  live(): readonly Peer[] {
    return [...this.#live.values()];
  }
}
