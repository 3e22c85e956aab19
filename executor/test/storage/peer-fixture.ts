import { silentLogger } from '@heddle/common';
import { BroadcastHub } from '../../src/broadcast/broadcast-hub.js';
import { BroadcastStore } from '../../src/broadcast/broadcast-store.js';
import type { PeerAccess } from '../../src/storage/remote/peers.js';
import {
  AttemptKey,
  AuthenticatedClient,
  AuthenticatedServer,
  type Peer,
} from '../../src/transport/index.js';

const attemptId = '1';
const hubId = 'hub';

/** A process of an application as its peers see it: a real server on this host. */
export interface Node {
  readonly id: string;
  readonly server: AuthenticatedServer;
  readonly access: PeerAccess;
  readonly peer: Peer;
}

/** Some executors and a hub, all in this process, over real sockets. */
export class PeerFixture {
  readonly key = AttemptKey.generate();
  readonly nodes: Node[] = [];
  readonly hub: BroadcastHub;
  readonly #dead = new Set<string>();
  readonly #clients: AuthenticatedClient[] = [];
  readonly #hubServer: AuthenticatedServer;
  #hubPeer: Peer | undefined;

  constructor(chunkBytes = 1024) {
    this.hub = new BroadcastHub({ chunkBytes, isAlive: (id) => !this.#dead.has(id) });
    this.#hubServer = this.#server(hubId);
    this.hub.install(this.#hubServer);
  }

  async start(): Promise<void> {
    const { host, port } = await this.#hubServer.listen('127.0.0.1');
    this.#hubPeer = { id: hubId, host, port };
  }

  /** An executor that serves what `install` adds. */
  async node(id: string, install: (node: Node) => void): Promise<Node> {
    const server = this.#server(id);
    const client = new AuthenticatedClient({
      key: this.key.derive('data'),
      attemptId,
      callerId: id,
    });
    this.#clients.push(client);
    const live = (): Peer[] =>
      this.nodes.filter((node) => !this.#dead.has(node.id)).map((node) => node.peer);
    const access: PeerAccess = {
      client,
      routes: server,
      peers: { live, find: (other) => live().find((peer) => peer.id === other) },
      hub: this.#hubPeer!,
      sealKey: this.key.derive('block-seal'),
    };
    const pending = { id, server, access, peer: { id, host: '127.0.0.1', port: 0 } };
    install(pending);
    const { host, port } = await server.listen('127.0.0.1');
    const node = { ...pending, peer: { id, host, port } };
    this.nodes.push(node);
    return node;
  }

  /** An executor with broadcast variables. */
  async broadcastNode(
    id: string,
    times = { hubMs: 2_000, peerMs: 1_000 },
  ): Promise<{ node: Node; store: BroadcastStore }> {
    const store = new BroadcastStore({ executorId: id, times, changed: () => undefined });
    const node = await this.node(id, ({ access, server }) => {
      store.connect(access);
      store.install(server);
    });
    return { node, store };
  }

  /** The hub knows that it is gone. */
  markDead(id: string): void {
    this.#dead.add(id);
    this.hub.executorLost(id);
  }

  async stop(): Promise<void> {
    for (const client of this.#clients) client.close();
    await Promise.all([this.#hubServer.close(), ...this.nodes.map(({ server }) => server.close())]);
  }

  #server(targetId: string): AuthenticatedServer {
    return new AuthenticatedServer({
      key: this.key.derive('data'),
      attemptId,
      targetId,
      logger: silentLogger,
    });
  }
}
