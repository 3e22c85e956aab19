/**
 * Chooses the smallest head among k sorted sources with about log2(k) comparisons per record: a
 * tournament whose inner nodes keep the losers, so that only the winner's path is played again.
 *
 * Sources are indices; the caller keeps their heads. Among equal heads the lowest index wins, so a
 * merge is stable by source.
 */
export class LoserTree {
  readonly #compare: (a: number, b: number) => number;
  readonly #losers: Int32Array;
  readonly #isEnded: Uint8Array;
  readonly #count: number;
  #winner = -1;
  #live: number;

  /**
   * @param count number of sources
   * @param compare orders the heads of two sources (their indices); never asked about ended ones
   * @param isEmpty whether a source has no head to begin with
   */
  constructor(
    count: number,
    compare: (a: number, b: number) => number,
    isEmpty: (source: number) => boolean,
  ) {
    this.#compare = compare;
    this.#count = count;
    this.#losers = new Int32Array(Math.max(1, count)).fill(-1);
    this.#isEnded = new Uint8Array(count);
    this.#live = count;
    for (let source = 0; source < count; source++) {
      if (isEmpty(source)) {
        this.#isEnded[source] = 1;
        this.#live--;
      }
    }
    for (let source = count - 1; source >= 0; source--) this.#enter(source);
  }

  /** Source with the smallest head, or -1 when all have ended. */
  get winner(): number {
    return this.#live === 0 ? -1 : this.#winner;
  }

  /** The winner has another head now: finds the next winner. */
  replay(): void {
    let winner = this.#winner;
    const losers = this.#losers;
    const isEnded = this.#isEnded;
    const compare = this.#compare;
    for (let node = (winner + this.#count) >> 1; node > 0; node >>= 1) {
      const loser = losers[node]!;
      if (isEnded[loser] === 1) continue;
      const order = compare(loser, winner);
      if (order < 0 || (order === 0 && loser < winner)) {
        losers[node] = winner;
        winner = loser;
      }
    }
    this.#winner = winner;
  }

  /** The winner has no more heads: finds the next winner. */
  end(): void {
    this.#isEnded[this.#winner] = 1;
    this.#live--;
    let winner = this.#winner;
    const losers = this.#losers;
    for (let node = (winner + this.#count) >> 1; node > 0; node >>= 1) {
      const loser = losers[node]!;
      if (this.#beats(loser, winner)) {
        losers[node] = winner;
        winner = loser;
      }
    }
    this.#winner = winner;
  }

  /** Plays a source up to the first node where no opponent waits yet. */
  #enter(source: number): void {
    let winner = source;
    const losers = this.#losers;
    for (let node = (source + this.#count) >> 1; node > 0; node >>= 1) {
      const waiting = losers[node]!;
      if (waiting === -1) {
        losers[node] = winner;
        return;
      }
      if (this.#beats(waiting, winner)) {
        losers[node] = winner;
        winner = waiting;
      }
    }
    this.#winner = winner;
  }

  #beats(a: number, b: number): boolean {
    if (this.#isEnded[a] === 1) return this.#isEnded[b] === 1 && a < b;
    if (this.#isEnded[b] === 1) return true;
    const order = this.#compare(a, b);
    return order < 0 || (order === 0 && a < b);
  }
}
