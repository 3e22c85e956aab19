import { setTimeout as sleep } from 'node:timers/promises';
import { describeThrown } from '@heddle/common';
import { BroadcastDestroyedError, BroadcastFetchError } from 'heddle/internal';
import type { PeerAccess } from '../storage/remote/peers.js';
import type { Peer } from '../transport/index.js';
import { BroadcastChunks, checkManifest } from './broadcast-chunks.js';
import { fromHub } from './broadcast-hub.js';

/** Chunks that are on their way at once. */
const concurrentChunks = 3;
/** Times that the hub is asked for a plan or a chunk before the fetch fails. */
const hubAttempts = 4;
const firstPauseMs = 100;
/** A plan names each chunk's checksum: about 60 bytes for 4 MiB. */
const maxPlanBytes = 16 * 1024 * 1024;
/** V8 has no larger buffer than this, so no variable is. */
const maxVariableBytes = 2 ** 33;

/** Times of a fetch in milliseconds; each is a bound on waiting without any progress. */
export interface FetchTimes {
  /** For the hub, which may be busy with the driver's own work. */
  readonly hubMs: number;
  /** For another executor, after which the hub is asked instead. */
  readonly peerMs: number;
}

/** One fetch of one variable: asks the hub for a plan, then gets the chunks from whom it names. */
export class BroadcastFetch {
  readonly #id: number;
  readonly #executorId: string;
  readonly #access: PeerAccess;
  readonly #times: FetchTimes;
  readonly #signal: AbortSignal;
  /** Executors that failed once are not asked again. */
  readonly #failed = new Set<string>();

  constructor(
    id: number,
    executorId: string,
    access: PeerAccess,
    times: FetchTimes,
    signal: AbortSignal,
  ) {
    this.#id = id;
    this.#executorId = executorId;
    this.#access = access;
    this.#times = times;
    this.#signal = signal;
  }

  /**
   * Resolves when all chunks are here.
   * @param begun told as soon as the memory is there: chunks are served from it while others arrive
   * @throws BroadcastDestroyedError when the hub does not know the variable
   * @throws BroadcastFetchError when the hub cannot be reached, or there is no memory
   */
  async run(begun: (chunks: BroadcastChunks) => void): Promise<BroadcastChunks> {
    const { manifest, sources } = await this.#plan();
    let chunks: BroadcastChunks;
    try {
      chunks = new BroadcastChunks(manifest);
    } catch (error) {
      throw this.#error(`there is no memory for its ${manifest.sizeBytes} bytes`, error);
    }
    begun(chunks);
    try {
      let next = 0;
      const worker = async (): Promise<void> => {
        while (next < sources.length) {
          const chunk = next++;
          await this.#chunk(chunks, chunk, sources[chunk]!);
        }
      };
      await Promise.all(Array.from({ length: concurrentChunks }, worker));
      return chunks;
    } catch (error) {
      chunks.close();
      throw error;
    }
  }

  async #plan(): Promise<{
    manifest: BroadcastChunks['manifest'];
    sources: readonly string[];
  }> {
    return this.#fromHub(async (hub) => {
      const { status, body } = await this.#access.client.request(
        hub,
        {
          method: 'GET',
          path: `/broadcasts/${this.#id}/plan`,
          answerMs: this.#times.hubMs,
          signal: this.#signal,
        },
        maxPlanBytes,
      );
      if (status === 404) throw new BroadcastDestroyedError(this.#id);
      if (status !== 200) throw new Error(`it answered with status ${status}`);
      const plan = JSON.parse(body.toString('utf8')) as { sources?: unknown } | null;
      const manifest = checkManifest(plan, maxVariableBytes);
      const sources = plan?.sources;
      if (manifest === undefined || !isTexts(sources, manifest.checksums.length)) {
        throw new Error('its plan cannot be right');
      }
      return { manifest, sources };
    });
  }

  async #chunk(chunks: BroadcastChunks, chunk: number, source: string): Promise<void> {
    if (source !== fromHub && !this.#failed.has(source)) {
      const peer = this.#access.peers.find(source);
      try {
        if (peer !== undefined && (await this.#get(peer, chunks, chunk, this.#times.peerMs)))
          return;
      } catch {
        // The hub has it in any case.
      }
      this.#signal.throwIfAborted();
      this.#failed.add(source);
    }
    await this.#fromHub(async (hub) => {
      if (!(await this.#get(hub, chunks, chunk, this.#times.hubMs))) {
        throw new BroadcastDestroyedError(this.#id);
      }
    });
  }

  /** False when the peer has not got it. */
  async #get(
    peer: Peer,
    chunks: BroadcastChunks,
    chunk: number,
    timeoutMs: number,
  ): Promise<boolean> {
    const reply = await this.#access.client.open(peer, {
      method: 'GET',
      path: `/broadcasts/${this.#id}/chunks/${chunk}`,
      answerMs: timeoutMs,
      stallMs: timeoutMs,
      signal: this.#signal,
    });
    const place = chunks.place(chunk);
    if (reply.head.status !== 200 || reply.head.lengthBytes !== place.length) {
      reply.close();
      if (reply.head.status === 404) return false;
      throw new Error(`it answered with status ${reply.head.status}`);
    }
    await reply.readInto(place);
    if (!chunks.arrived(chunk)) throw new Error(`chunk ${chunk} is not what the driver encoded`);
    return true;
  }

  /** Asks the hub, again after a pause when that fails for a reason that may pass. */
  async #fromHub<T>(ask: (hub: Peer) => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await ask(this.#access.hub);
      } catch (error) {
        this.#signal.throwIfAborted();
        if (error instanceof BroadcastDestroyedError) throw error;
        if (attempt === hubAttempts) {
          throw this.#error(`the driver did not give it: ${describeThrown(error)}`, error);
        }
        await sleep(firstPauseMs * 2 ** attempt * (0.5 + Math.random()), undefined, {
          signal: this.#signal,
        });
      }
    }
  }

  #error(reason: string, cause: unknown): BroadcastFetchError {
    return new BroadcastFetchError(this.#id, this.#executorId, reason, { cause });
  }
}

function isTexts(value: unknown, count: number): value is string[] {
  return (
    Array.isArray(value) &&
    value.length === count &&
    value.every((item) => typeof item === 'string')
  );
}
