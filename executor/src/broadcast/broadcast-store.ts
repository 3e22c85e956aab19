import { within } from '@heddle/common';
import { BroadcastDestroyedError } from 'heddle/internal';
import {
  oneChunk,
  wholeNumber,
  type PeerAccess,
  type PeerRoutes,
} from '../storage/remote/peers.js';
import type { BroadcastChunks } from './broadcast-chunks.js';
import { BroadcastFetch, type FetchTimes } from './broadcast-fetch.js';

/** How long another executor's request waits for a chunk that is on its way here. */
const chunkWaitMs = 10_000;
const defaultTimes: FetchTimes = { hubMs: 30_000, peerMs: 15_000 };

/** How the broadcast variables of an executor are made. */
export interface BroadcastStoreOptions {
  readonly executorId: string;
  readonly times?: FetchTimes;
  /** A variable is complete here, or gone (`bytes` is undefined). */
  changed(id: number, bytes: SharedArrayBuffer | undefined): void;
}

/** What an executor has of one variable. */
type Held =
  | { readonly kind: 'complete'; readonly bytes: SharedArrayBuffer; chunks?: BroadcastChunks }
  | Arriving;

interface Arriving {
  readonly kind: 'arriving';
  readonly done: Promise<SharedArrayBuffer>;
  readonly abort: AbortController;
  /** The memory for it, once the hub's plan is here; undefined when that failed. */
  readonly begun: PromiseWithResolvers<BroadcastChunks | undefined>;
  chunks?: BroadcastChunks;
}

/**
 * The broadcast variables of one executor, host side: each is fetched once, when the first task needs
 * it, and served to other executors while it arrives and after.
 */
export class BroadcastStore {
  readonly #options: BroadcastStoreOptions;
  readonly #held = new Map<number, Held>();
  #access: PeerAccess | undefined;

  constructor(options: BroadcastStoreOptions) {
    this.#options = options;
  }

  /** Connects the store to the other processes; without it only what `add` brought is there. */
  connect(access: PeerAccess): void {
    this.#access = access;
  }

  /** Bytes of all variables that are here or arriving. */
  get sizeBytes(): number {
    let sizeBytes = 0;
    for (const held of this.#held.values()) {
      sizeBytes +=
        held.kind === 'complete' ? held.bytes.byteLength : (held.chunks?.manifest.sizeBytes ?? 0);
    }
    return sizeBytes;
  }

  /** A variable of this very process: nothing has to be fetched. */
  add(id: number, bytes: SharedArrayBuffer): void {
    this.remove(id);
    this.#held.set(id, { kind: 'complete', bytes });
    this.#options.changed(id, bytes);
  }

  /** Those that are complete, for a new thread. */
  *complete(): Generator<readonly [number, SharedArrayBuffer]> {
    for (const [id, held] of this.#held) {
      if (held.kind === 'complete') yield [id, held.bytes];
    }
  }

  /**
   * The bytes of a variable, fetched if they are not here; whoever asks meanwhile gets the same.
   * @throws BroadcastDestroyedError, BroadcastFetchError
   */
  async get(id: number): Promise<SharedArrayBuffer> {
    const held = this.#held.get(id);
    if (held !== undefined) return held.kind === 'complete' ? held.bytes : held.done;
    const access = this.#access;
    if (access === undefined) throw new BroadcastDestroyedError(id);
    const arriving: Arriving = {
      kind: 'arriving',
      abort: new AbortController(),
      begun: Promise.withResolvers(),
      done: Promise.resolve().then(() => this.#fetch(id, access, arriving)),
    };
    this.#held.set(id, arriving);
    return arriving.done;
  }

  /** Drops a variable; a fetch that is under way ends, and its tasks hear that it was destroyed. */
  remove(id: number): void {
    const held = this.#held.get(id);
    if (held === undefined) return;
    this.#held.delete(id);
    if (held.kind === 'arriving') held.abort.abort(new BroadcastDestroyedError(id));
    held.chunks?.close();
    this.#options.changed(id, undefined);
  }

  /** Drops all. */
  close(): void {
    for (const id of [...this.#held.keys()]) this.remove(id);
  }

  /** Serves `/broadcasts/:id/chunks/:chunk` to other executors. */
  install(routes: PeerRoutes): void {
    routes.route('GET', '/broadcasts/:id/chunks/:chunk', async ({ parameters }) => {
      const held = this.#held.get(wholeNumber(parameters['id']) ?? -1);
      const chunk = wholeNumber(parameters['chunk']) ?? -1;
      // Whoever got its own plan sooner may ask before the plan is here that names this executor.
      const chunks =
        held?.kind === 'arriving' ? await within(chunkWaitMs, held.begun.promise) : held?.chunks;
      const bytes = await chunks?.chunk(chunk, chunkWaitMs);
      if (bytes === undefined) return { status: 404 };
      return { status: 200, lengthBytes: bytes.length, stream: oneChunk(bytes) };
    });
  }

  async #fetch(id: number, access: PeerAccess, arriving: Arriving): Promise<SharedArrayBuffer> {
    const { begun, abort } = arriving;
    const { signal } = abort;
    const { executorId, times = defaultTimes } = this.#options;
    const isWanted = (): boolean => this.#held.get(id) === arriving;
    try {
      const fetch = new BroadcastFetch(id, executorId, access, times, signal);
      const chunks = await fetch.run((memory) => {
        arriving.chunks = memory;
        begun.resolve(memory);
      });
      signal.throwIfAborted();
      this.#held.set(id, { kind: 'complete', bytes: chunks.bytes, chunks });
      this.#options.changed(id, chunks.bytes);
      return chunks.bytes;
    } catch (error) {
      begun.resolve(undefined);
      // The next task that needs it tries again.
      if (isWanted()) this.#held.delete(id);
      if (signal.aborted) throw signal.reason;
      throw error;
    }
  }
}
