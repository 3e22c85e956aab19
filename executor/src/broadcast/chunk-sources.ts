/**
 * Who gives whom the chunks of one broadcast variable: the first executor gets all from the hub, each
 * later one from those before it, spread evenly. So the bytes leave the hub about once however many
 * executors there are, and since everyone depends on earlier ones only, nobody waits in a circle.
 * Pure state.
 *
 * Source: the aim of Spark 4.0 `TorrentBroadcast`; there executors find each other by chance.
 */
export class ChunkSources {
  readonly #chunkCount: number;
  readonly #hub: string;
  /** Executors that have the chunks, or will, in the order of their asking. */
  #holders: string[] = [];
  /** Chunks that each of them was told to give. */
  readonly #loads = new Map<string, number>();

  constructor(chunkCount: number, hub: string) {
    this.#chunkCount = chunkCount;
    this.#hub = hub;
  }

  /**
   * Whom the executor shall ask for each chunk; it will have them itself then.
   * @param isAlive whether an earlier executor can still give something
   */
  assign(executorId: string, isAlive: (executorId: string) => boolean): string[] {
    this.lost(executorId);
    const givers = this.#holders.filter(isAlive);
    const sources = Array.from({ length: this.#chunkCount }, () => this.#pick(givers));
    this.#holders.push(executorId);
    return sources;
  }

  /** The executor has nothing to give any more. */
  lost(executorId: string): void {
    this.#holders = this.#holders.filter((holder) => holder !== executorId);
    this.#loads.delete(executorId);
  }

  #pick(givers: readonly string[]): string {
    let best = this.#hub;
    let least = Infinity;
    for (const giver of givers) {
      const load = this.#loads.get(giver) ?? 0;
      if (load < least) {
        best = giver;
        least = load;
      }
    }
    if (least < Infinity) this.#loads.set(best, least + 1);
    return best;
  }
}
