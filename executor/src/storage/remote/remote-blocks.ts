import { describeThrown, type Logger } from '@heddle/common';
import type { StorageLevelSpec } from 'heddle/internal';
import { jsonReply, type BodyReply, type Peer, type StreamReply } from '../../transport/index.js';
import { blockName, type BlockId } from '../block-memory.js';
import type { AvailableBlock } from '../block-messages.js';
import type { BlockStore } from '../block-store.js';
import { blockStream, receiveBlock } from './block-wire.js';
import { wholeNumber, type PeerAccess } from './peers.js';
import { parseReplicaRequest, type ReplicaRequest } from './replica-request.js';

/** Executors that are asked for one block before it is computed. */
const maxHoldersAsked = 3;
/** Executors that are asked to take a copy before the block stays with fewer. */
const maxTakersAsked = 3;
const answerMs = 10_000;
/** The taker fetches the whole block before it answers. */
const replicateMs = 120_000;

/** How the remote side of an executor's blocks is made. */
export interface RemoteBlocksOptions {
  readonly executorId: string;
  readonly host: string;
  readonly store: BlockStore;
  readonly access: PeerAccess;
  readonly localDirectories: readonly string[];
  readonly compression: 'none' | 'zstd';
  /** A block that a task reads from elsewhere may take so many bytes of memory; more goes to disk. */
  readonly taskMemoryBytes: number;
  readonly logger: Logger;
}

/**
 * Blocks between executors: gives ours to others, fetches theirs for a task, and places copies of
 * those whose level asks for more than one.
 *
 * Source: Spark 4.0 `BlockManager` (getRemoteBlock, replicate); there the bytes are pushed.
 */
export class RemoteBlocks {
  readonly #options: RemoteBlocksOptions;
  #files = 0;
  #toldOfFewPeers = false;

  constructor(options: RemoteBlocksOptions) {
    this.#options = options;
  }

  /** Serves `GET /blocks/:rddId/:partition` and `POST /replicas`. */
  install(): void {
    const { routes } = this.#options.access;
    routes.route('GET', '/blocks/:rddId/:partition', ({ parameters }) =>
      this.#serve(wholeNumber(parameters['rddId']), wholeNumber(parameters['partition'])),
    );
    routes.route('POST', '/replicas', async ({ body }) => {
      const request = parseReplicaRequest(body);
      return request === undefined ? { status: 400 } : this.#takeReplica(request);
    });
  }

  /**
   * A block that one of these executors has, for one task: in memory, or in a file that the caller
   * removes. Undefined when none of them gave it; never rejects.
   */
  async fetch(id: BlockId, executorIds: readonly string[]): Promise<AvailableBlock | undefined> {
    const { executorId, access, localDirectories, taskMemoryBytes, logger } = this.#options;
    const holders = executorIds.filter((holder) => holder !== executorId);
    for (const holder of holders.slice(0, maxHoldersAsked)) {
      const peer = access.peers.find(holder);
      if (peer === undefined) continue;
      try {
        const block = await this.#fetchFrom(peer, id, {
          memoryLimitBytes: taskMemoryBytes,
          localDirectories,
          fileName: `${blockName(id)}-r${this.#files++}.block`,
          mayUseDisk: true,
          compression: this.#options.compression,
        });
        if (block !== undefined) return block;
      } catch (error) {
        logger.warn('a cached block could not be read from another executor', {
          block: blockName(id),
          holder,
          reason: describeThrown(error),
        });
      }
    }
    return undefined;
  }

  /**
   * Has as many other executors take a copy of a block of ours as its level asks for, those on other
   * hosts first. Resolves when they have it, or nobody more can; never rejects.
   */
  async replicate(id: BlockId, level: StorageLevelSpec): Promise<void> {
    const { executorId, logger } = this.#options;
    const wanted = level.replication - 1;
    let placed = 0;
    let asked = 0;
    for (const peer of this.#takers(id)) {
      if (placed === wanted || asked === wanted - 1 + maxTakersAsked) break;
      asked++;
      try {
        const request: ReplicaRequest = { ...id, level, from: executorId };
        const { status } = await this.#options.access.client.request(peer, {
          method: 'POST',
          path: '/replicas',
          body: Buffer.from(JSON.stringify(request)),
          answerMs: replicateMs,
          wholeMs: replicateMs,
        });
        if (status === 200) placed++;
      } catch (error) {
        logger.warn('another executor could not take a copy of a block', {
          block: blockName(id),
          taker: peer.id,
          reason: describeThrown(error),
        });
      }
    }
    if (placed < wanted && !this.#toldOfFewPeers) {
      this.#toldOfFewPeers = true;
      logger.warn('a block has fewer copies than its level asks for', {
        block: blockName(id),
        wanted: wanted + 1,
        copies: placed + 1,
      });
    }
  }

  /** Live executors but this one: on other hosts first, in an order that spreads blocks evenly. */
  #takers({ rddId, partition }: BlockId): Peer[] {
    const { access, executorId } = this.#options;
    const live = access.peers.live();
    const ownHost = live.find(({ id }) => id === executorId)?.host;
    const others = live.filter(({ id }) => id !== executorId);
    const start = others.length === 0 ? 0 : (rddId + partition) % others.length;
    const rotated = [...others.slice(start), ...others.slice(0, start)];
    return [
      ...rotated.filter(({ host }) => host !== ownHost),
      ...rotated.filter(({ host }) => host === ownHost),
    ];
  }

  #serve(rddId: number | undefined, partition: number | undefined): BodyReply | StreamReply {
    if (rddId === undefined || partition === undefined) return { status: 404 };
    const { store, access } = this.#options;
    const [block] = store.blocksFor([{ rddId, partition }]);
    const sent = block === undefined ? undefined : blockStream(block, access.sealKey);
    return sent === undefined ? { status: 404 } : { status: 200, ...sent };
  }

  async #takeReplica({ rddId, partition, level, from }: ReplicaRequest): Promise<BodyReply> {
    const { store, access, localDirectories, compression, logger } = this.#options;
    const id = { rddId, partition };
    if (store.has(id)) return jsonReply(200, {});
    const peer = access.peers.find(from);
    if (peer === undefined) return { status: 409 };
    const removals = store.removalsOf(rddId);
    const useMemory = level.useMemory || level.useOffHeap;
    try {
      const block = await this.#fetchFrom(peer, id, {
        memoryLimitBytes: useMemory ? store.roomFor(rddId) : 0,
        localDirectories,
        fileName: `${blockName(id)}-c${this.#files++}.block`,
        mayUseDisk: level.useDisk,
        compression,
      });
      if (block === undefined) return { status: 507 };
      const kept = store.handle({ kind: 'storeBlock', ...block, level }, removals);
      if (kept === undefined) return { status: store.has(id) ? 200 : 507 };
      store.report(id);
      return jsonReply(200, {});
    } catch (error) {
      logger.warn('a copy of a block could not be taken', {
        block: blockName(id),
        from,
        reason: describeThrown(error),
      });
      return { status: 502 };
    }
  }

  async #fetchFrom(
    peer: Peer,
    id: BlockId,
    target: Parameters<typeof receiveBlock>[3],
  ): Promise<AvailableBlock | undefined> {
    const { client, sealKey } = this.#options.access;
    const path = `/blocks/${id.rddId}/${id.partition}`;
    const reply = await client.open(peer, { method: 'GET', path, answerMs });
    if (reply.head.status !== 200) {
      reply.close();
      return undefined;
    }
    return receiveBlock(id, reply, sealKey, target);
  }
}
