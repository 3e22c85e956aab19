/** Names one cached partition: `rdd_<rddId>_<partition>` in messages and pages, as in Spark. */
export interface BlockId {
  readonly rddId: number;
  readonly partition: number;
}

/** The block's name as a text; also its key in maps. */
export function blockName(id: BlockId): string {
  return `rdd_${id.rddId}_${id.partition}`;
}

/** What happens to the memory of an executor's cache. */
export type BlockMemoryEvent =
  /** A task asks to keep a block's bytes in memory. */
  | {
      readonly kind: 'store';
      readonly block: BlockId;
      readonly sizeBytes: number;
      readonly mayGoToDisk: boolean;
    }
  /** A task was given the block. */
  | { readonly kind: 'access'; readonly block: BlockId }
  | { readonly kind: 'remove'; readonly block: BlockId }
  | { readonly kind: 'removeRdd'; readonly rddId: number }
  /** Execution wants room: shrink to this many bytes. */
  | { readonly kind: 'setLimit'; readonly limitBytes: number };

/** What the shell has to do, in this order. */
export type BlockMemoryInstruction =
  | { readonly kind: 'keep'; readonly block: BlockId }
  /** No room, even after all evictions that are allowed: keep it on disk or not at all. */
  | { readonly kind: 'reject'; readonly block: BlockId }
  | { readonly kind: 'evict'; readonly block: BlockId; readonly toDisk: boolean }
  | { readonly kind: 'forget'; readonly block: BlockId };

interface HeldBlock {
  readonly block: BlockId;
  readonly sizeBytes: number;
  readonly mayGoToDisk: boolean;
}

/**
 * Decides which blocks stay in memory: least recently used goes first, but never to make room for
 * a block of the same RDD, since a scan larger than the memory would then evict all of its own
 * blocks just before they are read again. Pure: no I/O, no clock.
 *
 * Follows Spark's `MemoryStore.evictBlocksToFreeSpace` (3.5).
 */
export class BlockMemory {
  /** In order of use, the least recent first (a Map keeps the order of insertion). */
  readonly #held = new Map<string, HeldBlock>();
  #limitBytes: number;
  #usedBytes = 0;

  constructor(limitBytes: number) {
    this.#limitBytes = limitBytes;
  }

  get usedBytes(): number {
    return this.#usedBytes;
  }

  get limitBytes(): number {
    return this.#limitBytes;
  }

  /** Bytes that a block of this RDD could have, after all evictions that are allowed for it. */
  roomFor(rddId: number): number {
    let room = this.#limitBytes - this.#usedBytes;
    for (const held of this.#held.values()) {
      if (held.block.rddId !== rddId) {
        room += held.sizeBytes;
      }
    }
    return Math.max(0, room);
  }

  handle(event: BlockMemoryEvent): BlockMemoryInstruction[] {
    switch (event.kind) {
      case 'store':
        return this.#store(event);
      case 'access':
        return this.#access(event.block);
      case 'remove':
        return this.#remove(event.block);
      case 'removeRdd':
        return [...this.#held.values()]
          .filter((held) => held.block.rddId === event.rddId)
          .flatMap((held) => this.#remove(held.block));
      case 'setLimit':
        this.#limitBytes = event.limitBytes;
        return this.#evictFor(0, undefined) ?? [];
    }
  }

  #store(event: BlockMemoryEvent & { kind: 'store' }): BlockMemoryInstruction[] {
    const name = blockName(event.block);
    if (this.#held.has(name)) {
      // Two attempts of one partition: the block is there, the second copy is dropped.
      return [...this.#access(event.block), { kind: 'reject', block: event.block }];
    }
    const evictions = this.#evictFor(event.sizeBytes, event.block.rddId);
    if (evictions === undefined) {
      return [{ kind: 'reject', block: event.block }];
    }
    const { block, sizeBytes, mayGoToDisk } = event;
    this.#held.set(name, { block, sizeBytes, mayGoToDisk });
    this.#usedBytes += sizeBytes;
    return [...evictions, { kind: 'keep', block }];
  }

  #access(block: BlockId): BlockMemoryInstruction[] {
    const name = blockName(block);
    const held = this.#held.get(name);
    if (held !== undefined) {
      this.#held.delete(name);
      this.#held.set(name, held);
    }
    return [];
  }

  #remove(block: BlockId): BlockMemoryInstruction[] {
    const name = blockName(block);
    const held = this.#held.get(name);
    if (held === undefined) {
      return [];
    }
    this.#held.delete(name);
    this.#usedBytes -= held.sizeBytes;
    return [{ kind: 'forget', block }];
  }

  /** Evictions that make room; undefined, and nothing changes, when there is no way. */
  #evictFor(sizeBytes: number, rddId: number | undefined): BlockMemoryInstruction[] | undefined {
    const victims: HeldBlock[] = [];
    let used = this.#usedBytes;
    for (const held of this.#held.values()) {
      if (used + sizeBytes <= this.#limitBytes) {
        break;
      }
      if (held.block.rddId !== rddId) {
        victims.push(held);
        used -= held.sizeBytes;
      }
    }
    if (used + sizeBytes > this.#limitBytes) {
      return undefined;
    }
    this.#usedBytes = used;
    return victims.map(({ block, mayGoToDisk }) => {
      this.#held.delete(blockName(block));
      return { kind: 'evict', block, toDisk: mayGoToDisk };
    });
  }
}
