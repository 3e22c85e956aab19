import { oneChunk, wholeNumber, type PeerRoutes } from '../storage/remote/peers.js';
import { jsonReply } from '../transport/index.js';
import { chunkOf, manifestOf, type BroadcastManifest } from './broadcast-chunks.js';
import { ChunkSources } from './chunk-sources.js';

/** Stands for the hub in a plan's sources, where executors are named by id. */
export const fromHub = '';

/** What an executor is told when it asks how to get a variable. */
export interface BroadcastPlan extends BroadcastManifest {
  /** Whom to ask for each chunk: an executor's id, or `fromHub`. */
  readonly sources: readonly string[];
}

/** How a hub is made. */
export interface BroadcastHubOptions {
  /** `heddle.broadcast.blockSize`. */
  readonly chunkBytes: number;
  /** Whether an executor is there and heard of. */
  isAlive(executorId: string): boolean;
}

/**
 * The first holder of all broadcast variables: beside the driver, or in the AM on behalf of a driver
 * that nobody can reach. Gives each executor a plan and, mostly to the first one, the chunks.
 */
export class BroadcastHub {
  readonly #options: BroadcastHubOptions;
  readonly #variables = new Map<number, HeldVariable>();
  #servedBytes = 0;

  constructor(options: BroadcastHubOptions) {
    this.#options = options;
  }

  /** Bytes of chunks that were sent from here, of all variables. */
  get servedBytes(): number {
    return this.#servedBytes;
  }

  /** Ids of all variables, for an executor that joins. */
  get ids(): number[] {
    return [...this.#variables.keys()];
  }

  /** Holds a variable: the bytes themselves, which must not change. Again: the executors forgot theirs. */
  add(id: number, bytes: SharedArrayBuffer): void {
    const before = this.#variables.get(id);
    const manifest = before?.bytes === bytes ? before.manifest : undefined;
    this.#variables.set(id, new HeldVariable(bytes, this.#options.chunkBytes, manifest));
  }

  /** The bytes, where something in this process needs them; undefined when there are none. */
  bytes(id: number): SharedArrayBuffer | undefined {
    return this.#variables.get(id)?.bytes;
  }

  remove(id: number): void {
    this.#variables.delete(id);
  }

  executorLost(executorId: string): void {
    for (const { sources } of this.#variables.values()) sources?.lost(executorId);
  }

  /** How an executor gets a variable; undefined when there is none of that id. */
  plan(id: number, executorId: string): BroadcastPlan | undefined {
    const isAlive = (other: string): boolean => this.#options.isAlive(other);
    return this.#variables.get(id)?.plan(executorId, isAlive);
  }

  /** Serves `/broadcasts/:id/plan` and `/broadcasts/:id/chunks/:chunk`. */
  install(routes: PeerRoutes): void {
    routes.route('GET', '/broadcasts/:id/plan', ({ parameters, callerId }) => {
      const id = wholeNumber(parameters['id']);
      const plan = id === undefined ? undefined : this.plan(id, callerId);
      return plan === undefined ? { status: 404 } : jsonReply(200, plan);
    });
    routes.route('GET', '/broadcasts/:id/chunks/:chunk', ({ parameters }) => {
      const variable = this.#variables.get(wholeNumber(parameters['id']) ?? -1);
      const bytes = variable?.chunk(wholeNumber(parameters['chunk']) ?? -1);
      if (bytes === undefined) return { status: 404 };
      this.#servedBytes += bytes.length;
      return { status: 200, lengthBytes: bytes.length, stream: oneChunk(bytes) };
    });
  }
}

class HeldVariable {
  readonly bytes: SharedArrayBuffer;
  readonly #chunkBytes: number;
  #manifest: BroadcastManifest | undefined;
  #sources: ChunkSources | undefined;

  constructor(
    bytes: SharedArrayBuffer,
    chunkBytes: number,
    manifest: BroadcastManifest | undefined,
  ) {
    this.bytes = bytes;
    this.#chunkBytes = chunkBytes;
    this.#manifest = manifest;
  }

  /** Made at the first request: many variables are never needed. */
  get manifest(): BroadcastManifest {
    return (this.#manifest ??= manifestOf(this.bytes, this.#chunkBytes));
  }

  /** Undefined before anyone asked. */
  get sources(): ChunkSources | undefined {
    return this.#sources;
  }

  plan(executorId: string, isAlive: (executorId: string) => boolean): BroadcastPlan {
    this.#sources ??= new ChunkSources(this.manifest.checksums.length, fromHub);
    return { ...this.manifest, sources: this.#sources.assign(executorId, isAlive) };
  }

  chunk(index: number): Uint8Array | undefined {
    if (index < 0 || index >= this.manifest.checksums.length) return undefined;
    return chunkOf(this.bytes, index, this.#chunkBytes);
  }
}
